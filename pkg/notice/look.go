package notice

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// look is until when check_guests has looked at a cluster, by the journal of one
// poller.
type look struct {
	cluster, source string
	until           time.Time
}

// looks notes that somebody has looked.
func (s *Story) looks(e journal.Entry, until time.Time) {
	sources := e.Sources
	if len(sources) == 0 {
		sources = []string{""} // it was not read
	}
	for _, source := range sources {
		i := slices.IndexFunc(s.looked, func(l look) bool { return l.cluster == e.Cluster && l.source == source })
		if i < 0 {
			s.looked, i = append(s.looked, look{cluster: e.Cluster, source: source}), len(s.looked)
		}
		s.looked[i].until = later(s.looked[i].until, until)
	}
}

// until is when somebody last looked at a cluster; with sources, one of those.
func (s *Story) until(cluster string, sources []string) time.Time {
	var last time.Time
	for _, l := range s.looked {
		if l.cluster == cluster && (len(sources) == 0 || slices.Contains(sources, l.source)) {
			last = later(last, l.until)
		}
	}
	return last
}

// Looked is until when check_guests has looked at every cluster that has guests of
// customers, and the cluster that it has not looked at for the longest; zero when it
// has not looked at one.
func (e *Estate) Looked() (until time.Time, cluster string) {
	first := true
	for _, all := range e.of {
		for _, g := range all {
			if g.gone || !first && g.cluster == cluster {
				continue
			}
			if t := e.story.until(g.cluster, nil); first || t.Before(until) || t.Equal(until) && g.cluster < cluster {
				until, cluster, first = t, g.cluster, false
			}
		}
	}
	for _, l := range e.story.looked {
		if first { // nobody has a guest
			until = later(until, l.until)
		}
	}
	return until, cluster
}

// Clusters that customers' guests are in.
func (e *Estate) Clusters() int {
	all := map[string]bool{}
	for _, some := range e.of {
		for _, g := range some {
			if !g.gone {
				all[g.cluster] = true
			}
		}
	}
	return len(all)
}
