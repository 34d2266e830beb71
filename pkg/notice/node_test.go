package notice

import (
	"testing"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// TestTwoSawTheNode: two pollers see that a node goes and comes back. What falls silent
// there later is not told as its failure.
func TestTwoSawTheNode(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 120)
	l.add(0, 0, &journal.NodeOffline{})
	l.add(1, 0, &journal.NodeOffline{})
	l.add(20, 0, &journal.NodeOnline{})
	l.add(21, 0, &journal.NodeOnline{})
	l.add(60, 105, silent)
	expect(t, l.lives(0, 65), "62 opened 105!")
}

// TestNodeOffLater: a node that was seen online after its guests had fallen silent is
// not why they did: somebody resets it.
func TestNodeOffLater(t *testing.T) {
	for on, want := range map[int]string{3: "2 opened 103! 105!, 32 update 103! 105!", 1: "2 opened 103! 105!, 32 update 103! 105! machine", -1: "2 opened 103! 105!, 32 update 103! 105! machine"} {
		l := newLife(t, "")
		l.look(0, 60)
		l.add(0, 103, silent)
		l.add(0, 105, silent)
		l.add(4, 0, &journal.NodeOffline{})
		l.entries[len(l.entries)-1].Since = l.at(on)
		expect(t, l.lives(0, 40), want)
	}
}

// TestNodeByAWrongClock: a node that was off by a clock that was ahead and set back, and
// came back by the clock as it is, is not off when that time comes; nor is one that was
// off by a clock that was behind off for so long.
func TestNodeByAWrongClock(t *testing.T) {
	for name, from := range map[string]int{"ahead": 100, "behind": -55} {
		l := newLife(t, "")
		add := func(minute int, fact journal.Fact) *journal.Entry {
			l.add(minute, 0, fact)
			e := &l.entries[len(l.entries)-1]
			e.By, e.Sources, e.Line = "check_pve", []string{"a"}, len(l.entries)
			return e
		}
		add(from, &journal.NodeOffline{})
		add(10, &journal.NodeOffline{Again: true}).Since = l.at(5)
		add(20, &journal.NodeOnline{})
		for i := range l.entries {
			l.entries[i].Sources = []string{"a"}
		}
		l.look(0, 160)
		l.add(130, 105, silent)
		expect(t, name+" "+l.lives(100, 140), name+" 132 opened 105!")
		n := l.story(160).nodes[host{"lab", "pve3"}]
		if len(n.offline) != 1 || !n.offline[0].from.Equal(l.at(5)) || !n.offline[0].until.Equal(l.at(20)) {
			t.Errorf("%s: %+v", name, n.offline)
		}
	}
}

// TestTwoSawTheSilence: one of two pollers tells a silence anew, which the other saw
// first: it is as old as that one says.
func TestTwoSawTheSilence(t *testing.T) {
	l := newLife(t, "")
	by := func(source string, minute int, fact journal.Fact) *journal.Entry {
		l.add(minute, 105, fact)
		e := &l.entries[len(l.entries)-1]
		e.Sources, e.Line = []string{source}, len(l.entries)
		return e
	}
	by("a", 0, silent)
	by("b", 3, silent)
	by("b", 30, &journal.GuestSilent{Class: journal.ClassGuest, Again: true}).Since = l.at(3)
	if s := l.story(40).guests[place{"lab", 105}].open(); s == nil || !s.from.Equal(l.at(0)) {
		t.Errorf("%+v", s)
	}
}
