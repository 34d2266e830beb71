//go:build real

package gate

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/real/cluster"
)

// blow is a sudden death in a state, and what is expected of it.
type blow struct {
	failure string // as check_contingency calls it
	nodes   []int
	// survives is what is said, reason a part of why not; served is what clients
	// then find. needless is why it is right to say no although they are served.
	survives bool
	reason   string
	served   bool
	needless string
}

func host(n int, b blow) blow {
	b.failure, b.nodes = fmt.Sprintf("node node%d", n), []int{n}
	return b
}

func rack(name string, b blow, nodes ...int) blow {
	b.failure, b.nodes = "rack "+name, nodes
	return b
}

// sudden are the states in which hosts and racks die. What each says of all
// failures is asked before the first of them.
var sudden = []struct {
	state
	blows []blow
}{
	{
		state{name: "whole", settled: whole},
		[]blow{host(1, blow{survives: true, served: true}), host(3, blow{survives: true, served: true})},
	},
	{
		state{name: "min_size as size", settled: whole, make: minSize("3"), undo: minSize("2")},
		[]blow{host(2, blow{reason: "PGs would stop"})},
	},
	{
		state{name: "mon.node3 lost", off: []string{"mon.node3"}, settled: whole},
		[]blow{
			host(1, blow{reason: "1 of 3 monitors stay in quorum, 2 needed"}),
			host(3, blow{survives: true, served: true}),
		},
	},
	{
		state{name: "osd.5 of node3 down", off: []string{"osd.5"}, settled: broken},
		[]blow{
			host(1, blow{reason: "PGs would stop"}),
			host(3, blow{survives: true, served: true}),
		},
	},
	{
		state{name: "size 2, min_size 1", settled: whole, make: sizes("2", "1"), undo: sizes("3", "2")},
		[]blow{host(2, blow{survives: true, served: true})},
	},
	{
		state{name: "two racks", settled: whole, pool: "racks", make: racks, undo: noRacks},
		[]blow{
			rack("r1", blow{survives: true, served: true}, 1),
			rack("r2", blow{reason: "1 of 3 monitors stay in quorum, 2 needed"}, 2, 3),
		},
	},
}

func minSize(n string) func(*site) {
	return func(s *site) { s.Ceph("osd", "pool", "set", "rbd", "min_size", n) }
}

func sizes(size, least string) func(*site) {
	return func(s *site) {
		s.Ceph("osd", "pool", "set", "rbd", "size", size)
		s.Ceph("osd", "pool", "set", "rbd", "min_size", least)
	}
}

// racks puts the hosts into two, with a pool that keeps a copy in each.
func racks(s *site) {
	for node, rack := range map[string]string{"node1": "r1", "node2": "r2", "node3": "r2"} {
		s.Ceph("osd", "crush", "add-bucket", rack, "rack", "root=default")
		s.Ceph("osd", "crush", "move", node, "rack="+rack)
	}
	s.Ceph("osd", "crush", "rule", "create-replicated", "racks", "default", "rack")
	s.Ceph("osd", "pool", "create", "racks", "8", "8", "replicated", "racks")
	s.Ceph("osd", "pool", "set", "racks", "size", "2")
	s.Ceph("osd", "pool", "set", "racks", "min_size", "1")
	s.Ceph("osd", "pool", "application", "enable", "racks", "rbd")
	s.UntilWell()
	s.fill("racks")
}

func noRacks(s *site) {
	s.Ceph("osd", "pool", "delete", "racks", "racks", "--yes-i-really-really-mean-it")
	for _, node := range []string{"node1", "node2", "node3"} {
		s.Ceph("osd", "crush", "move", node, "root=default")
	}
}

