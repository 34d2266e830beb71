package story

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/story/room"
)

func TestMeasured(t *testing.T) {
	const ms = time.Millisecond
	truth := room.Silence{AtLeast: 280 * ms, AtMost: 320 * ms}
	for line, right := range map[string]bool{
		"OK: 1 of 1 guest answers, longest gap vm105: 300 ms (280-320) | ": true,
		"OK: 1 of 1 guest answers, longest gap vm105: 380 ms (360-400) | ": true,
		"OK: 1 of 1 guest answers, longest gap vm105: 600 ms (580-620) | ": false,
		"OK: 1 of 1 guest answers, longest gap vm105: 60 ms (40-80) | ":    false,
		"OK: 1 of 1 guest answers, longest gap vm103: 300 ms (280-320) | ": false,
		"OK: 1 of 1 guest answers, no gap | ":                              false,
	} {
		if err := measured(line, 105, truth); (err == nil) != right {
			t.Errorf("%s: %v", line, err)
		}
	}
	if measured("longest gap vm105: 60 ms (40-80)", 105, room.Silence{AtLeast: 40 * ms, AtMost: 80 * ms}) == nil {
		t.Error("a guest that was never silent for long enough was measured well")
	}
}
