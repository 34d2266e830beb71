package main

import (
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
		if err != nil || errAddr != nil || n < 1 || a.IsUnspecified() || a.IsMulticast() {
			return nil, fmt.Errorf("--address: expected ID=ADDRESS such as 103=192.0.2.13, got %q", shorten(v, 60))
		}
		out[n] = a
	}
	return out, nil
}

// inventory is what of a cluster should answer, and what should and does not
// even run. It is pure.
func inventory(c pve.Cluster, m memory, p policy, now time.Time) []subject {
	var out []subject
	for _, g := range c.Guests {
		was, known := m.PVE.Was(g)
		if was.Name == "" {
			was.Name = m.Guests[g.ID].Name
		}
		if !p.filter.takes(was) || was.Template {
			continue
		}
		s := subject{
			name: was.String(), key: was.Kind.Prefix() + strconv.Itoa(was.ID), reach: &ping.Watched{},
			place: &place{guest: was, node: g.Node, known: m.Guests[g.ID]},
		}
		n, member := c.Node(g.Node)
		s.nodeDown = member && !n.Online
		s.moving, s.seenMoving = p.moving(c, &s, now)
		if s.stopped = stoppedBecause(c, m, &s); s.stopped == ignored || !known {
			continue
		}
		if s.addr = p.address(m, &s); s.stopped != running {
			s.addr = netip.Addr{}
		}
		out = append(out, s)
	}
	return out
}

// running tells whether a guest runs, and what it means if not.
type condition int

const (
	running condition = iota
	ignored           // it is not expected to run
	failed            // HA wants it to run
	held              // it is stopped under a lock, for a backup perhaps
	died              // it answered, and nobody stopped it
)

// wanted are the states of HA services that ought to run, and either do or are
// in trouble. In any other they are on their way, or are not to run.
var wanted = []string{"started", "freeze", "error", "fence", "recovery"}

// occupied guests are locked for something they may have to be stopped for.
var occupied = []string{"backup", "clone", "create", "destroyed", "disk", "rollback"}

// stoppedBecause finds out why a guest does not run.
func stoppedBecause(c pve.Cluster, m memory, s *subject) condition {
	service, managed := c.HA.Service(s.guest.SID())
	managed = managed && service.State != "ignored" && c.HA.Disarm == ""
	if managed && slices.Contains([]string{"stopped", "disabled", "request_stop"}, service.State) {
		return ignored
	}
	if s.guest.Status != "stopped" {
		return running
	}
	stop, asked := m.PVE.Stops[s.guest.ID]
	excused := asked && stop.End.After(s.known.Answered.Add(-time.Minute)) || strings.HasPrefix(s.guest.Lock, "suspend")
	switch {
	case managed && service.Node == s.node && slices.Contains(wanted, service.State) && !s.moving && !s.guest.Stale && !s.nodeDown:
		return failed
	case s.known.Answered.IsZero() || excused:
		return ignored
	case s.nodeDown || s.guest.Stale || s.moving || managed:
		return running // or not: whether it answers will tell
	case slices.Contains(occupied, s.guest.Lock):
		return held
	}
	return died
}

// moving says whether a guest is being migrated, was within the grace, or has
// been found on another node than before; and when it was last seen so.
func (p policy) moving(c pve.Cluster, s *subject, now time.Time) (bool, time.Time) {
	seen := s.known.Moving
	service, _ := c.HA.Service(s.guest.SID())
	task := slices.ContainsFunc(c.Tasks, func(t pve.Task) bool {
		return t.Running() && t.ID == strconv.Itoa(s.guest.ID) && (t.Type == "qmigrate" || t.Type == "vzmigrate")
	})
	if s.guest.Lock == "migrate" || service.Moving() || task || s.known.Node != "" && s.known.Node != s.node {
		seen = now
	}
	age := now.Sub(seen)
	return !seen.IsZero() && age >= 0 && age <= p.grace, seen
}

// address at which a guest is asked: the one given, else the first of the
// wanted family, IPv4 before IPv6 when both are.
func (p policy) address(m memory, s *subject) netip.Addr {
	if a, given := p.addresses[s.guest.ID]; given {
		return a
	}
	for _, six := range []bool{false, true} {
		if six && p.wanted.IPv4 || !six && p.wanted.IPv6 {
			continue
		}
		for _, a := range m.addresses(s.guest.ID) {
			if a.Is6() == six {
				return a
			}
		}
	}
	return netip.Addr{}
}
