package main

import (
	"testing"
	"time"
)

// TestMoments: an offset may stand behind a time as the help writes it.
func TestMoments(t *testing.T) {
	want := time.Date(2026, 11, 28, 13, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-11-28T14:00+01:00", "2026-11-28T14:00:00+01:00", "2026-11-28T13:00Z", "2h"} {
		if got, err := moments(text, want.Add(2*time.Hour)); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
}
