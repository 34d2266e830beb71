package fans_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/ipmi"
	"github.com/noout-monitoring/noout/pkg/bmc/redfish"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/secret"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	simipmi "github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	simredfish "github.com/noout-monitoring/noout/test/sim/bmc/redfish"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// speaker is one server that tells of itself in one dialect, and what we
// remember of it.
type speaker struct {
	dialect string
	sim     *sim.Sim
	world   *world.World
	source  bmc.Source
	memory  fans.Memory
	kept    bmc.Memory
	said    fans.Verdict
}

var dawn = time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)

// speakers are the same server in all dialects.
func speakers(t sim.TB, w truth) []*speaker {
	var out []*speaker
	who := secret.Credentials{Username: sim.Username, Password: secret.NewText(sim.Password[:20])}
	for _, d := range simredfish.Dialects() {
		s := sim.Start(t, sim.Server{Vendor: d, Clock: world.Still(dawn), TLS: sim.TLSNone, Username: sim.Username, Password: sim.Password[:20], World: w.world})
		source := redfish.New(http.DefaultClient, s.URL, who)
		source.TellTime(s.World.Clock().Now)
		out = append(out, &speaker{dialect: string(d), sim: s, world: s.World, source: source})
	}
	for _, d := range simipmi.Dialects() {
		s := sim.Start(t, sim.Server{Vendor: simredfish.ThermalReading, Clock: world.Still(dawn), TLS: sim.TLSNone, Password: sim.Password[:20],
			Username: sim.Username, IPMI: &simipmi.Config{Vendor: d}, World: w.world})
		host, port, _ := strings.Cut(s.IPMI, ":")
		var options ipmi.Options
		if _, err := fmt.Sscan(port, &options.Port); err != nil {
			t.Fatalf("%v", err)
		}
		source, err := ipmi.LAN(ipmi.Endpoint{Host: host, Credentials: who}, options)
		if err != nil {
			t.Fatalf("%v", err)
		}
		out = append(out, &speaker{dialect: string(d), sim: s, world: s.World, source: source})
	}
	return out
}

// poll asks the server, remembers and judges.
func (s *speaker) poll(t teller, pol fans.Policy) {
	now := s.world.Clock().Now()
	var known []string
	for id := range s.memory.Fans {
		known = append(known, id)
	}
	server, err := s.source.Poll(t.Context(), bmc.Ask{Memory: s.kept, Known: known, Logs: true})
	if err != nil {
		t.Fatalf("%s: %v", s.dialect, err)
	}
	for i := range server.Logs {
		server.Logs[i].Clock = new(time.Duration) // our time is the server's
	}
	server.Restarted = time.Time{}
	p := fans.Poll{Server: server, Started: now, Now: now.Add(time.Second)}
	s.kept = server.Memory
	s.memory = fans.Observe(s.memory, p, pol)
	s.said = fans.Judge(p, pol, s.memory)
}

// worst is the verdict, as the answer would rank it.
func (s *speaker) worst() fans.Severity {
	for _, severity := range []fans.Severity{fans.Major, fans.Minor, fans.Indeterminate} {
		if slices.ContainsFunc(s.said.Findings(), func(f fans.Finding) bool { return f.Severity == severity }) {
			return severity
		}
	}
	return fans.Clear
}

func (s *speaker) texts() string {
	var out []string
	for _, f := range s.said.Findings() {
		if f.Severity != fans.Clear {
			out = append(out, f.Text)
		}
	}
	return strings.Join(out, "\n  ")
}

// truth is a server, and what is wrong with it.
type truth struct {
	faults   []fault
	needed   int         // fans that redundancy needs, of seven
	low, bad float64     // lower thresholds
	power    world.Power // at the end
}

// world makes a server so.
func (w truth) world(c *world.Config) {
	c.MinNeeded = w.needed
	for i := range c.Fans {
		c.Fans[i].LowerNonCritical, c.Fans[i].LowerCritical = w.low, w.bad
	}
}

// fault is what happens to one fan.
type fault struct {
	bays  []int // places of the world, both rotors of a module
	shape world.Shape
	brief time.Duration // it returned after that; 0: it is so now
}

// name is the part that a technician would look for.
func (f fault) name() string {
	return [...]string{"", "Fan 1", "Fan 1", "Fan 2", "Fan 2", "Fan 3", "Fan 3", "Fan 4", "Pump 1"}[f.bays[0]]
}

