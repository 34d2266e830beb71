package main

import (
	"testing"
	"time"
)

// TestMoment: an offset may stand behind the time as the help writes it.
func TestMoment(t *testing.T) {
	want := time.Date(2026, 12, 3, 13, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-12-03T14:00+01:00", "2026-12-03T14:00:00+01:00", "2026-12-03T13:00Z", "2h"} {
		if got, err := moment(text, want.Add(-2*time.Hour)); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
}
