package fans

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// Acknowledge closes the drop-outs so far and says which, or why it does not:
// nothing is closed while a fan is down.
func Acknowledge(m Memory, p Poll, pol Policy, a Ack) (_ Memory, closed, refused []string) {
	m = Observe(m, p, pol)
	if refused = refusals(p, pol, m); len(refused) > 0 {
		return m, nil, refused
	}
	whole := pol // what is closed is told, also what this window does not reach
	whole.Window = Keep
	for _, e := range judgeDrops(m, whole, p.Now).counted {
		closed = append(closed, m.line(e))
	}
	m.acknowledge(a, pol)
	m.latch(p, pol)
	return m, closed, nil
}

// acknowledge closes every drop-out that is known of the fans that were looked
// at. What --include or --exclude left out was not seen, so it is not closed.
func (m *Memory) acknowledge(a Ack, pol Policy) {
	var closed, left []Mark
	for _, k := range m.Marks {
		if k.Fan == Redundancy || pol.Judges(k.Fan, m.Name(k.Fan)) {
			closed = append(closed, k)
		} else {
			left = append(left, k)
		}
	}
	a.Closed = EpisodesOf(closed)
	if n := len(a.Closed) - keepClosed; n > 0 {
		a.Closed = a.Closed[n:]
	}
	m.Marks = left
	for id, l := range m.Logs {
		l.Undated, l.Later, l.Aside = 0, 0, nil
		m.Logs[id] = l
	}
	m.Acks = append(m.Acks, a)
	maps.DeleteFunc(m.Latch, func(view string, _ Severity) bool {
		return pol.everything() || strings.HasPrefix(view, pol.filter()+" ")
	})
}

// refusals are the reasons not to acknowledge: fans that are down now, or of
// which it is not known that they turn.
func refusals(p Poll, pol Policy, m Memory) []string {
	var out []string
	for _, f := range slices.Concat(judgeLive(p, pol, m), judgeGaps(p, pol, m)) {
		if f.Severity == Major || f.Severity == Indeterminate {
			out = append(out, f.Text)
		}
	}
	return out
}

// Relearn makes the fans that are present now the known ones and says what
// changed.
func Relearn(m Memory, p Poll, pol Policy) (Memory, []string) {
	m = Observe(m, p, pol)
	before := m.Fans
	if m.Shape != nil {
		before, m.Shape = m.Shape.Before, nil
	}
	m.Fans, m.Former = map[string]Known{}, map[string]string{}
	m.Renamed, m.Lost = time.Time{}, time.Time{}
	m.sample(p, pol)
	var changes []string
	for _, id := range slices.SortedFunc(maps.Keys(before), bmc.Compare) {
		now, still := m.Fans[id]
		switch {
		case !still:
			changes = append(changes, "- "+before[id].Name)
			m.Former[id] = before[id].Name
			m.Marks = append(m.Marks, Mark{Fan: id, Since: before[id].Seen, At: p.Now, Poll: true})
		case now.Serial != before[id].Serial:
			changes = append(changes, fmt.Sprintf("%s: serial %s, was %s", now.Name, now.Serial, before[id].Serial))
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(m.Fans), bmc.Compare) {
		if _, had := before[id]; !had {
			changes = append(changes, "+ "+m.Fans[id].Name)
		}
	}
	return m, changes
}
