//go:build real

package schedulers

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// latched is a service that polls check_fans.
type latched struct {
	name            string
	attempts        int
	flap            bool
	interval, retry int    // seconds
	more            string // settings of its section
}

// remembering has every way to count and to distrust polls. The contrast knows
// only what the fans do right now: the same plugin without memory and log.
var (
	remembering = []latched{
		{name: "attempts-1", attempts: 1, interval: 2, retry: 1},
		{name: "attempts-1-flap", attempts: 1, flap: true, interval: 2, retry: 1},
		{name: "attempts-4", attempts: 4, interval: 2, retry: 1},
		{name: "attempts-4-flap", attempts: 4, flap: true, interval: 2, retry: 1},
	}
	contrast = []latched{
		// Four polls in a row take fifteen seconds: too long for a drop-out of eleven.
		{name: "live-blind", attempts: 4, interval: 5, retry: 5, more: "state = off\nlog = off\n"},
		{name: "live-noisy", attempts: 1, flap: true, interval: 2, retry: 1, more: "state = off\nlog = off\n"},
	}
)

// TestLatch drops fans for 11 seconds now and then under a running nagios. For
// each incident, which ends when somebody acknowledges it, every service sends
// one PROBLEM and one RECOVERY, however often it must see a problem and whether
// or not it may flap.
func TestLatch(t *testing.T) {
	t.Parallel()
	sim := bmc.Start(t, bmc.Server{Vendor: bmc.Dell})
	l := newLatch(t, sim)

	// Seen live by every service: three times in less than a minute.
	l.incident("connector of fan 3", func() {
		for range 3 {
			l.seen("drop?fan=3&for=11s")
		}
	})
	if got := l.notified("live-blind"); len(got) > 0 {
		t.Errorf("four attempts see a drop-out without memory: %v", got)
	}
	if !slices.ContainsFunc(l.events(), func(e event) bool { return e.service == "live-blind" && e.soft && e.state == "CRITICAL" }) {
		t.Error("the contrast saw no drop-out at all, and proves nothing")
	}
	l.await(time.Minute, "flapping of what has no memory", func() error {
		if !slices.Contains(l.notified("live-noisy"), "FLAPPINGSTART (OK)") && !slices.Contains(l.notified("live-noisy"), "FLAPPINGSTART (CRITICAL)") {
			return fmt.Errorf("notified are %v", l.notified("live-noisy"))
		}
		return nil
	})
	// Over before anybody looks, as between two polls of five minutes: 11
	// seconds on the clock of the controller, nothing on ours.
	before := len(l.notified("live-noisy"))
	l.calm()
	l.incident("fan 5 reseated", func() { l.unseen("drop?fan=5&for=11s") })
	l.calm()
	l.incident("fan 5 replaced", func() {
		for range 3 {
			l.unseen("drop?fan=5&for=11s")
		}
	})
	for _, s := range l.notified("live-noisy")[before:] {
		if s != "FLAPPINGSTOP (OK)" {
			t.Errorf("a drop-out between two polls was seen without memory: %s", s)
		}
	}
	l.count()
}

// latch is the nagios, the controller, and how many incidents there were.
type latch struct {
	*nagios
	sim       *bmc.Sim
	options   string
	incidents int
}

func newLatch(t *testing.T, sim *bmc.Sim) *latch {
	t.Helper()
	dir := folder(t, "latch")
	l := &latch{sim: sim, options: filepath.Join(dir, "noout.ini")}
	write(t, filepath.Join(dir, "bmc.ini"), "[*]\nusername = "+bmc.Username+"\npassword = "+bmc.Password+"\n")
	write(t, filepath.Join(dir, "ca.pem"), string(sim.CA()))
	var ini, objects strings.Builder
	objects.WriteString(around)
	for _, s := range slices.Concat(remembering, contrast) {
		fmt.Fprintf(&ini, "[%s]\nhost = %s\nauth-file = %s/bmc.ini\nca-file = %s/ca.pem\n", s.name, sim.Host, dir, dir)
		if s.more == "" {
			fmt.Fprintf(&ini, "state = require\nstate-dir = %s/state/%s\n", dir, s.name)
		}
		ini.WriteString(s.more)
		flap := map[bool]int{true: 1}[s.flap]
		fmt.Fprintf(&objects, "define service {\n  use plain\n  service_description %s\n  check_command check_fans!%s@%s\n  max_check_attempts %d\n  check_interval %d\n  retry_interval %d\n  flap_detection_enabled %d\n}\n",
			s.name, s.name, l.options, s.attempts, s.interval, s.retry, flap)
	}
	write(t, l.options, ini.String())
	write(t, filepath.Join(dir, "state", "empty"), "")
	setUp(t, dir, objects.String(), "nagios/commands.cfg")
	l.nagios = startNagios(t, dir)
	l.await(time.Minute, "a first OK of all", func() error {
		status := l.status()
		for _, s := range slices.Concat(remembering, contrast) {
			if got := status[s.name]; got["has_been_checked"] != "1" || got["current_state"] != "0" {
				return fmt.Errorf("%s: %s", s.name, got["plugin_output"])
			}
		}
		return nil
	})
	return l
}

