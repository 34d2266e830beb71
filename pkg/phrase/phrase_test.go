package phrase

import (
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 guests", 1: "1 guest", 2: "2 guests", -1: "-1 guests"} {
		if got := Count(n, "guest", "guests"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestList(t *testing.T) {
	for _, c := range []struct {
		items []string
		most  int
		want  string
	}{
		{nil, 2, ""},
		{[]string{"a"}, 2, "a"},
		{[]string{"a", "b"}, 2, "a, b"},
		{[]string{"a", "b", "c"}, 2, "a, b and 1 more"},
		{[]string{"a", "b", "c", "d", "e"}, 2, "a, b and 3 more"},
	} {
		if got := List(c.items, c.most); got != c.want {
			t.Errorf("List(%v, %d) = %q, want %q", c.items, c.most, got, c.want)
		}
	}
}

// TestPart: of a list that came cut the rest is counted too.
func TestPart(t *testing.T) {
	if got, want := Part([]string{"2.0", "2.1", "2.3"}, 2, 21), "2.0, 2.1 and 19 more"; got != want {
		t.Errorf("Part = %q, want %q", got, want)
	}
	if got, want := Part([]string{"2.0"}, 4, 1), "2.0"; got != want {
		t.Errorf("Part = %q, want %q", got, want)
	}
}

func TestOSDs(t *testing.T) {
	if got, want := OSDs([]int{3, 14}), "osd.3, osd.14"; got != want {
		t.Errorf("OSDs = %q, want %q", got, want)
	}
	if got, want := OSDs([]int{0, 1, 2, 3, 4, 5, 6, 7}), "osd.0, osd.1, osd.2, osd.3, osd.4, osd.5 and 2 more"; got != want {
		t.Errorf("OSDs = %q, want %q", got, want)
	}
}

// TestTime: whatever zone a device used, people read that of the poller.
func TestTime(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.FixedZone("", 2*3600)
	at := time.Date(2026, 11, 3, 23, 30, 0, 5, time.FixedZone("", -5*3600))
	if got, want := Time(at), "2026-11-04T06:30:00+02:00"; got != want {
		t.Errorf("Time = %q, want %q", got, want)
	}
}
