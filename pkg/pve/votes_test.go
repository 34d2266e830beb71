package pve

import (
	"testing"

	"pgregory.net/rapid"
)

// A brute-force oracle: it knows nothing of sums over structs, it tries every
// set of losses.
type oracle struct {
	weights  []int // of the voters that are present
	expected int
}

func (o oracle) quorate(lost uint) bool {
	have := 0
	for i, w := range o.weights {
		if lost&(1<<i) == 0 {
			have += w
		}
	}
	return 2*have > o.expected
}

// margin is the greatest k such that no set of at most k losses ends quorum.
func (o oracle) margin() int {
	fewest := len(o.weights) + 1
	for lost := uint(0); lost < 1<<len(o.weights); lost++ {
		n := 0
		for i := range o.weights {
			n += int(lost >> i & 1)
		}
		if !o.quorate(lost) && n < fewest {
			fewest = n
		}
	}
	return fewest - 1
}

func drawVotes(t *rapid.T) (Votes, oracle) {
	v := Votes{Known: true}
	o := oracle{}
	for i := range rapid.IntRange(1, 8).Draw(t, "nodes") {
		n := Voter{
			Node:   string(rune('a' + i)),
			Votes:  rapid.SampledFrom([]int{1, 1, 1, 0, 2, 3}).Draw(t, "votes"),
			Online: rapid.Bool().Draw(t, "online"),
		}
		v.Voters = append(v.Voters, n)
		o.expected += n.Votes
		if n.Online {
			o.weights = append(o.weights, n.Votes)
		}
	}
	if rapid.Bool().Draw(t, "qdevice") {
		a := rapid.SampledFrom([]string{"Fifty-Fifty split", "LMS"}).Draw(t, "algorithm")
		s := rapid.SampledFrom([]string{"Connected", "Connect failed"}).Draw(t, "state")
		q := 1
		if a == "LMS" {
			q = len(v.Voters) - 1
		}
		v.Device = Device{Present: true, State: s, Algorithm: a, Votes: q}
		o.expected += q
		if s == "Connected" {
			o.weights = append(o.weights, q)
		}
	}
	return v, o
}

func TestMarginAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, o := drawVotes(t)
		want := o.margin()
		if !o.quorate(0) {
			want = -1
		} else if want > len(o.weights) {
			want = len(o.weights)
		}
		if got := v.Margin(); got != want {
			t.Fatalf("margin %d, oracle %d: %+v", got, want, v)
		}
	})
}

func TestSurvivesAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, o := drawVotes(t)
		var leaving []string
		var lost uint
		bit := 0
		for _, n := range v.Voters {
			leave := rapid.Bool().Draw(t, "leave "+n.Node)
			if leave {
				leaving = append(leaving, n.Node)
			}
			if n.Online {
				if leave {
					lost |= 1 << bit
				}
				bit++
			}
		}
		if got, want := v.Survives(leaving...), o.quorate(lost); got != want {
			t.Fatalf("survives %v, oracle %v, without %v: %+v", got, want, leaving, v)
		}
	})
}

func TestUnknownVotesProveNothing(t *testing.T) {
	v := Votes{Voters: []Voter{{"a", 1, true}, {"b", 1, true}, {"c", 1, true}}}
	if v.Survives() || v.Margin() != -1 {
		t.Errorf("votes that are not known: survives %v, margin %d", v.Survives(), v.Margin())
	}
}

// The cases measured on real clusters.
func TestVotesMeasured(t *testing.T) {
	two := []Voter{{"pve1", 1, true}, {"pve2", 1, true}}
	ff := func(state string) Device {
		return Device{Present: true, State: state, Algorithm: "Fifty-Fifty split", Votes: 1}
	}
	for _, tc := range []struct {
		name    string
		votes   Votes
		without []string
		want    bool
		margin  int
	}{
		{"one node", Votes{Known: true, Voters: two[:1]}, nil, true, 0},
		{"two nodes bear no loss", Votes{Known: true, Voters: two}, []string{"pve2"}, false, 0},
		{"two nodes and a qdevice bear one", Votes{Known: true, Voters: two, Device: ff("Connected")}, []string{"pve2"}, true, 1},
		{"not when it is not connected", Votes{Known: true, Voters: two, Device: ff("Connect failed")}, []string{"pve2"}, false, 0},
		{"three nodes bear one", Votes{Known: true, Voters: append(two, Voter{"pve3", 1, true})}, []string{"pve3"}, true, 1},
		{"not two", Votes{Known: true, Voters: append(two, Voter{"pve3", 1, true})}, []string{"pve3", "pve2"}, false, 1},
		{"one missing already", Votes{Known: true, Voters: append(two, Voter{"pve3", 1, false})}, []string{"pve2"}, false, 0},
		{"four nodes bear one", Votes{Known: true, Voters: append(two, Voter{"pve3", 1, true}, Voter{"pve4", 1, true})}, []string{"pve3", "pve4"}, false, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.votes.Survives(tc.without...); got != tc.want {
				t.Errorf("survives without %v: %v", tc.without, got)
			}
			if got := tc.votes.Margin(); got != tc.margin {
				t.Errorf("margin %d, want %d", got, tc.margin)
			}
		})
	}
}

func TestDeviceVotes(t *testing.T) {
	for algorithm, want := range map[string]int{
		"Fifty-Fifty split": 1, "ffsplit": 1, "LMS": 4, "Last man standing": 4, "2 Node LMS": 1,
	} {
		if got, ok := deviceVotes(algorithm, 5); !ok || got != want {
			t.Errorf("%s: %d, %v, want %d", algorithm, got, ok, want)
		}
	}
	if _, ok := deviceVotes("Test", 5); ok {
		t.Error("an unknown algorithm has known votes")
	}
}

func TestWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, _ := drawVotes(t)
		w := v.Whole()
		if w.Present() != v.Expected() || w.Margin() < v.Margin() || w.Need() != v.Need() {
			t.Fatalf("whole %+v of %+v", w, v)
		}
	})
}
