package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/channel"
	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/locale"
	"github.com/noout-monitoring/noout/pkg/notice"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/state"
)

// run is one run of the plugin.
type run struct {
	*options
	now       time.Time
	clock     state.Clock
	set       time.Duration // by which our clock was set since the last run that wrote
	customers []customer.Customer
	store     *state.Store
	history   journal.History
	story     *notice.Story
	orders    notice.Orders
	estate    *notice.Estate
	desks     []*desk
	held      int
	unkept    []notice.Record // that promised word which is late
	voices    map[string]*locale.Locale
	senders   map[string]channel.Sender
	closed    map[string]error // channels that cannot be used, and why
	faults    faults
	least     time.Duration // that a delivery may take which is begun
}

// desk is what concerns one customer in this run.
type desk struct {
	who    customer.Customer
	ledger notice.Ledger
	fresh  []notice.Record
	sent   int  // notices that were proven to arrive in this run
	silent bool // he has no address
}

// ordered is where orders by hand are kept. Customers' keys have no dot.
const ordered = "hand.orders"

// order applies the order by hand, and with --send writes it down.
func (r *run) order(ctx context.Context) error {
	from, until, err := r.times(r.now)
	if err != nil {
		return err
	}
	var mistake error
	clusters := r.story.Clusters(r.Node)
	apply := func(o notice.Orders) (notice.Orders, error) {
		o = o.Pruned(r.now).Under(r.story)
		switch {
		case len(clusters) > 1 && !r.Cancel:
			return o, fmt.Errorf("--node: there is a %s in each of the clusters %s, expected the journal of one of them (--journal-dir)", r.Node, strings.Join(clusters, ", "))
		case r.Announce:
			if len(clusters) == 0 {
				return o, r.stranger("no guest is known on it")
			}
			return o.Announce(notice.Plan{Cluster: clusters[0], Node: r.Node, From: from, Until: until, Reason: notice.Reason(r.Reason), Impact: notice.Impact(r.Impact)}, r.now)
		case r.Cancel:
			return o.Cancel(r.Node, r.story, r.now)
		case r.Tell != "" && r.Node != "" && !o.Knows(r.Node, r.story):
			return o, r.stranger("nothing is known of it")
		case r.Tell != "":
			return o.Tell(r.Tell, r.Node, r.estate, r.now)
		}
		return o, nil
	}
	asked := r.Announce || r.Cancel || r.Tell != ""
	if !r.Send || !asked {
		o, err := state.Load[notice.Orders](r.store, ordered)
		switch {
		case err != nil && asked:
			return err
		case err != nil: // of planned work nothing is known: an outage is told all the same
			r.faults.ledger = append(r.faults.ledger, err)
		}
		r.orders, err = apply(o)
		return err
	}
	if _, err := state.Load[notice.Orders](r.store, ordered); err != nil {
		return err // what cannot be read is not replaced
	}
	r.orders, err = state.UpdateContext(ctx, r.store, ordered, func(o notice.Orders) (notice.Orders, error) {
		o, mistake = apply(o)
		return o, mistake
	})
	switch {
	case mistake != nil:
		return mistake
	case err != nil:
		r.faults.ledger = append(r.faults.ledger, fmt.Errorf("the order is not written down: %w", err))
		r.orders = notice.Orders{}
	}
	return nil
}

// stranger says of a --node that it is none of those there are.
func (r *run) stranger(why string) error {
	nodes := r.story.Nodes()
	if len(nodes) == 0 {
		return fmt.Errorf("--node: %s, and no other node is known: expected check_guests to be run, with the journal on", why)
	}
	return fmt.Errorf("--node: %s, expected one of %s", why, strings.Join(nodes, ", "))
}

// follow is the ledger by our clock as it is now. That it was set is written down,
// because nothing is told before somebody has looked since.
func (r *run) follow(c customer.Customer, l notice.Ledger) notice.Ledger {
	l, by := l.Follow(r.clock)
	if by == 0 {
		return l
	}
	if by.Abs() > r.set.Abs() {
		r.set = by
	}
	if r.Send {
		if _, err := r.change(c, func(l notice.Ledger) notice.Ledger { return l }); err != nil {
			r.faults.add(&r.faults.ledger, err)
		}
	}
	return l
}