// TestSudden lets hosts and racks die without warning, in six states: all of
// their daemons are killed at once. Whoever read that the failure is survived must
// find clients served; what is said to take something and takes nothing is
// counted, and has a reason.
func TestSudden(t *testing.T) {
	if os.Getenv("SUDDEN") == "" {
		t.Skip("a cluster recovers from death ten times, which takes longer than the part's 20 minutes: SUDDEN=1 go test -tags real -run Sudden -timeout 60m ./test/real/gate")
	}
	s := newSite(t, buildPlugin(t, "check_contingency"), "127.86.0.")
	s.Ceph("osd", "unset", "noout") // nobody sets it before a host dies
	s.Ceph("config", "set", "mon", "mon_osd_down_out_interval", "600")
	var table strings.Builder
	needless := 0
	for _, w := range sudden {
		t.Run(w.name, func(t *testing.T) {
			own := *s
			own.t, own.Cluster = t, s.For(t)
			started := time.Now()
			if w.make != nil {
				w.make(&own)
			}
			own.Halt(w.off...)
			own.settle(w.state)
			said := own.outlook(w.blows)
			for _, b := range w.blows {
				pool := w.pool
				if pool == "" {
					pool = "rbd"
				}
				got := own.strike(b.nodes, pool, false)
				line, wasted := own.held(b, said[b.failure], got)
				fmt.Fprintf(&table, "%-20s %-12s %s\n", w.name, b.failure, line)
				needless += wasted
				own.settle(w.state)
			}
			if w.undo != nil {
				w.undo(&own)
			}
			own.Run(daemons()...)
			own.UntilWell()
			t.Logf("%v", time.Since(started).Round(time.Second))
		})
	}
	t.Logf("state, what died, what was said, what happened (%d needless):\n%s", needless, table.String())
}

// foretold is what check_contingency says of a failure.
type foretold struct {
	Failure struct {
		Kind, Name string
		Nodes      []string
	}
	Conditions []struct{ Condition, Outcome, Evidence string }
}

func (f foretold) survives() bool { return len(f.Conditions) > 0 && f.reasons() == "" }

func (f foretold) reasons() string {
	var out []string
	for _, c := range f.Conditions {
		if c.Outcome != "holds" {
			out = append(out, c.Outcome+": "+c.Evidence)
		}
	}
	return strings.Join(out, ", ")
}

// outlook asks until the answer is the expected one: numbers may be on their way.
// That something is survived is never asked away.
func (s *site) outlook(blows []blow) map[string]foretold {
	s.t.Helper()
	for end := time.Now().Add(patience / 2); ; time.Sleep(time.Second) {
		said := s.foretell()
		asExpected := !slices.ContainsFunc(blows, func(b blow) bool {
			f := said[b.failure]
			return f.survives() != b.survives || !strings.Contains(f.reasons(), b.reason)
		})
		yes := slices.ContainsFunc(blows, func(b blow) bool { return said[b.failure].survives() && !b.survives })
		if asExpected || yes || time.Now().After(end) {
			return said
		}
	}
}

// foretell asks check_contingency once.
func (s *site) foretell() map[string]foretold {
	s.t.Helper()
	cmd := exec.Command(s.binary,
		"-H", s.pve.address(), "--auth-file", s.Path("pve.ini"), "--ca-file", s.Path("pve.pem"), "--state-dir", s.Path("memory"),
		"--ceph", "command", "--conf", s.Path("ceph.conf"), "--id", "nagios", "--keyring", s.Path("nagios.keyring"), "--mon-socket", s.Path("run", "none"),
		"--output", "json", "-t", "30")
	cmd.Env = append(os.Environ(), "CEPH_ARGS=")
	out, err := cmd.Output()
	var answer struct {
		Text  string
		Facts struct{ Failures []foretold }
	}
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil {
		s.t.Fatalf("check_contingency: %v, %v\n%s", err, jsonErr, out)
	}
	said := map[string]foretold{}
	for _, f := range answer.Facts.Failures {
		said[f.Failure.Kind+" "+f.Failure.Name] = f
	}
	if len(said) < cluster.Hosts {
		s.t.Logf("%s", answer.Text)
	}
	return said
}

// held is the law: what was said to be survived is. All else is compared with
// what is expected.
func (s *site) held(b blow, said foretold, got truth) (line string, needless int) {
	s.t.Helper()
	if said.survives() && !got.served {
		s.t.Errorf("UNSAFE: %s was said to be survived, and then: %s", b.failure, got.why)
	}
	// A mgr that is too busy to answer is no reason of the cluster's, and no survival.
	busy := strings.Contains(said.reasons(), "no answer from the active mgr in time")
	if said.survives() != b.survives || !strings.Contains(said.reasons(), b.reason) && !busy {
		s.t.Errorf("%s: survives is %v (%s), want %v (%s)", b.failure, said.survives(), said.reasons(), b.survives, b.reason)
	}
	if got.served != b.served {
		s.t.Errorf("%s died: served is %v (%s), want %v", b.failure, got.served, got.why, b.served)
	}
	if !said.survives() && got.served {
		needless = 1
		if b.needless == "" {
			s.t.Errorf("%s: a needless alarm without a reason: %s", b.failure, said.reasons())
		}
	}
	word := map[bool]string{true: "survives", false: "does not"}[said.survives()]
	return fmt.Sprintf("%-10s %-28s %s", word, got.why, said.reasons()), needless
}
