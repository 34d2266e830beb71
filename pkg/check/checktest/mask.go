package checktest

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What differs from run to run in the formats for machines, and from user to
// user in advice about directories.
var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(install -d -m 700 -o )[^ "]+`), "${1}USER"},
	// what is left of the run when Ceph is asked, in whole seconds
	{regexp.MustCompile(`(no answer from the monitors within )\d+s`), "${1}Ns"},
	// a pin that is cut, of a certificate made for the run
	{regexp.MustCompile(`(--fingerprint )[0-9A-F:]+\.\.\.`), "${1}PIN..."},
	// asked before the mgr, which may hang, where a slow run has little time left
	{regexp.MustCompile(`"osd tree: \d+ bytes",("osd df tree: )`), "${1}"},
	{regexp.MustCompile(`("time":")[^"]*`), "${1}TIME"},
	{regexp.MustCompile(`("version":")[^"]*`), "${1}VERSION"},
	{regexp.MustCompile(`(?m)^(noout_last_run_timestamp_seconds\{.*\}) .*$`), "${1} TIME"},
}

// mask replaces values by their names.
func (s stage) mask(text string) string {
	for _, name := range s.longest(func(name string) string { return s.names[name] }) {
		if value := s.names[name]; value != "" {
			text = strings.ReplaceAll(text, value, name)
		}
	}
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.with)
	}
	return text
}

// longest lists the names so that none is replaced in the middle of another.
func (s stage) longest(by func(name string) string) []string {
	return slices.SortedFunc(maps.Keys(s.names), func(a, b string) int {
		return cmp.Or(len(by(b))-len(by(a)), strings.Compare(a, b))
	})
}
