//go:build real

package migration

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

const (
	ms = time.Millisecond
	// watchInterval is check_guests' own.
	watchInterval = 20 * ms
	// slack is what a busy machine may put between two looks at its clock.
	slack = 10 * ms
)

// silence is how long somebody who asks at an interval saw the guest away: not
// shorter than the one, not longer than the other.
type silence struct{ atLeast, atMost time.Duration }

func (s silence) String() string {
	if s.atMost == math.MaxInt64 {
		return fmt.Sprintf("at least %d ms", s.atLeast.Milliseconds())
	}
	return fmt.Sprintf("%d ms (%d-%d)", ((s.atLeast + s.atMost) / 2).Milliseconds(), s.atLeast.Milliseconds(), s.atMost.Milliseconds())
}

// hearing is what ping heard.
type hearing struct {
	// longest silence.
	longest silence
	// whole is the same where it was broken by answers that took less time than
	// from one packet of check_guests to the next: then nothing of its own may be
	// among them. A guest that goes on elsewhere answers what had come before it
	// was stopped, and may then be away again.
	whole time.Duration
	// spacing is the longest time between two packets, which is more than the
	// interval where this machine held ping up.
	spacing time.Duration
	// pieces are all silences that matter, in the order of time.
	pieces []piece
}

// piece is a silence, from one answer to another.
type piece struct {
	silence
	from, to time.Time
}

// agrees says whether one guest can have been away as both saw it. Each of them
// looks at its clock late by as much as the slack.
func (s silence) agrees(with hearing) bool {
	return s.atLeast-2*slack <= with.whole && with.longest.atLeast-2*slack <= s.atMost
}

// heard is what can be told from the answers to ping.
func heard(replies []reply) (h hearing) {
	if len(replies) == 0 {
		return h
	}
	base := replies[0].rtt
	for _, r := range replies {
		base = min(base, r.rtt)
	}
	for i, b := range replies[1:] {
		a := replies[i]
		if b.seq <= a.seq {
			continue // it was overtaken
		}
		apart := b.sent().Sub(a.sent()) / time.Duration(b.seq-a.seq)
		h.spacing = max(h.spacing, apart)
		away := silence{atMost: b.at.Sub(a.at)}
		if held := b.rtt - base; held >= pingInterval {
			// The first without a prompt answer went out after a, and the
			// guest was still away when b was let go.
			away.atLeast = b.at.Add(-base).Sub(a.sent().Add(apart))
		} else if lost := b.seq - a.seq - 1; lost > 0 {
			away.atLeast = time.Duration(lost-1) * apart
		}
		away.atLeast = max(0, min(away.atLeast, away.atMost))
		h.longest.atLeast = max(h.longest.atLeast, away.atLeast)
		h.longest.atMost = max(h.longest.atMost, away.atMost)
		if away.atMost > watchInterval*3/2 {
			h.pieces = append(h.pieces, piece{away, a.at, b.at})
		}
	}
	h.whole = h.longest.atMost
	for i, first := 1, 0; i < len(h.pieces); i++ {
		if h.pieces[i].from.Sub(h.pieces[i-1].to) >= watchInterval {
			first = i
		}
		h.whole = max(h.whole, h.pieces[i].to.Sub(h.pieces[first].from))
	}
	return h
}

func (h hearing) String() string {
	text := h.longest.String()
	if h.whole > h.longest.atMost {
		text += fmt.Sprintf(", %d ms with a moment of answers in it", h.whole.Milliseconds())
	}
	return text
}

// details are the pieces, for who has to find out.
func (h hearing) details() string {
	var list []string
	for _, p := range h.pieces {
		list = append(list, fmt.Sprintf("%s at %s", p.silence, p.from.Format("05.000")))
	}
	return strings.Join(list, ", ")
}

// TestHeard: what is made of ping's lines, and when two agree.
func TestHeard(t *testing.T) {
	var replies []reply
	began := time.Unix(1700000000, 0)
	add := func(seq int, rtt time.Duration) {
		replies = append(replies, reply{seq, began.Add(time.Duration(seq)*pingInterval + rtt), rtt})
	}
	for seq := 1; seq <= 10; seq++ {
		add(seq, ms)
	}
	if h := heard(replies); h.longest != (silence{0, 10 * ms}) || h.whole != 10*ms || h.spacing != pingInterval {
		t.Errorf("no gap: %+v", h)
	}
	add(41, ms) // 30 were lost
	if h := heard(replies); h.longest != (silence{290 * ms, 310 * ms}) || h.whole != 310*ms {
		t.Errorf("lost: %+v", h)
	}
	add(52, ms) // 10 more, after a single answer
	if h := heard(replies); h.longest != (silence{290 * ms, 310 * ms}) || h.whole != 420*ms {
		t.Errorf("a moment of answers: %+v", h)
	}
	for seq := 53; seq <= 55; seq++ {
		add(seq, ms)
	}
	add(66, ms)
	if h := heard(replies); h.whole != 420*ms {
		t.Errorf("it was back: %+v", h)
	}
	add(67, 501*ms) // all were held up, and let go at once
	add(68, 491*ms)
	if h := heard(replies); h.longest != (silence{500 * ms, 510 * ms}) {
		t.Errorf("held up: %+v", h)
	}
	if h := heard(append(replies, reply{69, began.Add(2 * time.Second), ms})); h.spacing < 500*ms {
		t.Errorf("ping was held up: %+v", h)
	}
	for _, c := range []struct {
		ours, theirs silence
		agree        bool
	}{
		{silence{279 * ms, 320 * ms}, silence{290 * ms, 310 * ms}, true},
		{silence{279 * ms, 320 * ms}, silence{325 * ms, 345 * ms}, true},
		{silence{279 * ms, 320 * ms}, silence{345 * ms, 365 * ms}, false},
		{silence{279 * ms, 320 * ms}, silence{235 * ms, 255 * ms}, false},
		{silence{0, 40 * ms}, silence{0, 12 * ms}, true},
		{silence{0, 40 * ms}, silence{290 * ms, 310 * ms}, false},
		{silence{279 * ms, 320 * ms}, silence{0, 12 * ms}, false},
	} {
		if got := c.ours.agrees(hearing{longest: c.theirs, whole: c.theirs.atMost}); got != c.agree {
			t.Errorf("%s and %s: %v", c.ours, c.theirs, got)
		}
	}
	for text, want := range map[string]reply{
		"[1700000000.250000] 64 bytes from 10.18.0.2: icmp_seq=7 ttl=64 time=0.321 ms": {7, time.Unix(1700000000, 250_000_000), 321 * time.Microsecond},
		"[1700000000.500000] 64 bytes from 10.18.0.2: icmp_seq=8 ttl=64 time=1012 ms":  {8, time.Unix(1700000000, 500_000_000), 1012 * ms},
	} {
		got, ok, err := readReply(text)
		if !ok || err != nil || got.seq != want.seq || got.rtt != want.rtt || got.at.Sub(want.at).Abs() > time.Microsecond {
			t.Errorf("%s: %+v, %v, %v", text, got, ok, err)
		}
	}
}
