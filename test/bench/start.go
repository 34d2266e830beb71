package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// start measures what every run pays before it does anything, beside a program
// that prints one line and one that makes one request.
func (s *session) start(ctx context.Context) error {
	return s.inRooms("BMC", bmc.Dell, func(r rooms) error { return s.starting(ctx, s.request(r[0])) })
}

func (s *session) starting(ctx context.Context, request command) error {
	plugins, err := filepath.Glob(filepath.Join(s.bin, "*"))
	if err != nil || len(plugins) == 0 {
		return fmt.Errorf("no plugins in %s: make build", s.bin)
	}
	hello := command{args: []string{filepath.Join(s.dir, "hello")}}
	for i, plugin := range plugins {
		name := filepath.Base(plugin)
		pair, err := s.pair(ctx, name, []string{"-V"}, nil)
		if err != nil {
			return err
		}
		f, err := s.rounds(ctx, hello, pair[0], pair[1], request)
		if err != nil {
			return err
		}
		if i == 0 {
			if f[3][0].exit != 0 {
				return errors.New("the request failed")
			}
			s.starts = append(s.starts, []string{"hello", size(hello), middle(f[0], cpu, 1) + " ms", middle(f[0], faults, 0), "", "", "", ""},
				[]string{"one TLS request", size(request), ratio(f[3], f[0], cpu), middle(f[3], faults, 0), "", "", "", ""})
		}
		row := []string{name, size(pair[0]), ratio(f[1], f[0], cpu), middle(f[1], faults, 0)}
		s.starts = append(s.starts, append(row, against(pair[1], size(pair[1]), ratio(f[2], f[0], cpu), ratio(f[1], f[2], cpu), ratio(f[1], f[2], faults))...))
	}
	return nil
}

func size(c command) string {
	if c.unknown != "" {
		return ""
	}
	info, err := os.Stat(c.args[0])
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%.2f", float64(info.Size())/1e6)
}
