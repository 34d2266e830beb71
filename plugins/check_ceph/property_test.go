package main

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	sim "github.com/noout-monitoring/noout/test/sim/ceph"
)

// TestRandomClusters judges random clusters in random trouble and compares with
// an oracle that knows how the simulated cluster really is: it sees the model,
// not the documents, and has its own idea of what each thing means.
func TestRandomClusters(t *testing.T) {
	old := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", clusters); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := flag.Set("rapid.checks", old); err != nil {
			t.Error(err)
		}
	})
	tally := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		s := newScenario(t)
		r := s.play(t)
		low, high, why := s.oracle()
		got := r.Status()
		if severity[got] < severity[low] || severity[got] > severity[high] {
			t.Fatalf("judged %s, expected %s to %s because of %v\nscenario: %s\nfindings: %s", got, low, high, why, s, findings(r))
		}
		tally[got.String()]++
	})
	for _, status := range []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"} {
		// Of a few hundred clusters (under the race detector) a rare status may be none.
		if len(clusters) > 4 && tally[status]*200 < tally["OK"] {
			t.Errorf("hardly any cluster was %s: the generator misses something (%v)", status, tally)
		}
	}
	t.Log(tally)
}

var severity = map[check.Status]int{check.OK: 0, check.UNKNOWN: 1, check.WARNING: 2, check.CRITICAL: 3}

func findings(r check.Result) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n\t[%s] %s", f.Status, f.Text)
	}
	return b.String()
}

// clock stands still until it is advanced.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) Advance(d time.Duration) { c.now = c.now.Add(d) }

// scenario is one cluster and what happens to it.
type scenario struct {
	clock    *clock
	world    *sim.World
	config   sim.Config
	osds     int
	steps    []string
	declared []string // by --maintenance
	remember bool
	until    time.Duration // after noout was set, 0: not declared
	noout    []string      // what it is set for: cluster, host, osd, class, default
	age      time.Duration
	peering  time.Duration // how long PGs have been on their way
	lacks    string        // a document that does not come
	started  time.Time     // when noout was set
	mgrs     []sim.Daemon  // that run at first
	stopped  []string      // mgrs
	extra    map[string]check.Status
	atRisk   bool
	flags    bool
}

func (s *scenario) String() string {
	return fmt.Sprintf("%+v declared %v memory %v until %v age %v lacks %q steps %v", s.config, s.declared, s.remember, s.until, s.age, s.lacks, s.steps)
}

func (s *scenario) do(t *rapid.T, format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	s.steps = append(s.steps, line)
	if err := s.world.Do(line); err != nil {
		t.Fatal(err)
	}
}

// chance is true once in n times.
func chance(t *rapid.T, n int, what string) bool { return rapid.IntRange(0, n-1).Draw(t, what) == n-1 }

func newScenario(t *rapid.T) *scenario {
	s := &scenario{clock: &clock{time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}, extra: map[string]check.Status{}}
	s.remember = !chance(t, 5, "no memory")
	hosts := rapid.IntRange(2, 4).Draw(t, "hosts")
	for i := range hosts {
		h := sim.Host{Name: fmt.Sprintf("node%d", i+1), OSDs: rapid.SampledFrom([]int{1, 2, 2, 3, 0}).Draw(t, "osds"), Class: rapid.SampledFrom([]string{"hdd", "hdd", "ssd"}).Draw(t, "class")}
		s.config.Hosts = append(s.config.Hosts, h)
		s.osds += h.OSDs
	}
	for i := range rapid.IntRange(1, 2).Draw(t, "pools") {
		p := sim.Pool{Name: fmt.Sprintf("pool%d", i+1), Size: rapid.IntRange(2, 3).Draw(t, "size"), PGs: rapid.IntRange(1, 6).Draw(t, "pgs"), Domain: rapid.SampledFrom([]string{"host", "host", "osd"}).Draw(t, "domain")}
		p.MinSize = rapid.IntRange(1, p.Size).Draw(t, "min_size")
		s.config.Pools = append(s.config.Pools, p)
	}
	s.config.Mons, s.config.Mgrs = []sim.Daemon{}, []sim.Daemon{}
	for i := range rapid.SampledFrom([]int{1, 3, 3, 4, 5}).Draw(t, "mons") {
		s.config.Mons = append(s.config.Mons, sim.Daemon{Name: string(rune('a' + i)), Host: s.config.Hosts[i%hosts].Name})
	}
	for i := range rapid.SampledFrom([]int{1, 2, 2, 3}).Draw(t, "mgrs") {
		s.config.Mgrs = append(s.config.Mgrs, sim.Daemon{Name: string(rune('x' + i)), Host: s.config.Hosts[i%hosts].Name})
	}
	s.config.Clock = s.clock
	s.world = sim.New(s.config)
	s.mgrs = s.config.Mgrs
	return s
}

