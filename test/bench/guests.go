package main

import (
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
// recvmmsg in C and with fping, all as fast as they can.
func guests(s sizes) (err error) {
	dir, _, done, err := scratch()
	if err != nil {
		return err
	}
	defer func() { err = done(err) }()
	list := filepath.Join(dir, "targets")
	var text []byte
	for i := range s.targets {
		text = append(text, address(i).String()+"\n"...)
	}
	if err := os.WriteFile(list, text, 0o644); err != nil {
		return err
	}
	fmt.Printf("%d guests, %d packets to each\n", s.targets, s.packets)
	targets, packets := strconv.Itoa(s.targets), strconv.Itoa(s.packets)
	engine := command{args: []string{filepath.Join(dir, "ping"), targets, packets}}
	build := exec.Command("go", "build", "-o", engine.args[0], "./test/bench/ping")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as the plugins
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building pkg/ping: %w: %.300s", err, out)
	}
	if out, err := exec.Command(engine.args[0], engine.args[1:]...).CombinedOutput(); err != nil {
		left("guests", fmt.Sprintf("%v, %.300s", err, out))
		return nil
	}
	plugin := command{args: []string{s.plugin("check_guests"), "--targets", list, "--packets", packets, "--interval", "0s", "--rate", "0", "--state", "off", "-t", "30s"}}
	theirs := fping(list, packets)
	for _, p := range []struct {
		name string
		command
		peer
	}{
		{"pkg/ping", engine, peer{"bare loop in C", bareLoop(dir, targets, packets), 1.3}},
		{"pkg/ping", engine, peer{"fping -i0", theirs, 0.8}},
		{"check_guests (peak under 24 MiB)", plugin, peer{"fping -i0", theirs, 0.8}},
	} {
		if err := s.beside(p.name, p.command, p.peer); err != nil {
			return err
		}
	}
	return nil
}

// peer is what we are compared with, and what our CPU time may be of its at
// most.
type peer struct {
	name   string
	theirs command
	limit  float64
}

func (s sizes) beside(name string, ours command, p peer) error {
	if p.theirs.args == nil {
		return nil
	}
	as, bs, err := pair(ours, p.theirs, s.runs)
	if err != nil {
		return err
	}
	for _, f := range append(as, bs...) {
		if f.exit != 0 {
			return errors.New(name + " or " + p.name + ": not all guests answered")
		}
	}
	row(os.Stdout, name, as)
	row(os.Stdout, p.name, bs)
	ratios(os.Stdout, as, bs, p.limit)
	return nil
}

// bareLoop builds the least that asking guests can cost.
func bareLoop(dir, targets, packets string) command {
	program := filepath.Join(dir, "floor")
	if out, err := exec.Command("cc", "-O2", "-o", program, "test/bench/testdata/floor.c").CombinedOutput(); err != nil {
		left("bare loop in C", fmt.Sprintf("%v %.300s", err, out))
		return command{}
	}
	return command{args: []string{program, targets, packets}}
}

func fping(list, packets string) command {
	path, err := exec.LookPath("fping")
	if err != nil {
		left("fping", "not installed")
		return command{}
	}
	return command{args: []string{path, "-q", "-i0", "-p10", "-c" + packets, "-f", list}}
}
