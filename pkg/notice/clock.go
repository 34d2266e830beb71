package notice

import (
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

// Follow is the ledger by our clock as it is now: when that was set since, all that
// was dated with it stays as old as it is, and by is how far it was set. Times that
// people gave for their work do not move.
func (l Ledger) Follow(clock state.Clock) (next Ledger, by time.Duration) {
	by = l.Clock.Set(clock)
	l.Clock = clock
	if by == 0 {
		return l, 0
	}
	state.Move(by, &l.Set)
	if by.Abs() > journal.ClockSlack {
		l.Set = clock.At
	}
	l = l.copy()
	for i := range l.Events {
		e := &l.Events[i]
		r := &e.Last
		state.Move(by, &e.Made, &e.Closed, &r.At, &r.Due, &r.Begun, &r.Ended, &r.Next, &r.Busy)
		r.Deliveries, r.Servers = slices.Clone(r.Deliveries), slices.Clone(r.Servers)
		for k := range r.Deliveries {
			state.Move(by, &r.Deliveries[k].At)
		}
		for k := range r.Servers {
			state.Move(by, &r.Servers[k].Silent, &r.Servers[k].Back)
		}
	}
	return l, by
}

// patient is for how long word is awaited of who looks.
const patient = time.Hour

// untold says that our clock was set, and that who looks at one of the clusters has
// not written it down anew since: its journal says nothing yet about now.
func (d *desk) untold() bool {
	set := d.ledger.Set
	if set.IsZero() || d.Now.Sub(set) > patient {
		return false
	}
	since := set.Add(-journal.ClockSlack)
	return d.Now.Equal(set) || // this very run found it, and it was like that before, perhaps
		slices.ContainsFunc(d.mine(), func(g *guest) bool {
			return !g.gone && !slices.ContainsFunc(d.story.retold, func(l look) bool { return l.cluster == g.cluster && !l.until.Before(since) })
		})
}
