// Notify_customers tells customers what concerns them, in their language, and only
// what is proven: that work is planned, has begun and is over, that their servers
// do not answer, and that they do again.
//
// It reads the journal, in which the other plugins write down what happens, works
// out what each customer has to be told now (pkg/notice), writes that down, and
// sends it (pkg/channel). Without --send it shows what would go to whom.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/channel"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/locale"
	"github.com/noout-monitoring/noout/pkg/notice"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/state"
)

func main() { check.Main(plugin()) }

const name = "notify_customers"

type options struct {
	Customers string `required:"" placeholder:"FILE" help:"Who is who, whose guests are whose, and how they are reached: see customers.ini(5)."`
	Send      bool   `help:"Send. Without it nothing is sent and nothing is remembered: the answer shows what would go to whom."`

	After       time.Duration `group:"When" default:"2m" help:"How long a guest has to be silent before its customer is told."`
	UpdateEvery time.Duration `group:"When" default:"30m" help:"Time between two updates of a disturbance, also when nothing has changed."`
	Remind      time.Duration `group:"When" default:"24h" help:"How long before planned work its customers are reminded, 0 for not at all."`
	Most        int           `group:"When" default:"50" help:"More new notices than this in one run are held until somebody has looked."`
	Warning     check.Range   `short:"w" default:"300" help:"Warn when a notice has waited for so many seconds."`
	Critical    check.Range   `short:"c" default:"1800" help:"Alarm when a notice has waited for so many seconds."`

	Announce bool   `once:"" group:"By hand" help:"Announce work on --node to all who have guests there, or give it new times."`
	Cancel   bool   `once:"" group:"By hand" help:"Call off the work on --node, before it has begun."`
	Tell     string `once:"" group:"By hand" placeholder:"TEXT" help:"A sentence of your own to all who are affected now, or by --node."`
	Node     string `once:"" group:"By hand" placeholder:"NODE" help:"The node that the order is about."`
	From     string `once:"" group:"By hand" placeholder:"TIME" help:"When announced work begins: 2026-12-03T14:00, with an offset behind it, or 2h for in so long."`
	Until    string `once:"" group:"By hand" placeholder:"TIME" help:"When it ends, or 2h for so long after --from."`
	Reason   string `once:"" group:"By hand" enum:"fans,power,memory,disks,network,firmware,software,hardware" placeholder:"WHAT" help:"Why, as customers are told: fans, power, memory, disks, network, firmware, software, hardware."`
	Impact   string `once:"" group:"By hand" enum:"none,short,off" placeholder:"WHAT" help:"What is expected: none, short (an interruption), off. Without it none, or short for who has containers."`

	Channels channel.Options `embed:"" group:"Channels"`
	Auth     secret.Options  `embed:"" group:"Channels"`

	JournalDir []string        `name:"journal-dir" group:"Memory" placeholder:"DIR" help:"Read this journal, of another poller or a copy. Without it that of the memory."`
	Journal    journal.Options `embed:"" group:"Memory"`
	State      state.Options   `embed:"" group:"Memory"`

	wall state.Wall
	// senders are a test's, instead of the channels'.
	senders map[string]channel.Sender
}

// Validate refuses what cannot be meant.
func (o *options) Validate() error {
	orders := 0
	for _, is := range []bool{o.Announce, o.Cancel, o.Tell != ""} {
		if is {
			orders++
		}
	}
	switch {
	case orders > 1:
		return errors.New("--announce, --cancel and --tell: expected one of them")
	case (o.Announce || o.Cancel) && o.Node == "":
		return errors.New("--node: expected with --announce and --cancel")
	case o.Announce && (o.From == "" || o.Until == ""):
		return errors.New("--from and --until: expected with --announce")
	case !o.Announce && (o.From != "" || o.Until != "" || o.Reason != "" || o.Impact != ""):
		return errors.New("--from, --until, --reason and --impact: expected with --announce only")
	case orders == 0 && o.Node != "":
		return errors.New("--node: expected with --announce, --cancel or --tell")
	case o.After < time.Minute:
		return errors.New("--after: expected at least 1m, guests are looked at about once a minute")
	case o.UpdateEvery < 5*time.Minute:
		return errors.New("--update-every: expected at least 5m")
	case o.Remind < 0:
		return errors.New("--remind: expected a time, or 0")
	case o.Most < 1:
		return errors.New("--most: expected at least 1")
	case o.Send && o.State.Mode == state.Off:
		return errors.New("--send: expected with a memory, not --state off: what was told has to be known")
	case o.Send && o.Channels.MailFrom == "":
		return errors.New("--mail-from: expected with --send, such as noc@example.net")
	case o.State.Mode == state.Off && len(o.JournalDir) == 0:
		return errors.New("--journal-dir: expected with --state off")
	}
	_, _, err := o.times(o.wall.Now())
	return err
}

