package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// start measures what every run pays before it does anything, beside a program
// that prints one line.
func (s *session) start(ctx context.Context) error {
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
		f, err := s.rounds(ctx, hello, pair[0], pair[1])
		if err != nil {
			return err
		}
		if i == 0 {
			s.starts = append(s.starts, []string{"hello", size(hello), middle(f[0], cpu, 1) + " ms", middle(f[0], faults, 0), "", "", "", ""})
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
