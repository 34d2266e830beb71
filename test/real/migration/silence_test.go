//go:build real

package migration

import (
	"fmt"
	"math"
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

// agrees says whether one guest can have been away as both saw it.
func (s silence) agrees(with silence) bool {
	return s.atLeast-slack <= with.atMost && with.atLeast-slack <= s.atMost
}

// heard is what ping heard: the longest silence, and the longest time between two
// packets, which is more than its interval where this machine held it up.
func heard(replies []reply) (longest silence, spacing time.Duration) {
	if len(replies) == 0 {
		return silence{}, 0
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
		spacing = max(spacing, apart)
		away := silence{atMost: b.at.Sub(a.at)}
		if held := b.rtt - base; held >= pingInterval {
			// The first without a prompt answer went out after a, and the
			// guest was still away when b was let go.
			away.atLeast = b.at.Add(-base).Sub(a.sent().Add(apart))
		} else if lost := b.seq - a.seq - 1; lost > 0 {
			away.atLeast = time.Duration(lost-1) * apart
		}
		longest.atLeast = max(longest.atLeast, min(away.atLeast, away.atMost))
		longest.atMost = max(longest.atMost, away.atMost)
	}
	return longest, spacing
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
	if got, spacing := heard(replies); got != (silence{0, 10 * ms}) || spacing != pingInterval {
		t.Errorf("no gap: %s, packets %s apart", got, spacing)
	}
	add(41, ms) // 30 were lost
	if got, _ := heard(replies); got != (silence{290 * ms, 310 * ms}) {
		t.Errorf("lost: %s", got)
	}
	add(42, 501*ms) // all were held up, and let go at once
	add(43, 491*ms)
	if got, _ := heard(replies); got != (silence{500 * ms, 510 * ms}) {
		t.Errorf("held up: %s", got)
	}
	add(45, 600*ms)
	if _, spacing := heard(append(replies, reply{46, began.Add(2 * time.Second), ms})); spacing < 500*ms {
		t.Errorf("ping was held up, and packets are %s apart", spacing)
	}
	for _, c := range []struct {
		ours, theirs silence
		agree        bool
	}{
		{silence{279 * ms, 320 * ms}, silence{290 * ms, 310 * ms}, true},
		{silence{279 * ms, 320 * ms}, silence{325 * ms, 345 * ms}, true},
		{silence{279 * ms, 320 * ms}, silence{335 * ms, 355 * ms}, false},
		{silence{279 * ms, 320 * ms}, silence{245 * ms, 265 * ms}, false},
		{silence{0, 40 * ms}, silence{0, 12 * ms}, true},
		{silence{0, 40 * ms}, silence{290 * ms, 310 * ms}, false},
		{silence{279 * ms, 320 * ms}, silence{0, 12 * ms}, false},
	} {
		if got := c.ours.agrees(c.theirs); got != c.agree {
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
