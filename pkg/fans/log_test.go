package fans

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// TestOverlappingPages: an entry that stands on two pages of a log is one
// entry, and stays acknowledged.
func TestOverlappingPages(t *testing.T) {
	pol := defaults()
	es := []bmc.Event{
		event("1", 1, noon.Add(time.Minute), "1/3", bmc.Failed),
		event("2", 2, noon.Add(time.Minute+11*time.Second), "1/3", bmc.Recovered),
	}
	_, m := run(pol, six(), six(events(es...)))
	m = m.copy()
	m.acknowledge(Ack{At: noon.Add(6 * time.Minute)}, pol)
	for i, listing := range [][]bmc.Event{slices.Concat(es, es), es, slices.Concat(es, es, es), {es[1], es[0], es[1]}} {
		at := noon.Add(time.Duration(10+5*i) * time.Minute)
		p := Poll{Server: six(events(listing...)), Started: at, Now: at}
		m = Observe(m, p, pol)
		if n := len(judgeDrops(m, pol, at).counted); n > 0 || len(m.Marks) > 0 {
			t.Errorf("listing %d: %d drop-outs and %d marks after the acknowledgement, want none", i, n, len(m.Marks))
		}
	}
}

// TestLongLogReadAnew: of a log that holds more entries than are remembered,
// those that were acknowledged do not come back when it is read as a whole
// again; a new one counts.
func TestLongLogReadAnew(t *testing.T) {
	pol := defaults()
	var es []bmc.Event
	for i := range int64(keepKeys + 100) {
		at := noon.Add(-20*time.Hour + time.Duration(i)*10*time.Second)
		kind := []bmc.Kind{bmc.Failed, bmc.Recovered}[i%2]
		es = append(es, event(strconv.FormatInt(i+1, 10), i+1, at, "1/3", kind))
	}
	listing := func(whole bool, es ...bmc.Event) bmc.Server {
		s := six(events(es...))
		s.Logs[0].Whole = whole
		return s
	}
	_, m := run(pol, listing(true, es...))
	m = m.copy()
	m.acknowledge(Ack{At: noon.Add(time.Minute)}, pol)
	_, m = look(m, pol, noon.Add(5*time.Minute), listing(false, es[len(es)-2:]...))
	_, m = look(m, pol, noon.Add(10*time.Minute), listing(true, es...))
	if n := len(judgeDrops(m, pol, noon.Add(10*time.Minute)).counted); n > 0 {
		t.Errorf("%d acknowledged drop-outs came back", n)
	}
	at, last := noon.Add(12*time.Minute), int64(len(es))
	es = append(es, event("next", last+1, at, "1/4", bmc.Failed), event("and", last+2, at.Add(11*time.Second), "1/4", bmc.Recovered))
	_, m = look(m, pol, noon.Add(15*time.Minute), listing(true, es...))
	if n := len(judgeDrops(m, pol, noon.Add(15*time.Minute)).counted); n != 1 {
		t.Errorf("%d drop-outs counted, want the new one", n)
	}
}
