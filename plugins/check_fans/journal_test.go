package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// TestTell goes through drop-outs and reads what is told of them.
func TestTell(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	begin := now
	mark := func(fan string, at time.Duration, down bool) fans.Mark {
		return fans.Mark{Fan: fan, At: begin.Add(at), Down: down}
	}
	m := fans.Memory{Fans: map[string]fans.Known{"3": {Name: "FAN3"}, "4": {Name: "FAN4"}}}
	var raw json.RawMessage
	for i, step := range []struct {
		do   func(*fans.Memory)
		want string
	}{
		{func(m *fans.Memory) {
			m.Marks = append(m.Marks, mark("4", -time.Hour, true), mark("4", -time.Hour+5*time.Second, false))
		}, ""},
		{func(*fans.Memory) {}, ""},
		{func(m *fans.Memory) {
			m.Marks = append(m.Marks, mark("3", time.Minute, true), mark("3", time.Minute+11*time.Second, false))
		}, "fan_dropped [FAN3] 11s"},
		{func(*fans.Memory) {}, ""},
		{func(m *fans.Memory) { m.Marks = append(m.Marks, mark("3", 10*time.Minute, true)) }, "fan_failed FAN3"},
		{func(m *fans.Memory) { m.Marks = append(m.Marks, mark("3", 20*time.Minute, false)) }, "fan_back FAN3"},
		{func(m *fans.Memory) {
			closed := fans.EpisodesOf(append(m.Marks, mark("4", 30*time.Minute, true), mark("4", 31*time.Minute, false)))
			m.Acks, m.Marks = append(m.Acks, fans.Ack{At: now, User: "root", Text: "reseated", Closed: closed}), nil
		}, "fan_dropped [FAN4] 1m0s, acknowledged root"},
		{func(*fans.Memory) {}, ""},
		{func(m *fans.Memory) {
			m.Fans = map[string]fans.Known{"3": {Name: "FAN3", Serial: "A", NewSerial: "B"}, "4": {Name: "FAN4"}}
		}, "part_replaced FAN3 A B"},
		{func(*fans.Memory) {}, ""},
	} {
		next := m
		next.Marks = append([]fans.Mark{}, m.Marks...)
		next.Acks = append([]fans.Ack{}, m.Acks...)
		step.do(&next)
		m.Told = raw
		var events []journal.Entry
		raw, events = tell(m, next, "bmc3", now)
		var got []string
		for _, e := range events {
			switch x := e.Fact.(type) {
			case *journal.FanDropped:
				got = append(got, fmt.Sprintf("fan_dropped %v %s", x.Fans, x.Ended.Sub(e.At)))
			case *journal.FanFailed:
				got = append(got, "fan_failed "+x.Fan)
			case *journal.FanBack:
				got = append(got, "fan_back "+x.Fan)
			case *journal.Acknowledged:
				got = append(got, "acknowledged "+x.User)
			case *journal.PartReplaced:
				got = append(got, "part_replaced "+x.Part+" "+x.Was+" "+x.Now)
			}
			if e.Node != "bmc3" {
				t.Errorf("%+v", e)
			}
		}
		if text := strings.Join(got, ", "); text != step.want {
			t.Errorf("step %d: %q, expected %q", i, text, step.want)
		}
		m, now = next, now.Add(5*time.Minute)
	}
}
