package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/notice"
)

// outcome gathers what the verdict rests on.
func (r *run) outcome() outcome {
	f := outcome{
		now: r.now, send: r.Send, warn: r.Warning, crit: r.Critical, most: r.Most, history: r.history, clusters: r.estate.Clusters(), held: r.held, unkept: r.unkept,
		shared: r.estate.Shared, works: r.orders.States(r.story, r.now),
	}
	f.looked, f.cluster = r.estate.Looked()
	f.closed, f.mute = r.doors()
	for _, d := range r.desks {
		if d.silent {
			f.silent = append(f.silent, d.who.Key)
		}
		knows := d.sent > 0
		for _, e := range d.ledger.Open() {
			if knows = knows || e.Last.Told(); !e.Last.Planned() {
				f.open++
				f.within = max(f.within, within(e.Last))
			}
		}
		if knows {
			f.told++
		}
		for _, x := range d.ledger.Pending() {
			switch {
			case !x.Stale(r.now):
				f.waiting = append(f.waiting, letter{Record: x})
			case x.Lost(r.now):
				f.lost = append(f.lost, letter{Record: x})
			}
		}
		for _, x := range d.fresh {
			f.waiting = append(f.waiting, letter{Record: x})
		}
		if r.Send {
			continue
		}
		for _, x := range slices.Concat(d.ledger.Pending(), d.fresh) {
			if x.Stale(r.now) {
				continue
			}
			m, err := r.message(d.who, x, notice.Delivery{})
			if err != nil {
				r.faults.words = append(r.faults.words, err)
				continue
			}
			f.letters = append(f.letters, letter{x, m.Subject, m.Text})
		}
	}
	f.ledger, f.journal, f.words = r.faults.ledger, r.faults.journal, r.faults.words
	f.unheard = r.Send && r.Tell != "" && !r.reaches()
	return f
}

// reaches says whether the sentence of this run stands in a notice to anybody. One
// that could not be written down is said elsewhere.
func (r *run) reaches() bool {
	if len(r.orders.Says) == 0 {
		return true
	}
	id := r.orders.Says[len(r.orders.Says)-1].ID
	return slices.ContainsFunc(r.desks, func(d *desk) bool {
		return slices.ContainsFunc(d.fresh, func(x notice.Record) bool { return slices.Contains(x.Said, id) }) ||
			slices.ContainsFunc(d.ledger.Events, func(e notice.Event) bool { return slices.Contains(e.Said, id) })
	})
}

// within is how long it took to tell a notice, to the last that has it.
func within(x notice.Record) time.Duration {
	longest := time.Duration(0)
	for _, d := range x.Deliveries {
		if d.Outcome == notice.Sent {
			longest = max(longest, d.At.Sub(x.Due))
		}
	}
	return longest
}

// page shows what would go to whom, below what is wrong.
func (f outcome) page(r check.Result) string {
	if len(f.letters) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Status(), r.Summary)
	for _, x := range r.Findings[:len(r.Findings)-f.ways()] {
		if x.Text != r.Summary {
			fmt.Fprintf(&b, "[%s] %s\n", x.Status, x.Text)
		}
	}
	for _, l := range f.letters {
		for _, d := range l.Deliveries {
			fmt.Fprintf(&b, "\nTo %s by %s: %s\n", l.Customer, d.Channel, shown(d))
		}
		fmt.Fprintf(&b, "Subject: %s\n\n", l.Subject)
		for line := range strings.Lines(l.Text) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// shown is where a notice goes. Of a web hook that is the host: what stands behind
// it is often a secret.
func shown(d notice.Delivery) string {
	if d.Channel != byWebhook {
		return d.To
	}
	u, err := url.Parse(d.To)
	if err != nil {
		return byWebhook
	}
	return "https://" + u.Host + "/..."
}

// ways are how many lines the verdict has of what would go.
func (f outcome) ways() int {
	n := 0
	for _, l := range f.letters {
		n += len(l.Deliveries)
	}
	return n
}

// report is the answer for --output json.
type report struct {
	DryRun  bool         `json:"dry_run"`
	Open    int          `json:"open"`
	Held    int          `json:"held"`
	Waiting []sendReport `json:"waiting"`
	Shared  []string     `json:"shared_guests,omitempty"`
	Silent  []string     `json:"unreachable_customers,omitempty"`
	Works   []workReport `json:"works"`
}

type sendReport struct {
	Customer  string            `json:"customer"`
	Event     string            `json:"event"`
	Kind      notice.Kind       `json:"kind"`
	Number    int               `json:"number"`
	MessageID string            `json:"message_id"`
	Due       time.Time         `json:"due"`
	Subject   string            `json:"subject,omitempty"`
	Text      string            `json:"text,omitempty"`
	Ways      []notice.Delivery `json:"deliveries"`
}

type workReport struct {
	Node     string     `json:"node"`
	From     time.Time  `json:"from"`
	Until    time.Time  `json:"until"`
	Begun    *time.Time `json:"begun,omitempty"`
	Finished *time.Time `json:"finished,omitempty"`
	Called   *time.Time `json:"cancelled,omitempty"`
}

func (f outcome) facts() report {
	r := report{DryRun: !f.send, Open: f.open, Held: f.held, Waiting: []sendReport{}, Silent: f.silent, Works: []workReport{}}
	list := f.waiting
	if !f.send {
		list = f.letters
	}
	for _, l := range list {
		ways := slices.Clone(l.Deliveries)
		for i, d := range ways {
			ways[i].To = shown(d)
		}
		r.Waiting = append(r.Waiting, sendReport{l.Customer, l.Event, l.Kind, l.Number, l.ID, l.Due, l.Subject, l.Text, ways})
	}
	for _, s := range f.shared {
		r.Shared = append(r.Shared, fmt.Sprintf("%d: %s", s.ID, strings.Join(s.Keys, " ")))
	}
	known := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	for _, w := range f.works {
		r.Works = append(r.Works, workReport{w.Node, w.From, w.Until, known(w.Begun), known(w.Finished), known(w.Cancelled)})
	}
	return r
}
