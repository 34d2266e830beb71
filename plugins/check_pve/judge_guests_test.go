package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// TestStalled: a guest that QEMU holds between two states stands still, unless a lock
// or a task says why. Statuses are ten seconds old, so that a task may be over.
func TestStalled(t *testing.T) {
	noon := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		status, lock string
		task         pve.Task
		want         check.Status
	}{
		"left by a migration": {status: "postmigrate", want: check.WARNING},
		"never let go":        {status: "prelaunch", want: check.WARNING},
		"ends by itself":      {status: "shutdown", want: check.OK},
		"is migrated":         {status: "postmigrate", lock: "migrate", want: check.OK},
		"is backed up":        {status: "prelaunch", lock: "backup", want: check.OK},
		"is started":          {status: "prelaunch", task: pve.Task{Type: "qmstart", Start: noon}, want: check.OK},
		"was just migrated":   {status: "postmigrate", task: pve.Task{Type: "qmigrate", Start: noon, End: noon.Add(-20 * time.Second)}, want: check.OK},
		"was migrated before": {status: "postmigrate", task: pve.Task{Type: "qmigrate", Start: noon, End: noon.Add(-20 * time.Minute)}, want: check.WARNING},
		"looked at":           {status: "prelaunch", task: pve.Task{Type: "vncproxy", Start: noon}, want: check.WARNING},
		"runs":                {status: "running", want: check.OK},
	} {
		tc.task.ID, tc.task.Node = "105", "pve1"
		c := pve.Cluster{Name: "lab", Asked: "pve1", Quorate: true, Time: noon, Nodes: []pve.Node{{Name: "pve1", Online: true, Status: "online"}}}
		c.Guests = []pve.Guest{{ID: 105, Kind: pve.VM, Node: "pve1", Status: tc.status, Lock: tc.lock}}
		if tc.task.Type != "" {
			c.Tasks = []pve.Task{tc.task}
		}
		v := &verdict{policy: policy{lock: time.Hour}, now: noon, index: c.Index()}
		v.cluster = c
		v.memory.Locks = map[int]pve.Lock{105: {Name: tc.lock, Since: noon}}
		v.guests()
		if got := v.r.Status(); got != tc.want && !(tc.want == check.OK && len(v.r.Findings) == 0) {
			t.Errorf("%s: %s, want %s: %s", name, got, tc.want, fmt.Sprint(v.r.Findings))
		}
	}
}
