package hardware

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// retold are the ways to tell of one and the same server.
var retold = []telling{
	{"DIMM", 0, false}, {"DIMM", 0, true}, {"módulo de memoria", 0, true},
}

// TestRetold: the same server, told otherwise, lacks nothing and has nothing new.
func TestRetold(t *testing.T) {
	for _, s := range shapes {
		r := rand.New(rand.NewPCG(1, 2))
		things := s.build(r)
		before := s.tell(things, nil, retold[0], r)
		for _, how := range append(retold, telling{"DIMM", 7, true}) {
			if d := Compare(before, s.tell(things, nil, how, r)); len(d.Changes) > 0 {
				t.Errorf("%s told as %+v: %v", s.name, how, d.Changes)
			}
		}
	}
}

// TestOmissions takes away every single part, and every pair of parts, of every
// shape: each is found, and nothing else is told.
func TestOmissions(t *testing.T) {
	pairs, apart := 0, 1000
	if testing.Short() {
		apart = 3
		t.Log("short: only pairs of parts that are near each other")
	}
	for _, s := range shapes {
		r := rand.New(rand.NewPCG(3, 4))
		things := s.build(r)
		before := s.tell(things, nil, retold[0], r)
		for i := range things {
			for j := i; j < min(len(things), i+apart); j++ {
				pairs++
				gone := map[int]bool{i: true, j: true}
				d := Compare(before, s.tell(things, gone, retold[pairs%len(retold)], r))
				s.found(t, things, gone, d)
			}
		}
	}
	told := map[Source]int{}
	for _, s := range shapes {
		told[s.source]++
	}
	if len(shapes) < 12 || told[Redfish] < 8 || told[IPMI] < 1 || told[Node] < 2 {
		t.Errorf("too few shapes of servers: %v", told)
	}
	t.Logf("%d omissions of one or two parts, in %d shapes", pairs, len(shapes))
}

func (s shape) found(t *testing.T, things []thing, gone map[int]bool, d Difference) {
	t.Helper()
	want := map[Kind]int{}
	for i := range gone {
		want[things[i].kind]++
	}
	for _, kind := range Kinds {
		switch n := want[kind]; {
		case n > 0 && n == s.counts[kind] && !s.bays:
			// A list that is empty all of a sudden may be one that was not ready.
			if !emptied(d, kind) || lost(d, kind) > 0 {
				t.Errorf("%s: all %d of %s gone: %v", s.name, n, kind, d.Changes)
			}
		case lost(d, kind) != n || emptied(d, kind):
			t.Errorf("%s without %v: %s lacks %d, want %d: %v", s.name, gone, kind, lost(d, kind), n, d.Changes)
		}
	}
	if rest := d.Of(Worse, New, Replaced, Moved, Changed, Unknown); len(rest) > 0 {
		t.Errorf("%s without %v: %v", s.name, gone, rest)
	}
}

// TestBroken: every single part that fails is worse, and nothing else is told.
func TestBroken(t *testing.T) {
	for _, s := range shapes {
		r := rand.New(rand.NewPCG(5, 6))
		things := s.build(r)
		before := s.tell(things, nil, retold[0], r)
		for i := range things {
			things[i].broken = true
			d := Compare(before, s.tell(things, nil, retold[0], r))
			if len(d.Changes) != 1 || d.Changes[0].Verdict != Worse {
				t.Errorf("%s with a broken %s: %v", s.name, things[i].kind, d.Changes)
			}
			things[i].broken = false
		}
	}
}

