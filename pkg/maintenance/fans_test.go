package maintenance

import (
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/fans"
)

// TestQuietWords: that no fan dropped out is only said where the log tells it.
func TestQuietWords(t *testing.T) {
	for want, r := range map[string]fans.Report{
		"6 fans turn, no drop-out since ":                                                               {Turning: 6},
		"6 fans turn, 1 entry about fans without a usable time in the log not counted":                  {Turning: 6, Undated: 1},
		"6 fans turn, 1 drop-out around the start of the server not counted, 2 entries about fans with": {Turning: 6, Undated: 2, Excused: 1},
	} {
		if c := quiet(r); c.Outcome != Holds || !strings.HasPrefix(c.Evidence, want) {
			t.Errorf("%s: %q, expected %q", c.Outcome, c.Evidence, want)
		}
	}
}
