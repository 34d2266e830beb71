package gate

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/noout-monitoring/noout/pkg/maintenance"
)

func TestAsked(t *testing.T) {
	list := maintenance.Checklist{{Name: "a", Outcome: maintenance.Holds}, {Name: "b", Outcome: maintenance.Fails, Evidence: "vm105 db1 is left"}}
	a := asked("check_drained", []string{"pve3"}, list)
	if a.Answer != "no" || a.Conditions != 2 || a.Holding != 1 || len(a.Reasons) != 1 || !slices.Equal(a.Nodes, []string{"pve3"}) {
		t.Errorf("%+v", a)
	}
	for range 50 {
		list = append(list, list[1])
	}
	if a := asked("check_drained", nil, list); len(a.Reasons) != mostReasons || a.Conditions != 52 {
		t.Errorf("%d reasons of %d", len(a.Reasons), a.Conditions)
	}
	long := maintenance.Checklist{{Name: "c", Outcome: maintenance.Fails, Evidence: "x" + strings.Repeat("\u00e9", longestReason)}}
	if a := asked("check_drained", nil, long); len(a.Reasons[0]) > longestReason || !utf8.ValidString(a.Reasons[0]) {
		t.Errorf("%q", a.Reasons[0])
	}
}