func (s *scenario) host(t *rapid.T, what string) string {
	return rapid.SampledFrom(s.config.Hosts).Draw(t, what).Name
}

// play lets things happen, looks at the cluster as often as a scheduler would,
// and returns the last verdict.
func (s *scenario) play(t *rapid.T) check.Result {
	var m memory
	m = s.look(t, m)
	s.setNoout(t)
	m = s.look(t, m)
	s.clock.Advance(s.age)
	s.trouble(t)
	s.peer(t)
	m = s.look(t, m)
	s.clock.Advance(s.peering)
	c, err := s.read(t)
	p := s.policy()
	if err != nil {
		return unreachable(ceph.Cluster{}, err)
	}
	rec := recollection{memory: remember(memory{}, c, p.Until, s.clock.now)}
	if s.remember {
		rec = recollection{memory: remember(m, c, p.Until, s.clock.now), times: times{s.clock.now, s.clock.now}, Works: true}
	}
	return judge(c, p, rec, s.clock.now)
}

func (s *scenario) look(t *rapid.T, m memory) memory {
	c, err := s.read(t)
	if err != nil {
		return m
	}
	return remember(m, c, s.policy().Until, s.clock.now)
}

// read asks for all documents but the one that does not come.
func (s *scenario) read(t *rapid.T) (ceph.Cluster, error) {
	var b strings.Builder
	for _, q := range []string{"status", "osd dump", "osd tree", "quorum_status", "osd crush rule dump", "mgr metadata"} {
		r := s.world.Ask(q, "mon mgr")
		if q == "status" && r.Document == "" {
			return ceph.Cluster{}, &ceph.SilentError{Reason: r.Error}
		}
		if q != s.lacks {
			b.WriteString(r.Document + "\n")
		}
	}
	c, err := ceph.Read(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return c, nil
}

func (s *scenario) policy() policy {
	threshold := func(text string) check.Range {
		r, err := check.ParseRange(text)
		if err != nil {
			panic(err)
		}
		return r
	}
	p := policy{
		Declared: s.declared, NooutWarning: 4 * time.Hour, NooutCritical: 24 * time.Hour, Settle: 30 * time.Second, SlowOps: time.Minute,
		Ignore: []string{"RECENT_CRASH"}, Warning: threshold("80"), Critical: threshold("90"), OSDWarning: threshold("85"), OSDCritical: threshold("92"),
	}
	if s.until > 0 {
		p.Until = s.started.Add(s.until)
	}
	return p
}

func (s *scenario) setNoout(t *rapid.T) {
	if chance(t, 2, "maintenance") {
		s.declared = append(s.declared, s.host(t, "declared"))
	}
	s.age = rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 5 * time.Hour, 25 * time.Hour}).Draw(t, "age")
	if chance(t, 4, "no noout") {
		s.age = time.Minute
		return
	}
	s.started = s.clock.now
	kinds := rapid.SampledFrom([]string{"cluster", "cluster", "cluster", "host", "osd", "class", "default"}).Draw(t, "scope")
	switch kinds {
	case "cluster":
		s.noout = []string{"cluster"}
		s.do(t, "set?flag=noout")
	case "host":
		h := s.host(t, "noout host")
		if len(s.declared) > 0 && chance(t, 2, "same host") {
			h = s.declared[0]
		}
		s.noout = []string{"host " + h}
		s.do(t, "set?flag=noout&host=%s", h)
	case "osd":
		if s.osds == 0 {
			return
		}
		o := rapid.IntRange(0, s.osds-1).Draw(t, "noout osd")
		s.noout = []string{fmt.Sprintf("osd %d", o)}
		s.do(t, "set?flag=noout&osd=%d", o)
	case "class":
		s.noout = []string{"class hdd"}
		s.do(t, "set?flag=noout&class=hdd")
	case "default":
		s.noout = []string{"default"}
		s.do(t, "set?flag=noout&host=default")
	}
	if chance(t, 4, "until") {
		s.until = rapid.SampledFrom([]time.Duration{2 * time.Hour, 8 * time.Hour}).Draw(t, "until")
	}
}

