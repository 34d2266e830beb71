package journal

import (
	"path/filepath"
	"slices"
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

// TestAheadOverTheMonth: what a clock that was ahead wrote into the next month is stale
// too, once it was set back and the same was told anew. Its time comes, and what happens
// then is not.
func TestAheadOverTheMonth(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "state"))
	midnight := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	wrote := func(minute int, fact Fact) {
		at := midnight.Add(time.Duration(minute) * time.Minute)
		write(t, s, at, Entry{At: at, Cluster: "lab", Node: "pve3", Guest: &Guest{ID: 105}, Fact: fact})
	}
	wrote(-120, &GuestListed{})
	wrote(30, &GuestSilent{Class: ClassGuest}) // ahead by two hours
	wrote(-85, &GuestAnswers{Again: true})
	wrote(60, &GuestSilent{Class: ClassGuest})
	all := read(t, midnight.Add(2*time.Hour), s).Entries
	anew := AnewOf(all)
	var stale []bool
	for _, e := range all {
		stale = append(stale, anew.Stale(e))
	}
	if want := []bool{false, false, true, false}; !slices.Equal(stale, want) {
		t.Errorf("stale are %v, want %v: %+v", stale, want, all)
	}
}
