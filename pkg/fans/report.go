package fans

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// Window is how long a drop-out counts where nobody says otherwise.
const Window = 24 * time.Hour

// Report is what is known of a server's fans around a service: for the card that
// the technician takes along, and for the question whether the repair helped.
type Report struct {
	Identity bmc.Identity `json:"identity"`
	// Failing names what does not cool as it should now.
	Failing []string `json:"failing"`
	// Drops are the drop-outs since Since that count: nobody acknowledged them,
	// and no change of the host's power explains them.
	Drops []Episode `json:"drop_outs"`
	Since time.Time `json:"since"`
	// Left are drop-outs from before Since that check_fans still counts, because
	// nobody has acknowledged them.
	Left []Episode `json:"not_acknowledged,omitempty"`
	// Excused is the number of drop-outs since Since that do not count.
	Excused int `json:"drop_outs_not_counted,omitempty"`
	// Off says that the server is without power: its fans rightly stand still.
	Off bool `json:"off,omitempty"`
	// Turning is the number of fans that turn.
	Turning int `json:"turning"`
	// Blind says what could not be told; empty when all could.
	Blind []string `json:"blind,omitempty"`
	// Unsure says why something may be wrong that nobody can see: a log that takes
	// no more entries, fans that are not known any more.
	Unsure []string `json:"unsure,omitempty"`
	// Undated is the number of log entries that have no usable time and do not count.
	Undated int `json:"entries_without_time,omitempty"`
	names   map[string]string
}

// Service is a repair as the fans see it.
type Service struct {
	// Since is from when on drop-outs count.
	Since time.Time
	// Boot is when the host was started after the repair, zero before it: around
	// it fans stop and start, and controllers log that as failures.
	Boot time.Time
}

// Tell judges one poll as check_fans would with the same memory and options, and
// tells what it means for a service. The memory is not changed.
func Tell(m Memory, p Poll, o Options, s Service) Report {
	pol := Policy{Options: o, Expect: o.Expected(), Window: max(p.Now.Sub(s.Since), Window), Log: "auto"}
	var left time.Time // from when on check_fans counts, if it remembers anything
	if !m.LastPoll.IsZero() {
		left = p.Now.Add(-Window)
	}
	m = Observe(m, p, pol)
	v := Judge(p, pol, m)
	r := Report{Identity: p.Server.Identity, Since: s.Since, Off: p.Server.Power == bmc.PowerOff, Turning: v.Count.Turning, names: map[string]string{}}
	for _, f := range slices.Concat(v.Live, v.Standing) {
		switch {
		case r.Off || f.Subject == "":
		case f.Severity == Minor, f.Severity == Major:
			r.Failing = append(r.Failing, f.Subject)
		case f.Severity == Indeterminate:
			r.Blind = append(r.Blind, f.Text)
		}
	}
	for _, f := range slices.Concat(v.Unread, judgeKnown(m)) {
		switch f.Severity {
		case Indeterminate:
			r.Blind = append(r.Blind, f.Text)
		case Minor:
			r.Unsure = append(r.Unsure, f.Text)
		}
	}
	r.Undated = m.undated(p)
	for _, g := range p.Server.Gaps {
		if g.Log {
			r.Blind = append(r.Blind, fmt.Sprintf("%s: %v", g.What, g.Err))
		}
	}
	r.count(v, m, s, left)
	return r
}

// count says of every episode whether it tells of the time after the repair.
func (r *Report) count(v Verdict, m Memory, s Service, left time.Time) {
	r.Excused = len(v.Excused)
	for _, e := range v.Counted {
		names := m.Names(e)
		for i, id := range e.Fans {
			r.names[id] = names[i]
		}
		switch {
		case e.Open() && !r.Off:
			// Pulled and never put back: no fan in the list, a failure in the log.
			for _, n := range names {
				if !slices.Contains(r.Failing, n) {
					r.Failing = append(r.Failing, n)
				}
			}
		case s.counts(e):
			r.Drops = append(r.Drops, e)
		case !left.IsZero() && !e.End.Before(left):
			r.Left = append(r.Left, e)
		case !e.Start.Before(s.Since):
			r.Excused++
		}
	}
}

// counts says whether an episode speaks against the repair. What happened around
// the start of the host does not, nor a failure from before whose end only a
// poll found: the log of a controller that was without power has no recovery.
func (s Service) counts(e Episode) bool {
	last := e.Start
	if e.Start.Before(s.Since) && e.Logged && !e.Assumed {
		last = e.End
	}
	return s.Boot.IsZero() || last.After(s.Boot.Add(warmup))
}

// Name is what the controller calls a fan.
func (r Report) Name(id string) string { return cmp.Or(r.names[id], id) }

// Often counts drop-outs by fan, most first, as "FAN3 4 times".
func (r Report) Often(es []Episode) []string {
	n := map[string]int{}
	var ids []string
	for _, e := range es {
		for _, id := range e.Fans {
			if n[id] == 0 {
				ids = append(ids, id)
			}
			n[id]++
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int { return n[b] - n[a] })
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = r.Name(id) + " " + phrase.Count(n[id], "time", "times")
	}
	return out
}
