package journal

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wholeLine is a line of a kind in which every field says something.
func wholeLine(t testing.TB, kind Kind) []byte {
	t.Helper()
	e := Entry{
		ID: "8b1c4f0e6a2d9730", At: noon.Add(1500 * time.Millisecond), Since: noon.Add(-time.Minute), Seen: noon, By: "check_guests", Cluster: "lab", Node: "pve3",
		Guest: &Guest{105, "vm", `B "ä},"`, "acme", []string{"web", "prod"}}, Fact: whole(kind),
	}
	switch fact := e.Fact.(type) { // as they are: plain text
	case *GuestMoved:
		fact.From, fact.To, fact.Task = "pve3", "pve1", "UPID:pve3:1"
	case *GuestSilent:
		fact.Class = ClassMigration
	}
	line, err := e.line()
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// TestQuick: the kinds of which there are most are read the quick way, and as any
// other way reads them; no other kind is.
func TestQuick(t *testing.T) {
	most := []Kind{KindObserved, KindGuestMoved, KindGap, KindGuestSilent, KindGuestAnswers}
	var q quick
	for kind := range kinds {
		line := wholeLine(t, kind)
		e, is := q.entry(line)
		if is != slices.Contains(most, kind) {
			t.Errorf("%s is read the quick way: %v", kind, is)
		}
		if !is {
			continue
		}
		if want, err := parse(line); err != nil || cmp.Diff(want, e) != "" {
			t.Errorf("%v\n%s", err, cmp.Diff(want, e))
		}
		again, _ := q.entry(line)
		if again.Guest != e.Guest {
			t.Errorf("%s: the guest is read twice", kind)
		}
		for cut := range line { // of a torn line there is nothing to tell
			if torn, is := q.entry(line[:cut]); is {
				t.Errorf("%q is %+v", line[:cut], torn)
			}
		}
	}
}
