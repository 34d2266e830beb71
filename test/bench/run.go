package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/noout-monitoring/noout/test/sim/wire"
)

// command is one process to measure, with the simulator that it asks.
type command struct {
	name string // what it is called, else by its program
	args []string
	env  []string
	asks *simulator // nil: none whose work counts
	// unknown is what the program does not know, for which it is not run.
	unknown string
}

// none is a command that is not run, and why.
func none(why string) command { return command{unknown: why} }

// figures are those of one run, as the operating system accounts them.
type figures struct {
	cpu, wall    int64 // ns
	peak, faults int64 // KiB
	exit         int
	server       time.Duration // CPU time of the simulator
	wire         wire.Count
}

func (c command) run(ctx context.Context, starter string) (f figures, err error) {
	before, err := c.asks.usage()
	if err != nil {
		return f, err
	}
	cmd := exec.CommandContext(ctx, starter, c.args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, c.env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		_, err = fmt.Sscan(string(out), &f.cpu, &f.wall, &f.peak, &f.faults, &f.exit)
	}
	if err != nil {
		return f, errors.Join(ctx.Err(), fmt.Errorf("run %s: %w", c.args[0], err))
	}
	after, err := c.asks.usage()
	f.server, f.wire = after.CPU-before.CPU, after.Wire.Less(before.Wire)
	return f, err
}

// rounds runs the commands in turn, as often as asked after a warm-up, and begins each
// round with another one.
func (s *session) rounds(ctx context.Context, commands ...command) ([][]figures, error) {
	out := make([][]figures, len(commands))
	for round := range s.runs + 1 {
		for k := range commands {
			i := (round + k) % len(commands)
			if commands[i].unknown != "" {
				continue
			}
			f, err := commands[i].run(ctx, filepath.Join(s.dir, "starter"))
			if err != nil {
				return nil, err
			}
			if round > 0 {
				out[i] = append(out[i], f)
			}
		}
	}
	return out, nil
}