var (
	modules  = [][]int{{1, 2}, {3, 4}, {5, 6}, {7}}
	spinning = []world.Shape{world.Zero, world.Critical, world.Slow, world.Caution}
	pulled   = []world.Shape{world.Absent, world.Gone, world.Null}
)

// certain are the truths of every run: each rotor alone, the second of two too, in
// every shape that a rotor can have, and each module.
func certain() []truth {
	var out []truth
	add := func(f fault) {
		n := len(out)
		out = append(out, truth{faults: []fault{f}, needed: []int{4, 7, 1}[n%3], low: 2000, bad: 1500, power: world.On})
	}
	for _, shape := range spinning {
		for bay := 1; bay <= 8; bay++ {
			add(fault{bays: []int{bay}, shape: shape})
		}
	}
	for _, shape := range pulled {
		for _, m := range modules {
			add(fault{bays: m, shape: shape})
		}
	}
	for bay := 2; bay <= 8; bay += 2 {
		add(fault{bays: []int{bay}, shape: world.Zero, brief: 11 * time.Second})
	}
	return append(out, truth{needed: 4, low: 2000, bad: 1500, power: world.Off})
}

// drawn is a truth by chance: rotors that fail, modules that are pulled,
// drop-outs that the log alone knows; how many fans redundancy needs, thresholds,
// the power of the host. A second rotor is as likely as a first.
func drawn(t *rapid.T) truth {
	limits := rapid.SampledFrom([][2]float64{{2000, 1500}, {3000, 1000}, {4500, 300}}).Draw(t, "limits")
	w := truth{
		needed: rapid.SampledFrom([]int{1, 4, 6, 7}).Draw(t, "needed"), low: limits[0], bad: limits[1],
		power: rapid.SampledFrom([]world.Power{world.On, world.On, world.On, world.On, world.On, world.PoweringOn, world.PoweringOff, world.Off}).Draw(t, "power"),
	}
	if w.power == world.Off {
		return w // nothing that turns is judged, and nothing happens
	}
	taken := map[string]bool{}
	for range rapid.IntRange(1, 3).Draw(t, "faults") {
		f := fault{shape: rapid.SampledFrom(append(append([]world.Shape{}, spinning...), pulled...)).Draw(t, "shape")}
		if slices.Contains(pulled, f.shape) {
			f.bays = rapid.SampledFrom(modules).Draw(t, "module")
		} else {
			f.bays = []int{rapid.IntRange(1, 8).Draw(t, "rotor")}
			// What happens around a change of power is excused, and IPMI knows no change.
			if rapid.Bool().Draw(t, "brief") && w.power == world.On {
				f.brief = time.Duration(rapid.IntRange(5, 60).Draw(t, "seconds")) * time.Second
			}
		}
		if !taken[f.name()] {
			taken[f.name()] = true
			w.faults = append(w.faults, f)
		}
	}
	return w
}

// ranks order what is worse.
var ranks = []fans.Severity{fans.Clear, fans.Indeterminate, fans.Minor, fans.Major}

func worse(a, b fans.Severity) fans.Severity {
	if slices.Index(ranks, b) > slices.Index(ranks, a) {
		return b
	}
	return a
}

// expected is the verdict that the truth deserves, by the rules of the manual
// and nothing of the code: and unsaid is true when the dialect has no words for
// what makes it so, see docs/fan-dialects.md.
func expected(dialect string, w truth) (verdict fans.Severity, unsaid bool) {
	verdict = fans.Clear
	if w.power == world.Off {
		return verdict, false
	}
	for _, f := range w.faults {
		switch {
		case f.brief > 0, f.shape == world.Caution:
			verdict = worse(verdict, fans.Minor)
		case f.shape == world.Null && (dialect == "thermal-rollup" || dialect == "discrete"):
			verdict, unsaid = worse(verdict, fans.Indeterminate), true
		default:
			verdict = fans.Major
		}
	}
	if dialect == "thermal-rollup" {
		// It measures nothing that it shows: nobody can say that a fan turns.
		verdict, unsaid = worse(verdict, fans.Indeterminate), true
	}
	return worse(verdict, w.redundancy()), unsaid
}

