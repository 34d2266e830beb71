package fans

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// walker looks at one server by a clock of its own.
type walker struct {
	pol    Policy
	memory Memory
	said   check.Status
	notes  []string
}

func (w *walker) poll(s bmc.Server, now time.Time, up time.Duration) {
	w.since(s, now, up, "2f1c")
}

// since is a poll since a start of our host.
func (w *walker) since(s bmc.Server, now time.Time, up time.Duration, boot string) {
	p := Poll{Server: s, Started: now, Now: now.Add(time.Second), Up: up, Boot: boot}
	if up == 0 {
		p.Boot = ""
	}
	w.memory = Observe(w.memory, p, w.pol)
	r := judge(p, w.pol, w.memory)
	w.said, w.notes = r.Status(), r.Notes
}

// world is a server in true time. It knows nothing of the poller's clock.
type trueWorld struct {
	now    time.Time
	begun  time.Time
	device time.Duration // its clock less the true one
	log    []bmc.Event
}

func (w *trueWorld) drop(fan string) {
	for i, kind := range []bmc.Kind{bmc.Failed, bmc.Recovered} {
		n := int64(len(w.log) + 1)
		at := w.now.Add(w.device - 60*time.Second + time.Duration(i)*11*time.Second)
		w.log = append(w.log, event(fmt.Sprint(n), n, at, fan, kind))
	}
}

// seen is the server by a clock that is so much ahead of the true one.
func (w *trueWorld) seen(ahead time.Duration, tellsTime, absent bool) bmc.Server {
	s := six(events(w.log...))
	s.Logs[0].Clock = nil
	if tellsTime {
		offset := w.device - ahead
		s.Logs[0].Clock = &offset
	}
	if absent {
		s.Fans[2].Presence, s.Fans[2].Reading = bmc.Absent, nil
	}
	return s
}

var jumps = []time.Duration{
	10 * time.Second, 3 * time.Minute, 20 * time.Minute, 2 * time.Hour, 26 * time.Hour,
	31 * 24 * time.Hour, 365 * 24 * time.Hour, 3650 * 24 * time.Hour,
}

// set is how far a clock is ahead that was by so much, and is set now and then.
func set(t *rapid.T, ahead time.Duration) time.Duration {
	switch rapid.IntRange(0, 5).Draw(t, "clock") {
	case 0:
		return rapid.SampledFrom(jumps).Draw(t, "ahead")
	case 1:
		return -rapid.SampledFrom(jumps).Draw(t, "behind")
	case 2:
		return 0
	}
	return ahead
}

// TestJumpsNeverMakeMilder walks two pollers through the life of a server, one
// whose clock jumps, forwards and backwards, for one poll or for good, and one
// whose clock does not. Whatever time they can ask for besides their own, the
// controller's or the uptime of their host: the first never says less than the
// second. The second counts five minutes less, because clocks are not compared
// to the second.
func TestJumpsNeverMakeMilder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		witness := rapid.SampledFrom([]string{"controller", "uptime", "both"}).Draw(t, "witness")
		begun := noon.Add(-time.Hour)
		w := &trueWorld{now: noon, begun: begun, device: time.Duration(rapid.IntRange(-7200, 7200).Draw(t, "device")) * time.Second}
		jumped, steady := &walker{pol: defaults()}, &walker{pol: defaults()}
		steady.pol.Window -= 5 * time.Minute
		ahead := time.Duration(0)
		for i := range rapid.IntRange(2, 30).Draw(t, "polls") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(4, 90).Draw(t, "minutes")) * time.Minute)
			absent := false
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				w.drop("1/3")
			case 1:
				w.drop("1/5")
			case 2:
				absent = true
			}
			ahead = set(t, ahead)
			if i == 0 && witness == "uptime" {
				ahead = 0 // nothing tells that the first look has the wrong time
			}
			up := w.now.Sub(w.begun)
			if witness == "controller" {
				up = 0
			}
			jumped.poll(w.seen(ahead, witness != "uptime", absent), w.now.Add(ahead), up)
			steady.poll(w.seen(0, witness != "uptime", absent), w.now, up)
			if rank(jumped.said) < rank(steady.said) {
				t.Fatalf("%s by a clock that jumps, %s by one that does not: %v", jumped.said, steady.said, jumped.memory.Marks)
			}
		}
	})
}

