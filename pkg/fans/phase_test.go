package fans

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// controller is a model of a BMC whose fan 3 drops out for eleven seconds
// every six hours. It knows nothing of check_fans.
type controller struct {
	rng    *rand.Rand
	start  time.Time
	phase  time.Duration
	offset time.Duration // its clock less ours
	jump   time.Time     // when its clock is set right
	ids    string        // "count", "none", "reversed list", "shuffled"
	log    []entry
	last   int64
	boot   time.Time // the log holds nothing older
}

type entry struct {
	id     int64
	at     time.Time // true time
	stamp  time.Time // by the controller's clock
	failed bool
}

const (
	every  = 6 * time.Hour
	length = 11 * time.Second
)

func (c *controller) clock(at time.Time) time.Time {
	if !c.jump.IsZero() && at.After(c.jump) {
		return at.Round(0)
	}
	return at.Add(c.offset)
}

// drops returns the drop-outs that began before t.
func (c *controller) drops(t time.Time) []time.Time {
	var out []time.Time
	for d := c.start.Add(c.phase); !d.After(t); d = d.Add(every) {
		out = append(out, d)
	}
	return out
}

// advance writes what happened until t into the log.
func (c *controller) advance(t time.Time) {
	seen := len(c.log)
	var all []entry
	for _, d := range c.drops(t) {
		all = append(all, entry{at: d, failed: true})
		if end := d.Add(length); !end.After(t) {
			all = append(all, entry{at: end})
		}
	}
	for _, e := range all[min(seen, len(all)):] {
		c.last++
		e.id, e.stamp = c.last, c.clock(e.at).Truncate(time.Second)
		c.log = append(c.log, e)
	}
}

// poll answers as a source would at time t.
func (c *controller) poll(t time.Time) Poll {
	c.advance(t)
	s := bmc.Server{Identity: bmc.Identity{UUID: "4c4c4544"}, Power: bmc.PowerOn}
	down := false
	for _, d := range c.drops(t) {
		down = down || t.Sub(d) < length
	}
	for i := range 6 {
		f := bmc.Fan{ID: "1/" + strconv.Itoa(i), Name: fmt.Sprintf("FAN%d", i+1), Presence: bmc.Present, Health: bmc.HealthOK, Unit: "RPM"}
		if rpm := 5400.0; i != 2 || !down {
			f.Reading = &rpm
		} else {
			f.Presence = bmc.Absent
		}
		s.Fans = append(s.Fans, f)
	}
	offset := c.clock(t).Sub(t)
	log := bmc.Log{ID: "SEL", Whole: true, Clock: &offset}
	for i, e := range c.log {
		if e.at.Before(c.boot) {
			continue
		}
		ev := bmc.Event{Order: e.id, Stamp: e.stamp.Format(time.RFC3339), Time: e.stamp, Fan: "1/2", Kind: bmc.Recovered}
		if e.failed {
			ev.Kind = bmc.Failed
		}
		switch c.ids {
		case "none":
			ev.Order = int64(i)
		default:
			ev.ID = strconv.FormatInt(e.id, 10)
		}
		log.Events = append(log.Events, ev)
	}
	if c.ids == "shuffled" || c.ids == "reversed" {
		c.rng.Shuffle(len(log.Events), func(i, j int) { log.Events[i], log.Events[j] = log.Events[j], log.Events[i] })
	}
	s.Logs = []bmc.Log{log}
	return Poll{Server: s, Started: t, Now: t}
}

func defaults() Policy {
	return Policy{Expect: -1, Window: 24 * time.Hour, Warn: mustRange("0"), Crit: mustRange("4"), Log: "auto"}
}

func mustRange(s string) check.Range {
	r, err := check.ParseRange(s)
	if err != nil {
		panic(err)
	}
	return r
}

