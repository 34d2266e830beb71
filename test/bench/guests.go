package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// address of a guest on loopback, where all answer.
func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}) }

// guests compares pkg/ping and check_guests with a bare loop of sendmmsg and
// recvmmsg in C, the least that asking guests can cost, and with fping, all as
// fast as they can.
func (s *session) guests(ctx context.Context) error {
	list := filepath.Join(s.dir, "targets")
	var text []byte
	for i := range s.targets {
		text = append(text, address(i).String()+"\n"...)
	}
	if err := os.WriteFile(list, text, 0o644); err != nil {
		return err
	}
	targets, packets := strconv.Itoa(s.targets), strconv.Itoa(s.packets)
	engine := command{args: []string{filepath.Join(s.dir, "ping"), targets, packets}}
	if out, err := exec.CommandContext(ctx, engine.args[0], engine.args[1:]...).CombinedOutput(); err != nil {
		s.leave("guests", fmt.Sprintf("%v, %.300s", err, out))
		return ctx.Err()
	}
	pair, err := s.pair(ctx, "check_guests", []string{"--targets", list, "--packets", packets, "--interval", "0s", "--rate", "0", "--state", "off", "-t", "30s"}, nil)
	if err != nil {
		return err
	}
	floor, fping := s.bareLoop(ctx, targets, packets), s.fping(list, packets)
	f, err := s.rounds(ctx, pair[0], pair[1], engine, floor, fping)
	if err != nil {
		return err
	}
	for _, fs := range f {
		for _, x := range fs {
			if x.exit != 0 {
				return errors.New("not all guests answered")
			}
		}
	}
	what := fmt.Sprintf(", %s x %s", targets, packets)
	s.paired("check_guests"+what, pair[1], f[0], f[1])
	s.beside("check_guests"+what, "bare loop in C", f[0], f[3])
	if s.rev != "" {
		s.beside("check_guests of "+s.rev+what, "bare loop in C", f[1], f[3])
	}
	s.beside("pkg/ping"+what, "bare loop in C", f[2], f[3])
	s.beside("check_guests"+what, "fping -i0", f[0], f[4])
	return nil
}

func (s *session) bareLoop(ctx context.Context, targets, packets string) command {
	program := filepath.Join(s.dir, "floor")
	if out, err := exec.CommandContext(ctx, "cc", "-O2", "-o", program, "test/bench/testdata/floor.c").CombinedOutput(); err != nil {
		s.leave("bare loop in C", fmt.Sprintf("%v %.300s", err, out))
		return none("no C compiler")
	}
	return command{args: []string{program, targets, packets}}
}

func (s *session) fping(list, packets string) command {
	path, err := exec.LookPath("fping")
	if err != nil {
		s.leave("fping", "not installed")
		return none("not installed")
	}
	return command{args: []string{path, "-q", "-i0", "-p10", "-c" + packets, "-f", list}}
}
