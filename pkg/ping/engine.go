package ping

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"time"
)

const (
	// batch is how many messages are sent before everything that has arrived
	// is read. It must stay far below the 256 small messages that the default
	// receive buffer holds, or the sender outruns the reader.
	batch = 16
	// nap is the longest wait after which the context is looked at.
	nap = 100 * time.Millisecond
	// pause is what a rate makes us wait at least: sleeping costs more than
	// sending, so several packets are sent and then slept for.
	pause = 2 * time.Millisecond
)

// engine sends rounds of packets and keeps the books of them.
type engine struct {
	ctx   context.Context
	net   network
	echo  echo
	sides []*side
	links []link
	reach []Reach // of each address
	table *table
	// byAddr finds the target of an address. It is made when an answer or an
	// error does not say by itself what it is for.
	byAddr map[netip.Addr]int
	watch  observer
	again  []probe // packets to be sent a second time
	// hopeless are those of table.open that nobody needs to wait for.
	hopeless int

	dontFragment bool
	rate         int
	due          time.Duration // when the rate allows the next packet
	strays       int
}

type probe struct{ target, round int }

// observer is told of every packet that left and of the first answer to each.
type observer interface {
	sent(target, round int, at time.Duration)
	answered(target, round int, sent, at time.Duration)
}

// side is what belongs to one family.
type side struct {
	family  family
	echo    echo
	link    link
	targets []int
	out     [batch]outgoing
	// single messages are sent instead of batches, because some are refused.
	single bool
	handle func(incoming)
	lament func(complaint)
}

// newEngine opens a link for each family that has targets. Families without a
// link are returned as faults, their targets are not asked.
func newEngine(ctx context.Context, n network, reach []Reach, o Options) (*engine, []Fault) {
	if o.Size == 0 {
		o.Size = defaultSize
	}
	e := &engine{
		ctx: ctx, net: n, reach: reach, rate: o.Rate, dontFragment: o.DontFragment,
		echo: echo{run: rand.Uint64()},
	}
	want := setup{size: echoHeader + o.Size, dontFragment: o.DontFragment, id: uint16(1 + rand.IntN(0xffff)), roomy: o.roomy}
	var lists [families][]int
	for i, r := range reach {
		f := familyOf(r.Addr)
		lists[f] = append(lists[f], i)
	}
	var faults []Fault
	for f, targets := range lists {
		if len(targets) == 0 {
			continue
		}
		l, err := n.open(family(f), want)
		if err != nil {
			faults = append(faults, closed(family(f), len(targets), err))
			continue
		}
		e.links = append(e.links, l)
		e.sides = append(e.sides, e.newSide(family(f), l, targets, want.size))
	}
	return e, faults
}

func (e *engine) newSide(f family, l link, targets []int, size int) *side {
	s := &side{family: f, link: l, targets: targets, echo: echo{id: l.id(), run: e.echo.run}}
	for i := range s.out {
		s.out[i].message = make([]byte, size)
		for k := echoHeader + tagSize; k < size; k++ {
			s.out[i].message[k] = byte(k)
		}
	}
	s.handle = func(m incoming) { e.arrived(s, m) }
	s.lament = func(c complaint) { e.complained(s, c) }
	return s
}

// over says that the run must end now.
func (e *engine) over() bool { return e.ctx.Err() != nil }

// round sends one packet to every target and reads in between.
func (e *engine) round(round int) {
	for _, s := range e.sides {
		for first := 0; first < len(s.targets); first += batch {
			if e.over() {
				return
			}
			group := s.targets[first:min(first+batch, len(s.targets))]
			for i, target := range group {
				s.echo.put(s.out[i].message, s.family, target, round)
				s.out[i].to = e.reach[target].Addr
			}
			e.send(s, s.out[:len(group)], outcome{
				left:    func(i int, at time.Duration) { e.left(group[i], round, at) },
				refused: func(i int, err error) { e.refused(group[i], round, err) },
			})
			e.read()
			e.keepRate(len(group))
		}
	}
}

// left notes that a packet was taken by the system.
func (e *engine) left(target, round int, at time.Duration) {
	e.reach[target].Sent++
	e.table.put(target, round, at)
	if e.watch != nil {
		e.watch.sent(target, round, at)
	}
}

// refused notes that the system did not take a packet.
func (e *engine) refused(target, round int, err error) {
	r := &e.reach[target]
	if tooBig(err) { // said of the path and not of this machine
		r.tooBig(0, 1)
		e.left(target, round, e.net.now())
		e.despair(target, e.table.slot(target, round))
		return
	}
	e.table.skip(target, round)
	r.Refusals = addRefusal(r.Refusals, err)
}

// read takes in everything that has arrived.
func (e *engine) read() {
	for _, s := range e.sides {
		e.hear(s)
		e.listen(s)
	}
	for len(e.again) > 0 && !e.over() {
		p := e.again[0]
		e.again = e.again[1:]
		e.resend(p)
	}
}

// waitUntil reads until the time has come or nothing is left to wait for.
func (e *engine) waitUntil(t time.Duration, enough func() bool) {
	for !e.over() && (enough == nil || !enough()) {
		left := t - e.net.now()
		if left <= 0 {
			return
		}
		// An error here is an interruption: the loop looks at the clock again.
		_ = e.net.wait(e.links, min(left, nap))
		e.read()
	}
}

// keepRate waits when packets are sent faster than they should.
func (e *engine) keepRate(n int) {
	if e.rate <= 0 {
		return
	}
	now := e.net.now()
	e.due = max(e.due, now-pause) + time.Duration(n)*time.Second/time.Duration(e.rate)
	if e.due-now >= pause {
		e.waitUntil(e.due, nil)
	}
}

// rounds sends packets at an interval, the next one not before the last one
// has gone to all, until more says no to a round and when it is to be sent.
func (e *engine) rounds(interval time.Duration, more func(round int, at time.Duration) bool) {
	next := e.net.now()
	for round := 0; more(round, next); round++ {
		e.waitUntil(next, nil)
		if e.over() {
			return
		}
		e.round(round)
		if next += interval; e.net.now() > next+interval/2 {
			next = e.net.now() // late: what was missed is not sent in a rush
		}
	}
}

// close ends the use of the sockets and returns what they lost.
func (e *engine) close() []Fault {
	var faults []Fault
	for _, s := range e.sides {
		unanswered := 0
		for _, t := range s.targets {
			unanswered += e.reach[t].Lost()
		}
		faults = append(faults, s.faults(unanswered)...)
	}
	return faults
}
