package journal

import (
	"time"

	"github.com/noout-monitoring/noout/pkg/state"
)

const (
	// noteEvery is how often it is written down that somebody looks.
	noteEvery = 30 * time.Minute
	// noLook is the pause after which nobody was looking: what was seen before
	// it and after it is written down apart.
	noLook = 15 * time.Minute
)

// Watch counts looks until they are written down. A plugin keeps it in its
// memory; the zero Watch begins.
type Watch struct {
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Polls  int       `json:"polls,omitempty"`
	PauseS float64   `json:"pause_s,omitempty"`
	// Noted is when looks were written down last.
	Noted time.Time `json:"noted,omitzero"`
}

// Moved is the watch by our clock, which was set forward by so much.
func (w Watch) Moved(by time.Duration) Watch {
	state.Move(by, &w.From, &w.Until, &w.Noted)
	return w
}

// Look adds a look, and returns what is to be written down of those so far:
// nothing as a rule; something every half an hour, after a pause in which nobody
// looked, when the clock went back, and whenever something else is to be written
// down (happened): whoever reads that wants to know who looked.
func (w Watch) Look(now time.Time, happened bool) (Watch, []Entry) {
	var done []Entry
	if pause := now.Sub(w.Until); pause > noLook || pause < 0 { // as since the zero time
		if w.Polls > 0 {
			done = append(done, w.observed())
		}
		w = Watch{From: now, Until: now, Noted: now}
	}
	w.PauseS = max(w.PauseS, now.Sub(w.Until).Seconds())
	w.Until = now
	w.Polls++
	if happened || now.Sub(w.Noted) >= noteEvery {
		done = append(done, w.observed())
		w = Watch{From: now, Until: now, Noted: now}
	}
	return w, done
}

func (w Watch) observed() Entry {
	return Entry{At: w.Until, Fact: &Observed{w.From, w.Until, w.Polls, w.PauseS}}
}
