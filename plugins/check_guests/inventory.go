package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// filter is which guests of a cluster are wanted.
type filter struct {
	pools, tags, excludedTags []string
	ids                       []span
	exclude                   check.Pattern
}

// span of guests' numbers.
type span struct{ from, to int }

// spans reads 100-199 and 205.
func spans(values []string) ([]span, error) {
	var out []span
	for _, v := range values {
		from, to, isRange := strings.Cut(v, "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA != nil || errB != nil || a < 1 || b < a {
			return nil, fmt.Errorf("--vmid: expected numbers such as 103 or 100-199, got %q", shorten(v, 40))
		}
		out = append(out, span{a, b})
	}
	return out, nil
}

// unrestricted says that no guest is left out.
func (f filter) unrestricted() bool {
	return len(f.pools)+len(f.tags)+len(f.excludedTags)+len(f.ids) == 0 && !f.exclude.IsSet()
}

func (f filter) takes(g pve.Guest) bool {
	tagged := func(tags []string) bool {
		return slices.ContainsFunc(g.Tags, func(t string) bool { return slices.Contains(tags, t) })
	}
	switch {
	case len(f.pools) > 0 && !slices.Contains(f.pools, g.Pool):
	case len(f.tags) > 0 && !tagged(f.tags):
	case len(f.ids) > 0 && !slices.ContainsFunc(f.ids, func(s span) bool { return g.ID >= s.from && g.ID <= s.to }):
	case tagged(f.excludedTags):
	case f.exclude.MatchString(g.String()):
	default:
		return true
	}
	return false
}

// addresses reads --address.
func addresses(values []string) (map[int]netip.Addr, error) {
	out := map[int]netip.Addr{}
	for _, v := range values {
		id, addr, _ := strings.Cut(v, "=")
		n, err := strconv.Atoi(id)
		a, errAddr := netip.ParseAddr(addr)
		a = a.Unmap()
		if err != nil || errAddr != nil || n < 1 || oneHost(a) != nil {
			return nil, fmt.Errorf("--address: expected ID=ADDRESS such as 103=192.0.2.13, got %q", shorten(v, 60))
		}
		out[n] = a
	}
	return out, nil
}

// oneHost says why an address is not that of one host.
func oneHost(a netip.Addr) error {
	switch {
	case a.IsUnspecified() || a.IsMulticast():
		return errors.New("not the address of one host")
	case a.IsLinkLocalUnicast() && a.Is6() && a.Zone() == "":
		return fmt.Errorf("on which interface? expected it as in %s%%eth0", a)
	}
	return nil
}

// index finds what a cluster says of many guests.
type index struct {
	pve.Cluster
	nodes    map[string]pve.Node
	services map[string]pve.Service
	tasks    map[int][]pve.Task
	now      time.Time
	unseen   *ping.Watched // of all that were not asked
}

func indexed(c pve.Cluster, now time.Time) index {
	x := index{c, map[string]pve.Node{}, map[string]pve.Service{}, map[int][]pve.Task{}, now, &ping.Watched{}}
	for _, n := range c.Nodes {
		x.nodes[n.Name] = n
	}
	for _, s := range c.HA.Services {
		x.services[s.SID] = s
	}
	for _, t := range c.Tasks {
		if id, err := strconv.Atoi(t.ID); err == nil {
			x.tasks[id] = append(x.tasks[id], t)
		}
	}
	return x
}

// known is what is remembered of a guest, unless its number is another's now.
func (x index) known(k known, id int) known {
	since := x.Theirs(k.Learned.time(), x.now)
	if slices.ContainsFunc(x.tasks[id], func(t pve.Task) bool {
		return (t.Type == "qmdestroy" || t.Type == "vzdestroy") && t.Succeeded() && !t.End.Before(since)
	}) {
		return known{}
	}
	return k
}

// inventory is what of a cluster should answer, and what should and does not
// even run; idle guests are those that need not. It is pure.
func inventory(c pve.Cluster, m memory, p policy, now time.Time) (out []subject, idle []int) {
	x := indexed(c, now)
	out = make([]subject, 0, len(c.Guests))
	for i := range c.Guests {
		switch s, wanted := x.subject(&c.Guests[i], m.Guests[c.Guests[i].ID], m, p); {
		case wanted && s.stopped == ignored:
			idle = append(idle, s.guest.ID)
		case wanted:
			out = append(out, s)
		}
	}
	p.locate(out, m)
	return out, idle
}

// subject is one guest of the cluster, and whether it is one of those wanted. Before
// is what is remembered of it.
func (x index) subject(g *pve.Guest, before known, m memory, p policy) (subject, bool) {
	was, told := was(g, before.Name, m.PVE)
	if !p.filter.takes(*was) || was.Template {
		return subject{}, false
	}
	before = x.known(before, g.ID)
	s := subject{
		name: was.String(), key: was.Kind.Prefix() + strconv.Itoa(was.ID), reach: x.unseen,
		place: &place{guest: was, node: g.Node, known: before.past()},
	}
	n, member := x.nodes[g.Node]
	s.nodeDown = member && !n.Online
	s.coming = x.coming(&s)
	s.moving, s.seenMoving = x.moving(&s, m, p.grace)
	s.silentFor, s.darkFor = since(before.Silent.time(), x.now), since(before.Dark.time(), x.now)
	if s.stopped = x.stoppedBecause(m, &s); s.stopped == running && !told {
		s.stopped = untold
	}
	return s, true
}