// TestHalfEmpty: every list that is empty, that is not told, or whose members
// tell nothing, is not compared, and no part is missing.
func TestHalfEmpty(t *testing.T) {
	for _, s := range shapes {
		r := rand.New(rand.NewPCG(7, 8))
		things := s.build(r)
		before := s.tell(things, nil, retold[0], r)
		for i := range before.Lists {
			for how, after := range map[string]Inventory{
				"empty": with(before, i, func(l *List) { l.Parts = nil }), "untold": with(before, i, func(l *List) { l.Untold = "HTTP 503" }),
				"without list": with(before, i, func(l *List) { l.Kind = "gone" }),
				"hollow": with(before, i, func(l *List) {
					for k, p := range l.Parts {
						l.Parts[k] = Part{ID: p.ID, Name: p.Name, Slot: p.Slot}
					}
				}),
			} {
				if how == "hollow" && s.bus {
					continue // the node tells all of a device or nothing
				}
				d := Compare(before, after)
				if len(d.Of(NotCompared)) == 0 || len(d.Of(NotCompared)) != len(d.Changes) {
					t.Errorf("%s with %s %s: %v", s.name, how, before.Lists[i].Kind, d.Changes)
				}
			}
		}
	}
}

// with is an inventory with one list changed.
func with(v Inventory, i int, change func(*List)) Inventory {
	out := Inventory{Machine: v.Machine}
	for k, l := range v.Lists {
		l.Parts = append([]Part(nil), l.Parts...)
		if k == i {
			change(&l)
		}
		out.Lists = append(out.Lists, l)
	}
	return out
}

// TestMissingAndSwapped: with one part gone and any two others in each other's
// place, only the first is missing.
func TestMissingAndSwapped(t *testing.T) {
	for _, s := range shapes {
		if !s.serials || !s.places {
			continue
		}
		r := rand.New(rand.NewPCG(9, 10))
		things := s.build(r)
		before := s.tell(things, nil, retold[0], r)
		for i := range things {
			for j := 0; j+1 < len(things); j++ {
				a, b := j, j+1
				if a == i || b == i || things[a].kind != things[b].kind {
					continue
				}
				things[a].place, things[b].place = things[b].place, things[a].place
				d := Compare(before, s.tell(things, map[int]bool{i: true}, retold[1], r))
				things[a].place, things[b].place = things[b].place, things[a].place
				alone := s.counts[things[i].kind] == 1 && !s.bays
				if !alone && (lost(d, things[i].kind) != 1 || len(d.Of(Missing)) != 1) || len(d.Of(Moved)) != 2 || len(d.Of(Worse, New, Replaced)) > 0 {
					t.Fatalf("%s without %d, %d and %d swapped: %v", s.name, i, a, b, d.Changes)
				}
			}
		}
	}
}

// TestToldByBoth: of what the node and its controller both tell, every single
// omission and every pair is said once for each part: by their serial numbers, and
// where only one of both knows these by how many are gone.
func TestToldByBoth(t *testing.T) {
	by := func(source Source, things []thing, gone map[int]bool, serials bool) List {
		l := List{Source: source, Kind: Disk}
		for i, x := range things {
			p := Part{ID: fmt.Sprint(source, i), Slot: fmt.Sprintf("Bay %d", i), Size: x.size, State: Good}
			if source == Node {
				p.Slot, p.Name = "", fmt.Sprintf("/dev/sd%c", 'a'+i)
			}
			if serials {
				p.Serial = x.serial
			}
			if !gone[i] {
				l.Parts = append(l.Parts, p)
			} else if source == IPMI {
				p.State = Absent
				l.Parts = append(l.Parts, p)
			}
		}
		return l
	}
	things := shape{counts: map[Kind]int{Disk: 10}}.build(rand.New(rand.NewPCG(11, 12)))
	for _, source := range []Source{Redfish, IPMI} {
		for _, serials := range []bool{true, false} {
			told := func(gone map[int]bool) Inventory {
				return Inventory{Lists: []List{by(Node, things, gone, true), by(source, things, gone, serials)}}
			}
			for i := range things {
				for j := i; j < len(things); j++ {
					gone := map[int]bool{i: true, j: true}
					d := Compare(told(nil), told(gone))
					if len(d.Changes) != len(gone) || len(d.Of(Missing)) != len(gone) {
						t.Fatalf("%s, serial numbers %t, without %v: %v", source, serials, gone, d.Changes)
					}
				}
			}
		}
	}
}
