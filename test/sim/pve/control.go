package pve

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
// "migrate?id=105&to=pve1&for=30s".
type call struct {
	url.Values
	err error
}

func (c *call) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *call) node(w *World, key string) *node {
	n := w.node(c.Get(key))
	if n == nil {
		c.fail("%s=%q: the nodes are %s", key, c.Get(key), w.names())
		return new(node)
	}
	return n
}

func (c *call) guest(w *World) *guest {
	id, err := strconv.Atoi(c.Get("id"))
	g := w.guests[id]
	if err != nil || g == nil {
		c.fail("id=%q: there is no such guest", c.Get("id"))
		return new(guest)
	}
	return g
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

// on reads on=0 and on=1; without it the answer is yes.
func (c *call) on() bool { return c.Get("on") != "0" }

func (w *World) names() string {
	var names []string
	for _, n := range w.nodes {
		names = append(names, n.Name)
	}
	return strings.Join(names, ", ")
}

// verbs are what can happen to a cluster.
var verbs = map[string]func(*World, *call){
	// nodes
	"poweroff": func(w *World, c *call) { n := c.node(w, "node"); w.when(c, func() { w.shutdown(n) }) },
	"crash":    func(w *World, c *call) { n := c.node(w, "node"); w.when(c, func() { w.off(n) }) },
	"poweron": func(w *World, c *call) {
		n, takes := c.node(w, "node"), c.duration("for", 30*time.Second)
		w.when(c, func() { n.boots = w.now.Add(takes) })
	},
	"link":     func(w *World, c *call) { n := c.node(w, "node"); w.when(c, func() { n.linked = c.on() }) },
	"pvestatd": func(w *World, c *call) { n := c.node(w, "node"); w.when(c, func() { n.statd = c.on() }) },
	"lrm":      func(w *World, c *call) { n := c.node(w, "node"); w.when(c, func() { n.mute = !c.on() }) },
	"crm":      func(w *World, c *call) { w.when(c, func() { w.headless = !c.on() }) },
	"version":  func(w *World, c *call) { n := c.node(w, "node"); w.when(c, func() { n.Version = c.Get("is") }) },
	// hardware?node=pve3&part=psu2&is=off, see machine.Set.
	"hardware": (*World).hardware,
	// The device as a whole, or one node's daemon: on=0 is that qnetd does not
	// answer, gone=1 that the daemon does not run, removed=1 that the device was
	// taken out of the configuration.
	"qdevice": func(w *World, c *call) {
		if w.device == nil {
			c.fail("there is no qdevice")
		}
		nodes := w.nodes
		if c.Get("node") != "" {
			nodes = []*node{c.node(w, "node")}
		}
		w.when(c, func() {
			for _, n := range nodes {
				n.daemon, n.reached = c.Get("gone") != "1", c.on()
			}
			if c.Get("removed") == "1" {
				w.device = nil
			}
		})
	},
	// HA
	"maintenance": func(w *World, c *call) {
		n, on := c.node(w, "node"), c.on()
		w.when(c, func() { w.command(func(h *ha) { h.setRequest(n.Name, on) }) })
	},
	"disarm": func(w *World, c *call) {
		mode := c.Get("mode")
		if mode != "freeze" && mode != "ignore" {
			c.fail("mode=%q: expected freeze or ignore", mode)
		}
		w.when(c, func() { w.command(func(h *ha) { h.disarm, h.mode = "disarming", mode }) })
	},
	"arm": func(w *World, c *call) { w.when(c, func() { w.command(func(h *ha) { h.disarm, h.mode = "", "" }) }) },
	"ha": func(w *World, c *call) {
		g, state := c.guest(w), c.Get("state")
		if !slices.Contains([]string{"", "started", "stopped"}, state) {
			c.fail("state=%q: expected started, stopped or nothing", state)
		}
		w.when(c, func() { g.HA = state })
	},
	"service": func(w *World, c *call) { // a state that takes long to reach
		g := c.guest(w)
		s, found := w.ha.services[g.ID]
		if !found {
			c.fail("guest %d is not under HA", g.ID)
		}
		w.when(c, func() { s.state = c.Get("state"); w.ha.services[g.ID] = s })
	},
	// guests
	"start": func(w *World, c *call) { g := c.guest(w); w.when(c, func() { w.startStop(g, true, c.Get("user")) }) },
	"stop":  func(w *World, c *call) { g := c.guest(w); w.when(c, func() { w.startStop(g, false, c.Get("user")) }) },
	"kill": func(w *World, c *call) {
		g := c.guest(w)
		w.when(c, func() { g.status, g.broken = "stopped", c.Get("broken") == "1" })
	},
	"status": func(w *World, c *call) { g := c.guest(w); w.when(c, func() { g.status = c.Get("is") }) },
	"lock":   func(w *World, c *call) { g := c.guest(w); w.when(c, func() { g.lock = c.Get("is") }) },
	"set": func(w *World, c *call) {
		g := c.guest(w)
		w.when(c, func() { g.set(c.Get("key"), c.Get("value")) })
	},
	"migrate": func(w *World, c *call) {
		g, takes := c.guest(w), c.duration("for", 20*time.Second)
		w.when(c, func() { c.err = w.migrate(g, c.Get("to"), takes) })
	},
	"create": func(w *World, c *call) {
		n := c.node(w, "node")
		id, err := strconv.Atoi(c.Get("id"))
		if err != nil || id <= 0 || w.guests[id] != nil {
			c.fail("id=%q: expected a number no guest has", c.Get("id"))
		}
		w.when(c, func() {
			w.guests[id] = &guest{
				Guest:  Guest{ID: id, Name: c.Get("name"), Node: n.Name, Values: map[string]string{}},
				status: "stopped",
			}
		})
	},
	// what a cluster falls back on: control of [Reserve]
	"backup": backupVerb,
	"rule":   ruleVerb,
	"crs": func(w *World, c *call) {
		mode := c.Get("ha")
		if !slices.Contains([]string{"basic", "static", "dynamic"}, mode) {
			c.fail("ha=%q: expected basic, static or dynamic", mode)
		}
		w.when(c, func() { w.config.Scheduler = mode })
	},
	"memory":  memoryVerb,
	"storage": storageVerb,
	"mapping": func(w *World, c *call) {
		n := c.node(w, "node")
		w.when(c, func() {
			w.config.Mappings = append(w.config.Mappings, Mapping{c.Get("kind"), c.Get("name"), n.Name})
		})
	},
	// the token
	"revoke": func(w *World, c *call) { w.when(c, func() { w.config.Tokens[Token] = nil }) },
	"lose":   loseVerb,
	"grant": func(w *World, c *call) {
		g := Grant{Path: c.Get("path"), NoPropagate: c.Get("propagate") == "0"}
		if c.Get("privileges") != "" {
			g.Privileges = strings.Split(c.Get("privileges"), ",")
		}
		if g.Path == "" {
			c.fail("path: expected one such as /vms")
		}
		w.when(c, func() { w.config.Tokens[Token] = append(w.config.Tokens[Token], g) })
	},
	// tasks and jobs
	"task": func(w *World, c *call) {
		n, takes := c.node(w, "node"), c.duration("for", 0)
		id, _ := strconv.Atoi(c.Get("id")) // a task may be about no guest
		w.when(c, func() {
			t := w.task(n.Name, c.Get("type"), id)
			if takes > 0 {
				t.end, t.status = w.now.Add(takes), "OK"
			}
		})
	},
	"replication": func(w *World, c *call) { // a guest's job, made when there is none
		g, fails := c.guest(w), c.Get("fails")
		count, err := strconv.Atoi(fails)
		if err != nil {
			c.fail("fails=%q: expected a number", fails)
		}
		w.when(c, func() {
			w.jobs = slices.DeleteFunc(w.jobs, func(j Job) bool { return j.Guest == g.ID })
			w.jobs = append(w.jobs, Job{g.ID, c.Get("to"), count, c.Get("error")})
		})
	},
}

// when does what was asked if the arguments were right.
func (w *World) when(c *call, f func()) {
	if c.err == nil {
		f()
		w.membership()
	}
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

// command queues a command for the master's next round; until then nothing of
// it is visible.
func (w *World) command(f func(*ha)) { w.ha.commands = append(w.ha.commands, f) }

func (h *ha) setRequest(node string, on bool) {
	if on && h.disarm == "" && h.nodes[node] == "online" {
		h.request[node] = true
	}
	if !on {
		h.request[node] = false
	}
}

// shutdown is a power-off in good order: the master hands its lock over.
func (w *World) shutdown(n *node) {
	if w.ha.master == n.Name {
		w.ha.time = w.now.Add(-lockTime)
	}
	w.off(n)
}

func (w *World) startStop(g *guest, start bool, user string) {
	kind := map[bool][2]string{true: {"qmstart", "vzstart"}, false: {"qmshutdown", "vzshutdown"}}[start]
	name := kind[0]
	if g.Container {
		name = kind[1]
	}
	t := w.task(g.Node, name, g.ID)
	if user != "" {
		t.user = user
	}
	if start {
		w.run(g)
	} else {
		g.status = "stopped"
	}
	w.end(t, "OK")
}

func (g *guest) set(key, value string) {
	switch {
	case key == "onboot":
		g.Onboot = value == "1"
	case key == "name":
		g.Name = value
	case key == "node": // as after a node was removed without its guests
		g.Node = value
	case value == "":
		delete(g.Values, key)
	default:
		g.Values[key] = value
	}
}
