package ipmi

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// muteAfter lets the board answer n times and never again.
func (b *board) muteAfter(n int) {
	b.change(func() {
		b.replies = 0
		b.reply = func(at int, answer []byte) [][]byte {
			if at > n {
				return nil
			}
			return [][]byte{answer}
		}
	})
}

// TestMuteHalfWay judges what was read and says what was not, whether the
// deadline ends the poll or two requests without an answer do.
func TestMuteHalfWay(t *testing.T) {
	for _, limit := range []time.Duration{300 * time.Millisecond, time.Minute} {
		bubble(t, limit.String(), func(t *testing.T) {
			b := shelf(t)
			l := b.client()
			before := poll1(t, l, bmc.Ask{})
			b.muteAfter(8)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			server, err := l.Poll(ctx, bmc.Ask{Memory: before.Memory, Logs: true})
			if err != nil {
				t.Fatal(err)
			}
			if len(server.Fans) != 3 || len(speeds(server)) != 3 || !server.Hides("0x44") || server.Hides("0x43") {
				t.Errorf("%d fans, %d readings, gaps %v", len(server.Fans), len(speeds(server)), server.Gaps)
			}
			var what []string
			for _, gap := range server.Gaps {
				what = append(what, gap.What)
			}
			want := []string{"sensor 0x44 FAN4", "sensor 0x45 FAN5", "sensor 0x46 FAN6", "sensor 0x47 FAN7", "sensor 0x48 FAN8",
				"sensor 0x75 Fan Redundancy", "SEL"}
			if diff := cmp.Diff(want, what); diff != "" {
				t.Error(diff)
			}
			if len(server.Memory) == 0 {
				t.Error("the memory was lost")
			}
		})
	}
}

// TestDeadlineAgainstSilence: whenever the controller falls silent, the poll
// returns within the contract's bound after the end of its context, and by
// itself when there is none.
func TestDeadlineAgainstSilence(t *testing.T) {
	for mute := range 14 {
		for _, limit := range []time.Duration{time.Millisecond, 700 * time.Millisecond, 8 * time.Second, time.Hour} {
			bubble(t, fmt.Sprint(mute, limit), func(t *testing.T) {
				b := shelf(t)
				b.muteAfter(mute)
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				start := time.Now()
				b.client().Poll(ctx, bmc.Ask{Logs: true})
				// Two requests of three tries each, one more for the log.
				if took := time.Since(start); took > min(limit, 10*time.Second)+bmc.CloseTime {
					t.Errorf("took %s", took)
				}
			})
		}
	}
}

// TestCancelled: a poll that is cancelled at any moment leaves no session on a
// controller that still answers, and returns within the contract's bound.
func TestCancelled(t *testing.T) {
	for _, delay := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond, 150 * time.Millisecond} {
		for step := range time.Duration(64) {
			after := step * delay * 3 / 8
			bubble(t, fmt.Sprint(delay, " ", after), func(t *testing.T) {
				b := shelf(t)
				b.delay = delay
				ctx, cancel := context.WithCancel(t.Context())
				start := time.Now()
				time.AfterFunc(after, cancel)
				b.client().Poll(ctx, bmc.Ask{Logs: true})
				if late := time.Since(start) - after; late > bmc.CloseTime {
					t.Errorf("returned %s after it was cancelled", late)
				}
				time.Sleep(time.Second) // what is under way arrives
				if n := b.open(); n != 0 {
					t.Errorf("%d sessions left", n)
				}
				if n := b.count("06/3c"); n > tries {
					t.Errorf("%d Close Session", n)
				}
			})
		}
	}
}
