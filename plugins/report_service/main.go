// Report_service shows the work that nobody saw: what was done for a customer,
// how long it interrupted him, what would have happened otherwise, and what was
// not measured.
//
// It reads the journal, in which the other plugins write down what happens, and
// nothing else. Every sentence comes from an entry and names it; what no entry
// tells does not appear, and that nobody looked is said as plainly as what was
// seen.
package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/locale"
	"github.com/noout-monitoring/noout/pkg/state"
)

func main() { check.Main(plugin()) }

type options struct {
	Node  string `group:"Period" placeholder:"NODE" help:"The last maintenance of this node, or with --from those in a time."`
	Month string `group:"Period" placeholder:"YYYY-MM" help:"All of a month."`
	From  string `group:"Period" placeholder:"TIME" help:"From this time on: 2026-11-28, 2026-11-28T14:00, with an offset behind it, or 7d for so long ago."`
	Until string `group:"Period" placeholder:"TIME" help:"Up to this time, now without it."`

	Customers string   `group:"Audience" placeholder:"FILE" help:"Who is who, and whose guests are whose: see customers.ini(5)."`
	Customer  []string `group:"Audience" placeholder:"KEY" help:"For this customer."`
	All       bool     `group:"Audience" help:"For each customer, a file of its own."`
	Internal  bool     `group:"Audience" help:"For the hoster, with nodes and all customers. What is made without --customer and --all."`
	Lang      string   `group:"Audience" placeholder:"LANG" help:"Language: de, en, es, fr, nl, pt (of Portugal). Without it the customer's own, or en."`

	Format   []string `enum:"html,text,json" default:"text" placeholder:"FORMAT" help:"Form of the report: html, text, json. Several with --out."`
	Out      string   `placeholder:"DIR" help:"Write files there, and answer in one line. Without it the report itself is the answer."`
	Template string   `placeholder:"FILE" help:"The hoster's own words: blocks intro and closing, as intro.es for one language."`
	BMC      []string `name:"bmc" placeholder:"NODE=HOST" help:"Which controller check_fans asks for a node: pve3=bmc3.example.net."`

	JournalDir []string      `name:"journal-dir" group:"Memory" placeholder:"DIR" help:"Read this journal, of another poller or a copy. Without it that of the memory."`
	State      state.Options `embed:"" group:"Memory"`

	now func() time.Time
}

// Validate refuses what cannot be meant.
func (o *options) Validate() error {
	chosen := 0
	for _, is := range []bool{o.Month != "", o.Node != "", o.From != "" && o.Node == ""} {
		if is {
			chosen++
		}
	}
	switch {
	case chosen != 1:
		return errors.New("expected one of --node NODE, --month YYYY-MM and --from TIME")
	case o.Month != "" && (o.From != "" || o.Until != ""):
		return errors.New("--month: expected without --from and --until")
	case o.Until != "" && o.From == "":
		return errors.New("--until: expected with --from")
	case o.Customers == "" && (o.All || len(o.Customer) > 0):
		return errors.New("--customers: expected with --customer and --all, it says who is who")
	case o.All && len(o.Customer) > 0:
		return errors.New("--all and --customer: expected one of them")
	case o.Out == "" && (o.All || len(o.Customer) > 1 || o.Internal && len(o.Customer) > 0 || len(o.Format) > 1):
		return errors.New("--out: expected a directory for more than one report")
	case o.State.Mode == state.Off && len(o.JournalDir) == 0:
		return errors.New("--journal-dir: expected with --state off")
	}
	if o.Lang != "" {
		if _, err := locale.Open(o.Lang); err != nil {
			return fmt.Errorf("--lang: %w", err)
		}
	}
	_, err := o.controllers()
	if err == nil {
		_, err = o.asked(o.now())
	}
	return err
}

func (o *options) controllers() (map[string]string, error) {
	out := map[string]string{}
	for _, text := range o.BMC {
		node, host, is := strings.Cut(text, "=")
		if !is || node == "" || host == "" {
			return nil, errors.New("--bmc: expected NODE=HOST, such as pve3=bmc3.example.net")
		}
		out[node] = host
	}
	return out, nil
}