// TestEveryPhase: an eleven-second drop-out every six hours, polled each five
// minutes, alarms on the next poll whatever its phase, whatever the clock and
// the log of the controller do, and the alarm stays until the window has
// passed or somebody acknowledges.
func TestEveryPhase(t *testing.T) {
	phases := 10_000
	if testing.Short() {
		phases = 500
	}
	rng := rand.New(rand.NewPCG(2026, 11))
	for n := range phases {
		c := &controller{
			rng: rng, start: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC),
			phase:  time.Duration(rng.Int64N(int64(every))),
			offset: time.Duration(rng.Int64N(int64(24*time.Hour))) - 12*time.Hour,
			ids:    []string{"count", "none", "shuffled", "count"}[n%4],
		}
		if n%3 == 0 {
			c.offset = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).Sub(c.start)
		}
		if n%5 == 0 {
			c.jump = c.start.Add(c.phase).Add(time.Duration(rng.Int64N(int64(20 * time.Minute))))
		}
		clearAt := time.Time{}
		if n%7 == 0 {
			clearAt = c.start.Add(c.phase + 20*time.Minute)
		}
		if err := c.follow(clearAt, n); err != nil {
			t.Fatalf("phase %s of %d, offset %s, ids %s, clock set right %s, log cleared %s: %v", c.phase, n, c.offset, c.ids, c.jump, clearAt, err)
		}
	}
}

// follow polls every five minutes from a while before the first drop-out until
// well after it; every tenth time it goes on until after the second.
func (c *controller) follow(clearAt time.Time, n int) error {
	pol := defaults()
	m := Memory{}
	first := c.start.Add(c.phase)
	end := first.Add(40 * time.Minute)
	if n%10 == 0 {
		end = end.Add(every)
	}
	for t := first.Add(-time.Duration(c.rng.Int64N(int64(20 * time.Minute)))); t.Before(end); t = t.Add(5 * time.Minute) {
		if !clearAt.IsZero() && t.After(clearAt) && c.boot.IsZero() {
			c.boot = t
			c.last = 0
		}
		p := c.poll(t)
		m = Observe(m, p, pol)
		r := judge(p, pol, m)
		want := len(c.drops(t))
		if got := r.Status(); got != check.OK && want == 0 {
			return fmt.Errorf("at %s: %s before any drop-out: %+v", t, got, r.Findings)
		} else if got == check.OK && want > 0 {
			return fmt.Errorf("at %s: %s after %d drop-outs", t, got, want)
		}
		if got := len(judgeDrops(m, pol, t).counted); got != want {
			return fmt.Errorf("at %s: counted %d drop-outs of %d", t, got, want)
		}
		if n%11 == 0 && want == 1 && t.Sub(first) > 30*time.Minute && len(m.Acks) == 0 && len(refusals(p, pol, m)) == 0 {
			// Acknowledged: quiet until the next drop-out.
			m.acknowledge(Ack{At: t, User: "root", Text: "reseated"}, pol)
			m.latch(p, pol)
			if s := judge(p, pol, m).Status(); s != check.OK {
				return fmt.Errorf("at %s: %s right after the acknowledgement", t, s)
			}
			return nil
		}
	}
	return nil
}

// TestWindowEnds: without another drop-out the alarm ends when the last one
// leaves the window, and it falls to OK at once.
func TestWindowEnds(t *testing.T) {
	c := &controller{start: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), phase: 3*time.Hour + 5*time.Second, ids: "count"}
	pol := defaults()
	m := Memory{}
	drop := c.start.Add(c.phase)
	var changes []string
	last := check.UNKNOWN
	for at := c.start; at.Before(drop.Add(26 * time.Hour)); at = at.Add(5 * time.Minute) {
		p := c.poll(earlier(at, drop.Add(time.Hour)))
		p.Started, p.Now = at, at
		m = Observe(m, p, pol)
		if s := judge(p, pol, m).Status(); s != last {
			changes = append(changes, at.Sub(c.start).String()+" "+s.String())
			last = s
		}
	}
	want := "[0s OK 3h5m0s WARNING 27h5m0s OK]"
	if got := fmt.Sprint(changes); got != want {
		t.Errorf("statuses %s, want %s", got, want)
	}
}
