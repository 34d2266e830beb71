package fans

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// TestLaterThanNow: entries that are later than now when the log is first read
// (a zone that nobody tells, a clock that was set) cannot be dated. That they are
// not counted is said until somebody acknowledges or the log is cleared, also
// when their time has come: "no drop-out" is not proven.
func TestLaterThanNow(t *testing.T) {
	const said = "2 entries about fans without a usable time in the log not counted"
	at := noon.Add(7 * time.Minute)
	full := six(events(event("1", 1, at, "1/3", bmc.Failed), event("2", 2, at.Add(10*time.Second), "1/3", bmc.Recovered)))
	for name, c := range map[string]struct {
		polls []bmc.Server
		said  bool
	}{
		"first reading":   {[]bmc.Server{full}, true},
		"time has come":   {[]bmc.Server{full, full, full, full}, true},
		"log was cleared": {[]bmc.Server{full, six()}, false},
	} {
		r, _ := run(defaults(), c.polls...)
		text := texts(r)
		if r.Status() != check.OK || strings.Contains(text, said) != c.said || strings.Contains(text, "no drop-out") == c.said {
			t.Errorf("%s: %v %s", name, r.Status(), text)
		}
	}
	_, m := run(defaults(), full)
	p := Poll{Server: full, Started: noon.Add(time.Hour), Now: noon.Add(time.Hour)}
	m, _, refused := Acknowledge(m, p, defaults(), Ack{At: p.Now, User: "root", Text: "seen"})
	if text := texts(judge(p, defaults(), m)); len(refused) > 0 || strings.Contains(text, "usable time") {
		t.Errorf("after the acknowledgement: %v %s", refused, text)
	}
}

// TestAsideNewestFirst: of more entries than are put aside the newest count, also
// in a log that lists them first.
func TestAsideNewestFirst(t *testing.T) {
	var log []bmc.Event
	for i := range keepAside {
		at := noon.Add(-time.Duration(i) * 10 * time.Hour)
		n := int64(2 * (keepAside - i))
		log = append(log, event(fmt.Sprint(n), n, at.Add(10*time.Second), "1/3", bmc.Recovered), event(fmt.Sprint(n-1), n-1, at, "1/3", bmc.Failed))
	}
	s, pol := six(events(log...)), defaults()
	s.Logs[0].Clock = nil
	wrong := noon.Add(-365 * 24 * time.Hour)
	m := Observe(Memory{}, Poll{Server: s, Started: wrong, Now: wrong, Up: time.Minute, Boot: "b"}, pol)
	p := Poll{Server: s, Started: noon.Add(time.Hour), Now: noon.Add(time.Hour), Up: 6 * time.Minute, Boot: "b"}
	m = Observe(m, p, pol)
	if r := judge(p, pol, m); r.Status() != check.WARNING || !strings.Contains(texts(r), "3 times in 24h") {
		t.Errorf("%v %s", r.Status(), texts(r))
	}
}

// TestAsideThenBefore: entries that were put aside under a wrong clock count when it
// is set. What is new in the log after that, with stamps that a controller's clock
// set forward dates into the same moments, is another drop-out.
func TestAsideThenBefore(t *testing.T) {
	read := noon.Add(time.Hour) // by the true clock, which ours was an hour behind
	first := []bmc.Event{event("1", 1, read.Add(-time.Minute), "1/3", bmc.Failed), event("2", 2, read.Add(-30*time.Second), "1/3", bmc.Recovered)}
	s, pol := six(events(first...)), defaults()
	s.Logs[0].Clock = nil
	m := Observe(Memory{}, Poll{Server: s, Started: noon, Now: noon, Up: time.Minute, Boot: "b"}, pol)
	happened, ahead := read.Add(4*time.Minute), 5*time.Minute
	s = six(events(append(first, event("3", 3, happened, "1/3", bmc.Failed), event("4", 4, happened.Add(10*time.Second), "1/3", bmc.Recovered))...))
	s.Logs[0].Clock = &ahead
	p := Poll{Server: s, Started: read.Add(5 * time.Minute), Now: read.Add(5 * time.Minute), Up: 6 * time.Minute, Boot: "b"}
	m = Observe(m, p, pol)
	if found := EpisodesOf(m.Marks); len(found) != 2 {
		t.Errorf("%d drop-outs, expected 2: %+v", len(found), found)
	}
}
