package main

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/state"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// town is a cluster whose guests answer if they really run, whatever the API
// says of them.
type town struct {
	sim   *sim.Sim
	ids   map[netip.Addr]int
	truth sim.Truth
	args  []string
}

func placeOf(id int) string { return fmt.Sprintf("192.0.2.%d", id) }

func newTown(t rapid.TB, config sim.Config, dir string) *town {
	config.Hangup = true
	s, err := sim.Run(config)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := os.MkdirTemp(dir, "state")
	if err != nil {
		t.Fatal(err)
	}
	c := &town{sim: s, ids: map[netip.Addr]int{}}
	c.args = []string{"--auth-file", filepath.Join(dir, "auth"), "--state-dir", memory, "-H", s.Addresses(), "--fingerprint", s.Fingerprint(), "-t", "12"}
	for _, g := range config.Guests {
		c.ids[netip.MustParseAddr(placeOf(g.ID))] = g.ID
		key, value := "ipconfig0", "ip="+placeOf(g.ID)+"/24"
		if g.Container {
			key, value = "net0", "name=eth0,ip="+placeOf(g.ID)+"/24"
		}
		if err := s.Do(fmt.Sprintf("set?id=%d&key=%s&value=%s", g.ID, key, url.QueryEscape(value))); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func authFile(t *testing.T) (dir string) {
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "auth"), []byte("[*]\ntoken = "+sim.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// alive says whether a guest runs on a node that has power.
func (c *town) alive(id int) bool {
	for node, on := range c.truth.On {
		if slices.Contains(on, id) {
			return !slices.Contains(c.truth.Away, node)
		}
	}
	return false
}

func (c *town) run(_ context.Context, targets []ping.Target, o ping.Options) (ping.Report, error) {
	var r ping.Report
	for _, t := range targets {
		x := ping.Reach{Target: t, Sent: o.Packets}
		if c.alive(c.ids[t.Addr]) {
			x.Received, x.Min, x.Avg, x.Max = o.Packets, time.Millisecond, time.Millisecond, time.Millisecond
		}
		r.Targets = append(r.Targets, x)
	}
	return r, nil
}

// ask runs the plugin.
func (c *town) ask(t checkTB) (check.Status, string) {
	c.truth = c.sim.Truth()
	var out bytes.Buffer
	p := pluginWith(state.Wall{Now: c.sim.Now}, prober{run: c.run, resolve: ping.Resolve})
	code := check.Status(p.Run(c.args, &out))
	if v := sim.Violations(c.sim.Requests()); len(v) > 0 {
		t.Errorf("%q", v)
	}
	return code, out.String()
}

type checkTB interface{ Errorf(string, ...any) }

// TestFiftyMigrations: wherever the guests have gone, a node that dies is one
// alarm that names exactly those that were on it. Nothing was configured anew.
func TestFiftyMigrations(t *testing.T) {
	dir := authFile(t)
	rapid.Check(t, func(r *rapid.T) {
		config := sim.Presets["plain"]() // HA would bring them back
		for i := range 20 {
			config.Guests = append(config.Guests, sim.Guest{ID: 220 + i, Name: fmt.Sprintf("shop%d", i), Node: "pve2"})
		}
		c := newTown(r, config, dir)
		defer c.sim.Close()
		if code, text := c.ask(r); code != check.OK {
			r.Fatalf("at the start: %s", text)
		}
		for range 50 {
			id := rapid.SampledFrom(config.Guests).Draw(r, "guest").ID
			to := rapid.SampledFrom([]string{"pve1", "pve2", "pve3"}).Draw(r, "to")
			_ = c.sim.Do(fmt.Sprintf("migrate?id=%d&to=%s&for=2s", id, to)) // a guest may be there already
			c.sim.Advance(3 * time.Second)
		}
		c.sim.Advance(2 * time.Minute)
		if code, text := c.ask(r); code != check.OK {
			r.Fatalf("after the migrations: %s", text)
		}
		c.sim.Advance(2 * time.Minute)
		node := rapid.SampledFrom([]string{"pve1", "pve2", "pve3"}).Draw(r, "dies")
		if err := c.sim.Do("crash?node=" + node); err != nil {
			r.Fatal(err)
		}
		c.sim.Advance(5 * time.Second)
		lost := len(c.sim.Truth().On[node])
		code, text := c.ask(r)
		if lost == 0 && code == check.OK {
			return
		}
		want := fmt.Sprintf("CRITICAL: node %s is down: %s (", node, phrase.Count(lost, "guest", "guests"))
		// below the first line stands at most that finding once more, whole
		if code != check.CRITICAL || !strings.HasPrefix(text, want) || strings.Count(text, "\n") > 2 || strings.Contains(text, ", also ") {
			r.Errorf("expected %q and nothing else, got: %s", want, text)
		}
	})
}

// TestWalk: whatever happens to a cluster, in any order. A guest that answers
// is never called silent, and while one that answered before is away without
// anybody having stopped it, the answer is not OK.
func TestWalk(t *testing.T) {
	dir := authFile(t)
	count := map[check.Status]int{}
	rapid.Check(t, func(r *rapid.T) {
		config := sim.Presets[rapid.SampledFrom([]string{"lab", "five", "plain"}).Draw(r, "cluster")]()
		c := newTown(r, config, dir)
		defer c.sim.Close()
		c.ask(r)
		excused := map[int]bool{}
		answered := map[int]bool{}
		for _, id := range c.ids {
			answered[id] = c.alive(id)
		}
		things := c.sim.Walk()
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			thing := rapid.SampledFrom(things).Draw(r, "happens")
			if c.sim.Do(thing) != nil {
				continue // it cannot happen
			}
			for _, id := range c.ids {
				if strings.HasPrefix(thing, fmt.Sprintf("stop?id=%d", id)) || strings.HasPrefix(thing, fmt.Sprintf("lock?is=suspend&id=%d", id)) {
					excused[id] = true
				}
			}
			c.sim.Advance(15 * time.Second)
			code, text := c.ask(r)
			count[code]++
			if strings.Contains(text, "no node gives a usable answer") {
				continue
			}
			for _, g := range config.Guests {
				id := g.ID
				away := answered[id] && !c.alive(id) && !excused[id]
				if away && code == check.OK {
					r.Errorf("vm%d is away, and the answer is: %s", id, text)
				}
				if c.alive(id) && blamed(text, id) {
					r.Errorf("vm%d answers, and the answer is: %s", id, text)
				}
				answered[id] = answered[id] || c.alive(id)
			}
		}
	})
	t.Logf("%v", count)
	for _, s := range []check.Status{check.OK, check.CRITICAL} {
		if count[s] == 0 {
			t.Errorf("not a single %s: the walks prove nothing", s)
		}
	}
}

// blamed says whether a finding calls a guest silent.
func blamed(text string, id int) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "[") && (strings.Contains(line, fmt.Sprintf("vm%d ", id)) || strings.Contains(line, fmt.Sprintf("ct%d ", id))) &&
			!strings.Contains(line, "HA wants") && !strings.Contains(line, "no known address") && !strings.Contains(line, "stopped") {
			return true
		}
	}
	return false
}

