package main

import (
	"encoding/json"
	"time"
)

// report is what --output json prints beside the verdict.
type report struct {
	// Cluster is what the cluster is known by, left out for targets; At is when
	// the guests were asked.
	Cluster string          `json:"cluster,omitempty"`
	At      time.Time       `json:"at"`
	Guests  []subjectReport `json:"guests"`
	Parent  *subjectReport  `json:"parent,omitempty"`
	Faults  []string        `json:"own_faults"`
	Sites   []siteReport    `json:"sites,omitempty"`
	Second  *secondReport   `json:"second,omitempty"`
}

// secondReport is what became of the second vantage point.
type secondReport struct {
	At      time.Time `json:"at,omitzero"`
	Trouble string    `json:"trouble,omitempty"`
}

type subjectReport struct {
	Name      string `json:"name"`
	ID        int    `json:"id,omitempty"`
	Node      string `json:"node,omitempty"`
	Address   string `json:"address,omitempty"`
	Condition string `json:"condition"`
	Reachable bool   `json:"reachable"`
	// Silent says that it did not answer, and that this is not our own doing.
	Silent     bool         `json:"silent,omitempty"`
	Second     reachability `json:"second,omitempty"`
	Migrating  bool         `json:"migrating,omitempty"`
	Sent       int          `json:"sent"`
	Received   int          `json:"received"`
	Lost       int          `json:"lost"`
	Duplicates int          `json:"duplicates,omitempty"`
	Altered    int          `json:"altered,omitempty"`
	RTA        *float64     `json:"rta_ms,omitempty"`
	Port       int          `json:"tcp_port,omitempty"`
	Errors     []string     `json:"errors,omitempty"`
	Answered   time.Time    `json:"answered_before,omitzero"`
	Gap        *gapFacts    `json:"longest_gap,omitempty"`
}

type gapFacts struct {
	Milliseconds float64 `json:"ms"`
	AtLeast      float64 `json:"at_least_ms"`
	AtMost       float64 `json:"at_most_ms,omitempty"`
	Lost         int     `json:"lost"`
	Unbounded    bool    `json:"unbounded,omitempty"`
}

// deferredReport is made when it is wanted: of ten thousand guests it is large.
type deferredReport struct{ facts *facts }

// MarshalJSON encodes the report.
func (w deferredReport) MarshalJSON() ([]byte, error) { return json.Marshal(factsOf(w.facts)) }

func factsOf(f *facts) report {
	r := report{Cluster: f.subject(), At: f.now.UTC().Truncate(time.Second), Guests: make([]subjectReport, 0, len(f.subjects)), Faults: []string{}}
	if v := f.second; v != nil {
		r.Second = &secondReport{At: v.at}
		if v.trouble != nil {
			r.Second.Trouble = v.trouble.Error()
		}
	}
	for i := range f.subjects {
		r.Guests = append(r.Guests, f.report(&f.subjects[i]))
	}
	if f.parent != nil {
		p := f.report(f.parent)
		r.Parent = &p
	}
	for i := range f.sites {
		r.Sites = append(r.Sites, f.siteReport(&f.sites[i]))
	}
	for _, fault := range f.faults {
		r.Faults = append(r.Faults, fault.String())
	}
	return r
}

func (f *facts) report(s *subject) subjectReport {
	out := subjectReport{
		Name: s.name, ID: s.guest.ID, Node: s.node, Condition: f.condition(s), Reachable: s.reached(), Migrating: s.moving,
		Silent: f.silent(s), Second: s.there,
		Sent: s.reach.Sent, Received: s.reach.Received, Lost: s.reach.Lost(), Duplicates: s.reach.Duplicates, Altered: s.reach.Altered,
		Answered: s.known.Answered.time(),
	}
	if s.addr.IsValid() {
		out.Address = s.addr.String()
	}
	if s.reach.Alive() {
		ms := millis(s.reach.Avg)
		out.RTA = &ms
	}
	if s.tcp != nil && s.tcp.Answered {
		out.Port = s.tcp.Port
	}
	for _, e := range s.reach.Errors {
		out.Errors = append(out.Errors, e.String())
	}
	if g := s.reach.Longest; f.watched && s.reach.Gaps > 0 {
		out.Gap = &gapFacts{millis(g.Length()), millis(g.AtLeast), millis(g.AtMost), g.Lost, g.Unbounded}
	}
	return out
}

// condition in words, for --output json.
func (f *facts) condition(s *subject) string {
	switch {
	case s.stopped != running && s.stopped != untold:
		return "stopped"
	case s.problem != nil:
		return "no address: " + s.problem.Error()
	case !s.addr.IsValid():
		return "no known address"
	case !s.asked:
		return "not asked"
	case s.reached():
		return "answers"
	case f.ownFault(s) != "":
		return "not asked: " + f.ownFault(s)
	case f.onlyThere(s):
		return "not reachable from here: " + reason(s)
	}
	return reason(s)
}
