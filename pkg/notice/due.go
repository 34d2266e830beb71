package notice

import (
	"cmp"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
)

// Facts are all that what is due rests on, beside what the customer was told.
type Facts struct {
	Estate *Estate
	Orders Orders
	Now    time.Time
}

// desk works for one customer.
type desk struct {
	Policy
	Facts
	story  *Story
	who    customer.Customer
	ledger Ledger
}

// Due is what a customer has to be told now, at most one notice of each event. It
// is made of what is proven now: what was not told in time is not told any more
// when there is something newer to tell.
func (p Policy) Due(f Facts, c customer.Customer, l Ledger) []Notice {
	d := p.desk(f, c, l)
	var out []Notice
	if c.Tell.Disturbances {
		if n := d.disturbance(); n != nil {
			out = append(out, *n)
		}
	}
	if c.Tell.Planned {
		for _, plan := range d.Orders.Plans {
			if n := d.planned(plan); n != nil {
				out = append(out, *n)
			}
		}
	}
	return out
}

func (p Policy) desk(f Facts, c customer.Customer, l Ledger) *desk {
	s := f.Estate.story
	f.Orders = f.Orders.Under(s)
	p.After = cmp.Or(c.After, p.After)
	return &desk{p, f, s, c, l.under(s)}
}

// patience is for how long word may be late that was promised.
const patience = 10 * time.Minute

// Unkept is the disturbance of which a customer was promised word that is late,
// because nothing proves how it is: who saw the silence looks no more, or nobody can
// tell why a guest is silent again. Guests that a user stopped are no such.
func (p Policy) Unkept(f Facts, c customer.Customer, l Ledger) (Event, bool) {
	d := p.desk(f, c, l)
	for _, e := range d.ledger.Open() {
		if e.Last.Planned() || !c.Tell.Disturbances || e.Last.Next.IsZero() || d.Now.Sub(e.Last.Next) < patience {
			continue
		}
		servers, _ := d.servers(e)
		if !slices.ContainsFunc(servers, d.resting) {
			return e, true
		}
	}
	return Event{}, false
}

// notice of an event in its next number.
func (d *desk) notice(id string, k Kind, due time.Time) *Notice {
	n := &Notice{
		Customer: d.who.Key, Event: id, Kind: k, At: d.Now.UTC().Truncate(time.Second), Due: due.UTC(),
		Language: d.who.Language, Zone: d.who.Zone.String(), Servers: []Server{},
	}
	if e, is := d.ledger.Event(id); is {
		n.Number = e.Last.Number + 1
	}
	return n
}

// mine are the customer's guests.
func (d *desk) mine() []*guest { return d.Estate.of[d.who.Key] }

// unsaid are sentences of humans for those whom an event affects that began then,
// and that are not told.
func (d *desk) unsaid(e Event, begun time.Time) []Sentence {
	var out []Sentence
	for _, s := range d.Orders.Says {
		if d.Now.Sub(s.At) < said && !s.At.Before(begun) && !slices.Contains(e.Said, s.ID) && (s.Node == "" || d.concerns(s.Node, e)) {
			out = append(out, s)
		}
	}
	return out
}

// unheard are sentences of the last notice, which a new one replaces before
// everybody has it: those that nobody has heard, and those that are so new that they
// may be said again to who has.
func (d *desk) unheard(e Event) []Sentence {
	if e.Last.Done() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.Orders.Says), func(s Sentence) bool {
		age := d.Now.Sub(s.At)
		return !slices.Contains(e.Last.Said, s.ID) || age >= said || e.Last.Told() && age >= d.Every
	})
}

// concerns says whether an event is about a node: the work on it, or a server that
// was on it.
func (d *desk) concerns(node string, e Event) bool {
	if slices.ContainsFunc(d.Orders.Plans, func(p Plan) bool { return p.ID == e.ID && p.Node == node }) {
		return true
	}
	return slices.ContainsFunc(e.Last.Servers, func(x Server) bool {
		was, _ := d.story.spell(x)
		return was.node == node
	})
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
