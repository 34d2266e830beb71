package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/channel"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/state"
)

// pluginWith has one clock and no other.
func pluginWith(now func() time.Time, senders map[string]channel.Sender) check.Plugin {
	return pluginAt(state.Wall{Now: now}, senders)
}

// TestClockSet: our clock is set by a year while a customer waits for the end of a
// disturbance. It is said, in the run that finds it, and nothing is sent until
// somebody has looked by the new clock.
func TestClockSet(t *testing.T) {
	for name, by := range map[string]time.Duration{"back": -365 * 24 * time.Hour, "forward": 365 * 24 * time.Hour} {
		dir, begun := scene(t), time.Date(2026, 11, 28, 2, 5, 0, 0, time.UTC)
		write(t, dir+"/customers.ini", "[c]\nname = C\nmail = c@c.example\nguests = vmid:200\n")
		write(t, dir+"/journal/2026-11.jsonl", ""+
			`{"v":1,"id":"s","at":"2026-11-28T02:00:00Z","seen":"2026-11-28T02:05:00Z","by":"check_guests","cluster":"lab","node":"pve3","guest":{"id":200,"type":"vm"},"kind":"guest_silent","class":"guest"}`+"\n"+
			`{"v":1,"id":"l","at":"2026-11-28T02:05:00Z","seen":"2026-11-28T02:05:00Z","by":"check_guests","cluster":"lab","kind":"observed","from":"2026-11-28T02:00:00Z","until":"2026-11-28T02:05:00Z","polls":5,"pause_s":60}`+"\n")
		if err := os.MkdirAll(dir+"/state", 0o700); err != nil {
			t.Fatal(err)
		}
		d := &doomed{dir: dir}
		for minute, said := range []bool{false, true, false, false} {
			now := begun.Add(time.Duration(minute) * time.Minute)
			if minute > 0 {
				now = now.Add(by)
			}
			up := func() (time.Duration, string, error) { return time.Hour + time.Duration(minute)*time.Minute, "a", nil }
			var out bytes.Buffer
			pluginAt(state.Wall{Now: func() time.Time { return now }, Up: up}, map[string]channel.Sender{byMail: d, byWebhook: d}).Run(arguments(dir), &out)
			if strings.Contains(out.String(), "clock set "+name+" by 365d since the last run") != said {
				t.Errorf("%s, minute %d: %s", name, minute, out.String())
			}
		}
		arrived, err := os.ReadFile(dir + "/arrived")
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(arrived, []byte("\n")); n != 1 {
			t.Errorf("%s: %d notices\n%s", name, n, arrived)
		}
	}
}
