package story

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/test/story/room"
)

const guestsPlugin = "check_guests"

// customers is what those see who use the guests.
func customers(happens, why string) Step {
	return Step{
		Happens: happens,
		Command: question(guestsPlugin), Exit: 0, Line: `OK: 5 of 5 guests answer, rta \S+, 0% lost \|`,
		Why: why,
	}
}

// watched is a migration that ends while somebody watches: time leaps to its
// end when the watch has begun.
func watched() Step {
	return Step{
		Happens:  "Twenty seconds later qemu hands db1 over. How long is it away for its customers?",
		Do:       func(w *World) error { w.Room.Upon(105, 50, "advance?by=20s"); return nil },
		Command:  question(guestsPlugin + " --vmid 105 --watch 4s --interval 20ms"),
		Exit:     0,
		Line:     `OK: 1 of 1 guest answers, rta \S+, \S+% lost, longest gap vm105: \d+ ms \(\d+-\d+\)`,
		Why:      "A live migration stops the guest for its last pages. In brackets is what is certain, one interval more or less.",
		Blackout: 105,
	}
}

// held is by how much a busy machine may hold up a packet between check_guests
// and a guest, at one end of a silence more than at the other.
const held = 100 * time.Millisecond

// measured says how a gap in the answer differs from the silence of a guest.
func measured(line string, guest int, truth room.Silence) error {
	m := regexp.MustCompile(fmt.Sprintf(`longest gap vm%d: \d+ ms \((\d+)-(\d+)\)`, guest)).FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("no gap of guest %d in %q", guest, line)
	}
	var bounds [2]time.Duration
	for i := range bounds {
		n, err := strconv.Atoi(m[1+i])
		if err != nil {
			return err
		}
		bounds[i] = time.Duration(n) * time.Millisecond
	}
	if truth.AtMost < room.Blackout || bounds[0] > truth.AtMost+held || bounds[1] < truth.AtLeast-held {
		return fmt.Errorf("gap of %s to %s, the guest was silent for %s to %s: %q", bounds[0], bounds[1], truth.AtLeast, truth.AtMost, line)
	}
	return nil
}
