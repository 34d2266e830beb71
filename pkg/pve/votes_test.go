package pve

import (
	"math/bits"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A brute-force oracle: it knows nothing of sums over structs, it tries every
// set of losses, and asks of every node that is left whether it has quorum. The
// device is one voter more, that counts for some nodes and not for others.
type oracle struct {
	weights  []int  // of the nodes that are present
	given    []bool // the device votes for that node
	device   int    // votes of the device
	expected int
}

// quorate says whether every node that is left has quorum, and how many are.
// The last bit of lost is the device.
func (o oracle) quorate(lost uint) (all bool, left int) {
	all = true
	for i := range o.weights {
		if lost&(1<<i) != 0 {
			continue
		}
		left++
		have := 0
		for k, w := range o.weights {
			if lost&(1<<k) == 0 {
				have += w
			}
		}
		if o.given[i] && lost&(1<<len(o.weights)) == 0 {
			have += o.device
		}
		all = all && 2*have > o.expected
	}
	return all, left
}

// margin is the greatest k such that no set of at most k losses takes quorum
// from a node that is left.
func (o oracle) margin() int {
	n := len(o.weights)
	fewest := n + 2
	for lost := uint(0); lost < 1<<(n+1); lost++ {
		size := bits.OnesCount(lost)
		if all, _ := o.quorate(lost); !all && size < fewest {
			fewest = size
		}
	}
	return fewest - 1
}

func drawVotes(t *rapid.T) (Votes, oracle) {
	v := Votes{Known: true}
	o := oracle{}
	if rapid.Bool().Draw(t, "qdevice") {
		v.Device = Device{Present: true, Algorithm: rapid.SampledFrom([]string{"Fifty-Fifty split", "LMS"}).Draw(t, "algorithm")}
	}
	for i := range rapid.IntRange(1, 7).Draw(t, "nodes") {
		n := Voter{
			Node:   string(rune('a' + i)),
			Votes:  rapid.SampledFrom([]int{1, 1, 1, 0, 2, 3}).Draw(t, "votes"),
			Online: rapid.IntRange(0, 4).Draw(t, "online") > 0,
		}
		n.Daemon = rapid.SampledFrom([]Daemon{
			{Told: true, State: connected, Casts: true}, {Told: true, State: connected, Casts: true},
			{Told: true}, {Told: true, State: "Connect failed"}, {},
		}).Draw(t, "daemon")
		v.Voters = append(v.Voters, n)
		o.expected += n.Votes
		if n.Online {
			o.weights, o.given = append(o.weights, n.Votes), append(o.given, n.Daemon.Casts)
		}
	}
	if v.Device.Present {
		v.Device.Votes = 1
		if v.Device.Algorithm == "LMS" {
			v.Device.Votes = len(v.Voters) - 1
		}
		o.device = v.Device.Votes
		o.expected += o.device
	}
	return v, o
}

func TestMarginAgainstOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, o := drawVotes(t)
		got, want := v.Margin(), o.margin()
		if len(o.weights) == 0 {
			want = -1
		}
		// Where nothing can take quorum from the last node, every other voter
		// may go: how many these are the oracle does not say.
		if want > len(o.weights) {
			want = got
		}
		if got != want {
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
		all, left := o.quorate(lost)
		if got, want := v.Survives(leaving...), all && left > 0; got != want {
			t.Fatalf("survives %v, oracle %v, without %v: %+v", got, want, leaving, v)
		}
	})
}

func TestUnknownVotesProveNothing(t *testing.T) {
	v := Votes{Voters: []Voter{{Node: "a", Votes: 1, Online: true}, {Node: "b", Votes: 1, Online: true}, {Node: "c", Votes: 1, Online: true}}}
	if v.Survives() || v.Margin() != -1 {
		t.Errorf("votes that are not known: survives %v, margin %d", v.Survives(), v.Margin())
	}
}

