package ping

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// index finds the target of an address.
func (e *engine) index(a netip.Addr) (int, bool) {
	if e.byAddr == nil {
		e.byAddr = make(map[netip.Addr]int, len(e.reach))
		for i, r := range e.reach {
			e.byAddr[r.Addr] = i
		}
	}
	i, found := e.byAddr[a]
	return i, found
}

// arrived counts a message for the target that it is from.
func (e *engine) arrived(s *side, m incoming) {
	if m.corrupt {
		if i, found := e.index(m.from); found {
			e.reach[i].Corrupt++
		}
		return
	}
	a, ok := s.echo.parse(m.message, s.family)
	if !ok || s.echo.id != 0 && a.id != s.echo.id {
		e.strays++
		return
	}
	if !a.tagged || a.target >= len(e.reach) {
		e.altered(m, a)
		return
	}
	if r := &e.reach[a.target]; r.Addr != m.from {
		r.Strange++
		r.Stranger = m.from
		return
	}
	e.answered(a.target, a.round, m.at)
}

// altered takes a reply whose data is not ours any more: it counts for the
// address that it comes from and the number that it carries.
func (e *engine) altered(m incoming, a answer) {
	target, found := e.index(m.from)
	if !found {
		e.strays++
		return
	}
	if e.answered(target, e.table.recall(target, a.seq), m.at) {
		e.reach[target].Altered++
	}
}

// resolution of round-trip times: when in the course of a batch a packet left
// is known no better.
const resolution = time.Microsecond

// answered notes the answer to a packet, and says whether there was one.
func (e *engine) answered(target, round int, at time.Duration) bool {
	r := &e.reach[target]
	i, found := e.table.find(target, round)
	if !found {
		e.strays++
		return false
	}
	if e.table.fates[i]&answered != 0 {
		r.Duplicates++
		return true
	}
	if r.Received == 0 { // what errors said of this target is in doubt now
		e.hopeless -= e.table.hopeless(target)
	}
	e.table.answer(i)
	rtt := max(at-e.table.at[i], resolution)
	if r.Received == 0 {
		r.Min = rtt
	}
	r.Min, r.Max = min(r.Min, rtt), max(r.Max, rtt)
	r.Avg += rtt // the sum, until the end
	r.Received++
	if e.watch != nil {
		e.watch.answered(target, round, e.table.at[i], at)
	}
	return true
}

// complained keeps the books of an error that came back. The address it was
// sent to names the target: a router is not the target.
func (e *engine) complained(s *side, c complaint) {
	target, found := e.index(c.to)
	if !found || !isError(s.family, c.message) {
		return // another program's packet, or a redirection
	}
	if !c.by.IsValid() { // this machine's own word: sending fails, and is counted there
		e.reach[target].tooBig(c.mtu, 0)
		return
	}
	u := Unreachable{Reason: reason(s.family, c.message), By: c.by, Count: 1, MTU: c.mtu}
	seq, ok := s.echo.quoted(c.quoted, s.family)
	if !ok {
		return
	}
	round := e.table.recall(target, seq)
	i, found := e.table.find(target, round)
	if !found {
		return
	}
	// The first packet teaches the size that the path takes. The next one goes
	// in fragments.
	if u.Reason == TooBig && !e.dontFragment && e.table.fates[i]&(answered|resent) == 0 {
		e.again = append(e.again, probe{target, round})
		return
	}
	e.despair(target, i)
	r := &e.reach[target]
	r.Errors = addError(r.Errors, u)
	if u.Reason == TooBig && slices.ContainsFunc(r.Errors, func(own Unreachable) bool { return own.Reason == TooBig && own.MTU == 0 && !own.By.IsValid() }) {
		r.tooBig(u.MTU, 0) // sending failed for it before this was read
	}
}

// despair notes that an error came for a packet. A target that has answered
// may answer this one too: errors condemn nobody who does.
func (e *engine) despair(target, i int) {
	if e.reach[target].Received == 0 && e.table.fates[i]&refusedByPath == 0 {
		e.hopeless++
	}
	e.table.fates[i] |= refusedByPath
}

// mostKinds is how many different errors and refusals are kept of a target.
const mostKinds = 8

func addError(list []Unreachable, u Unreachable) []Unreachable {
	for i := range list {
		if list[i].Reason == u.Reason && list[i].By == u.By && list[i].MTU == u.MTU {
			list[i].Count++
			return list
		}
	}
	if len(list) == mostKinds {
		list[mostKinds-1].Count++
		return list
	}
	return append(list, u)
}

func addRefusal(list []Refusal, err error) []Refusal {
	r := Refusal{Count: 1}
	if !errors.As(err, &r.Errno) {
		r.Errno = syscall.EIO
	}
	for i := range list {
		if list[i].Errno == r.Errno {
			list[i].Count++
			return list
		}
	}
	if len(list) == mostKinds {
		list[mostKinds-1].Count++
		return list
	}
	return append(list, r)
}

// tooBig notes what this machine itself says of the path: the size that it
// takes, and how many packets were not sent for it. With IPv4 the kernel refuses
// without a figure what a router has told it once: the router's figure is it.
func (r *Reach) tooBig(mtu, n int) {
	for i := len(r.Errors) - 1; mtu == 0 && i >= 0; i-- {
		if r.Errors[i].Reason == TooBig && r.Errors[i].By.IsValid() {
			mtu = r.Errors[i].MTU
		}
	}
	for i, u := range r.Errors {
		if u.Reason == TooBig && !u.By.IsValid() {
			r.Errors[i].Count += n
			r.Errors[i].MTU = max(u.MTU, mtu)
			return
		}
	}
	r.Errors = append(r.Errors, Unreachable{Reason: TooBig, Count: n, MTU: mtu})
}

func tooBig(err error) bool { return errors.Is(err, syscall.EMSGSIZE) }