// trouble is what goes wrong: mostly one thing.
func (s *scenario) trouble(t *rapid.T) {
	if len(s.declared) > 0 && chance(t, 2, "down as declared") {
		s.stopHost(t, s.declared[0])
	}
	if chance(t, 20, "lack") {
		s.lacks = rapid.SampledFrom([]string{"osd dump", "osd tree"}).Draw(t, "lacks")
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2}).Draw(t, "troubles") {
		switch rapid.SampledFrom([]string{"osd", "osd", "host", "mon", "mgr", "out", "retire", "flag", "pause", "check", "mute", "error", "unfound", "full", "move", "back"}).Draw(t, "trouble") {
		case "osd":
			if s.osds > 0 {
				s.do(t, "stop?osd=%d", rapid.IntRange(0, s.osds-1).Draw(t, "osd"))
			}
		case "host":
			s.stopHost(t, s.host(t, "stopped"))
		case "mon":
			s.do(t, "stop?mon=%s", rapid.SampledFrom(s.config.Mons).Draw(t, "mon").Name)
		case "mgr":
			s.stopMgr(t, rapid.SampledFrom(s.config.Mgrs).Draw(t, "mgr").Name)
		case "out":
			if s.osds > 0 {
				s.do(t, "out?osd=%d", rapid.IntRange(0, s.osds-1).Draw(t, "osd"))
			}
		case "retire":
			if s.osds > 0 {
				o := rapid.IntRange(0, s.osds-1).Draw(t, "osd")
				s.do(t, "stop?osd=%d", o)
				s.do(t, "out?osd=%d", o)
				s.do(t, "recover")
			}
		case "flag":
			s.flags = true
			s.do(t, "set?flag=%s", rapid.SampledFrom([]string{"nodown", "noup", "noin", "norecover", "nobackfill", "norebalance", "noscrub"}).Draw(t, "flag"))
		case "pause":
			s.atRisk = true
			s.do(t, "set?flag=pause")
		case "check":
			s.extra["POOL_APP_NOT_ENABLED"] = check.WARNING
			s.do(t, "check?code=POOL_APP_NOT_ENABLED&text=1+pool")
		case "mute":
			s.extra["BLUEFS_SPILLOVER"] = check.OK
			s.do(t, "check?code=BLUEFS_SPILLOVER&text=1+OSD")
			s.do(t, "mute?code=BLUEFS_SPILLOVER")
			s.extra["RECENT_CRASH"] = check.OK
			s.do(t, "check?code=RECENT_CRASH&text=1+daemon&severity=HEALTH_ERR")
		case "error":
			s.atRisk = true
			s.do(t, "damage?pool=pool1")
		case "unfound":
			s.atRisk = true
			s.do(t, "unfound?objects=3")
		case "full":
			s.atRisk = true
			s.do(t, "full?pool=pool1")
		case "move":
			s.do(t, "move?objects=9")
		case "back":
			if len(s.declared) > 0 {
				s.do(t, "start?host=%s", s.declared[0])
			}
		}
	}
}

func (s *scenario) stopHost(t *rapid.T, host string) {
	s.do(t, "stop?host=%s", host)
	for _, m := range s.config.Mgrs {
		if m.Host == host {
			s.stopped = append(s.stopped, m.Name)
		}
	}
}

func (s *scenario) stopMgr(t *rapid.T, name string) {
	s.stopped = append(s.stopped, name)
	s.do(t, "stop?mgr=%s", name)
}

// peer lets PGs be on their way for a while; the clock goes on as long.
func (s *scenario) peer(t *rapid.T) {
	s.peering = 5 * time.Second
	if chance(t, 8, "peering") {
		s.peering = rapid.SampledFrom([]time.Duration{5 * time.Second, 29 * time.Second, 30 * time.Second, 2 * time.Minute}).Draw(t, "peering for")
		s.do(t, "peering?pgs=%d&for=%s", rapid.IntRange(1, 3).Draw(t, "passing"), s.peering+time.Second)
	}
}
