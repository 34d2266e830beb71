package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// rooms are two simulators, one for each side of a pair.
type rooms [2]*simulator

// inRooms lets f measure in two machine rooms.
func (s *session) inRooms(behind string, vendor bmc.Vendor, f func(rooms) error) (err error) {
	var r rooms
	for i := range r {
		if r[i], err = s.simulate(behind, vendor); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r[i].close()) }()
	}
	return f(r)
}

// do lets things happen in both.
func (r rooms) do(lines ...string) error {
	for _, line := range lines {
		for _, s := range r {
			if _, err := s.ask(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// expand replaces the names of things in a room.
func (s *simulator) expand(text string) []string {
	words := strings.Fields(text)
	for i := range words {
		words[i] = os.Expand(words[i], func(name string) string { return s.names[name] })
	}
	return words
}

// commands are a command line in each of the rooms.
func (s *session) commands(ctx context.Context, r rooms, line string) (pair [2]command, err error) {
	for i, sim := range r {
		words := sim.expand(line)
		both, err := s.pair(ctx, words[0], words[1:], nil)
		if err != nil {
			return pair, err
		}
		pair[i] = both[i]
		pair[i].asks = sim
	}
	return pair, nil
}

// poll is a command line with the names of things in a room, and what it is
// called.
type poll struct{ name, line string }

// steady pairs a poll, and programs of others with it. The warm-up has been there
// before: it knows what it saw.
func (s *session) steady(ctx context.Context, r rooms, p poll, others ...command) error {
	pair, err := s.commands(ctx, r, p.line)
	if err != nil {
		return err
	}
	f, err := s.rounds(ctx, append(pair[:], others...)...)
	if err != nil {
		return err
	}
	s.paired(p.name, pair[1], f[0], f[1])
	for i, o := range others {
		s.beside(p.name, cmp.Or(o.name, filepath.Base(o.args[0])), f[0], f[2+i])
	}
	return nil
}

// clusters measures check_ceph through a dashboard whose token it keeps, and
// check_pve.
func (s *session) clusters(ctx context.Context) error {
	for _, c := range []struct {
		behind string
		poll
	}{
		{"DASHBOARD", poll{"check_ceph, dashboard", cephLine}},
		{"PVE", poll{"check_pve", pveLine}},
	} {
		if err := s.inRooms(c.behind, bmc.Supermicro, func(r rooms) error { return s.steady(ctx, r, c.poll) }); err != nil {
			return err
		}
	}
	return nil
}

// gates measures the gates and check_contingency, which ask the nodes about
// themselves and about their Ceph; a card asks the controller too.
func (s *session) gates(ctx context.Context) error {
	const cluster = " -H $NODES --ca-file $CA --auth-file $AUTH --state-dir $STATE"
	return s.inRooms("NODES", bmc.Supermicro, func(r rooms) error {
		for _, c := range []poll{
			{"check_reintegrated", backLine},
			{"check_contingency", "check_contingency" + cluster},
		} {
			if err := s.steady(ctx, r, c); err != nil {
				return err
			}
		}
		if err := r.do("pve maintenance?node=pve3", "pve migrate?id=105&to=pve1&for=1s", "advance?by=3m", "ceph set?flag=noout&host=pve3"); err != nil {
			return err
		}
		for _, c := range []poll{
			{"check_drained", "check_drained --node pve3" + cluster},
			{"check_serviceable", "check_serviceable --node pve3" + cluster},
			{"check_serviceable with the card", "check_serviceable --node pve3 --bmc $BMC --bmc-ca-file $BMCCA" + cluster},
		} {
			if err := s.steady(ctx, r, c); err != nil {
				return err
			}
		}
		return nil
	})
}
