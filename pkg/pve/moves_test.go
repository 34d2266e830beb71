package pve

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestMoves(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	task := func(kind, id, node string, start, end int, status string) Task {
		x := Task{UPID: kind + id, Type: kind, ID: id, Node: node, Start: at.Add(time.Duration(start) * time.Second), Status: status}
		if end > 0 {
			x.End = at.Add(time.Duration(end) * time.Second)
		}
		return x
	}
	c := Cluster{
		Guests: []Guest{{ID: 105, Node: "pve1"}, {ID: 106, Node: "pve2"}, {ID: 107, Node: "pve3"}},
		Tasks: []Task{
			task("qmigrate", "105", "pve2", 100, 120, "OK"), task("qmigrate", "105", "pve3", 10, 40, "WARNINGS: 1"), // pve3, pve2, pve1
			task("qmigrate", "106", "pve3", 10, 40, "OK"), task("qmshutdown", "106", "pve3", 1, 5, "OK"), task("qmstart", "106", "pve2", 50, 0, ""),
			task("qmigrate", "107", "pve3", 10, 40, "migration aborted"), task("qmigrate", "107", "pve3", 50, 0, ""), task("qmigrate", "107", "pve3", 50, 60, "OK"), // led nowhere
			task("vzmigrate", "999", "pve3", 10, 40, "OK"), task("qmigrate", "", "pve3", 10, 40, "OK"), task("hamigrate", "105", "pve3", 10, 40, "OK"),
			task("qmigrate", "106", "pve9", -50, -10, "OK"), // before
			task("qmstart", "105", "pve2", 20, 30, "OK"),    // within the migration: its own
		},
	}
	var got []string
	for _, m := range c.Moves(at) {
		got = append(got, fmt.Sprintf("%d %s-%s %v", m.Guest.ID, m.From, m.To, m.Disturbed))
	}
	if text := strings.Join(got, ", "); text != "105 pve3-pve2 false, 106 pve3-pve2 true, 105 pve2-pve1 true" {
		t.Errorf("%s", text)
	}
}