// The cases measured on real clusters: which daemons run, which nodes leave.
func TestVotesMeasured(t *testing.T) {
	for _, tc := range []struct {
		name     string
		nodes    int
		off      string // nodes that are missing already
		device   int    // votes, 0 for none
		dead     string // nodes whose daemon does not run
		without  []string
		survives bool
		margin   int
	}{
		{"one node", 1, "", 0, "", nil, true, 0},
		{"two nodes bear no loss", 2, "", 0, "", []string{"2"}, false, 0},
		{"two nodes and a qdevice bear one", 2, "", 1, "", []string{"2"}, true, 1},
		{"not when it is not connected", 2, "", 1, "12", []string{"2"}, false, 0},
		{"nor when the one that stays has no daemon", 2, "", 1, "1", []string{"2"}, false, 0},
		{"the one that leaves needs none", 2, "", 1, "2", []string{"2"}, true, 0},
		{"three nodes bear one", 3, "", 0, "", []string{"3"}, true, 1},
		{"not two", 3, "", 0, "", []string{"3", "2"}, false, 1},
		{"one missing already", 3, "3", 0, "", []string{"2"}, false, 0},
		{"four nodes bear one", 4, "", 0, "", []string{"3", "4"}, false, 1},
		// Node 1 says Total 4, Quorate, node 2 Total 2, Activity blocked.
		{"lms, a daemon of one that stays is dead", 3, "", 2, "2", []string{"3"}, false, 0},
		{"lms, all daemons run", 3, "", 2, "", []string{"3"}, true, 1},
		{"ffsplit, four nodes, two leave", 4, "", 1, "", []string{"3", "4"}, true, 2},
		{"ffsplit, four nodes, two leave, one daemon is dead", 4, "", 1, "2", []string{"3", "4"}, false, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Votes{Known: true, Device: Device{Present: tc.device > 0, Votes: tc.device}}
			for _, n := range []string{"1", "2", "3", "4"}[:tc.nodes] {
				v.Voters = append(v.Voters, Voter{
					Node: n, Votes: 1, Online: !strings.Contains(tc.off, n),
					Daemon: Daemon{Told: true, Casts: !strings.Contains(tc.dead, n)},
				})
			}
			if got := v.Survives(tc.without...); got != tc.survives {
				t.Errorf("survives without %v: %v", tc.without, got)
			}
			if got := v.Margin(); got != tc.margin {
				t.Errorf("margin %d, want %d", got, tc.margin)
			}
		})
	}
}

// TestLocalMode: a member whose pmxcfs was started with -l says that it stands alone,
// as does a node that does. Its corosync.conf tells them apart, and another host is
// asked.
func TestLocalMode(t *testing.T) {
	for conf, want := range map[string]string{
		`[]`: "",
		`[{"node": "pve1", "quorum_votes": "1"}, {"node": "pve2", "quorum_votes": "1"}]`: "pve1 says that it stands alone, and its corosync.conf has 2 nodes: does pmxcfs run in local mode?",
	} {
		var c Cluster
		if err := c.addStatus([]byte(`[{"type": "node", "name": "pve1", "nodeid": 0, "ip": "192.0.2.1", "local": 1, "online": 1}]`)); err != nil || !c.Standalone {
			t.Fatal(err, c)
		}
		said := ""
		if err := c.addVotes([]byte(conf)); err != nil {
			said = err.Error()
			c.Gaps = append(c.Gaps, Gap{Path: pathVotes, Err: odd(host{}, pathVotes, err)})
		}
		if c.conclude(); said != want || conclusive(c) != (want == "") || c.Votes.Known {
			t.Errorf("%s: %q, enough %v, %+v", conf, said, conclusive(c), c.Votes)
		}
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
		if w.Present() != v.Expected() || w.Need() != v.Need() {
			t.Fatalf("whole %+v of %+v", w, v)
		}
		// A light node that comes back may be the one that falls when a heavy one
		// goes: only among equals more of them never bear less.
		unlike := func(n Voter) bool { return n.Votes != v.Voters[0].Votes }
		if !slices.ContainsFunc(v.Voters, unlike) && w.Margin() < v.Margin() {
			t.Fatalf("whole %+v bears less than %+v", w, v)
		}
		if h := v.Hoped(); h.Margin() < v.Margin() || len(h.Unasked()) > 0 {
			t.Fatalf("hoped %+v of %+v", h, v)
		}
	})
}
