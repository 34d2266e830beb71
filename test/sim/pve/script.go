package pve

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Presets are clusters by name.
var Presets = map[string]func() Config{
	"lab":     Lab,
	"two":     func() Config { return shrunk(2) },
	"qdevice": func() Config { c := shrunk(2); c.Device = &Device{"Fifty-Fifty split", true}; return c },
	"lms":     func() Config { c := Lab(); c.Device = &Device{"LMS", true}; return c },
	"four": func() Config {
		c := Lab()
		c.Nodes = append(c.Nodes, Node{Name: "pve4"})
		c.Device = &Device{"Fifty-Fifty split", true}
		return c
	},
	"single": func() Config { c := shrunk(1); c.Name = ""; return c },
	"five": func() Config {
		c := Lab()
		c.Nodes = append(c.Nodes, Node{Name: "pve4"}, Node{Name: "pve5"})
		return c
	},
	"local": func() Config { // no storage is on a Ceph
		c := Lab()
		for i := range c.Nodes {
			c.Nodes[i].Storages = []Storage{{Name: "local", Plugin: "dir"}, {Name: "share", Plugin: "nfs", Shared: true}}
		}
		return c
	},
	"saved": Saved,
	"plain": func() Config { // without HA
		c := Lab()
		for i := range c.Guests {
			c.Guests[i].HA = ""
		}
		return c
	},
}

// shrunk is the lab with its first nodes only, and their guests.
func shrunk(n int) Config {
	c := Lab()
	c.Nodes = c.Nodes[:n]
	var guests []Guest
	for _, g := range c.Guests {
		for _, m := range c.Nodes {
			if g.Node == m.Name {
				if n == 1 {
					g.HA = ""
				}
				guests = append(guests, g)
			}
		}
	}
	c.Guests = guests
	return c
}

// Do lets something happen, given as text: the verbs of the world, and
//
//	advance?by=5m                                      moves the clock
//	fault?name=html&node=pve1&path=/cluster/tasks&after=2
//	mend                                               ends all faults
func (s *Sim) Do(text string) error {
	name, query, _ := strings.Cut(text, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("reading %q: %w", text, err)
	}
	switch name {
	case "advance":
		by, err := time.ParseDuration(values.Get("by"))
		if err != nil || by < 0 {
			return fmt.Errorf("reading %q: advance needs by=DURATION", text)
		}
		s.Advance(by)
		return nil
	case "mend":
		s.Mend()
		return nil
	case "fault":
		f := Fault{Name: values.Get("name"), Node: values.Get("node"), Path: values.Get("path")}
		if after := values.Get("after"); after != "" {
			if f.After, err = strconv.Atoi(after); err != nil {
				return fmt.Errorf("reading %q: %w", text, err)
			}
		}
		return s.Break(f)
	}
	return s.World.Do(text)
}

// Script does what it is told line by line. Empty lines and those that begin
// with # are passed over.
func (s *Sim) Script(text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.Do(line); err != nil {
			return err
		}
	}
	return nil
}

// Stage sets a scene for one command after the other: each plays what a file
// named world in a directory says, on one cluster. The file's first line may
// name a preset: "cluster two".
type Stage struct {
	Sim *Sim
	dir string
}

// Open starts the cluster of the first scene and returns what its commands
// name: the nodes' addresses ($NODES, and $PVE1 and so on for each), the
// authority's certificate ($CA) and a file with the token ($AUTH). What no check
// may ever do is looked for at the end.
func (s *Stage) Open(tb TB, dir string) map[string]string {
	tb.Helper()
	text := s.read(tb, dir)
	preset, _ := strings.CutPrefix(strings.SplitN(text, "\n", 2)[0], "cluster ")
	config := Presets[preset]
	if config == nil {
		config = Lab
	}
	s.Sim, s.dir = Start(tb, config()), dir
	sim := s.Sim // the next test has another
	tb.Cleanup(func() {
		if v := Violations(sim.Requests()); len(v) > 0 {
			tb.Errorf("%q", v)
		}
	})
	ca := filepath.Join(dir, "pve-root-ca.pem")
	if err := os.WriteFile(ca, s.Sim.CA(), 0o600); err != nil {
		tb.Fatalf("writing the certificate: %v", err)
	}
	auth := filepath.Join(dir, "auth.ini")
	if err := os.WriteFile(auth, []byte("[*]\ntoken = "+Token+"\n"), 0o600); err != nil {
		tb.Fatalf("writing the token: %v", err)
	}
	names := map[string]string{"NODES": s.Sim.Addresses(), "CA": ca, "AUTH": auth}
	for _, n := range s.Sim.World.nodes {
		names[strings.ToUpper(n.Name)] = s.Sim.Address(n.Name)
	}
	return names
}

// Play plays the scene of the next command; without one nothing happens.
func (s *Stage) Play(tb TB) {
	tb.Helper()
	if s.Sim == nil {
		return
	}
	text := s.read(tb, s.dir)
	if rest, is := strings.CutPrefix(text, "cluster "); is {
		_, text, _ = strings.Cut(rest, "\n")
	}
	if err := s.Sim.Script(text); err != nil {
		tb.Fatalf("%v", err)
	}
	// Each scene is played once.
	if err := os.WriteFile(filepath.Join(s.dir, "world"), nil, 0o600); err != nil {
		tb.Fatalf("%v", err)
	}
}

func (s *Stage) read(tb TB, dir string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "world"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		tb.Fatalf("%v", err)
	}
	return string(text)
}

// Now is the world's time.
func (s *Sim) Now() time.Time { return s.World.config.Clock.Now() }
