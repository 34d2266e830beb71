package redfish

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/state"
)

// Change is what one run does to what all runs remember of a controller, which is
// the memory as it is now. False says that nothing is to be written.
type Change func(now bmc.Memory) (next bmc.Memory, changed bool)

// maxMarks bounds the logins that were never finished.
const maxMarks = 16

// claimPause is how often a run looks whether another has logged in.
const claimPause = 50 * time.Millisecond

var errBusy = errors.New("busy: another run is logging in")

// claim is the right to log in: controllers have few sessions, and runs that open
// one each have none left. It writes down who logs in; stray says that a process
// that did so is proven dead, and left perhaps a session. While another run logs
// in it waits, and takes the session that comes of it: then other is not nil.
func (p *poll) claim(ctx context.Context) (stray bool, other *session, err error) {
	if !p.ask.Keep || p.remember == nil {
		return false, nil, nil
	}
	me, err := state.Self()
	if err != nil {
		p.note("another run may log in as well: %v", err)
		return false, nil, nil
	}
	for {
		busy := false
		p.share(func(now *memory) bool {
			busy, stray, other = false, false, nil
			if s := now.Session; s != nil && s.Token != p.as.token && s.Host == p.base.Host && s.User == p.cred.Username {
				other = s
				return false
			}
			busy = slices.ContainsFunc(now.Logins, func(q state.Process) bool { return q != me && !q.Dead() })
			if busy {
				return false
			}
			stray = len(now.Logins) > 0
			now.Session = nil
			now.Logins = append(now.Logins[max(0, len(now.Logins)-maxMarks+1):], me)
			p.mark = &me
			return true
		})
		if !busy {
			return stray, other, nil
		}
		select {
		case <-ctx.Done():
			return false, nil, errBusy
		case <-time.After(claimPause):
		}
	}
}

// share changes what all runs remember, at once. When that fails nothing is kept:
// each poll would leave a session, until the controller has none left for anybody.
func (p *poll) share(change func(now *memory) bool) {
	if p.remember == nil {
		return
	}
	err := p.remember(func(now bmc.Memory) (bmc.Memory, bool) {
		m := recall(now)
		if !change(&m) {
			return now, false
		}
		return m.store(), true
	})
	if err != nil {
		p.ask.Keep = false
		p.note("the session is not kept: %v", err)
	}
}

// made writes down the session that a login made.
func (p *poll) made(s *session) {
	p.memory.Session = s
	p.share(func(now *memory) bool {
		now.Session = s
		p.unmark(now)
		return true
	})
}

// refused takes the mark back: no session was made, none is to be looked for.
func (p *poll) refused() {
	if p.mark != nil {
		p.share(func(now *memory) bool { return p.unmark(now) })
	}
}

// swept takes back the marks of the dead, whose sessions were ended.
func (p *poll) swept() {
	p.share(func(now *memory) bool {
		before := len(now.Logins)
		now.Logins = slices.DeleteFunc(now.Logins, state.Process.Dead)
		return len(now.Logins) != before
	})
}

func (p *poll) unmark(now *memory) bool {
	before := len(now.Logins)
	now.Logins = slices.DeleteFunc(now.Logins, func(q state.Process) bool { return p.mark != nil && q == *p.mark })
	return len(now.Logins) != before
}

// Merge is what a run remembers, with the session as all runs know it now: it was
// written when it was opened, and another run may have opened one since.
func Merge(now, mine bmc.Memory) bmc.Memory {
	shared, m := recall(now), recall(mine)
	if m.Version != memoryVersion {
		return mine
	}
	m.Session, m.Logins = shared.Session, shared.Logins
	return m.store()
}