func plugin() check.Plugin { return pluginAt(time.Now) }

// pluginAt takes the clock from a test.
func pluginAt(now func() time.Time) check.Plugin {
	o := &options{now: now}
	return check.Plugin{
		Name:     "report_service",
		Summary:  "What was done for a customer, and what would have happened otherwise?",
		Help:     help,
		Examples: examples,
		Metrics:  metrics,
		Options:  o,
		Memory:   44,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "report_service --node pve3", Why: "the last maintenance of pve3, for ourselves, as text"},
	{Command: "report_service --node pve3 --customers customers.ini --customer acme", Why: "the same for one customer, in his language"},
	{Command: "report_service --from 30d --customers customers.ini --all --out reports", Why: "the last thirty days, a file for each customer"},
	{Command: "report_service --from 24h --lang nl --format html,text --out reports", Why: "the last day in Dutch, as a page to print and as text to send"},
}

const help = `OK: the report is made, from what was seen.
WARNING: it is made, and something is missing: lines of the journal that cannot be read, a customer of whom no guest is known, no maintenance of the node in that time.
UNKNOWN: nobody looked in that time, or there is no journal: what happened is not known. The report says so.
Every sentence comes from an entry of the journal and names it. Customers read neither the names of nodes and other customers nor addresses.`

// check reads, tells, and writes.
func (o *options) check(_ context.Context) (check.Result, error) {
	now := o.now()
	wanted, err := o.asked(now)
	if err != nil {
		return check.Result{}, err
	}
	audiences, err := o.audiences()
	if err != nil {
		return check.Result{}, err
	}
	var words own
	if o.Template != "" {
		if words, err = readOwn(o.Template); err != nil {
			return check.Result{}, fmt.Errorf("--template %w", err)
		}
	}
	if words.page, err = pageTemplate(); err != nil {
		return check.Result{}, err
	}
	s := newStory(wanted.period)
	history, err := o.read(wanted, now, s.take)
	if err != nil {
		return check.Result{}, err
	}
	s.tell()
	works, found := o.works(s, wanted)
	f := outcome{story: s, works: works, found: found, node: o.Node, history: history}
	for _, a := range audiences {
		r := reportOf(s, a, works)
		r.Unread += history.Torn + history.Newer + history.Ahead
		made, err := o.write(r, s, a, words)
		if err != nil {
			return check.Result{}, err
		}
		f.reports = append(f.reports, r)
		f.files = append(f.files, made.files...)
		f.page = made.page
	}
	return judge(f), nil
}

// audiences are those for whom reports are wanted.
func (o *options) audiences() ([]audience, error) {
	controllers, err := o.controllers()
	if err != nil {
		return nil, err
	}
	own := audience{controllers: controllers}
	if o.Customers != "" {
		if own.customers, err = customer.Read(o.Customers); err != nil {
			return nil, fmt.Errorf("--customers %w", err)
		}
		own.book = customer.BookOf(own.customers)
	}
	var out []audience
	for _, c := range own.customers {
		if o.All || slices.Contains(o.Customer, c.Key) {
			a := own
			a.who = &c
			out = append(out, a)
		}
	}
	for _, key := range o.Customer {
		if _, is := customer.Find(own.customers, key); !is {
			return nil, fmt.Errorf("--customer: no such key in %s, expected one of its sections", o.Customers)
		}
	}
	if o.Internal || len(out) == 0 {
		out = append(out, own)
	}
	return out, nil
}

// read reads the journals.
func (o *options) read(wanted asked, now time.Time, take func(journal.Entry)) (journal.History, error) {
	var store *state.Store
	if len(o.JournalDir) == 0 {
		var err error
		if store, err = o.State.Open("report_service"); err != nil {
			return journal.History{}, err
		}
	}
	sources, err := journal.Sources(o.JournalDir, store)
	if err != nil {
		return journal.History{}, err
	}
	return journal.Each(sources, wanted.read, now, take)
}
