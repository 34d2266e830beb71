package ipmi

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// sessions are those that are open and those that are being opened.
type sessions struct {
	open     map[uint32]*session
	openings []*session // the oldest first
}

// session is one that is open, or on its way there.
type session struct {
	id, console uint32 // what we and the client call it
	suite       suite
	asked       byte // privilege level that the client asked for when opening
	account     Account
	role        byte // as it came in RAKP message 1
	name        []byte
	theirs      [16]byte // random numbers
	ours        [16]byte
	level       Level // current
	sik, k1, k2 []byte
	used        time.Time
	sent        uint32
	highest     uint32 // sequence number that came
	seen        uint32 // those before it, a bit each
}

// maxOpenings is how many logins may be half way; of more, the oldest is
// forgotten. They take no session's place.
const maxOpenings = 16

// begin notes a login.
func (l *sessions) begin(s *session) {
	s.id = l.newID()
	if len(l.openings) == maxOpenings {
		l.openings = l.openings[1:]
	}
	l.openings = append(l.openings, s)
}

// newID is a number that no session has.
func (l *sessions) newID() uint32 {
	for {
		var b [4]byte
		_, _ = rand.Read(b[:]) // never fails
		id := binary.LittleEndian.Uint32(b[:])
		if id != 0 && l.open[id] == nil && l.opening(id) == nil {
			return id
		}
	}
}

func (l *sessions) opening(id uint32) *session {
	for _, s := range l.openings {
		if s.id == id {
			return s
		}
	}
	return nil
}

// abandon ends a login.
func (l *sessions) abandon(id uint32) {
	for i, s := range l.openings {
		if s.id == id {
			l.openings = append(l.openings[:i:i], l.openings[i+1:]...)
			return
		}
	}
}

// clear is what a restart does.
func (l *sessions) clear() { l.open, l.openings = map[uint32]*session{}, nil }

// expire ends what nobody used for long.
func (l *sessions) expire(now time.Time, idle time.Duration, stats *Stats) {
	for id, s := range l.open {
		if now.Sub(s.used) >= idle {
			delete(l.open, id)
			stats.Expired++
		}
	}
	for len(l.openings) > 0 && now.Sub(l.openings[0].used) >= idle {
		l.openings = l.openings[1:]
	}
}

// inWindow says whether a sequence number is new and not too far ahead or
// behind (section 6.12.12: 16 either way), and remembers it.
func (s *session) inWindow(n uint32) bool {
	ahead := int64(n) - int64(s.highest)
	switch {
	case n == 0 || ahead > 16 || ahead <= -16:
		return false
	case ahead > 0:
		s.seen = s.seen<<uint(ahead) | 1<<uint(ahead-1)
		s.highest = n
		return true
	case ahead == 0 || s.seen&(1<<uint(-ahead-1)) != 0:
		return false
	}
	s.seen |= 1 << uint(-ahead-1)
	return true
}
