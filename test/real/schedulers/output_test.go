//go:build real

package schedulers

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// output is what a plugin says, in the parts that schedulers keep apart.
type output struct {
	Exit  int
	First string
	Long  []string
	Perf  []string
}

// parts takes apart what a plugin printed on a shell: performance data stands
// at the end of its first line.
func (a answer) parts() output {
	first, long, _ := strings.Cut(strings.TrimSuffix(a.text, "\n"), "\n")
	text, perf, _ := strings.Cut(first, " | ")
	return newOutput(a.exit, text, long, strings.Fields(perf))
}

// newOutput leaves out what no two runs have in common: how long a request or
// a ping took, how far the simulated cluster's clock is ahead of ours, and that the
// monitors were asked for the tree because little time was left to ask a mgr. All
// other numbers must be the same.
func newOutput(exit int, first, long string, perf []string) output {
	o := output{Exit: exit, First: took.ReplaceAllString(first, "$1")}
	for line := range strings.Lines(behind.ReplaceAllString(took.ReplaceAllString(long, "$1"), "$1")) {
		if line = strings.TrimSuffix(line, "\n"); !early.MatchString(line) {
			o.Long = append(o.Long, line)
		}
	}
	for _, p := range perf {
		o.Perf = append(o.Perf, trip.ReplaceAllString(p, "$1=$2"))
	}
	return o
}

var (
	took   = regexp.MustCompile(`\b[0-9.]+ ?(us|ms)\b`)
	behind = regexp.MustCompile(`(our clock is behind by )[0-9dhms]+`)
	early  = regexp.MustCompile(`^  - osd tree: \d+ bytes$`)
	trip   = regexp.MustCompile(`^(rta|rta_max)=[0-9.]+(ms.*)$`)
)

// same compares what arrived with what was printed.
func same(t testing.TB, printed, arrived output) {
	t.Helper()
	if diff := cmp.Diff(printed, arrived); diff != "" {
		t.Errorf("printed (-) is not what arrived (+):\n%s", diff)
	}
}
