package pve

import (
	"fmt"
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
