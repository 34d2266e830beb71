package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// TestTell goes through a day and reads what is told of it.
func TestTell(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	cluster := func(off, maintained string, quorate bool) pve.Cluster {
		c := pve.Cluster{Name: "lab", Quorate: quorate, Lost: !quorate, HA: pve.HA{Nodes: map[string]string{}}}
		for i, name := range []string{"pve1", "pve2", "pve3"} {
			c.Nodes = append(c.Nodes, pve.Node{Name: name, ID: i + 1, Online: !strings.Contains(off, name)})
			if strings.Contains(maintained, name) {
				c.HA.Nodes[name] = "maintenance"
			}
		}
		return c
	}
	var raw json.RawMessage
	for i, step := range []struct {
		after           time.Duration
		off, maintained string
		quorate         bool
		want            string
	}{
		{0, "pve2", "", true, ""}, // nobody knows since when
		{time.Minute, "pve2", "", true, ""},
		{time.Minute, "", "", true, "node_online pve2, observed "},
		{time.Minute, "", "pve3", true, "ha_maintenance pve3, observed "},
		{time.Minute, "", "pve3", true, ""},
		{time.Minute, "pve3", "pve3", true, "node_offline pve3, observed "},
		{time.Minute, "pve2 pve3", "pve3", false, "quorum_lost , observed "}, // of nodes it says what is old
		{time.Minute, "pve3", "pve3", true, "quorum_back , observed "},
		{time.Minute, "", "", true, "node_online pve3, ha_maintenance pve3, observed "},
		{time.Minute, "", "", true, ""},
		{time.Hour, "", "", true, "observed "}, // nobody looked
		{-2 * time.Hour, "pve1", "", true, "node_offline pve1, observed , observed "},
	} {
		now = now.Add(step.after)
		var events []journal.Entry
		raw, events = tell(raw, cluster(step.off, step.maintained, step.quorate), now, 0)
		var got []string
		for _, e := range events {
			got = append(got, fmt.Sprintf("%s %s", e.Kind(), e.Node))
			if e.Cluster != "lab-pve1" || e.At.After(now.Add(2*time.Hour)) || e.Since.After(e.At) {
				t.Errorf("step %d: %+v", i, e)
			}
		}
		if text := strings.Join(got, ", "); text != step.want {
			t.Errorf("step %d: %q, expected %q", i, text, step.want)
		}
	}
	if again, _ := tell(json.RawMessage("damaged"), cluster("", "", true), now, 0); !json.Valid(again) {
		t.Errorf("%s", again)
	}
}

// TestToldAnew: after our clock was set, the journal is told by it of every node how it
// is now, and since when one is offline by the clock as it is now, also of one that is
// back; also when there was no quorum meanwhile.
func TestToldAnew(t *testing.T) {
	noon := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	var raw json.RawMessage
	look := func(minute int, ahead, set time.Duration, off string) string {
		c := pve.Cluster{Name: "lab", Quorate: off != "all"}
		for i, name := range []string{"pve1", "pve2"} {
			c.Nodes = append(c.Nodes, pve.Node{Name: name, ID: i + 1, Online: name != off})
		}
		var events []journal.Entry
		raw, events = tell(raw, c, noon.Add(time.Duration(minute)*time.Minute+ahead), set)
		var got []string
		for _, e := range events {
			text := fmt.Sprint(e.Kind(), " ", e.Node)
			if !e.Since.IsZero() {
				text += fmt.Sprint(" for ", e.At.Sub(e.Since))
			}
			if e.Again() {
				text += " again"
			}
			if e.Kind() != journal.KindObserved {
				got = append(got, text)
			}
		}
		return strings.Join(got, ", ")
	}
	const listed = "node_online pve1 for 1m0s again, node_offline pve2 for 2m0s again"
	for _, c := range []struct {
		ahead time.Duration
		off   string // in the look that finds it
		want  string
		then  string // in the one after that, in which it is back
	}{
		{-3 * time.Hour, "pve2", listed, "node_online pve2 for 1m0s"},
		{26 * time.Hour, "pve2", listed, "node_online pve2 for 1m0s"},
		{-3 * time.Hour, "", listed + ", node_online pve2 for 1m0s", ""},
		{26 * time.Hour, "all", "", "node_online pve1 for 2m0s again, node_offline pve2 for 3m0s again, node_online pve2 for 2m0s"},
		{-90 * time.Second, "", listed + ", node_online pve2 for 1m0s", ""}, // else it came back before it went
		{time.Minute, "pve2", "", "node_online pve2 for 1m0s"},
	} {
		raw = nil
		look(0, 0, 0, "")
		if got := look(1, 0, 0, "pve2"); got != "node_offline pve2 for 1m0s" {
			t.Error(got)
		}
		look(2, 0, 0, "pve2")
		if got := look(3, c.ahead, c.ahead, c.off); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
		if got := look(4, c.ahead, 0, ""); got != c.then {
			t.Errorf("%+v, then: %s", c, got)
		}
	}
}