// was is a guest as it is listed, or as it was when its node was last heard of; told
// is false when nobody knows.
func was(g *pve.Guest, name string, m pve.Memory) (was *pve.Guest, told bool) {
	if g.Status != "unknown" && g.Name != "" {
		return g, true
	}
	before, told := m.Was(*g)
	if before.Name == "" {
		before.Name = name
	}
	return &before, told
}

// condition tells whether a guest runs, and what it means if not.
type condition int

const (
	running  condition = iota
	ignored            // it is not expected to run
	failed             // HA wants it to run
	held               // it is stopped under a lock, for a backup perhaps
	archived           // it is to be stopped, and its backup runs QEMU without it
	died               // it answered, and no user asked for it
	untold             // nobody knows whether it runs
)

// wanted are the states of HA services that ought to run, and either do or are
// in trouble. In any other they are on their way, or are not to run.
var wanted = []string{"started", "freeze", "error", "fence", "recovery"}

// occupied guests are locked for something they may have to be stopped for.
var occupied = []string{"backup", "clone", "create", "destroyed", "disk", "rollback"}

// longestJob is how long a backup or a migration is believed to go on. What is
// locked for longer was forgotten.
const longestJob = 24 * time.Hour

// stoppedBecause finds out why a guest does not run.
func (x index) stoppedBecause(m memory, s *subject) condition {
	service, managed := x.services[s.guest.SID()]
	managed = managed && service.State != "ignored" && x.HA.Disarm == ""
	if managed && slices.Contains([]string{"stopped", "disabled", "request_stop"}, service.State) {
		return ignored
	}
	if s.guest.Status != "stopped" && !saved(*s.guest) {
		return running
	}
	stop, asked := m.PVE.Stops[s.guest.ID]
	answered := s.known.Answered.time()
	if answered.After(x.now) {
		answered = x.now // our clock was set back
	}
	excused := asked && stop.End.After(x.Theirs(answered, x.now).Add(-time.Minute)) || strings.HasPrefix(s.guest.Lock, "suspend")
	switch {
	case managed && service.Node == s.node && slices.Contains(wanted, service.State) && !s.moving && !s.guest.Stale && !s.nodeDown:
		return failed
	case saved(*s.guest) && s.known.Answered != 0 && excused:
		return archived
	case s.known.Answered == 0 || excused:
		return ignored
	case s.nodeDown || s.guest.Stale || s.moving || s.coming || managed:
		return running // or not: whether it answers will tell
	case slices.Contains(occupied, s.guest.Lock) && !lasting(m.PVE.Locks[s.guest.ID].Since, x.now):
		return held
	}
	return died
}

// saved says that a stopped guest is being backed up: vzdump starts QEMU for its
// disks, and leaves the guest where it was (qemu-server, VZDump/QemuServer.pm).
func saved(g pve.Guest) bool { return g.Status == "prelaunch" && g.Lock == "backup" }

// lasting says that something has been going on for too long.
func lasting(since, now time.Time) bool { return !since.IsZero() && now.Sub(since) > longestJob }

// coming says whether a guest is being started, or has been a moment ago:
// statuses are up to ten seconds old.
func (x index) coming(s *subject) bool {
	if strings.HasPrefix(x.services[s.guest.SID()].State, "request_start") {
		return true
	}
	return slices.ContainsFunc(x.tasks[s.guest.ID], func(t pve.Task) bool {
		return slices.Contains([]string{"qmstart", "qmreboot", "vzstart", "vzreboot"}, t.Type) &&
			(t.Running() || t.Succeeded() && x.Theirs(x.now, x.now).Sub(t.End) < time.Minute)
	})
}

// moving says whether a guest is being migrated, was within the grace, or has
// been found on another node than before; and when it was last seen so.
func (x index) moving(s *subject, m memory, grace time.Duration) (bool, stamp) {
	seen := s.known.Moving.time()
	if seen.After(x.now) {
		seen = time.Time{} // our clock was set back
	}
	task := slices.ContainsFunc(x.tasks[s.guest.ID], func(t pve.Task) bool {
		return t.Running() && (t.Type == "qmigrate" || t.Type == "vzmigrate") && !lasting(t.Start, x.Theirs(x.now, x.now))
	})
	locked := s.guest.Lock == "migrate" && !lasting(m.PVE.Locks[s.guest.ID].Since, x.now)
	if locked || x.services[s.guest.SID()].Moving() || task || s.known.Node != "" && s.known.Node != s.node {
		seen = x.now
	}
	return !seen.IsZero() && x.now.Sub(seen) <= grace, stampOf(seen)
}
