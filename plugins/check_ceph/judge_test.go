package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	sim "github.com/noout-monitoring/noout/test/sim/ceph"
)

// fixed is a simulated cluster whose time stands still.
func fixed(t *testing.T, c sim.Config, lines ...string) (*sim.World, ceph.Cluster) {
	t.Helper()
	if c.Clock == nil {
		c.Clock = &clock{noon}
	}
	w := sim.New(c)
	for _, l := range lines {
		if err := w.Do(l); err != nil {
			t.Fatal(err)
		}
	}
	return w, documents(t, w)
}

func documents(t *testing.T, w *sim.World) ceph.Cluster {
	t.Helper()
	var lines []string
	for _, q := range []string{"status", "osd dump", "osd tree", "quorum_status", "osd crush rule dump", "mgr metadata", "fs dump", "osd df tree"} {
		if r := w.Ask(q, "mon mgr"); r.Document != "" {
			lines = append(lines, r.Document)
		}
	}
	c, err := ceph.Read(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func usual() policy { return (&scenario{}).policy() }

func remembered(c ceph.Cluster) recollection {
	return recollection{memory: remember(memory{}, c, time.Time{}, noon), times: times{noon, noon}, Works: true}
}

// says returns the findings of a status.
func says(r check.Result, status check.Status) []string {
	var out []string
	for _, f := range r.Findings {
		if f.Status == status {
			out = append(out, f.Text)
		}
	}
	return out
}

// TestRows are rows of the table that no recording has.
func TestRows(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		with  func(*policy)
		want  check.Status
		text  string
	}{
		"unfound objects":                 {[]string{"unfound?objects=3"}, nil, check.CRITICAL, "3 objects unfound"},
		"a check that is an error":        {[]string{"check?code=AUTH_INSECURE_KEYS_CREATABLE&severity=HEALTH_ERR&text=keys"}, nil, check.CRITICAL, "AUTH_INSECURE_KEYS_CREATABLE: keys"},
		"the same ignored":                {[]string{"check?code=AUTH_INSECURE_KEYS_CREATABLE&severity=HEALTH_ERR&text=keys"}, func(p *policy) { p.Ignore = []string{"AUTH_INSECURE_KEYS_CREATABLE"} }, check.OK, "ignored: "},
		"the same muted":                  {[]string{"check?code=A_B&severity=HEALTH_ERR&text=keys", "mute?code=A_B"}, nil, check.WARNING, "A_B: keys (muted)"},
		"muted and honoured":              {[]string{"check?code=A_B&severity=HEALTH_ERR&text=keys", "mute?code=A_B"}, func(p *policy) { p.HonourMutes = true }, check.OK, "A_B: keys (muted)"},
		"a severity nobody knows":         {[]string{"check?code=A_B&severity=HEALTH_PANIC&text=x"}, nil, check.CRITICAL, "A_B: x"},
		"mutes touch no OSD":              {[]string{"stop?osd=3", "mute?code=OSD_DOWN", "mute?code=PG_DEGRADED"}, nil, check.CRITICAL, "osd.3 on node2 down"},
		"mutes touch no flag":             {[]string{"set?flag=norecover", "mute?code=OSDMAP_FLAGS"}, nil, check.WARNING, "norecover is set"},
		"noscrub is muted":                {[]string{"set?flag=noscrub", "mute?code=OSDMAP_FLAGS"}, nil, check.OK, "noscrub set (muted)"},
		"mutes touch no monitor":          {[]string{"stop?mon=node2", "mute?code=MON_DOWN"}, nil, check.WARNING, "mon.node2 out of quorum"},
		"a flag of one OSD":               {[]string{"set?flag=noin&osd=2"}, nil, check.WARNING, "noin is set (osd.2)"},
		"two hosts that nobody named":     {[]string{"set?flag=noout", "stop?host=node1&daemons=0", "stop?host=node2&daemons=0"}, nil, check.CRITICAL, "noout hides a failure: osd.0, osd.1 on node1"},
		"noout of a root names nobody":    {[]string{"set?flag=noout&host=default", "stop?host=node1&daemons=0"}, nil, check.WARNING, "node1 is down (2 OSDs), declared by nobody"},
		"a class names nobody":            {[]string{"set?flag=noout&class=hdd", "stop?host=node1&daemons=0"}, nil, check.WARNING, "node1 is down (2 OSDs), declared by nobody"},
		"noout of another host":           {[]string{"set?flag=noout&host=node2", "stop?host=node1&daemons=0"}, nil, check.CRITICAL, "osd.0, osd.1 on node1 down, outside of what noout was set for"},
		"exactly those OSDs":              {[]string{"set?flag=noout&osd=0", "stop?osd=0,1"}, nil, check.CRITICAL, "osd.1 on node1 down, outside"},
		"data moves":                      {[]string{"set?flag=noout", "move?objects=9"}, nil, check.WARNING, "data moves although noout is set: 9 objects"},
		"data may move without noout":     {[]string{"move?objects=9"}, nil, check.OK, ""},
		"the declared host is marked out": {[]string{"stop?host=node1&daemons=0", "out?host=node1"}, func(p *policy) { p.Declared = []string{"node1"} }, check.WARNING, "osd.0, osd.1 under maintenance marked out"},
		"young slow operations":           {[]string{"set?flag=nodown", "freeze?osd=1", "advance?by=45s"}, nil, check.WARNING, "SLOW_OPS: "},
		"old ones":                        {[]string{"set?flag=nodown", "freeze?osd=1", "advance?by=60s"}, nil, check.CRITICAL, "client I/O waits: "},
		"old ones beside a maintenance":   {[]string{"set?flag=nodown", "freeze?osd=1", "advance?by=60s"}, func(p *policy) { p.Declared = []string{"node1"} }, check.CRITICAL, "client I/O waits: "},
		"a pool is full":                  {[]string{"full?pool=rbd"}, nil, check.CRITICAL, "pool rbd full: writes are stopped"},
		"declared by another name":        {[]string{"set?flag=noout", "stop?host=node3&daemons=0"}, func(p *policy) { p.Declared, p.Hosts = []string{"pve3"}, map[string][]string{"pve3": {"node3"}} }, check.OK, "osd.4, osd.5 down, explained by the maintenance"},
		"the usage of one OSD":            {[]string{"fill?osd=3&percent=93"}, nil, check.CRITICAL, "osd.3 used to 93.0% (limit 92)"},
	} {
		t.Run(name, func(t *testing.T) {
			at := &clock{noon}
			_, found := fixed(t, sim.Config{Clock: at}, c.lines...)
			p := usual()
			if c.with != nil {
				c.with(&p)
			}
			r := judge(found, p, remembered(found), at.now)
			if r.Status() != c.want {
				t.Errorf("%s: %s", r.Status(), findings(r))
			}
			if !slices.ContainsFunc(says(r, c.want), func(text string) bool { return strings.HasPrefix(text, c.text) }) {
				t.Errorf("nothing says %q: %s", c.text, findings(r))
			}
		})
	}
}

// TestMDS: the standby of a host under maintenance is missed by nobody.
func TestMDS(t *testing.T) {
	config := sim.Config{MDS: []sim.Daemon{{Name: "m1", Host: "node2"}, {Name: "m2", Host: "node1"}}}
	w, before := fixed(t, config)
	m := remember(memory{}, before, time.Time{}, noon)
	for _, l := range []string{"set?flag=noout", "stop?host=node1", "check?code=MDS_INSUFFICIENT_STANDBY&text=no+standby"} {
		if err := w.Do(l); err != nil {
			t.Fatal(err)
		}
	}
	c := documents(t, w)
	rec := recollection{memory: remember(m, c, time.Time{}, noon), times: times{noon, noon}, Works: true}
	for node, want := range map[string]check.Status{"node1": check.OK, "node3": check.CRITICAL} {
		p := usual()
		p.Declared = []string{node}
		if r := judge(c, p, rec, noon); r.Status() != want {
			t.Errorf("%s declared: %s %s", node, r.Status(), findings(r))
		}
	}
	p := usual()
	p.Declared = []string{"node1"}
	r := judge(c, p, remembered(c), noon)
	if !slices.ContainsFunc(says(r, check.WARNING), func(s string) bool { return strings.HasPrefix(s, "MDS_INSUFFICIENT_STANDBY") }) {
		t.Errorf("without a memory: %s", findings(r))
	}
}

// TestOldShape: a status of Nautilus, with all as nested as it was.
func TestOldShape(t *testing.T) {
	_, c := fixed(t, sim.Config{Nested: true})
	if r := judge(c, usual(), remembered(c), noon); r.Status() != check.OK {
		t.Error(findings(r))
	}
}

// TestUnreachable: its silence is an outage, our inability is not.
func TestUnreachable(t *testing.T) {
	if s := unreachable(ceph.Cluster{}, &ceph.SilentError{Reason: "x"}).Status(); s != check.CRITICAL {
		t.Error(s)
	}
	if s := unreachable(ceph.Cluster{}, errors.New("x")).Status(); s != check.UNKNOWN {
		t.Error(s)
	}
	// nothing arrived and nobody complained
	if s := judge(ceph.Cluster{}, usual(), recollection{}, noon).Status(); s == check.OK {
		t.Error("nothing is well")
	}
}

// TestMonitorsStop: documents that were waited for in vain are the cluster's
// silence, a refusal is ours.
func TestMonitorsStop(t *testing.T) {
	for _, waited := range []bool{true, false} {
		_, c := fixed(t, sim.Config{})
		c.Map = nil
		c.Gaps = append(c.Gaps, ceph.Gap{What: "osd dump", Waited: waited})
		want := map[bool]check.Status{true: check.CRITICAL, false: check.UNKNOWN}[waited]
		if r := judge(c, usual(), remembered(c), noon); r.Status() != want {
			t.Errorf("waited %v: %s", waited, findings(r))
		}
	}
}

// TestSettleWithoutMemory: the last change of the OSD map tells, and where that
// is not told the share.
func TestSettleWithoutMemory(t *testing.T) {
	for name, c := range map[string]struct {
		changed time.Duration // before noon, negative: not told
		pgs     int
		want    check.Status
	}{
		"just now": {10 * time.Second, 20, check.WARNING}, "long ago": {31 * time.Second, 1, check.CRITICAL},
		"not told, few": {-1, 3, check.WARNING}, "not told, many": {-1, 4, check.CRITICAL},
	} {
		t.Run(name, func(t *testing.T) {
			counts := &ceph.Counts{}
			if c.changed >= 0 {
				counts.Changed = noon.Add(-c.changed)
			}
			p := &ceph.PGs{Total: 33, States: []ceph.PGState{{State: "active+clean", Count: 33 - c.pgs}, {State: "peering", Count: c.pgs}}}
			v := newView(ceph.Cluster{Counts: counts, PGs: p}, usual(), recollection{}, noon)
			v.onTheWay()
			if len(v.findings) != 1 || v.findings[0].Status != c.want {
				t.Errorf("%+v", v.findings)
			}
		})
	}
}

// TestStates: which words stop I/O, which pass, which do not matter.
func TestStates(t *testing.T) {
	for state, want := range map[string]string{
		"active+clean": "serves", "active+clean+scrubbing+deep": "serves", "active+undersized+degraded+remapped+backfilling": "serves",
		"active+recovery_wait+degraded": "serves", "active+clean+inconsistent": "serves",
		"peering": "passes", "remapped+peering": "passes", "activating+undersized": "passes", "creating": "passes", "unknown": "passes",
		"stale+active+clean": "passes", "stale": "passes", "active+clean+laggy": "passes", "active+clean+wait": "passes", "clean+premerge+peered": "passes",
		"undersized+degraded+peered": "stopped", "undersized+peered": "stopped", "down": "stopped", "down+peering": "stopped", "incomplete": "stopped",
		"creating+incomplete": "stopped", "stale+undersized+degraded+peered": "stopped", "recovering+degraded+peered": "stopped", "something+new": "stopped",
	} {
		s := ceph.PGState{State: state, Count: 1}
		got := "serves"
		switch {
		case inactive(s):
			got = "stopped"
		case unsettled(s):
			got = "passes"
		}
		if got != want {
			t.Errorf("%s %s, want %s", state, got, want)
		}
	}
}

// TestIgnorable: what must not be ignored.
func TestIgnorable(t *testing.T) {
	for _, code := range []string{"PG_DEGRADED", "PG_NOT_SCRUBBED", "OSD_DOWN", "OSD_HOST_DOWN", "OSD_RACK_DOWN", "OSD_FLAGS", "OSDMAP_FLAGS", "OSD_FULL", "SLOW_OPS", "MON_DOWN", "x", ""} {
		if ignorable(code) == nil {
			t.Errorf("%s may be ignored", code)
		}
	}
	for _, code := range []string{"RECENT_CRASH", "POOL_NEARFULL", "OSD_SLOW_PING_TIME_BACK", "MDS_SLOW_REQUEST"} {
		if err := ignorable(code); err != nil {
			t.Error(err)
		}
	}
}
