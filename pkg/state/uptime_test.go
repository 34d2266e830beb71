package state

import (
	"os"
	"testing"
	"time"
)

// TestUptime: it runs with the clock that Go measures durations by.
func TestUptime(t *testing.T) {
	if _, err := os.Stat("/proc/uptime"); err != nil {
		t.Skip("no /proc/uptime on this machine")
	}
	begun := time.Now()
	first, boot, err := Uptime()
	if err != nil || boot == "" || first <= 0 {
		t.Fatalf("%s, %q, %v", first, boot, err)
	}
	for { // until it ticks
		again, same, err := Uptime()
		if err != nil || same != boot || again < first {
			t.Fatalf("%s after %s, boot %q after %q, %v", again, first, same, boot, err)
		}
		if again > first {
			// The file tells hundredths of a second.
			if d := again - first; d > time.Since(begun)+20*time.Millisecond {
				t.Errorf("%s went by in %s", d, time.Since(begun))
			}
			return
		}
	}
}