func plugin() check.Plugin {
	return pluginAt(state.Wall{Now: time.Now, Up: state.Uptime}, nil)
}

// pluginAt takes clock and channels from a test.
func pluginAt(wall state.Wall, senders map[string]channel.Sender) check.Plugin {
	o := &options{wall: wall, senders: senders}
	return check.Plugin{
		Name:     name,
		Summary:  "Is everybody told what concerns him?",
		Help:     help,
		Examples: examples,
		Metrics:  metrics,
		Options:  o,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "notify_customers --customers customers.ini", Why: "what would be told to whom now, and nothing is sent"},
	{Command: "notify_customers --customers customers.ini --mail-from noc@example.net --send", Why: "the service that runs every minute, and the notification command (with --smtp or --sendmail)"},
	{Command: "notify_customers --customers customers.ini --tell 'Help is on its way.'", Why: "your own sentence to all who are affected, in their frame"},
}

const help = `OK: everybody who has to be told is told, as far as their side says so.
WARNING: a notice could not be delivered and is tried again, waits for longer than -w, or is held by --most, a channel cannot be used, or a sentence of --tell went to nobody. A customer has no address, a guest has two customers, announced work has no end.
CRITICAL: a notice waits for longer than -c, no channel can be used, or what is to be told cannot be written down. Then nothing is sent.
UNKNOWN: nobody looks at the guests, or the journal or the customers cannot be read.
Nobody is told what no entry of the journal proves: a guest is silent only when check_guests says so, and has looked again since --after. What this side cannot see (a dead path, a token without rights, a gateway that is silent) is nobody's outage. check_guests needs --parent, or a guest that answers, to know that the path is there.
Orders by hand are shown first, and count with --send only.`

// check works out what is due, and tells it.
func (o *options) check(ctx context.Context) (check.Result, error) {
	clock := o.wall.Read(time.Time{})
	now := clock.At
	r := &run{options: o, now: now, clock: clock, voices: map[string]*locale.Locale{}}
	var err error
	if r.customers, err = customer.Read(o.Customers); err != nil {
		return check.Result{}, fmt.Errorf("--customers %w", err)
	}
	if r.store, err = o.State.Open(name); err != nil && o.Send {
		return judge(outcome{now: now, send: true, most: o.Most, looked: now, ledger: []error{err}}), nil
	}
	if err != nil {
		return check.Result{}, err
	}
	if r.history, err = o.read(r.store, now); err != nil {
		return check.Result{}, err
	}
	r.story = notice.Tell(r.history.Entries)
	r.estate = notice.EstateOf(r.story, r.customers)
	if err := r.order(ctx); err != nil {
		return check.Result{}, err
	}
	r.due()
	r.open()
	if o.Send {
		r.send(ctx)
	}
	f := r.outcome()
	result := judge(f)
	if r.set != 0 {
		result.Notes = append(result.Notes, check.ClockText(r.set))
	}
	if !o.Send {
		result.Preview = f.page(result)
	}
	return result, nil
}

// read reads the journals: this month and the one before, in which everybody is
// listed.
func (o *options) read(store *state.Store, now time.Time) (journal.History, error) {
	sources, err := journal.Sources(o.JournalDir, store)
	if err != nil {
		return journal.History{}, err
	}
	y, m, _ := now.UTC().Date()
	p := journal.Period{From: time.Date(y, m-1, 1, 0, 0, 0, 0, time.UTC), Until: now.Add(time.Second)}
	return journal.Read(sources, p, now, notice.Kinds)
}

// times are those of an announcement.
func (o *options) times(now time.Time) (from, until time.Time, err error) {
	if !o.Announce {
		return from, until, nil
	}
	if from, err = moment(o.From, now); err != nil {
		return from, until, fmt.Errorf("--from: %w", err)
	}
	if until, err = moment(o.Until, from); err != nil {
		return from, until, fmt.Errorf("--until: %w", err)
	}
	return from, until, nil
}

// moment reads a time, or so long after another.
func moment(text string, after time.Time) (time.Time, error) {
	if d, err := check.ParseDuration(text); err == nil {
		return after.Add(d).Truncate(time.Minute), nil
	}
	if t, ok := check.ParseTime(text); ok {
		return t, nil
	}
	return time.Time{}, errors.New("expected a time such as 2026-12-03T14:00, 2026-12-03T14:00:00+01:00, or 2h")
}

// sender is who writes: his name, and the domain of what he writes.
func (o *options) sender() (name, domain string) {
	a, err := mail.ParseAddress(o.Channels.MailFrom)
	if err != nil { // refused already where something is sent
		return "", "localhost"
	}
	_, domain, _ = strings.Cut(a.Address, "@")
	return customer.Clean(a.Name, 100), domain
}
