package gate

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// TestUnaltered: what a disk was before it was moved is no evidence, by the clock
// of the nodes, which is an hour ahead here.
func TestUnaltered(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		task pve.Task
		kept bool
	}{
		"its disk was moved since":      {pve.Task{ID: "105", Type: "qmmove", End: now.Add(time.Hour - time.Minute)}, false},
		"its disk is being moved":       {pve.Task{ID: "105", Type: "qmmove", Start: now.Add(time.Hour - time.Minute)}, false},
		"its disk was moved before":     {pve.Task{ID: "105", Type: "qmmove", End: now.Add(time.Hour - 3*time.Minute)}, true},
		"it was started":                {pve.Task{ID: "105", Type: "qmstart", End: now.Add(time.Hour - time.Minute)}, true},
		"another's was":                 {pve.Task{ID: "106", Type: "qmmove", End: now.Add(time.Hour - time.Minute)}, true},
		"a task that nobody has seen":   {pve.Task{ID: "105", Type: "qmnew", End: now.Add(time.Hour - time.Minute)}, false},
		"a task of the node, not of it": {pve.Task{ID: "", Type: "aptupdate", End: now.Add(time.Hour - time.Minute)}, true},
	} {
		c := pve.Cluster{Time: now.Add(time.Hour), Tasks: []pve.Task{tc.task}}
		got := unaltered(map[int]pve.ConfigFacts{105: {Time: now.Add(-2 * time.Minute)}}, c, now)
		if _, kept := got[105]; kept != tc.kept {
			t.Errorf("%s: kept is %v", name, kept)
		}
	}
}
