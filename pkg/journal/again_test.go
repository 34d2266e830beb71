package journal

import (
	"testing"
	"time"
)

// TestOverBeforeItBegan: what began by a clock that was ahead, and was over by one that
// was set back, is stale, also where nobody noticed that it was set. Of another node, by
// another poller, or in the order in which it happened, it is not.
func TestOverBeforeItBegan(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	entry := func(line, minute int, source, node string, fact Fact) Entry {
		return Entry{At: noon.Add(time.Duration(minute) * time.Minute), Cluster: "lab", Node: node, Fact: fact, Sources: []string{source}, Line: line}
	}
	a := AnewOf([]Entry{entry(5, 0, "a", "pve3", &NodeOnline{}), entry(6, 0, "a", "", &PGActive{}), entry(7, 0, "a", "", &CopiesWhole{})})
	for i, c := range []struct {
		e    Entry
		want bool
	}{
		{entry(4, 60, "a", "pve3", &NodeOffline{}), true}, {entry(4, 60, "a", "", &PGInactive{}), true}, {entry(4, 60, "a", "", &CopiesFew{}), true},
		{entry(4, -60, "a", "pve3", &NodeOffline{}), false}, {entry(9, 60, "a", "pve3", &NodeOffline{}), false},
		{entry(4, 60, "b", "pve3", &NodeOffline{}), false}, {entry(4, 60, "a", "pve1", &NodeOffline{}), false}, {entry(4, 60, "a", "pve3", &HAMaintenance{}), false},
	} {
		at, stale := a.Set(c.e)
		if stale != c.want || stale && !at.Equal(noon) {
			t.Errorf("%d: %v %s", i, stale, at)
		}
	}
}
