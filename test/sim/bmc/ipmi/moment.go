package ipmi

import (
	"fmt"
	"net"
	"time"
)

// Moment is a point in a conversation, as the controller sees it.
type Moment string

// Moments of a conversation.
const (
	Came Moment = "packet came" // nothing was done with it
	Done Moment = "packet done" // what it asks for is done, nothing of it was told
	Told Moment = "packet told" // the answer is on its way
)

// Watch calls f at each moment of the packets that come from now on, before the
// conversation goes on; f must not ask for the controller's [Stats]. Nil ends
// it.
func (s *Server) Watch(f func(Moment)) error {
	if f == nil {
		s.watch.Store(nil)
		return nil
	}
	if err := s.catchUp(); err != nil {
		return fmt.Errorf("a packet of the controller to itself: %w", err)
	}
	s.watch.Store(&f)
	return nil
}

// catchUp returns when all packets were answered that came before one of its
// own.
func (s *Server) catchUp() error {
	c, err := net.Dial("udp", s.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	answered := make(chan struct{})
	s.mu.Lock()
	s.own, s.answered = c.LocalAddr().String(), answered
	s.mu.Unlock()
	// A queue that is full loses it.
	for again := time.NewTicker(100 * time.Millisecond); ; {
		if _, err := c.Write([]byte{0}); err != nil {
			return err
		}
		select {
		case <-answered:
			again.Stop()
			return nil
		case <-s.finished:
			again.Stop()
			return net.ErrClosed
		case <-again.C:
		}
	}
}

// isOwn says whether a packet is that one.
func (s *Server) isOwn(peer net.Addr) bool {
	if s.own == "" || peer.String() != s.own {
		return false
	}
	if s.answered != nil {
		close(s.answered)
		s.answered = nil
	}
	return true
}

func (s *Server) moment(m Moment) {
	if f := s.watch.Load(); f != nil {
		(*f)(m)
	}
}
