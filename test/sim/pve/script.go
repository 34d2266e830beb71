package pve

import (
	"errors"
	"fmt"
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
	"single":  func() Config { c := shrunk(1); c.Name = ""; return c },
	"five": func() Config {
		c := Lab()
		c.Nodes = append(c.Nodes, Node{Name: "pve4"}, Node{Name: "pve5"})
		return c
	},
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

// Script does what it is told, line by line: the verbs of the world, and
//
//	advance 5m
//	break html node=pve1 path=/cluster/tasks after=2
//	mend
//
// Empty lines and those that begin with # are passed over.
func (s *Sim) Script(text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := s.line(line); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sim) line(line string) error {
	words := strings.Fields(line)
	switch {
	case words[0] == "advance" && len(words) == 2:
		d, err := time.ParseDuration(words[1])
		if err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		s.Advance(d)
		return nil
	case words[0] == "mend" && len(words) == 1:
		s.Mend()
		return nil
	case words[0] == "break" && len(words) > 1:
		f := Fault{Kind: words[1]}
		for _, w := range words[2:] {
			key, value, _ := strings.Cut(w, "=")
			switch key {
			case "node":
				f.Node = value
			case "path":
				f.Path = value
			case "after":
				n, err := strconv.Atoi(value)
				if err != nil {
					return fmt.Errorf("%s: %w", line, err)
				}
				f.After = n
			default:
				return fmt.Errorf("%s: expected node, path or after", line)
			}
		}
		return s.Break(f)
	}
	return s.World.Do(line)
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
// authority's certificate ($CA) and a file with the token ($AUTH).
func (s *Stage) Open(tb TB, dir string) map[string]string {
	tb.Helper()
	text := s.read(tb, dir)
	preset, _ := strings.CutPrefix(strings.SplitN(text, "\n", 2)[0], "cluster ")
	config := Presets[preset]
	if config == nil {
		config = Lab
	}
	s.Sim, s.dir = Start(tb, config()), dir
	ca, err := s.Sim.CAFile(dir)
	if err != nil {
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
func (s *Stage) Now() time.Time { return s.Sim.World.config.Clock.Now() }
