package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// customers measures what is told to whom and the report about it, for a hundred
// customers with ten guests each, of whom a node that fails takes a tenth. Nothing
// is sent.
func (s *session) customers(ctx context.Context) error {
	const count, guests, nodes = 100, 1000, 10
	var ini, lines strings.Builder
	out := json.NewEncoder(&lines)
	now := time.Now().UTC().Truncate(time.Minute)
	line := func(kind string, back time.Duration, more map[string]any) error {
		at := now.Add(-back).Format(time.RFC3339)
		event := map[string]any{"v": 1, "id": fmt.Sprintf("%016x", lines.Len()), "at": at, "seen": at, "by": "check_guests", "cluster": "lab", "kind": kind}
		for k, v := range more {
			event[k] = v
		}
		return out.Encode(event)
	}
	for i := range count {
		fmt.Fprintf(&ini, "[c%d]\nname = Customer %d\nlanguage = %s\ntimezone = Europe/Madrid\nmail = ops@c%d.example\nguests = pool:c%d\n", i, i, [...]string{"es", "nl", "fr", "en", "de", "pt"}[i%6], i, i)
	}
	for i := range guests {
		about := map[string]any{"node": fmt.Sprintf("pve%d", i%nodes), "guest": map[string]any{"id": 100 + i, "type": "vm", "name": fmt.Sprintf("web%d", i), "pool": fmt.Sprintf("c%d", i%count)}}
		about["answers"] = true
		if err := line("guest_listed", 20*time.Minute, about); err != nil {
			return err
		}
		delete(about, "answers")
		if i%nodes == 3 {
			about["class"] = "node"
			if err := line("guest_silent", 10*time.Minute, about); err != nil {
				return err
			}
		}
	}
	if err := line("observed", 0, map[string]any{"from": now.Add(-20 * time.Minute).Format(time.RFC3339), "until": now.Format(time.RFC3339), "polls": 20, "pause_s": 60}); err != nil {
		return err
	}
	journal := filepath.Join(s.dir, "journal")
	if err := os.Mkdir(journal, 0o700); err != nil {
		return err
	}
	who := filepath.Join(s.dir, "customers.ini")
	for path, text := range map[string]string{who: ini.String(), filepath.Join(journal, now.Format("2006-01")+".jsonl"): lines.String()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"notify_customers", "--customers", who, "--journal-dir", journal, "--state-dir", s.dir},
		{"report_service", "--from", "1d", "--journal-dir", journal, "--state-dir", s.dir},
	} {
		if err := s.alone(ctx, args[0]+", 1,000 guests", args); err != nil {
			return err
		}
	}
	return nil
}

// alone pairs a command that asks nobody.
func (s *session) alone(ctx context.Context, name string, args []string) error {
	pair, err := s.pair(ctx, args[0], args[1:], nil)
	if err != nil {
		return err
	}
	f, err := s.rounds(ctx, pair[0], pair[1])
	if err != nil {
		return err
	}
	s.paired(name, pair[1], f[0], f[1])
	return nil
}
