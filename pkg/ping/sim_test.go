package ping

import (
	"net/netip"
	"time"

	"github.com/noout-monitoring/noout/test/sim/guests"
)

// simulated puts a network in user space in the place of this machine's.
type simulated struct {
	*guests.Net
	// closed says why there is no link for a family.
	closed [families]error
	tables [families]neighbourTable
	// discards says which packets are taken and not sent.
	discards func(netip.Addr) bool
}

func (s simulated) open(f family, want setup) (link, error) {
	if s.closed[f] != nil {
		return nil, s.closed[f]
	}
	c := s.Listen(f == v6)
	c.DontFragment = want.dontFragment
	return &simulatedLink{conn: c, family: f, ident: want.id, discards: s.discards}, nil
}

func (s simulated) now() time.Duration { return s.Now() }

func (s simulated) wait(_ []link, d time.Duration) error { s.Wait(d); return nil }

// neighbours counts one more failure each time it is asked.
func (s *simulated) neighbours() [families]neighbourTable {
	now := s.tables
	for f := range s.tables {
		if s.tables[f].limit > 0 {
			s.tables[f].full++
		}
	}
	return now
}

type simulatedLink struct {
	conn   *guests.Conn
	family family
	ident  uint16
	// discarded packets were taken and not sent.
	discards  func(netip.Addr) bool
	discarded int
}

func (l *simulatedLink) id() uint16 { return l.ident }

func (l *simulatedLink) send(out []outgoing) (int, error) {
	for i, o := range out {
		if l.discards != nil && l.discards(o.to) {
			l.discarded++
			continue
		}
		if _, err := l.conn.Send(o.message, o.to); err != nil {
			if i == 0 {
				return 0, err
			}
			return i, nil // the error was about that one alone, and is not repeated
		}
	}
	return len(out), nil
}

func (l *simulatedLink) receive(got func(incoming)) error {
	for {
		message, from, at, ok := l.conn.Receive()
		if !ok {
			return nil
		}
		got(incoming{message, from, at, l.family == v4 && sum(message) != 0xffff})
	}
}

func (l *simulatedLink) complaints(got func(complaint)) error {
	for {
		r, ok := l.conn.ReadError()
		if !ok {
			return nil
		}
		got(complaint{message{r.Type, r.Code}, r.To, r.By, r.MTU, r.Quoted})
	}
}

func (l *simulatedLink) losses() (losses, error) {
	return losses{in: l.conn.Dropped(), out: l.discarded}, nil
}
func (l *simulatedLink) close() error   { return l.conn.Close() }
func (l *simulatedLink) String() string { return "simulated " + l.family.icmp() + " socket" }
