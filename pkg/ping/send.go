package ping

import (
	"errors"
	"slices"
	"syscall"
	"time"
)

const (
	// full is how long a full send buffer is waited for.
	full = 200 * time.Millisecond
	// doubts is how often a send is tried again that may have failed for the
	// error of an earlier one.
	doubts = 3
)

// outcome is told of each message what became of it.
type outcome struct {
	left    func(i int, at time.Duration)
	refused func(i int, err error)
}

// send hands messages to the system, one after the other whatever becomes of
// them.
func (e *engine) send(s *side, out []outgoing, tell outcome) {
	done, tries := 0, 0
	var since time.Duration // the send buffer has been full
	short := false
	for done < len(out) {
		ask := out[done:]
		if s.single {
			ask = ask[:1]
		}
		before := e.net.now()
		n, err := s.link.send(ask)
		after := e.net.now()
		for i := range n {
			// The messages go one by one while the call lasts.
			tell.left(done+i, before+(after-before)*time.Duration(i)/time.Duration(n))
		}
		if n > 0 {
			done, tries, since = done+n, 0, 0
			s.single = s.single || short
			// The error that ended a batch early is lost (sendmmsg(2)). If it
			// was no earlier packet's, the rest goes one by one, to learn it.
			short = n < len(ask) && e.listen(s) == 0
			continue
		}
		short = false
		switch {
		case err == nil:
			err = syscall.EIO // it took nothing and says nothing
		case errors.Is(err, syscall.EAGAIN):
			if since == 0 {
				since = before
			}
			if after-since < full && !e.over() {
				_ = e.net.wait(e.links, time.Millisecond) // an interruption does no harm
				e.hear(s)
				continue
			}
		case tries < doubts && !e.over():
			if tries += e.doubt(s, err); tries <= doubts {
				continue
			}
		}
		tell.refused(done, err)
		done, tries, since = done+1, 0, 0
	}
}

// doubt weighs the error of a send from 0, surely that of an earlier packet,
// to more than doubts, surely its own. It reads what the network says.
func (e *engine) doubt(s *side, err error) int {
	var errno syscall.Errno
	if !errors.As(err, &errno) || !slices.Contains(borrowed, errno) {
		return doubts + 1
	}
	if e.listen(s) > 0 {
		return 0
	}
	return 1
}

// listen reads the errors that have come back, and returns how many. What is
// wrong with the socket itself shows when it is closed.
func (e *engine) listen(s *side) int {
	heard := 0
	_ = s.link.complaints(func(c complaint) {
		if c.by.IsValid() {
			heard++
		}
		s.lament(c)
	})
	return heard
}

// hear reads the messages that have arrived.
func (e *engine) hear(s *side) { _ = s.link.receive(s.handle) }

// resend sends a packet a second time, in fragments now.
func (e *engine) resend(p probe) {
	s := e.sides[0]
	if s.family != familyOf(e.reach[p.target].Addr) {
		s = e.sides[1]
	}
	i, found := e.table.find(p.target, p.round)
	if !found {
		return
	}
	s.echo.put(s.out[0].message, s.family, p.target, p.round)
	s.out[0].to = e.reach[p.target].Addr
	e.send(s, s.out[:1], outcome{
		left: func(_ int, at time.Duration) { e.table.again(i, at) },
		refused: func(_ int, err error) {
			e.despair(p.target, i)
			e.reach[p.target].Refusals = addRefusal(e.reach[p.target].Refusals, err)
		},
	})
}
