package ipmi

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// TestDatagramFlood sends 100,000 hostile datagrams into a live session, from
// noise to answers with one bit wrong, and compares every reading.
func TestDatagramFlood(t *testing.T) {
	total := 100_000
	if testing.Short() {
		total = 5_000
	}
	b := shelf(t)
	random := rand.New(rand.NewPCG(1, 2))
	sent := 0
	b.change(func() {
		b.reply = func(_ int, answer []byte) [][]byte {
			var out [][]byte
			if answer[5] != 0xc0 {
				return [][]byte{answer} // not in a session yet
			}
			// Few enough at a time to fit the socket's buffer, so that the
			// answer is not lost in it.
			for range 40 {
				out = append(out, mutant(random, answer))
			}
			sent += 40
			return append(out, answer)
		}
	})
	l := b.remote(b.listen())
	var memory bmc.Memory
	polls := 0
	for done := false; !done; polls++ {
		server := poll1(t, l, bmc.Ask{Memory: memory, Logs: true})
		memory = server.Memory
		if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" || len(server.Gaps) > 0 {
			t.Fatalf("%s %v", diff, server.Gaps)
		}
		b.change(func() { done = sent >= total })
	}
	t.Logf("%d datagrams in %d polls", sent, polls)
}

// TestHandshakeFlood does the same while there are no keys yet. Whoever can
// write into a handshake can break it off, and no more than that.
func TestHandshakeFlood(t *testing.T) {
	b := shelf(t)
	random := rand.New(rand.NewPCG(3, 4))
	b.change(func() {
		b.slots = 1000
		b.reply = func(_ int, answer []byte) [][]byte {
			return [][]byte{mutant(random, answer), mutant(random, answer), answer}
		}
	})
	l := b.remote(b.listen())
	opened := 0
	for range 200 {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		server, err := l.Poll(ctx, bmc.Ask{})
		cancel()
		if err != nil {
			continue
		}
		opened++
		if diff := cmp.Diff(rackSpeeds(), speeds(server)); diff != "" {
			t.Fatalf("%s %v", diff, server.Gaps)
		}
	}
	if opened == 0 {
		t.Error("no handshake came to its end")
	}
}

// mutant is a hostile relative of an answer.
func mutant(random *rand.Rand, answer []byte) []byte {
	bad := bytes.Clone(answer)
	switch random.IntN(6) {
	case 0: // noise
		bad = make([]byte, random.IntN(300))
		for i := range bad {
			bad[i] = byte(random.Uint32())
		}
	case 1: // noise behind a good header
		for i := 16; i < len(bad); i++ {
			bad[i] = byte(random.Uint32())
		}
	case 2: // cut
		bad = bad[:random.IntN(len(bad))]
	case 3: // longer
		bad = append(bad, make([]byte, 1+random.IntN(40))...)
	case 4: // another length
		binary.LittleEndian.PutUint16(bad[14:], uint16(random.Uint32()))
	default: // one bit
		at := random.IntN(len(bad))
		if at == 1 || at == 2 {
			at = 5 // reserved bytes of RMCP may be anything
		}
		bad[at] ^= 1 << random.IntN(8)
	}
	if bytes.Equal(bad, answer) {
		return nil
	}
	return bad
}