// due works out what is due. Of a customer whose ledger cannot be read nothing is.
func (r *run) due() {
	policy := notice.Policy{After: r.After, Every: r.UpdateEvery, Remind: r.Remind}
	_, domain := r.sender()
	fresh := 0
	for _, c := range r.customers {
		l, err := state.Load[notice.Ledger](r.store, c.Key)
		if err != nil {
			r.faults.ledger = append(r.faults.ledger, err)
			continue
		}
		l = r.follow(c, l)
		l = l.Readdressed(ways(c), r.deliveries(c))
		d := &desk{who: c, ledger: l}
		facts := notice.Facts{Estate: r.estate, Orders: r.orders, Now: r.now}
		for _, n := range policy.Due(facts, c, l) {
			x := notice.Record{Notice: n, ID: n.MessageID(domain), Deliveries: r.deliveries(c)}
			if d.silent = len(x.Deliveries) == 0; !d.silent {
				d.fresh = append(d.fresh, x)
			}
		}
		if e, late := policy.Unkept(facts, c, l); late && len(d.fresh) == 0 && !d.silent {
			r.unkept = append(r.unkept, e.Last)
		}
		fresh += len(d.fresh)
		if len(d.fresh) > 0 || len(l.Events) > 0 || d.silent {
			r.desks = append(r.desks, d)
		}
	}
	if fresh > r.Most {
		r.held = fresh
	}
}

// The channels, as ledger and journal name them.
const (
	byMail    = "mail"
	byWebhook = "webhook"
	byPages   = "pages"
)

// deliveries are the ways to a customer that his section and the options open.
func (r *run) deliveries(c customer.Customer) []notice.Delivery {
	all := r.options.senders != nil || !r.Send
	open := map[string]bool{
		byPages: all || r.Channels.Pages != "", byMail: all || r.Channels.SMTP != "" || r.Channels.Sendmail != "", byWebhook: true,
	}
	return slices.DeleteFunc(ways(c), func(d notice.Delivery) bool { return !open[d.Channel] })
}

// ways are those to a customer that his section opens.
func ways(c customer.Customer) []notice.Delivery {
	var out []notice.Delivery
	add := func(channel, to string) {
		out = append(out, notice.Delivery{Channel: channel, To: to, Outcome: notice.NotSent})
	}
	if c.Pages != "" {
		add(byPages, c.Pages)
	}
	for _, address := range c.Mail {
		add(byMail, address)
	}
	if c.Webhook != "" {
		add(byWebhook, c.Webhook)
	}
	return out
}

// open opens the channels, each on its own: what goes by one that is closed waits,
// and the others go on. That it waits is no try, so it goes with the first run that
// finds the channel open. Who only looks needs no credentials.
func (r *run) open() {
	r.senders = r.options.senders
	if r.senders != nil {
		return
	}
	auth := r.Auth
	if !r.Send {
		auth = secret.Options{}
	}
	mail, errMail := r.Channels.Mail(auth)
	hooks, errHooks := r.Channels.Webhook(auth)
	pages, errPages := r.Channels.Directory()
	r.senders = map[string]channel.Sender{byMail: mail, byWebhook: hooks, byPages: pages}
	r.closed = map[string]error{byMail: errMail, byWebhook: errHooks, byPages: errPages}
	maps.DeleteFunc(r.closed, func(_ string, err error) bool { return err == nil })
}

// doors are the channels that options or customers ask for and that are closed, and
// whether the customers have no other.
func (r *run) doors() (closed []door, all bool) {
	used := map[string]bool{}
	for _, c := range r.customers {
		for _, d := range r.deliveries(c) {
			used[d.Channel] = true
		}
	}
	all = len(used) > 0
	for _, name := range []string{byMail, byWebhook, byPages} {
		err := r.closed[name]
		if err != nil && (used[name] || name != byWebhook) { // a web hook has no option of its own
			closed = append(closed, door{name, err})
		}
		all = all && (err != nil || !used[name])
	}
	return closed, all
}

// voice of a language. They are few, and opened once.
func (r *run) voice(name string) (*locale.Locale, error) {
	if l := r.voices[name]; l != nil {
		return l, nil
	}
	l, err := locale.Open(name)
	if err != nil {
		return nil, err
	}
	r.voices[name] = l
	return l, nil
}
