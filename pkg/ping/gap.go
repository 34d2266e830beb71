package ping

import (
	"math"
	"time"
)

// Gap is a time in which a guest did not answer, as far as packets at an
// interval can tell.
//
// An answer proves that the guest was reached. Two answers in a row with
// packets between them that were lost, or held up for longer than an interval,
// enclose a gap: it was not longer than the time between the two, and not
// shorter than from the first such packet to the last, or to when what was
// held up was let go. Routers and bridges hold packets up while they look for
// the guest's new place: then nothing is lost, and the guest was away all the
// same. What this machine was held up itself proves nothing of the guest: an
// answer may have been late for that.
type Gap struct {
	// Start is when the first packet without a prompt answer was sent, since
	// the watch began.
	Start time.Duration
	// AtLeast and AtMost bound the length.
	AtLeast, AtMost time.Duration
	// Lost packets in it had no answer when the next one was answered.
	Lost int
	// Unbounded gaps began before the watch or the run, or did not end in the
	// watch: AtMost is not known, and 0.
	Unbounded bool
}

// Length is the best estimate: the middle of the bounds, or what is certain.
func (g Gap) Length() time.Duration {
	if g.Unbounded {
		return g.AtLeast
	}
	return (g.AtLeast + g.AtMost) / 2
}

// track follows one guest.
type track struct {
	interval time.Duration
	base     time.Duration // shortest round trip so far
	// newest is the latest packet that was answered, by its round.
	newest int
	alive  bool          // there was an answer, the last one
	heard  time.Duration // at this time
	// Of the packets sent after the newest:
	waiting     int
	first, last time.Duration
	// stalled is for how long since the first of them nothing was sent that was due,
	// until resumed.
	stalled, resumed time.Duration
	over             bool // nothing more is due

	longest Gap
	gaps    int
	late    int
	spacing time.Duration // longest time between two packets
	pace    time.Duration // shortest
	begun   bool
}

func newTrack(interval time.Duration) track {
	return track{interval: interval, base: math.MaxInt64, newest: -1}
}

// sent notes a packet.
func (t *track) sent(at time.Duration) {
	if spacing := at - t.last; t.begun {
		if t.spacing == 0 || spacing < t.pace {
			t.pace = spacing
		}
		t.spacing = max(t.spacing, spacing)
	}
	if stall := t.stall(at); stall > 0 {
		t.stalled, t.resumed = t.stalled+stall, at
	}
	if t.waiting == 0 {
		t.first, t.stalled = at, 0
	}
	t.begun, t.last = true, at
	t.waiting++
}

// stall is for how long nothing has been sent that was due: a packet at least. With
// many guests a round takes longer than the interval, and the next is due after it.
func (t *track) stall(at time.Duration) time.Duration {
	due := max(t.interval, t.pace)
	if since := at - t.last; t.begun && !t.over && since >= 2*due {
		return since - due
	}
	return 0
}

// beside is what was sent before and after a packet.
type beside struct {
	before time.Duration // when the one before it was sent
	after  int           // how many were sent after it
	next   time.Duration // when the first of these was sent
}

// answered notes the first answer to a packet.
func (t *track) answered(round int, sent, at time.Duration, by beside) {
	t.base = min(t.base, at-sent)
	held := at - sent - t.base
	if held < t.interval {
		held = 0
	} else {
		t.late++
	}
	if round > t.newest { // otherwise it was overtaken, and nobody was away
		missed := t.waiting - 1 - by.after
		switch {
		case held > 0:
			t.note(missed, sent+held, at)
		case missed > 0:
			t.note(missed, by.before, at)
		}
		t.newest, t.waiting, t.first = round, by.after, by.next
		if by.after == 0 || by.next >= t.resumed {
			t.stalled = 0
		}
	}
	t.alive, t.heard = true, max(t.heard, at)
}

// note keeps the gap that an answer ends, if there was one: what was held up
// is let go all at once, and only the first of it ends the gap.
// The guest was still away at until.
func (t *track) note(missed int, until, at time.Duration) {
	silence := at - t.heard
	if t.alive && silence < t.interval*3/2 {
		return
	}
	g := Gap{Start: t.first, AtLeast: max(0, until-t.first-t.stalled-t.stall(at)), Lost: missed, Unbounded: !t.alive}
	if t.alive {
		g.AtLeast, g.AtMost = min(g.AtLeast, silence), silence
	}
	t.keep(g)
}

func (t *track) keep(g Gap) {
	if t.gaps++; t.gaps == 1 || g.Length() > t.longest.Length() {
		t.longest = g
	}
}

// end notes what was not answered when the watch ended.
func (t *track) end() {
	if t.waiting > 0 {
		t.keep(Gap{Start: t.first, AtLeast: max(0, t.last-t.first-t.stalled), Lost: t.waiting, Unbounded: true})
	}
}
