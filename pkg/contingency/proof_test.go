package contingency

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
)

var (
	clusters = flag.Int("clusters", 4000, "random clusters the proof looks at")
	first    = flag.Uint64("seed", 0, "number of the first cluster; each number is one cluster")
)

// tally counts failures by what was said of them.
type tally struct {
	failures, survived, lost int
	needless                 map[string]int
	withheld                 int
}

// TestProof kills every single thing of random clusters and compares what is
// lost with what was said: nothing that is lost may be called survived, by the
// ceph command or by the rules alone, with everything told or with something
// withheld. Alarms about failures that take nothing are counted by their
// condition and their outcome, each under 2 % of all failures.
//
// A failure names its cluster: go test -run Proof -args -clusters=1 -seed=NUMBER
// shows it again.
func TestProof(t *testing.T) {
	workers := runtime.NumCPU()
	sums, failed := make([]tally, workers), make([]error, workers)
	var wait sync.WaitGroup
	for n := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			sums[n].needless = map[string]int{}
			for i := n; i < *clusters && failed[n] == nil; i += workers {
				failed[n] = prove(*first+uint64(i), &sums[n])
			}
		}()
	}
	wait.Wait()
	sum := tally{needless: map[string]int{}}
	for n := range workers {
		if failed[n] != nil {
			t.Error(failed[n])
		}
		sum.failures += sums[n].failures
		sum.survived += sums[n].survived
		sum.lost += sums[n].lost
		sum.withheld += sums[n].withheld
		for k, v := range sums[n].needless {
			sum.needless[k] += v
		}
	}
	t.Logf("%d failures in %d clusters: %d take something, %d are said to be survived, %d with something withheld", sum.failures, *clusters, sum.lost, sum.survived, sum.withheld)
	for _, k := range slices.Sorted(maps.Keys(sum.needless)) {
		share := 100 * float64(sum.needless[k]) / float64(sum.failures)
		t.Logf("%6.3f %% needless %s", share, k)
		if share >= 2 && *clusters > 1000 {
			t.Errorf("needless alarms %q: %.2f %%, less than 2 %% allowed", k, share)
		}
	}
	if *clusters > 1000 && (sum.survived < sum.failures/20 || sum.lost < sum.failures/10) {
		t.Error("hardly anything is survived, or lost: the proof proves little")
	}
}

func prove(number uint64, sum *tally) error {
	r := rand.New(rand.NewPCG(number, 22))
	w := random(r)
	if lost := w.kill(nil, false); len(lost) > 0 {
		return nil // without quorum or I/O nothing is asked
	}
	e, err := w.evidence(r)
	if err != nil {
		return fmt.Errorf("cluster %d: %w", number, err)
	}
	byToken := e
	byToken.Safeties = nil
	for source, e := range map[string]Evidence{"command": e, "token": byToken} {
		for _, l := range Of(e).Losses {
			lost := w.kill(w.dead(l.Failure), l.Failure.Kind == Device)
			if l.Survives() && len(lost) > 0 {
				return fmt.Errorf("cluster %d by %s: %s is said to be survived, and takes %v\n%+v\n%+v", number, source, l.Failure, lost, l, w)
			}
			if harm := grave(lost); harm != "" && mild(l) {
				return fmt.Errorf("cluster %d by %s: %s takes %s, and that is only a warning\n%+v\n%+v", number, source, l.Failure, harm, l, w)
			}
			if source == "command" {
				sum.count(l, lost)
			}
		}
	}
	return w.withhold(number, r, e, sum)
}

// grave is what of a loss must be more than a warning: all but guests outside HA
// that stay down, and data of which there may be a backup.
func grave(lost []string) string {
	for _, text := range lost {
		if !strings.HasSuffix(text, "stays down") && !strings.HasSuffix(text, "data") {
			return text
		}
	}
	return ""
}

// mild says that nothing fails and all is known.
func mild(l Loss) bool {
	return l.Conditions.Count(maintenance.Fails)+l.Conditions.Count(maintenance.Unknown) == 0
}

func (s *tally) count(l Loss, lost []string) {
	s.failures++
	if len(lost) > 0 {
		s.lost++
		return
	}
	if l.Survives() {
		s.survived++
		return
	}
	for _, c := range l.Conditions {
		if c.Outcome != maintenance.Holds {
			s.needless[string(c.Outcome)+": "+c.Name]++
		}
	}
}

// dead are the nodes of a failure.
func (w *world) dead(f Failure) []int {
	var out []int
	for i, n := range w.nodes {
		if slices.Contains(f.Nodes, n.name) {
			out = append(out, i)
		}
	}
	return out
}

// withheld evidence: each takes something away that some failure needs.
var withheld = map[string]func(*rand.Rand, *Evidence) bool{
	"the configuration of a guest": func(r *rand.Rand, e *Evidence) bool {
		if len(e.Cluster.Guests) == 0 {
			return false
		}
		e.Configs = maps.Clone(e.Configs)
		delete(e.Configs, e.Cluster.Guests[r.IntN(len(e.Cluster.Guests))].ID)
		return true
	},
	"the replication jobs": func(_ *rand.Rand, e *Evidence) bool { e.Reserve.Jobs = nil; return true },
	"who is replicated":    func(_ *rand.Rand, e *Evidence) bool { e.Reserve.Replicated = pve.Kept[[]int]{}; return true },
	"the mappings":         func(_ *rand.Rand, e *Evidence) bool { e.Reserve.Mappings.Value = nil; return true },
	"the votes":            func(_ *rand.Rand, e *Evidence) bool { e.Cluster.Votes.Known = false; return true },
	"the storages":         func(_ *rand.Rand, e *Evidence) bool { e.Cluster.Storages = nil; return true },
	"the memory of nodes": func(_ *rand.Rand, e *Evidence) bool {
		e.Cluster.Nodes = slices.Clone(e.Cluster.Nodes)
		for i := range e.Cluster.Nodes {
			e.Cluster.Nodes[i].MaxMemory = 0
		}
		return true
	},
	"the memory of guests": func(_ *rand.Rand, e *Evidence) bool {
		e.Cluster.Guests = slices.Clone(e.Cluster.Guests)
		for i := range e.Cluster.Guests {
			e.Cluster.Guests[i].MaxMemory = 0
		}
		return true
	},
	"Ceph": func(_ *rand.Rand, e *Evidence) bool { has := e.Ceph.Cluster != nil; e.Ceph.Cluster = nil; return has },
	"the answer to ok-to-stop": func(_ *rand.Rand, e *Evidence) bool {
		e.Safeties = nil
		e.Ceph.SafetyErr = fmt.Errorf("silent")
		return true
	},
}

// withhold takes one piece of evidence away: what is lost is still not survived.
func (w *world) withhold(number uint64, r *rand.Rand, e Evidence, sum *tally) error {
	names := slices.Sorted(maps.Keys(withheld))
	name := names[r.IntN(len(names))]
	if !withheld[name](r, &e) {
		return nil
	}
	sum.withheld++
	for _, l := range Of(e).Losses {
		if lost := w.kill(w.dead(l.Failure), l.Failure.Kind == Device); l.Survives() && len(lost) > 0 {
			return fmt.Errorf("cluster %d without %s: %s is said to be survived, and takes %v\n%+v\n%+v", number, name, l.Failure, lost, l, w)
		}
	}
	return nil
}
