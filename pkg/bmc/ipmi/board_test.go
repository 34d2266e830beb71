package ipmi

import (
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// board is a management controller written for these tests from the
// specification. It shares no code with the client, so that a misreading of
// the specification would have to be made twice.
type board struct {
	t        testing.TB
	user     string
	password string
	kg       string
	suites   map[byte]byte // authentication algorithm -> integrity algorithm
	role     byte          // highest privilege level
	guid     [16]byte
	slots    int

	mu       sync.Mutex
	sessions map[uint32]*boardSession
	nextID   uint32
	packets  int            // datagrams received
	seen     map[string]int // commands by netFn/cmd, and handshake steps
	refuse   map[byte]byte  // payload type of an answer -> status
	// reply may replace what is sent back: none, others, several.
	reply func(n int, answer []byte) [][]byte
	// intercept may answer a command itself.
	intercept func(c asked) (answer []byte, ok bool)
	replies   int
	delay     time.Duration // before every answer

	boardState
}

func newBoard(t testing.TB) *board {
	t.Helper()
	return &board{
		t: t, user: "monitor", password: "monpw-0123456789",
		suites: map[byte]byte{1: 1, 3: 4}, role: 2, slots: 4,
		guid:     [16]byte{0x78, 0x56, 0x34, 0x12, 0xbc, 0x9a, 0xf0, 0x4d, 0x81, 2, 3, 4, 5, 6, 7, 8},
		sessions: map[uint32]*boardSession{}, nextID: 0x01000000,
		seen: map[string]int{}, refuse: map[byte]byte{}, boardState: newState(),
	}
}

// receive takes one datagram and returns what is sent back.
func (b *board) receive(d []byte) [][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.packets++
	answer := b.datagram(append([]byte(nil), d...))
	if answer == nil {
		return nil
	}
	b.replies++
	if b.reply != nil {
		return b.reply(b.replies, answer)
	}
	return [][]byte{answer}
}

// listen puts the board on a UDP port until the test ends.
func (b *board) listen() int {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 65536)
		for {
			n, peer, err := conn.ReadFromUDP(buffer)
			if err != nil {
				return
			}
			for _, d := range b.receive(buffer[:n]) {
				conn.WriteToUDP(d, peer)
			}
		}
	}()
	b.t.Cleanup(func() { conn.Close(); <-done })
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// wire is a datagram connection to a board without a socket, so that tests can
// run on the clock of a synctest bubble.
type wire struct {
	net.Conn // for the methods that are not called
	board    *board
	inbox    chan []byte
	deadline time.Time
	delay    time.Duration
}

func (w *wire) Write(d []byte) (int, error) {
	out := w.board.receive(d)
	deliver := func() {
		for _, answer := range out {
			w.inbox <- answer
		}
	}
	if w.delay > 0 {
		time.AfterFunc(w.delay, deliver)
	} else {
		deliver()
	}
	return len(d), nil
}

func (w *wire) Read(p []byte) (int, error) {
	timer := time.NewTimer(time.Until(w.deadline))
	defer timer.Stop()
	select {
	case d := <-w.inbox:
		return copy(p, d), nil
	case <-timer.C:
		return 0, os.ErrDeadlineExceeded
	}
}

func (w *wire) SetReadDeadline(t time.Time) error { w.deadline = t; return nil }

func (w *wire) Close() error { return nil }

// open is the number of sessions that hold a slot.
func (b *board) open() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.sessions)
}

// count is how often a command or handshake step was received; reset forgets.
func (b *board) count(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen[name]
}

func (b *board) total() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.packets
}

// change alters the board's state while it serves.
func (b *board) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}
