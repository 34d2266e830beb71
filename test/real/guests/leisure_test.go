//go:build real

package guests

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// measurement that expects a machine with leisure: what is wrong
// with it, and what held this machine up meanwhile, by the engine's own word.
type measurement struct {
	wrong []string
	held  string
}

func (m *measurement) errorf(format string, args ...any) {
	m.wrong = append(m.wrong, fmt.Sprintf(format, args...))
}

// undisturbed measures until nothing is wrong, or something is although this
// machine was not held up: only then it is the engine's doing. Three
// measurements that were disturbed prove nothing either way, which is said.
func undisturbed(t *testing.T, measure func(t *testing.T) measurement) {
	t.Helper()
	const tries = 3
	held := ""
	for range tries {
		m := measure(t)
		if len(m.wrong) == 0 {
			return
		}
		if m.held == "" {
			for _, text := range m.wrong {
				t.Error(text)
			}
			return
		}
		held = m.held
		t.Logf("this machine was held up, %s: %d things are not as expected, such as %s", m.held, len(m.wrong), m.wrong[0])
	}
	t.Skipf("this machine was held up in each of %d measurements (%s): run it again when less runs here", tries, held)
}

// heldUp is what the engine says of this machine. Rounds were to take so long
// at most, and packets to be so far apart.
func heldUp(a answer, whole, apart time.Duration) string {
	switch {
	case a.Spacing > apart:
		return fmt.Sprintf("packets were up to %s apart", a.Spacing)
	case a.Elapsed > whole:
		return fmt.Sprintf("what takes %s took %s", whole, a.Elapsed)
	}
	crowded := 0
	for _, x := range a.Targets {
		for _, r := range x.Refusals {
			if slices.Contains([]unix.Errno{unix.ENOBUFS, unix.EAGAIN}, r.Errno) {
				crowded += r.Count
			}
		}
	}
	if crowded > 0 {
		return fmt.Sprintf("%d packets found no room to be sent", crowded)
	}
	return ""
}
