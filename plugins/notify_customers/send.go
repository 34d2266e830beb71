package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/noout-monitoring/noout/pkg/channel"
	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/notice"
	"github.com/noout-monitoring/noout/pkg/state"
)

// faults are what went wrong. Several send at once.
type faults struct {
	mu sync.Mutex
	// ledger: what is to be told, or was, could not be written down.
	ledger []error
	// journal: that somebody was told could not be.
	journal error
	// words: a notice could not be put into words, so it was not sent.
	words []error
}

func (f *faults) add(to *[]error, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*to = append(*to, err)
}

const (
	// atOnce is how many customers are told at once, so that one whose side is slow
	// keeps few others waiting.
	atOnce = 8
	// longestSend is how long one delivery may take, with the usual -t.
	longestSend = 4 * time.Second
	// spare is left of the time to write down how it went.
	spare = 500 * time.Millisecond
	// leastSend is left for a delivery that is begun, or a quarter of a short -t: one
	// that is cut short at once is no try, and would only have to wait for the next.
	leastSend = time.Second
)

// send writes down what is due, and then sends all that is waiting: of each event
// the newest notice and no older one. A notice that cannot be written down is not
// sent.
func (r *run) send(ctx context.Context) {
	end, bounded := ctx.Deadline()
	if !bounded {
		end = time.Now().Add(time.Minute)
	}
	ctx, cancel := context.WithDeadline(ctx, end.Add(-spare))
	defer cancel()
	r.least = min(leastSend, time.Until(end.Add(-spare))/4)
	work := make(chan *desk)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					r.faults.add(&r.faults.words, fmt.Errorf("an error of this plugin: %v", p))
				}
			}()
			for d := range work {
				r.tell(ctx, d)
			}
		})
	}
	for _, d := range r.inTurn() {
		select {
		case work <- d:
		case <-ctx.Done():
		}
	}
	close(work)
	all.Wait()
}

// inTurn are the customers, those first that were tried least often: sides that
// hang keep nobody waiting twice.
func (r *run) inTurn() []*desk {
	return slices.SortedStableFunc(slices.Values(r.desks), func(a, b *desk) int { return cmp.Compare(r.tries(a), r.tries(b)) })
}

// tries is how often the customer was tried in vain, by channels that are open.
func (r *run) tries(d *desk) int {
	least := math.MaxInt
	if len(d.fresh) > 0 {
		return 0
	}
	for _, x := range d.ledger.Pending() {
		for _, way := range x.Deliveries {
			if way.Outcome != notice.Sent && r.closed[way.Channel] == nil {
				least = min(least, way.Tries)
			}
		}
	}
	return least
}

// late says that there is no time left to begin a delivery.
func (r *run) late(ctx context.Context) bool {
	return ctx.Err() != nil || left(ctx) < r.least
}

// left is the time until the end that [run.send] gives to all that it begins.
func left(ctx context.Context) time.Duration {
	end, _ := ctx.Deadline()
	return time.Until(end)
}

// tell tells one customer.
func (r *run) tell(ctx context.Context, d *desk) {
	busy := r.now.Add(max(longestRun, left(ctx)+longestSend))
	if r.held == 0 && len(d.fresh) > 0 {
		fresh := d.fresh
		d.fresh = nil
		if err := r.prepare(d, fresh); err != nil {
			d.fresh = fresh
			r.faults.add(&r.faults.ledger, err)
			return
		}
	}
	for _, x := range d.ledger.Pending() {
		if !slices.ContainsFunc(x.Deliveries, r.ready(x)) || r.late(ctx) {
			continue
		}
		taken := false
		l, err := r.change(d.who, func(l notice.Ledger) notice.Ledger {
			l = l.Readdressed(ways(d.who), r.deliveries(d.who))
			var next notice.Ledger
			if next, x, taken = l.Attempt(x, r.now, busy); taken {
				return next
			}
			return l
		})
		if err != nil {
			r.faults.add(&r.faults.ledger, err)
			return
		}
		if d.ledger = l; taken {
			r.deliver(ctx, d, x)
		}
	}
}

// longestRun is how long another run leaves a notice to the one that took it.
const longestRun = 30 * time.Second

