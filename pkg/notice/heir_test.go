package notice

import (
	"testing"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// renamed gives all entries since a minute to a cluster of another name.
func (l *life) renamed(minute int, name string) {
	for i := range l.entries {
		if !l.entries[i].At.Before(l.at(minute)) {
			l.entries[i].Cluster = name
		}
	}
}

// TestFirstNodeReplaced: the cluster has another name since. Its guests are the
// same, and so are work and disturbances.
func TestFirstNodeReplaced(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 60)
	l.announce(0, 40, 120)
	l.add(10, 105, silent)
	for _, id := range []int{103, 105} {
		l.add(20, id, &journal.GuestListed{Answers: true})
	}
	l.add(30, 105, answers)
	l.add(45, 0, &journal.HAMaintenance{On: true})
	l.renamed(20, "lab-pve2")
	expect(t, l.lives(0, 60), "0 announced 103 105, 12 opened 105!, 35 resolved 105, 45 begun 103 105")
	s := l.story(60)
	if names := s.Clusters("pve3"); len(names) != 1 || names[0] != "lab-pve2" {
		t.Errorf("pve3 is in %v", names)
	}
	orders, err := l.orders.Under(s).Announce(Plan{Cluster: "lab-pve2", Node: "pve3", From: l.at(100), Until: l.at(200)}, l.at(50))
	if err != nil || len(orders.Plans) != 1 || orders.Plans[0].Revision != 1 {
		t.Errorf("%+v, %v", orders, err)
	}
	if _, where := EstateOf(s, l.all).Looked(); where != "lab-pve2" {
		t.Errorf("looks at %s", where)
	}
}

// TestTwoClusters: one that is looked at at the same time, or has other guests, is
// another cluster.
func TestTwoClusters(t *testing.T) {
	at := func(cluster string, minute, id int) journal.Entry {
		l := newLife(t, "")
		l.entries = nil
		l.add(minute, id, &journal.GuestListed{Answers: true})
		l.entries[0].Cluster = cluster
		return l.entries[0]
	}
	for name, test := range map[string]struct {
		entries []journal.Entry
		heir    string
	}{
		"one after the other": {[]journal.Entry{at("a", 0, 103), at("b", 1, 103)}, "b"},
		"a third":             {[]journal.Entry{at("a", 0, 103), at("b", 1, 103), at("c", 2, 103)}, "c"},
		"side by side":        {[]journal.Entry{at("a", 0, 103), at("b", 1, 103), at("a", 2, 103)}, ""},
		"at the same time":    {[]journal.Entry{at("a", 0, 103), at("b", 0, 103)}, ""},
		"other guests":        {[]journal.Entry{at("a", 0, 103), at("b", 1, 105)}, ""},
		"half of them":        {[]journal.Entry{at("a", 0, 103), at("a", 0, 105), at("b", 1, 105)}, ""},
	} {
		if got := heirs(test.entries)["a"]; got != test.heir {
			t.Errorf("%s: %q, expected %q", name, got, test.heir)
		}
	}
}