// TestFirstLookUnderAWrongClock walks the same two pollers when the first look may
// have the wrong time already, with entries in the log that are older, and when our
// host is started now and then, under a wrong clock, before one or after one: each
// start costs an hour at most, because nobody can tell for how long the host was off.
// Where the controller tells no time, what its log dates is only judged once our
// clock has been right: until then nothing tells that it is not.
func TestFirstLookUnderAWrongClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		controller := rapid.Bool().Draw(t, "the controller tells the time")
		starts := rapid.IntRange(0, 2).Draw(t, "starts of our host")
		w := &trueWorld{now: noon, begun: noon.Add(-time.Hour)}
		if controller {
			w.device = time.Duration(rapid.IntRange(-7200, 7200).Draw(t, "device")) * time.Second
		}
		for range rapid.IntRange(0, 2).Draw(t, "drop-outs before the first look") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(2, 600).Draw(t, "minutes before")) * time.Minute)
			w.drop(rapid.SampledFrom([]string{"1/3", "1/5"}).Draw(t, "fan"))
		}
		jumped, steady := &walker{pol: defaults()}, &walker{pol: defaults()}
		steady.pol.Window -= 5*time.Minute + time.Duration(starts)*unwatched
		ahead, boot, right := time.Duration(0), 0, controller
		for range rapid.IntRange(2, 30).Draw(t, "polls") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(4, 90).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				w.drop("1/3")
			case 1:
				w.drop("1/5")
			case 2, 3:
				if boot < starts {
					boot, w.begun = boot+1, w.now.Add(-2*time.Minute)
				}
			}
			ahead = set(t, ahead)
			jumped.since(w.seen(ahead, controller, false), w.now.Add(ahead), w.now.Sub(w.begun), fmt.Sprint(boot))
			steady.poll(w.seen(0, controller, false), w.now, w.now.Sub(noon))
			right = right || ahead == 0
			if right && rank(jumped.said) < rank(steady.said) {
				t.Fatalf("%s by a clock that is wrong, %s by one that is right\n%v\n%v", jumped.said, steady.said, jumped.memory.Marks, steady.memory.Marks)
			}
		}
	})
}

func rank(s check.Status) int {
	return map[check.Status]int{check.OK: 0, check.WARNING: 1, check.UNKNOWN: 2, check.CRITICAL: 3}[s]
}

// TestJumpIsSaid: once, in the run that finds it, and no more than is proven.
func TestJumpIsSaid(t *testing.T) {
	const year = 365 * 24 * time.Hour
	hour := time.Hour
	for _, test := range []struct {
		name       string
		ahead      time.Duration // our clock less the true one
		up, device bool
		want       string
	}{
		{"back, nothing else tells the time", -year, false, false, "clock set back by 364d since the last run"},
		{"back, the controller tells", -year, false, true, "clock set back by 365d since the last run"},
		{"back by less than between two runs", -4 * time.Minute, true, false, "clock set back by 4m since the last run"},
		{"forward, our host's uptime tells", year, true, false, "clock set forward by 365d since the last run"},
		{"forward, the controller tells", 20 * time.Minute, false, true, "clock set forward by 20m since the last run, or the controller's set back"},
		{"ten seconds are not told apart", 10 * time.Second, true, true, ""},
		{"right", 0, true, true, ""},
	} {
		w := &walker{pol: defaults()}
		look := func(after, ahead time.Duration) string {
			world := &trueWorld{now: noon.Add(after)}
			up := time.Duration(0)
			if test.up {
				up = after + hour
			}
			w.poll(world.seen(ahead, test.device, false), world.now.Add(ahead), up)
			return strings.Join(w.notes, "; ")
		}
		look(0, 0)
		after := 5 * time.Minute
		if test.ahead == -year && !test.device {
			after = 24 * time.Hour // nobody can tell the day that has passed
		}
		if got := look(after, test.ahead); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if got := look(after+5*time.Minute, test.ahead); got != "" {
			t.Errorf("%s: %q again in the next run", test.name, got)
		}
	}
}

// TestMemoryAsOfTheNext: a memory by the clock of the next has the same history.
func TestMemoryAsOfTheNext(t *testing.T) {
	w := &walker{pol: defaults()}
	world := &trueWorld{now: noon}
	world.drop("1/3")
	w.poll(world.seen(0, true, false), noon, 0)
	old := w.memory
	world.now = noon.Add(5 * time.Minute)
	w.poll(world.seen(48*time.Hour, true, false), world.now.Add(48*time.Hour), 0)
	was, is := EpisodesOf(old.AsOf(w.memory).Marks), EpisodesOf(w.memory.Marks)
	if diff := cmp.Diff(was, is); diff != "" || len(is) != 1 {
		t.Errorf("%d episodes: %s", len(is), diff)
	}
	if again := w.memory.AsOf(w.memory); !again.LastPoll.Equal(w.memory.LastPoll) {
		t.Errorf("moved twice: %s, %s", w.memory.LastPoll, again.LastPoll)
	}
}

// TestSetBackByWhatPassed: our clock is set back by just what passed between two
// polls, and nothing but the controller's clock could tell. A drop-out before the
// first and one before the second are two.
func TestSetBackByWhatPassed(t *testing.T) {
	w := &trueWorld{now: noon}
	x := &walker{pol: defaults()}
	x.poll(w.seen(0, true, false), w.now, 0)
	for _, ahead := range []time.Duration{0, -20 * time.Minute} {
		w.now = w.now.Add(20 * time.Minute)
		w.drop("1/3")
		x.poll(w.seen(ahead, true, false), w.now.Add(ahead), 0)
	}
	found := EpisodesOf(x.memory.Marks)
	if len(found) != 2 {
		t.Fatalf("%d drop-outs, expected 2: %+v", len(found), found)
	}
	for _, e := range found {
		if d := e.End.Sub(e.Start); d != 11*time.Second {
			t.Errorf("it took %s, expected 11 s: %+v", d, e)
		}
	}
}
