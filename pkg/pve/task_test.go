package pve

import (
	"testing"
	"time"
)

// Two tasks of one user may each stop all guests of a node; what was stopped
// between them was stopped by hand.
func TestSweeps(t *testing.T) {
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	c := Cluster{Tasks: []Task{
		{Node: "pve1", Type: "stopall", User: "root@pam", Start: at(0), End: at(10)},
		{Node: "pve1", Type: "stopall", User: "root@pam", Start: at(30)},
		{Node: "pve2", Type: "stopall", User: "root@pam", Start: at(0), End: at(60)},
	}}
	for _, tc := range []struct {
		node, user string
		start      int
		want       bool
	}{
		{"pve1", "root@pam", 5, true}, {"pve1", "root@pam", 20, false}, {"pve1", "root@pam", 40, true},
		{"pve1", "alice@pve", 5, false}, {"pve3", "root@pam", 5, false}, {"pve2", "root@pam", 20, true},
	} {
		if got := c.sweeps().of(Task{Node: tc.node, User: tc.user, Start: at(tc.start)}); got != tc.want {
			t.Errorf("%+v: %v", tc, got)
		}
	}
}

// A lock is explained by a task about its guest, or by one about many, and by
// no console.
func TestBusy(t *testing.T) {
	c := Cluster{Tasks: []Task{
		{Node: "pve1", Type: "vncshell", Start: noon}, {Node: "pve1", Type: "aptupdate", Start: noon},
		{Node: "pve1", Type: "vzdump", Start: noon}, {Node: "pve1", Type: "qmclone", ID: "101", Start: noon},
		{Node: "pve2", Type: "vncproxy", ID: "102", Start: noon}, {Node: "pve2", Type: "qmclone", ID: "102", Start: noon, End: noon},
	}}
	for _, tc := range []struct {
		id   int
		node string
		want string
	}{{101, "pve1", "qmclone"}, {103, "pve1", "vzdump"}, {102, "pve2", ""}, {101, "pve3", ""}} {
		if got, found := c.Index().Busy(Guest{ID: tc.id, Node: tc.node}); got.Type != tc.want || found != (tc.want != "") {
			t.Errorf("%+v: %+v", tc, got)
		}
	}
}

// The cluster-wide actions of release 9 have a dash in their names, and run on the
// node that was asked for them.
func TestBulkActions(t *testing.T) {
	if move := (Task{Type: "bulk-migrate"}); !move.Migration() || move.Begins() {
		t.Error("bulk-migrate is no migration")
	}
	if start := (Task{Type: "bulk-start"}); !start.Begins() || start.Migration() {
		t.Error("bulk-start starts nothing")
	}
}