// TestToldElsewhere: a guest that told its address hours ago is asked again
// before it is called silent, and when another tells the same address.
func TestToldElsewhere(t *testing.T) {
	dir := authFile(t)
	config := sim.Presets["plain"]()
	for i := range config.Guests {
		config.Guests[i].Addresses = []string{placeOf(config.Guests[i].ID)}
	}
	s := sim.Start(t, config)
	memory := t.TempDir()
	if err := os.Chmod(memory, 0o700); err != nil {
		t.Fatal(err)
	}
	net := &fakeNet{hosts: map[netip.Addr]fakeHost{netip.MustParseAddr("192.0.2.66"): {silent: true}}}
	ask := func() string {
		s.Advance(5 * time.Minute)
		var out bytes.Buffer
		p := pluginWith(state.Wall{Now: s.Now}, net.prober())
		p.Run([]string{"--auth-file", filepath.Join(dir, "auth"), "--state-dir", memory, "-H", s.Addresses(), "--fingerprint", s.Fingerprint(), "-v"}, &out)
		return out.String()
	}
	for name, was := range map[string]string{"it is silent there": "192.0.2.66", "another is there": placeOf(103)} {
		if first := ask(); !strings.HasPrefix(first, "OK: ") || !strings.Contains(first, "vm105 db1 on pve3 (192.0.2.105)") {
			t.Fatalf("%s: at the start: %s", name, first)
		}
		files, err := filepath.Glob(filepath.Join(memory, "check_guests.*.json"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[0], bytes.ReplaceAll(text, []byte(placeOf(105)), []byte(was)), 0o600); err != nil {
			t.Fatal(err)
		}
		s.Advance(20 * time.Minute)
		if text := ask(); !strings.HasPrefix(text, "OK: ") || !strings.Contains(text, "vm105 db1 on pve3 (192.0.2.105)") {
			t.Errorf("%s: %s", name, text)
		}
	}
}