// ready says of a delivery of a notice whether it is to be tried now, and can be.
func (r *run) ready(x notice.Record) func(notice.Delivery) bool {
	return func(d notice.Delivery) bool { return r.closed[d.Channel] == nil && d.Ready(x.Notice, r.now) }
}

// prepare writes notices down before anything is sent: their numbers, their ids,
// and all that they say.
func (r *run) prepare(d *desk, fresh []notice.Record) error {
	for _, x := range fresh {
		if _, err := r.message(d.who, x, notice.Delivery{}); err != nil {
			return err // what has no words needs no number
		}
	}
	l, err := r.change(d.who, func(l notice.Ledger) notice.Ledger {
		l = l.Pruned(r.now)
		for _, x := range fresh {
			if next, ok := l.With(x, r.plan(x.Event).Revision); ok { // else another run was faster
				l = next
			}
		}
		return l
	})
	if err == nil {
		d.ledger = l
	}
	return err
}

// plan that an event is about; of a disturbance there is none.
func (r *run) plan(event string) notice.Plan {
	for _, p := range r.orders.Plans {
		if p.ID == event {
			return p
		}
	}
	return notice.Plan{}
}

// change changes what a customer was told. One that cannot be read stays as it is.
func (r *run) change(c customer.Customer, to func(notice.Ledger) notice.Ledger) (notice.Ledger, error) {
	if _, err := state.Load[notice.Ledger](r.store, c.Key); err != nil {
		return notice.Ledger{}, err
	}
	return state.Update(r.store, c.Key, func(l notice.Ledger) (notice.Ledger, error) {
		l, _ = l.Follow(r.clock)
		return to(l), nil
	})
}

// deliver sends a notice through the channels that do not have it, and writes down
// after each how it went.
func (r *run) deliver(ctx context.Context, d *desk, x notice.Record) {
	his := ways(d.who)
	for _, way := range x.Deliveries {
		struck := !slices.ContainsFunc(his, func(o notice.Delivery) bool { return o.Channel == way.Channel && o.To == way.To })
		if struck || !r.ready(x)(way) || r.late(ctx) {
			continue
		}
		outcome, err := r.one(ctx, d.who, x, way)
		way.Outcome, way.At, way.Tries, way.Error = outcome.String(), r.now.UTC(), way.Tries+1, ""
		if err != nil {
			way.Error = err.Error()
		}
		l, err := r.change(d.who, func(l notice.Ledger) notice.Ledger { return l.Delivered(x, way) })
		if err != nil {
			r.faults.add(&r.faults.ledger, fmt.Errorf("a notice to %s went out, and that is not written down: %w", d.who.Key, err))
			continue
		}
		if d.ledger = l; outcome == channel.Sent {
			d.sent++
			r.note(d.who, x, way)
		}
	}
	l, err := r.change(d.who, func(l notice.Ledger) notice.Ledger { return l.Released(x) })
	if err != nil {
		r.faults.add(&r.faults.ledger, err)
		return
	}
	d.ledger = l
}

var errNoChannel = errors.New("this channel is not open: give its options")

// one sends a notice through one channel.
func (r *run) one(ctx context.Context, c customer.Customer, x notice.Record, way notice.Delivery) (channel.Outcome, error) {
	s := r.senders[way.Channel]
	if s == nil {
		return channel.NotSent, errNoChannel
	}
	m, err := r.message(c, x, way)
	if err != nil {
		return channel.NotSent, err
	}
	ctx, cancel := context.WithTimeout(ctx, max(longestSend, left(ctx)/4)) // of a generous -t everybody has a share
	defer cancel()
	return s.Send(ctx, way.To, m)
}

// note writes into the journal that a customer was told.
func (r *run) note(c customer.Customer, x notice.Record, way notice.Delivery) {
	p := r.plan(x.Event)
	e := journal.Entry{At: r.now, Cluster: p.Cluster, Node: p.Node, Fact: &journal.Told{Customer: c.Key, Notice: string(x.Kind) + " " + x.Event, Channel: way.Channel}}
	r.faults.mu.Lock()
	defer r.faults.mu.Unlock()
	if err := r.Journal.Write(r.store, journal.Witness{Plugin: name, Now: r.now}, []journal.Entry{e}); err != nil && r.faults.journal == nil {
		r.faults.journal = err
	}
}
