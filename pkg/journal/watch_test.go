package journal

import (
	"testing"
	"time"
)

// TestWatch looks at many times and expects every look once in what is written
// down, no pause in it longer than was told, and few lines.
func TestWatch(t *testing.T) {
	var w Watch
	var all []Observed
	looks := 0
	look := func(at time.Duration, happened bool) {
		var done []Entry
		w, done = w.Look(noon.Add(at), happened)
		for _, e := range done {
			o := e.Fact.(*Observed)
			if !e.At.Equal(o.Until) {
				t.Errorf("looks until %s are told at %s", o.Until, e.At)
			}
			all = append(all, *o)
		}
		looks++
	}
	for i := range 120 { // two hours, every minute
		look(time.Duration(i)*time.Minute, i == 50)
	}
	look(4*time.Hour, false)             // nobody looked for two hours
	look(3*time.Hour, false)             // the clock went back
	look(3*time.Hour+time.Minute, false) //
	look(3*time.Hour+2*time.Minute, true)
	polls, pause := 0, 0.0
	for _, o := range all {
		polls += o.Polls
		pause = max(pause, o.PauseS)
		if o.Until.Before(o.From) {
			t.Errorf("%+v", o)
		}
		if o.From.Before(noon.Add(119*time.Minute)) && o.Until.After(noon.Add(119*time.Minute)) {
			t.Errorf("nobody looked, and it says so: %+v", o)
		}
	}
	if polls != looks || pause != 60 || len(all) > 8 {
		t.Errorf("%d of %d looks, the longest pause %v s, %d lines", polls, looks, pause, len(all))
	}
}

func TestWatchOfOne(t *testing.T) {
	_, done := Watch{}.Look(noon, true)
	if len(done) != 1 || *done[0].Fact.(*Observed) != (Observed{From: noon, Until: noon, Polls: 1}) {
		t.Errorf("%+v", done)
	}
	if _, done := (Watch{}).Look(noon, false); done != nil {
		t.Errorf("%+v", done)
	}
}
