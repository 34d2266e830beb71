package check

import (
	"strings"
	"testing"
)

// TestNewsOutranksHistory: while nothing live can be judged, what is remembered
// is named after the reason and makes no status; otherwise it counts as ever.
func TestNewsOutranksHistory(t *testing.T) {
	latch := Finding{Status: CRITICAL, Text: "FAN3 dropped out 6 times", Remembered: true}
	cause := Finding{Status: UNKNOWN, Text: "bmc1: no answer"}
	for name, test := range map[string]struct {
		result Result
		want   Status
		line   string
	}{
		"silent":           {Result{Blind: true, Findings: []Finding{latch, cause}}, UNKNOWN, "UNKNOWN: bmc1: no answer, also remembered as CRITICAL: FAN3 dropped out 6 times"},
		"silent, mapped":   {Result{Blind: true, Findings: []Finding{latch, {Status: WARNING, Text: "bmc1: no answer"}}}, WARNING, "WARNING: bmc1: no answer, also remembered as CRITICAL: FAN3 dropped out 6 times"},
		"two remembered":   {Result{Blind: true, Findings: []Finding{latch, latch, cause}}, UNKNOWN, "UNKNOWN: bmc1: no answer, also remembered as CRITICAL: FAN3 dropped out 6 times and 1 more"},
		"the same status":  {Result{Blind: true, Findings: []Finding{{Status: UNKNOWN, Text: "an age", Remembered: true}, cause}}, UNKNOWN, "UNKNOWN: bmc1: no answer, also remembered as UNKNOWN: an age"},
		"it answers":       {Result{Findings: []Finding{latch, cause}}, CRITICAL, "CRITICAL: FAN3 dropped out 6 times, also UNKNOWN: bmc1: no answer"},
		"without a reason": {Result{Blind: true, Findings: []Finding{latch}}, UNKNOWN, "UNKNOWN: nothing was judged, also remembered as CRITICAL: FAN3 dropped out 6 times"},
		"nothing is left":  {Result{Blind: true, Findings: []Finding{{Text: "all turned", Remembered: true}, cause}}, UNKNOWN, "UNKNOWN: bmc1: no answer"},
	} {
		if got := test.result.Status(); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		if line, _, _ := strings.Cut(test.result.nagios(0, unlimited), "\n"); line != test.line {
			t.Errorf("%s: %q, want %q", name, line, test.line)
		}
	}
}
