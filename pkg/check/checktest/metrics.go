package checktest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
)

// datum is an item of performance data: its label, its value, and its unit.
var datum = regexp.MustCompile(`^([^=]+)=-?[0-9.]+([a-zA-Z%]*)(;|$)`)

// Measured checks that every item of performance data in an answer is one of
// the metrics that the plugin declares: dashboards are made of those.
func Measured(t Reporter, declared []check.Metric, stdout []byte) {
	t.Helper()
	first, _, _ := strings.Cut(string(stdout), "\n")
	_, data, _ := strings.Cut(first, " | ")
	for _, word := range strings.Fields(data) {
		m := datum.FindStringSubmatch(word)
		if m == nil {
			t.Errorf("%q is no item of performance data", word)
			continue
		}
		if !slices.ContainsFunc(declared, func(d check.Metric) bool { return d.Matches(m[1], m[2]) }) {
			t.Errorf("%s is none of the metrics that the plugin declares", word)
		}
	}
}
