package notice

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/locale"
)

var stories = flag.Int("stories", 2000, "random stories to live through")

// office is notify_customers as a test has it: it runs now and then, and what it
// sends arrives, or not, or perhaps.
type office struct {
	*world
	t       testing.TB
	all     []customer.Customer
	orders  Orders
	ledgers map[string]Ledger
	// numbers, ids and words are what went out so far.
	numbers map[string]int
	words   map[string]Words
	stages  map[string]Kind
	// late is when each customer was first seen to be affected and not told.
	late  map[string]int
	told  map[Kind]int
	voice map[string]*locale.Locale
}

var usual = Policy{After: 2 * time.Minute, Every: 30 * time.Minute, Remind: 24 * time.Hour}

// TestStories lives through random stories. Nobody is told what is not so, nobody
// who is affected is forgotten, and nobody reads of others.
func TestStories(t *testing.T) {
	n := *stories
	if testing.Short() {
		n = min(n, 300)
	}
	voice := map[string]*locale.Locale{}
	for _, name := range locale.Languages() {
		l, err := locale.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		voice[name] = l
	}
	told := map[Kind]int{}
	for seed := range uint64(n) {
		w := newWorld(seed)
		o := &office{world: w, t: t, all: w.customers(t), ledgers: map[string]Ledger{}, numbers: map[string]int{}, words: map[string]Words{}, stages: map[string]Kind{}, late: map[string]int{}, told: told, voice: voice}
		for w.minute = range 150 {
			w.happen()
			w.poll()
			o.order()
			if w.IntN(8) > 0 {
				o.run()
			}
			w.now = w.now.Add(time.Minute)
			if t.Failed() {
				t.Fatalf("seed %d, minute %d", seed, w.minute)
			}
		}
	}
	for _, k := range []Kind{Announced, Begun, Moved, Finished, Cancelled, Opened, Update, Resolved} {
		if told[k] < n/300 {
			t.Errorf("%s: %d notices in %d stories", k, told[k], n)
		}
	}
	t.Logf("%v", told)
}

// order is what people ask for by hand.
func (o *office) order() {
	switch o.IntN(400) {
	case 0:
		p := &work{node: o.names[o.IntN(3)], affected: map[string]bool{}}
		if slices.ContainsFunc(o.plans, func(x *work) bool { return x.node == p.node }) {
			return
		}
		p.from = o.now.Add(time.Duration(o.IntN(40)) * time.Minute)
		p.until = p.from.Add(time.Hour)
		orders, err := o.orders.Announce(Plan{Cluster: "siteQ", Node: p.node, From: p.from, Until: p.until, Reason: reasons[o.IntN(len(reasons))]}, o.now)
		if err != nil {
			o.t.Fatal(err)
		}
		o.orders, o.plans = orders, append(o.plans, p)
	case 1:
		if n := len(o.plans); n > 0 {
			p := o.plans[n-1]
			orders, err := o.orders.Cancel(p.node, Tell(o.entries), o.now)
			if err == nil {
				o.orders, p.cancelled = orders, true
			}
		}
	case 2:
		orders, err := o.orders.Tell("We are on our way to the site.", "", EstateOf(Tell(o.entries), o.all), o.now)
		if err != nil {
			o.t.Fatal(err)
		}
		o.orders = orders
	}
}

// run works out what is due, stores it, and sends it.
func (o *office) run() {
	estate := EstateOf(Tell(o.entries), o.all)
	for _, c := range o.all {
		l := o.ledgers[c.Key]
		for _, n := range usual.Due(Facts{estate, o.orders, o.now}, c, l) {
			o.check(c, n, l)
			r := Record{Notice: n, ID: n.MessageID("example.net"), Deliveries: []Delivery{{Channel: "mail", To: c.Mail[0], Outcome: NotSent}, {Channel: "webhook", To: "x", Outcome: NotSent}}}
			var ok bool
			if l, ok = l.With(r, 0); !ok {
				o.t.Fatalf("%+v is not the next", n)
			}
			if _, again := l.With(r, 0); again {
				o.t.Fatal("a number was used twice")
			}
		}
		if len(l.Pending()) > 0 {
			l = roundtrip(o.t, l)
		}
		for _, r := range l.Pending() {
			o.send(c, r)
			for _, d := range r.Deliveries {
				if d.Ready(r.Notice, o.now) {
					d.Outcome, d.At, d.Tries = [...]string{Sent, Sent, Sent, NotSent, Unknown}[o.IntN(5)], o.now, d.Tries+1
					l = l.Delivered(r, d)
				}
			}
		}
		o.ledgers[c.Key] = l.Pruned(o.now)
	}
	o.forgotten(estate)
}

// send puts a notice into words: the same each time.
func (o *office) send(c customer.Customer, r Record) {
	words, err := Say(r.Notice, o.voice[r.Language], "Example Hosting")
	if err != nil {
		o.t.Fatal(err)
	}
	if before, again := o.words[r.ID]; again && before != words {
		o.t.Errorf("%s has other words: %s", r.ID, cmp.Diff(before, words))
	}
	o.words[r.ID] = words
	facts, err := json.Marshal(r.Notice.Facts())
	if err != nil {
		o.t.Fatal(err)
	}
	for part, text := range map[string]string{"subject": words.Subject, "text": words.Text, "html": words.HTML, "id": r.ID + r.Thread + r.UID("example.net"), "facts": string(facts)} {
		for _, secret := range append(o.strangers(c.Key), o.secrets...) {
			if strings.Contains(text, secret) {
				o.t.Fatalf("the %s for %s says %q:\n%s", part, c.Key, secret, text)
			}
		}
		if part != "facts" && strings.ContainsAny(text, "\x00\x1b\u202e\u200b\r") || part == "subject" && (strings.Contains(text, "\n") || len(text) > 120) {
			o.t.Fatalf("control characters in the %s: %q", part, text)
		}
	}
	if strings.Contains(words.HTML, "<script") || strings.Contains(words.HTML, "onload=x ") || strings.Contains(words.Text, "<no value>") {
		o.t.Fatalf("markup got through: %s", words.HTML)
	}
}

