package ipmi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// TestCache: which changes of the repository, of time and of the memory make
// the next poll read the records again.
func TestCache(t *testing.T) {
	tests := []struct {
		name   string
		change func(b *board, m *memory)
		walks  bool
	}{
		{"nothing", func(*board, *memory) {}, false},
		{"a record more", func(b *board, _ *memory) { b.put(tach(0x50, "FAN9")); b.turn(0x50, 30) }, true},
		{"time of the last addition", func(b *board, _ *memory) { b.added++ }, true},
		{"time of the last erase", func(b *board, _ *memory) { b.erased++ }, true},
		{"another controller at the address", func(b *board, _ *memory) { b.guid[3]++ }, true},
		{"a day", func(_ *board, m *memory) { m.Repository.Read = m.Repository.Read.Add(-25 * time.Hour) }, true},
		{"hours", func(_ *board, m *memory) { m.Repository.Read = m.Repository.Read.Add(-20 * time.Hour) }, false},
		{"our clock set back", func(_ *board, m *memory) { m.Repository.Read = m.Repository.Read.Add(time.Hour) }, true},
		{"a version of later", func(_ *board, m *memory) { m.Version++ }, true},
		{"a table index out of range", func(_ *board, m *memory) { m.Repository.Sensors[0].Formula.Curve = 99 }, true},
		{"a chunk of zero bytes", func(_ *board, m *memory) { m.Repository.Chunk = -4 }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := shelf(t)
			l := b.client()
			server := poll1(t, l, bmc.Ask{})
			var m memory
			if err := json.Unmarshal(server.Memory, &m); err != nil {
				t.Fatal(err)
			}
			tt.change(b, &m)
			before := b.count("0a/23")
			server = poll1(t, l, bmc.Ask{Memory: m.store()})
			if walked := b.count("0a/23") > before; walked != tt.walks {
				t.Errorf("read again: %t", walked)
			}
			if len(server.Gaps) > 0 || len(speeds(server)) != len(server.Fans) || len(server.Fans) < 8 {
				t.Errorf("gaps %v, fans %v", server.Gaps, server.Fans)
			}
		})
	}
}

func TestMemoryThatIsNone(t *testing.T) {
	b := shelf(t)
	l := b.client()
	for _, stored := range []string{"", "null", "{}", "[]", "{", "\x00\x01", `{"version":1}`, `{"version":"1"}`,
		`{"version":1,"repository":{"walk":{"records":-1}}}`, `{"version":1,"log":{"last":"AAA="}}`} {
		server := poll1(t, l, bmc.Ask{Memory: bmc.Memory(stored), Logs: true})
		if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" || len(server.Gaps) > 0 {
			t.Errorf("%q: %s %v", stored, diff, server.Gaps)
		}
	}
}

// A repository whose time of change is always now must not be walked in every
// run: after two walks for nothing only the number of records counts.
func TestRestlessRepository(t *testing.T) {
	b := shelf(t)
	b.volatile = true
	l := b.client()
	server := poll1(t, l, bmc.Ask{})
	for range 4 {
		server = repeat(t, l, server)
	}
	before := b.count("0a/23")
	server = repeat(t, l, server)
	if b.count("0a/23") != before {
		t.Error("walked again")
	}
	var m memory
	if err := json.Unmarshal(server.Memory, &m); err != nil {
		t.Fatal(err)
	}
	m.Repository.Read = m.Repository.Read.Add(-7 * time.Hour)
	server = poll1(t, l, bmc.Ask{Memory: m.store()})
	if b.count("0a/23") == before {
		t.Error("not walked again after seven hours")
	}
	before = b.count("0a/23")
	b.put(tach(0x50, "FAN9"))
	b.turn(0x50, 30)
	if server = repeat(t, l, server); b.count("0a/23") == before || len(server.Fans) != 9 {
		t.Errorf("a record more was not noticed: %d fans", len(server.Fans))
	}
}

// On a slow board the first walk takes longer than a run: it goes on in the
// next, and until it is done the gap is said.
func TestWalkGoesOn(t *testing.T) {
	bubble(t, "first", func(t *testing.T) {
		b := rack(t)
		b.delay = 40 * time.Millisecond
		l := b.client()
		var memory bmc.Memory
		var gaps []string
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
			server, err := l.Poll(ctx, bmc.Ask{Memory: memory})
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			memory = server.Memory
			if len(server.Gaps) == 0 {
				if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" {
					t.Error(diff)
				}
				break
			}
			gaps = append(gaps, fmt.Sprint(server.Gaps[0].What, ": ", server.Gaps[0].Err))
		}
		if len(gaps) < 2 || !strings.Contains(gaps[0], "sensor repository") || !strings.Contains(gaps[0], "of 149 records read") {
			t.Errorf("gaps %q", gaps)
		}
		if n := b.count("0a/23"); n > 149+2*len(gaps) {
			t.Errorf("%d records read: it began anew", n)
		}
	})
	bubble(t, "age only", func(t *testing.T) {
		b := rack(t)
		l := b.client()
		server := poll1(t, l, bmc.Ask{})
		b.delay = 40 * time.Millisecond
		time.Sleep(25 * time.Hour)
		for range 6 {
			ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
			next, err := l.Poll(ctx, bmc.Ask{Memory: server.Memory})
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			if server = next; len(server.Fans) != 8 {
				t.Errorf("%d fans while the records are read again", len(server.Fans))
			}
		}
		if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" || len(server.Gaps) > 0 {
			t.Errorf("%s %v", diff, server.Gaps)
		}
	})
}

// A board that has no fans at all says so, and is not walked again for it.
func TestNoFans(t *testing.T) {
	b := newBoard(t)
	b.put(other(1), other(2))
	l := b.client()
	server := poll1(t, l, bmc.Ask{})
	before := b.count("0a/23")
	server = repeat(t, l, server)
	if len(server.Fans) != 0 || len(server.Gaps) != 0 || b.count("0a/23") != before {
		t.Errorf("fans %v, gaps %v, walked %t", server.Fans, server.Gaps, b.count("0a/23") != before)
	}
}