// seen lets something happen and waits until the fans are back and everybody
// has looked again.
func (l *latch) seen(what string) {
	l.t.Helper()
	if err := l.sim.Do(what); err != nil {
		l.t.Fatal(err)
	}
	var back time.Time
	l.await(time.Minute, "the return of the fan", func() error {
		back = time.Now()
		if r := ask(l.t, filepath.Join(built(l.t), "check_fans"), "--extra-opts=live-noisy@"+l.options); r.exit != 0 {
			return errors.New(r.text)
		}
		return nil
	})
	l.checked(back, time.Minute, "attempts-1", "attempts-1-flap", "attempts-4", "attempts-4-flap", "live-blind", "live-noisy")
}

// unseen lets something happen that is over at once.
func (l *latch) unseen(what string) {
	l.t.Helper()
	for _, line := range []string{what, "advance?by=12s"} {
		if err := l.sim.Do(line); err != nil {
			l.t.Fatal(err)
		}
	}
	l.checked(time.Now(), time.Minute, "attempts-1", "attempts-1-flap", "attempts-4", "attempts-4-flap")
}

// incident is what begins with a drop-out and ends with an acknowledgement.
func (l *latch) incident(repair string, happens func()) {
	l.t.Helper()
	l.incidents++
	happens()
	l.all(2*l.incidents-1, "PROBLEM")
	for _, s := range remembering {
		r := ask(l.t, filepath.Join(built(l.t), "check_fans"), "--extra-opts="+s.name+"@"+l.options, "--acknowledge", repair)
		if r.exit != 0 || !strings.Contains(r.text, "acknowledged") {
			l.t.Errorf("%s: exit %d: %s", s.name, r.exit, r.text)
		}
	}
	l.all(2*l.incidents, "RECOVERY")
}

// all waits until that many notifications were sent for every service.
func (l *latch) all(n int, what string) {
	l.t.Helper()
	l.await(time.Minute, fmt.Sprintf("the %s of incident %d", what, l.incidents), func() error {
		for _, s := range remembering {
			if got := l.notified(s.name); len(got) < n {
				return fmt.Errorf("%s: notified are %v", s.name, got)
			}
		}
		return nil
	})
}

// calm waits until flap detection, which looks back over 21 polls, has
// forgotten most of the last incident: in the field there are hours between.
func (l *latch) calm() {
	l.t.Helper()
	l.await(2*time.Minute, "calm", func() error {
		for _, s := range remembering {
			if p := l.status()[s.name].number("percent_state_change"); s.flap && p > 6.5 {
				return fmt.Errorf("%s: %.2f %% of change", s.name, p)
			}
		}
		return nil
	})
}

// count counts the notifications: a PROBLEM and a RECOVERY each, and no other.
func (l *latch) count() {
	l.t.Helper()
	for _, s := range remembering {
		got := l.notified(s.name)
		problems, recoveries := 0, 0
		for i, state := range got {
			switch {
			case i%2 == 0 && (state == "WARNING" || state == "CRITICAL"):
				problems++
			case i%2 == 1 && state == "OK":
				recoveries++
			}
		}
		if problems != l.incidents || recoveries != l.incidents || len(got) != 2*l.incidents {
			l.t.Errorf("%s: %d incidents, notified are %v", s.name, l.incidents, got)
		}
		l.t.Logf("%s: %d incidents, notified are %v", s.name, l.incidents, got)
	}
	for _, s := range contrast {
		l.t.Logf("%s, without memory: notified are %v", s.name, l.notified(s.name))
	}
	for _, e := range l.events() {
		if e.kind == "SERVICE FLAPPING ALERT" && strings.HasPrefix(e.service, "attempts") {
			l.t.Errorf("%s: %s %s", e.service, e.state, e.text)
		}
	}
}