// strangers are what others and their servers are called.
func (o *office) strangers(key string) []string {
	out := []string{"siteQ"}
	out = append(out, o.keys...)
	for _, b := range o.bodies {
		if strings.HasPrefix(b.name, "server") && !b.belongs(key) {
			out = append(out, b.name)
		}
	}
	return out
}

// check holds a notice against the world.
func (o *office) check(c customer.Customer, n Notice, l Ledger) {
	o.told[n.Kind]++
	wrong := func(format string, args ...any) {
		o.t.Helper()
		o.t.Errorf("%s %s #%d to %s: %s\n%+v", n.Event, n.Kind, n.Number, c.Key, fmt.Sprintf(format, args...), n)
	}
	id := n.MessageID("example.net")
	if _, twice := o.words[id]; twice {
		wrong("%s was used before", id)
	}
	if last, is := o.numbers[c.Key+n.Event]; is && n.Number != last+1 || !is && n.Number != 0 {
		wrong("after number %d", last)
	}
	o.numbers[c.Key+n.Event] = n.Number
	for _, x := range n.Servers {
		b := o.bodies[slices.IndexFunc(o.bodies, func(b *body) bool { return b.id == x.ID })]
		if !b.belongs(c.Key) {
			wrong("%d is not his", x.ID)
		}
		if x.Away() && n.Text == "" && b.answered {
			wrong("%d answered when somebody looked last", x.ID)
		}
		if !n.Planned() && !x.Away() && !b.deleted && !b.idle && o.downAtLast(b) {
			wrong("%d does not answer", x.ID)
		}
	}
	if n.Planned() {
		o.checkPlanned(c, n, wrong)
		return
	}
	switch n.Kind {
	case Opened:
		if o.faults == 0 {
			wrong("nothing ever failed")
		}
		if !slices.ContainsFunc(o.bodies, func(b *body) bool { return b.belongs(c.Key) && o.downAtLast(b) && !b.idle }) {
			wrong("nothing of his is down")
		}
	case Resolved:
		o.allAnswer(c, wrong)
	}
}

// allAnswer: nothing of the customer's is silent that need not be.
func (o *office) allAnswer(c customer.Customer, wrong func(string, ...any)) {
	for _, b := range o.bodies {
		if b.belongs(c.Key) && !b.idle && !b.deleted && !b.neverAnswered && o.downAtLast(b) {
			wrong("%d does not answer", b.id)
		}
	}
}

func (o *office) checkPlanned(c customer.Customer, n Notice, wrong func(string, ...any)) {
	key := c.Key + n.Event
	before := o.stages[key]
	if n.Kind != Update {
		if rank[n.Kind] <= rank[before] {
			wrong("after %s", before)
		}
		o.stages[key] = n.Kind
	}
	if before.Closes() {
		wrong("after its end")
	}
	i := slices.IndexFunc(o.orders.Plans, func(p Plan) bool { return p.ID == n.Event })
	p := o.plans[i]
	there := slices.ContainsFunc(o.bodies, func(b *body) bool { return b.belongs(c.Key) && !b.seenDeleted && b.home == p.node })
	switch n.Kind {
	case Announced:
		if !there || !p.begun.IsZero() {
			wrong("nothing of his is on %s, or it has begun", p.node)
		}
		p.affected[c.Key] = true
	case Begun, Moved:
		if p.begun.IsZero() && n.Begun.IsZero() {
			wrong("it has not begun")
		}
		if n.Kind == Moved && there {
			for _, x := range n.Servers {
				if b := o.bodies[slices.IndexFunc(o.bodies, func(b *body) bool { return b.id == x.ID })]; b.home == p.node {
					wrong("%d is still there", x.ID)
				}
			}
		}
	case Finished:
		if p.done.IsZero() {
			wrong("it is not over")
		}
		o.allAnswer(c, wrong)
	case Cancelled:
		if !p.cancelled || !p.affected[c.Key] {
			wrong("nobody called it off, or he was never told")
		}
	}
}

// forgotten finds customers that are affected and were not told.
func (o *office) forgotten(e *Estate) {
	for _, c := range o.all {
		affected := slices.ContainsFunc(o.bodies, func(b *body) bool { return b.belongs(c.Key) && o.downFor(b) >= usual.After })
		open := slices.ContainsFunc(o.ledgers[c.Key].Open(), func(x Event) bool { return !x.Last.Planned() })
		switch {
		case !affected || open:
			delete(o.late, c.Key)
		default:
			if o.late[c.Key]++; o.late[c.Key] >= 2 {
				o.t.Errorf("%s is affected and not told", c.Key)
			}
		}
	}
	for _, s := range e.Shared {
		if len(s.Keys) != 2 {
			o.t.Errorf("%+v", s)
		}
	}
}
