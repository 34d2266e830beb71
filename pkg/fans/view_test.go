package fans

import (
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// dropsOf is a server whose log tells of one drop-out of each of these fans, a
// minute apart.
func dropsOf(ids ...string) bmc.Server {
	var es []bmc.Event
	for i, id := range ids {
		at := noon.Add(time.Duration(i+1) * time.Minute)
		es = append(es, event("", int64(2*i), at, id, bmc.Failed), event("", int64(2*i+1), at.Add(11*time.Second), id, bmc.Recovered))
	}
	return six(events(es...))
}

// look polls once more, with other settings.
func look(m Memory, pol Policy, at time.Time, s bmc.Server) (check.Status, Memory) {
	p := Poll{Server: s, Started: at, Now: at}
	m = Observe(m, p, pol)
	return judge(p, pol, m).Status(), m
}

// TestOtherViews: whoever looks at the same server with other thresholds, with
// another window or at other fans neither raises nor ends what the service has
// reached.
func TestOtherViews(t *testing.T) {
	service := defaults()
	others := map[string]func(*Policy){
		"a lower threshold": func(p *Policy) { p.Crit = mustRange("0") },
		"a short window":    func(p *Policy) { p.Window = time.Second },
		"more expected":     func(p *Policy) { p.Expect = 9 },
		"one fan only":      func(p *Policy) { p.Include = mustPattern("FAN1") },
		"one that may stop": func(p *Policy) { p.AllowZero = mustPattern("FAN1") },
	}
	one, five := dropsOf("1/3"), dropsOf("1/3", "1/3", "1/3", "1/3", "1/3")
	for name, change := range others {
		other := service
		change(&other)
		for want, s := range map[check.Status]bmc.Server{check.WARNING: one, check.CRITICAL: five} {
			_, m := run(service, six(), s)
			_, m = look(m, other, noon.Add(10*time.Minute), s)
			if got, _ := look(m, service, noon.Add(15*time.Minute), s); got != want {
				t.Errorf("%s: %s, want %s as before", name, got, want)
			}
			// Four of the five leave the window, or are forgotten otherwise: the
			// worst level stays.
			m.Marks = m.Marks[len(m.Marks)-2:]
			_, m = look(m, other, noon.Add(20*time.Minute), s)
			if got, _ := look(m, service, noon.Add(25*time.Minute), s); got != want {
				t.Errorf("%s, after some drop-outs are over: %s, want %s as before", name, got, want)
			}
		}
	}
}

// TestAcknowledgeSome: what --include or --exclude leave out is not closed.
func TestAcknowledgeSome(t *testing.T) {
	all := defaults()
	s := dropsOf("1/3", "1/5")
	at := noon.Add(10 * time.Minute)
	tests := map[string]struct {
		change func(*Policy)
		left   []string
	}{
		"all":           {func(*Policy) {}, nil},
		"FAN5":          {func(p *Policy) { p.Include = mustPattern("FAN5") }, []string{"1/3"}},
		"all but FAN5":  {func(p *Policy) { p.Exclude = mustPattern("FAN5") }, []string{"1/5"}},
		"other fans":    {func(p *Policy) { p.Include = mustPattern("FAN[12]") }, []string{"1/3", "1/5"}},
		"a late window": {func(p *Policy) { p.Window = time.Second }, nil},
	}
	for name, test := range tests {
		_, m := run(all, six(), s)
		pol := all
		test.change(&pol)
		m = m.copy()
		m.acknowledge(Ack{At: at}, pol)
		status, m := look(m, all, at.Add(time.Minute), s)
		var left []string
		for _, e := range judgeDrops(m, all, at.Add(time.Minute)).counted {
			left = append(left, e.Fans...)
		}
		if !slices.Equal(left, test.left) || (status == check.OK) != (len(test.left) == 0) {
			t.Errorf("%s acknowledged: %s, %v left, want %v", name, status, left, test.left)
		}
	}
}

// TestAcknowledgeEndsEveryView: after an acknowledgement a new drop-out starts
// at its own level, whoever acknowledged with which thresholds.
func TestAcknowledgeEndsEveryView(t *testing.T) {
	service, person := defaults(), defaults()
	service.Window, service.Crit = 7*24*time.Hour, mustRange("3")
	_, m := run(service, six(), dropsOf("1/3", "1/3", "1/3", "1/3"))
	m = m.copy()
	m.acknowledge(Ack{At: noon.Add(6 * time.Minute)}, person)
	s := dropsOf("1/3", "1/3", "1/3", "1/3")
	again := noon.Add(8 * time.Minute)
	s.Logs[0].Events = append(s.Logs[0].Events, event("", 20, again, "1/5", bmc.Failed), event("", 21, again.Add(time.Second), "1/5", bmc.Recovered))
	if got, _ := look(m, service, noon.Add(10*time.Minute), s); got != check.WARNING {
		t.Errorf("%s, want WARNING for one drop-out since the acknowledgement", got)
	}
}

// TestViewsEnd: what was reached with settings that nobody uses any more does
// not stay in the memory for ever.
func TestViewsEnd(t *testing.T) {
	var m Memory
	at := noon
	for i := range 20 {
		pol := defaults()
		pol.Window = time.Duration(i+1) * time.Minute
		_, m = look(m, pol, at, dropsOf("1/3"))
		at = at.Add(time.Minute)
	}
	_, m = look(m, defaults(), at.Add(Keep), six())
	if len(m.Latch) > 0 {
		t.Errorf("%d levels are kept although nothing counts", len(m.Latch))
	}
}
