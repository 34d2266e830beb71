package check

import (
	"strings"
	"testing"
	"time"
)

// TestHeadlineOfJSON: text of devices stays as it came there too.
func TestHeadlineOfJSON(t *testing.T) {
	r := Result{Findings: []Finding{{Status: WARNING, Text: `"a" costs $5`}}, Notes: []string{"it's so"}}
	if got := string(newOutput("check_x", nil).json(r, time.Time{})); !strings.Contains(got, `"text":"\"a\" costs $5 (it's so)"`) {
		t.Error(got)
	}
}
