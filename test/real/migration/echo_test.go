//go:build real

package migration

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// session is one TCP connection to the guest that lasts for all migrations. What
// is written into it is numbered and must come back, whole and in order.
type session struct {
	conn    net.Conn
	quit    chan struct{}
	writing sync.WaitGroup
	mu      sync.Mutex
	came    []time.Time // when each number came back
	err     error       // why it ended
}

func startSession(t *testing.T, from *room) *session {
	t.Helper()
	conn, err := from.dial(net.JoinHostPort(guestAddr, "7"))
	if err != nil {
		t.Fatal(err)
	}
	s := &session{conn: conn, quit: make(chan struct{})}
	s.writing.Add(1)
	go s.write()
	go s.read()
	t.Cleanup(func() {
		close(s.quit)
		s.writing.Wait()
		conn.Close()
	})
	return s
}

func (s *session) write() {
	defer s.writing.Done()
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for n := uint64(0); ; n++ {
		select {
		case <-s.quit:
			return
		case <-tick.C:
		}
		if _, err := s.conn.Write(binary.BigEndian.AppendUint64(nil, n)); err != nil {
			s.end(err)
			return
		}
	}
}

func (s *session) read() {
	word := make([]byte, 8)
	for n := uint64(0); ; n++ {
		_, err := io.ReadFull(s.conn, word)
		if got := binary.BigEndian.Uint64(word); err == nil && got != n {
			err = fmt.Errorf("number %d came back as %d", n, got)
		}
		if err != nil {
			s.end(err)
			return
		}
		s.mu.Lock()
		s.came = append(s.came, time.Now())
		s.mu.Unlock()
	}
}

func (s *session) end(err error) {
	s.mu.Lock()
	s.err = errors.Join(s.err, err)
	s.mu.Unlock()
}

// stall is the longest time in which nothing came back, in the middle of what
// came, since a time. It is an error that the session has ended, or that nothing
// has come back.
func (s *session) stall(since time.Time) (longest time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	n := 0
	for i := 1; i < len(s.came); i++ {
		if s.came[i].After(since) {
			n++
			longest = max(longest, s.came[i].Sub(s.came[i-1]))
		}
	}
	if n == 0 {
		return 0, errors.New("nothing has come back")
	}
	return longest, nil
}