// redundancy is what a controller makes of the failures that it notices: of seven
// fans, pumps are none.
func (w truth) redundancy() fans.Severity {
	left := 7
	for _, f := range w.faults {
		if f.brief == 0 && f.bays[0] != 8 && slices.Contains([]world.Shape{world.Critical, world.Caution, world.Gone}, f.shape) {
			left -= len(f.bays)
		}
	}
	switch {
	case left == 7:
		return fans.Clear
	case left >= w.needed:
		return fans.Minor
	}
	return fans.Major
}

// teller is a test of one truth.
type teller interface {
	sim.TB
	Errorf(format string, args ...any)
	Context() context.Context
}

// tell tells a truth in all dialects and asks for the same verdict, and for the
// part by name.
func tell(t teller, w truth, pol fans.Policy) {
	for _, s := range speakers(t, w) {
		s.poll(t, pol)
		if got, unsaid := expected(s.dialect, truth{}); s.worst() != got || !unsaid && got != fans.Clear {
			t.Fatalf("%s, all well: %v\n  %s", s.dialect, s.worst(), s.texts())
		}
		for i, f := range w.faults {
			drop := world.Drop{Fans: f.bays, Shape: f.shape, For: f.brief}
			if f.shape == world.Null {
				drop.Log = world.Nothing // a sensor that cannot be read crosses no threshold
			}
			if err := s.world.After(time.Duration(i+1)*time.Minute, drop); err != nil {
				t.Fatalf("%v", err)
			}
		}
		if err := s.world.Do(world.Switch{To: w.power}); err != nil {
			t.Fatalf("%v", err)
		}
		for range 2 {
			s.world.Clock().Advance(5 * time.Minute)
			s.poll(t, pol)
		}
		verdict, unsaid := expected(s.dialect, w)
		if got := s.worst(); got != verdict {
			t.Errorf("%s: %v, expected %v (unsaid %t) of %+v\n  %s", s.dialect, got, verdict, unsaid, w, s.texts())
		}
		for _, f := range w.faults {
			if !strings.Contains(s.texts(), f.name()) && !(unsaid && f.shape == world.Null) {
				t.Errorf("%s does not name %s: %+v\n  %s", s.dialect, f.name(), w, s.texts())
			}
		}
	}
}

func dialectPolicy(t *testing.T) fans.Policy {
	t.Helper()
	pol := fans.Policy{Expect: -1, Window: 24 * time.Hour, Log: "auto"}
	for _, r := range []struct {
		to   *check.Range
		text string
	}{{&pol.Warn, "0"}, {&pol.Crit, "4"}} {
		parsed, err := check.ParseRange(r.text)
		if err != nil {
			t.Fatal(err)
		}
		*r.to = parsed
	}
	return pol
}

// TestEachRotor tells every single fault in all dialects, in every run.
func TestEachRotor(t *testing.T) {
	pol := dialectPolicy(t)
	for _, w := range certain() {
		t.Run(fmt.Sprintf("%+v", w), func(t *testing.T) { tell(t, w, pol) })
	}
}

// TestDialects tells truths by chance in all dialects.
func TestDialects(t *testing.T) {
	pol := dialectPolicy(t)
	tried, told := 0, map[fans.Severity]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w := drawn(rt)
		tell(closing{t, rt}, w, pol)
		verdict, _ := expected("thermal", w)
		tried++
		told[verdict]++
	})
	t.Logf("%d truths in %d dialects, by verdict %v", tried, len(simredfish.Dialects())+len(simipmi.Dialects()), told)
}

// TestDialectTable has each dialect in the table that people read.
func TestDialectTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/fan-dialects.md")
	if err != nil {
		t.Fatal(err)
	}
	has := func(name string) {
		if !strings.Contains(string(page), "\n| `"+name+"` |") {
			t.Errorf("docs/fan-dialects.md has no row for %s", name)
		}
	}
	for _, d := range simredfish.Dialects() {
		has(string(d))
	}
	for _, d := range simipmi.Dialects() {
		has(string(d))
	}
}

// closing is the test of one truth: what is started for it ends with it.
type closing struct {
	*testing.T
	rt *rapid.T
}

func (c closing) Helper()                           { c.rt.Helper() }
func (c closing) Errorf(format string, args ...any) { c.rt.Errorf(format, args...) }
func (c closing) Context() context.Context          { return c.rt.Context() }
func (c closing) Fatalf(format string, args ...any) { c.rt.Fatalf(format, args...) }
func (c closing) Cleanup(f func())                  { c.rt.Cleanup(f) }
