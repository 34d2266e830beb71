package ceph

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is a verb of the control language with its arguments:
// "set?flag=noout&host=node1".
type call struct {
	url.Values
	err error
}

func (c *call) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *call) duration(key string, otherwise time.Duration) time.Duration {
	if c.Get(key) == "" {
		return otherwise
	}
	d, err := time.ParseDuration(c.Get(key))
	if err != nil {
		c.fail("%s=%q: expected a duration such as 30s", key, c.Get(key))
	}
	return d
}

// osds are those named by osd=0,3 or by host=node1.
func (c *call) osds(w *World) []*osd {
	var out []*osd
	for _, word := range strings.Split(c.Get("osd"), ",") {
		if word == "" {
			continue
		}
		id, err := strconv.Atoi(word)
		if err != nil || id < 0 || id >= len(w.osds) {
			c.fail("osd=%q: the OSDs are 0 to %d", word, len(w.osds)-1)
			return nil
		}
		out = append(out, w.osds[id])
	}
	for _, o := range w.osds {
		if o.host == c.Get("host") {
			out = append(out, o)
		}
	}
	return out
}

func (c *call) daemon(list []*daemon, key string) *daemon {
	for _, d := range list {
		if d.Name == c.Get(key) {
			return d
		}
	}
	c.fail("%s=%q: there is no such daemon", key, c.Get(key))
	return new(daemon)
}

func (c *call) percent() float64 {
	v, err := strconv.ParseFloat(c.Get("percent"), 64)
	if err != nil || v < 0 || v > 100 {
		c.fail("percent=%q: expected a number from 0 to 100", c.Get("percent"))
	}
	return v
}

// verbs are what can happen to a cluster.
var verbs = map[string]func(*World, *call){
	"set":   func(w *World, c *call) { w.flag(c, true) },
	"unset": func(w *World, c *call) { w.flag(c, false) },
	"stop":  func(w *World, c *call) { w.power(c, false) },
	"start": func(w *World, c *call) { w.power(c, true) },
	// an OSD that hangs: with nodown the cluster does not notice
	"freeze": func(w *World, c *call) {
		for _, o := range c.osds(w) {
			w.halt(o)
		}
	},
	"out": func(w *World, c *call) { w.take(c, false) },
	"in":  func(w *World, c *call) { w.take(c, true) },
	// all data goes to where it belongs
	"recover": func(w *World, _ *call) { w.recover() },
	"advance": func(w *World, c *call) {
		if by := c.duration("by", time.Minute); c.err == nil {
			w.clock.Advance(by)
		}
	},
	"mute": func(w *World, c *call) {
		until := time.Time{}
		if d := c.duration("for", 0); d > 0 {
			until = w.clock.Now().Add(d)
		}
		w.mutes[c.Get("code")] = until
	},
	"unmute": func(w *World, c *call) { delete(w.mutes, c.Get("code")) },
	"fill": func(w *World, c *call) {
		used := c.percent()
		osds := c.osds(w)
		if len(osds) == 0 {
			osds = w.osds
		}
		for _, o := range osds {
			o.used = used
		}
	},
	"full": func(w *World, c *call) { w.pool(c, func(p *pool) { p.full = c.Get("on") != "0" }) },
	"damage": func(w *World, c *call) {
		w.pool(c, func(p *pool) { p.pgs[0].damaged = c.Get("on") != "0" })
	},
	// a health check that nothing in the model is behind
	"check": func(w *World, c *call) {
		severity := c.Get("severity")
		if severity == "" {
			severity = "HEALTH_WARN"
		}
		w.checks[c.Get("code")] = extra{severity, c.Get("text")}
	},
	"uncheck": func(w *World, c *call) { delete(w.checks, c.Get("code")) },
	// PGs that are on their way
	"peering": func(w *World, c *call) {
		until := w.clock.Now().Add(c.duration("for", 10*time.Second))
		n, err := strconv.Atoi(c.Get("pgs"))
		if err != nil || n < 1 {
			c.fail("pgs=%q: expected a number", c.Get("pgs"))
			return
		}
		for _, p := range w.pools {
			for _, g := range p.pgs {
				if n > 0 {
					w.peering[g.id] = until
					n--
				}
			}
		}
	},
	"unfound": func(w *World, c *call) { w.unfound = c.number("objects") },
	"move":    func(w *World, c *call) { w.misplaced = c.number("objects") },
}

func (c *call) number(key string) int {
	n, err := strconv.Atoi(c.Get(key))
	if err != nil || n < 0 {
		c.fail("%s=%q: expected a number", key, c.Get(key))
	}
	return n
}

func (w *World) pool(c *call, f func(*pool)) {
	for _, p := range w.pools {
		if p.Name == c.Get("pool") {
			f(p)
			return
		}
	}
	c.fail("pool=%q: there is no such pool", c.Get("pool"))
}

// flag sets or clears a flag of the cluster, or of what is named.
func (w *World) flag(c *call, on bool) {
	flag := c.Get("flag")
	if !slices.Contains(warned, flag) && flag != "pause" {
		c.fail("flag=%q: the flags are %s, pause", flag, strings.Join(warned, ", "))
		return
	}
	flags := []string{flag}
	if flag == "pause" {
		flags = []string{"pauserd", "pausewr"}
	}
	for _, f := range flags {
		switch {
		case c.Has("host"):
			within(w.nodeFlags, c.Get("host"))[f] = on
		case c.Has("class"):
			within(w.classFlags, c.Get("class"))[f] = on
		case c.Has("osd"):
			for _, o := range c.osds(w) {
				o.flags[f] = on
			}
		default:
			w.flags[f] = on
		}
	}
	w.epoch++
	w.modified = w.clock.Now()
}

func within(m map[string]map[string]bool, key string) map[string]bool {
	if m[key] == nil {
		m[key] = map[string]bool{}
	}
	return m[key]
}

// Do lets something happen, in the control language; see Verbs.
func (w *World) Do(line string) error {
	verb, query, _ := strings.Cut(line, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("%s: %w", line, err)
	}
	f := verbs[verb]
	if f == nil {
		return fmt.Errorf("there is no verb %q, there are %s", verb, strings.Join(Verbs(), ", "))
	}
	c := &call{Values: values}
	w.look(func() { f(w, c) })
	if c.err != nil {
		return fmt.Errorf("%s: %w", line, c.err)
	}
	return nil
}

// Verbs lists what Do knows.
func Verbs() []string { return slices.Sorted(maps.Keys(verbs)) }
