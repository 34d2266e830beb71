package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/notice"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

var metrics = []check.Metric{
	{Label: "open", Help: "disturbances of which customers are told, and that are not over"},
	{Label: "told", Help: "customers that are proven to know what concerns them now"},
	{Label: "waiting", Help: "notices that not all ways to their customer have"},
	{Label: "failed", Help: "deliveries that failed, and are tried again"},
	{Label: "longest_wait", Unit: "s", Help: "for how long something that has to be told has waited, the longest"},
}

// outcome is what the verdict rests on.
type outcome struct {
	now        time.Time
	send       bool
	warn, crit check.Range
	most       int
	history    journal.History
	looked     time.Time
	cluster    string // that nobody has looked at for the longest
	clusters   int
	open       int           // disturbances
	told       int           // customers that know of what is open, or were told in this run
	within     time.Duration // the longest from due to told, of what is open
	held       int
	unheard    bool // a sentence by hand went to nobody
	waiting    []letter
	unkept     []notice.Record // promised word that is late
	lost       []letter        // given up, and nobody has them
	silent     []string        // customers without an address
	shared     []notice.Shared
	works      []notice.State
	closed     []door
	mute       bool // no channel is open
	ledger     []error
	journal    error
	words      []error
	letters    []letter // of a dry run
}

// door is a channel that cannot be used.
type door struct {
	channel string
	why     error
}

// letter is a notice with its ways to the customer.
type letter struct {
	notice.Record
	Subject string
	Text    string
}

// judge says whether everybody is told. It is pure.
func judge(f outcome) check.Result {
	v := &verdict{outcome: f}
	v.unwritten()
	v.shut()
	v.undelivered()
	v.givenUp()
	v.late()
	v.mistakes()
	v.unproven()
	v.numbers()
	if len(v.r.Findings) == 0 {
		v.say(check.OK, "%s", v.r.Summary)
	}
	for _, l := range f.letters {
		for _, d := range l.Deliveries {
			v.say(check.OK, "to %s by %s to %s: %s", l.Customer, d.Channel, shown(d), l.Subject)
		}
	}
	v.r.Facts = f.facts()
	return v.r
}

type verdict struct {
	outcome
	r check.Result
}

func (v *verdict) say(s check.Status, format string, args ...any) {
	v.r.Findings = append(v.r.Findings, check.Finding{Status: s, Text: fmt.Sprintf(format, args...)})
}

// unwritten: what cannot be written down is not sent, and nobody else says so.
func (v *verdict) unwritten() {
	if n := len(v.ledger); n > 0 {
		v.say(check.CRITICAL, "%s not written or not readable, nothing of that is sent: %s", phrase.Count(n, "ledger is", "ledgers are"), v.ledger[0])
	}
	if n := len(v.words); n > 0 {
		v.say(check.CRITICAL, "%s could not be put into words and not sent: %s", phrase.Count(n, "notice", "notices"), v.words[0])
	}
}

// shut channels are named once, whoever waits for them, and also when nobody does:
// what comes next would not go either.
func (v *verdict) shut() {
	s, who := check.WARNING, ""
	if v.mute {
		s, who = check.CRITICAL, "nobody can be told: "
	}
	for _, d := range v.closed {
		waits := ""
		if n := v.wanting(d.channel); n > 0 {
			waits = ", " + phrase.Count(n, "notice waits", "notices wait")
		}
		v.say(s, "%snothing goes by %s until this is put right%s: %s", who, d.channel, waits, d.why)
	}
}

// wanting are how many notices wait for a channel.
func (v *verdict) wanting(channel string) int {
	n := 0
	for _, l := range v.waiting {
		if slices.ContainsFunc(l.Deliveries, func(d notice.Delivery) bool { return d.Channel == channel && d.Outcome != notice.Sent }) {
			n++
		}
	}
	return n
}

// undelivered notices are named with what their other side says.
func (v *verdict) undelivered() {
	if wait := v.wait(); wait > 0 {
		s := check.OK
		switch {
		case v.crit.Alert(wait.Seconds()):
			s = check.CRITICAL
		case v.warn.Alert(wait.Seconds()):
			s = check.WARNING
		}
		if s != check.OK {
			v.say(s, "something to be told has waited for %s", check.DurationText(wait.Round(time.Second)))
		}
	}
	if v.held > 0 {
		v.say(check.WARNING, "%d notices are held, more than --most %d: look at them without --send, then give --most %d once", v.held, v.most, v.held)
	}
	for _, l := range v.waiting {
		for _, d := range l.Deliveries {
			switch {
			case d.Outcome == notice.Sent || d.Tries == 0:
			case d.Outcome == notice.Unknown:
				v.say(check.WARNING, "%s by %s to %s: it may have arrived, it is sent again as the same (%s)", l.Customer, d.Channel, shown(d), d.Error)
			default:
				v.say(check.WARNING, "%s by %s to %s: %s", l.Customer, d.Channel, shown(d), d.Error)
			}
		}
	}
}

// givenUp are notices that never arrived and are no news any more.
func (v *verdict) givenUp() {
	for _, l := range v.lost {
		why := "it was never tried"
		for _, d := range l.Deliveries {
			if d.Error != "" {
				why = d.Error
			}
		}
		v.say(check.WARNING, "%s was never told of %s (%s), it is given up: tell them yourself (%s)", l.Customer, l.Event, l.Kind, why)
	}
}

// late word was promised, and no entry says what it would be.
func (v *verdict) late() {
	for _, x := range v.unkept {
		v.say(check.WARNING, "%s was promised word of %s by %s, and nothing proves how it is: look, and tell them yourself", x.Customer, x.Event, phrase.Time(x.Next))
	}
}

// mistakes are those of the files, and of work that somebody has forgotten.
func (v *verdict) mistakes() {
	for _, key := range v.silent {
		v.say(check.WARNING, "%s is to be told and has no mail, webhook or pages that are open", key)
	}
	if v.unheard {
		v.say(check.WARNING, "your sentence went to nobody: nobody is known to be affected now (for work that has not begun give its --node)")
	}
	for _, s := range v.shared {
		v.say(check.WARNING, "guest %d is of %s, nobody is told of it", s.ID, strings.Join(s.Keys, " and "))
	}
	for _, w := range v.works {
		switch {
		case !w.Cancelled.IsZero() || !w.Finished.IsZero() || v.now.Before(w.Until):
		case w.Begun.IsZero():
			v.say(check.WARNING, "work on %s, announced until %s, has not begun: --cancel it, and --announce another time", w.Node, phrase.Time(w.Until))
		case v.now.Sub(w.Until) > time.Hour:
			v.say(check.WARNING, "work on %s, announced until %s, is not proven to be over: ask check_reintegrated", w.Node, phrase.Time(w.Until))
		}
	}
	for _, flaw := range v.history.Flaws() {
		v.say(check.WARNING, "%s", flaw)
	}
	if v.journal != nil {
		v.say(check.WARNING, "that somebody was told is not in the journal: %s", v.journal)
	}
}

// unlooked is after how long without a look nobody knows how the guests are.
const unlooked = 40 * time.Minute

// unproven: who does not look has nothing to tell.
func (v *verdict) unproven() {
	guests := "the guests"
	if v.clusters > 1 {
		guests += " of " + v.cluster
	}
	switch age := v.now.Sub(v.looked); {
	case v.history.Files == 0:
		v.say(check.UNKNOWN, "there is no journal of that time, is --journal off, or is it another --state-dir?")
	case v.looked.IsZero():
		v.say(check.UNKNOWN, "nobody has looked at %s: expected check_guests for all of them, with the journal on", guests)
	case age > unlooked:
		v.say(check.UNKNOWN, "nobody has looked at %s for %s: is check_guests run, does it reach anybody?", guests, check.DurationText(age.Round(time.Minute)))
	}
}

// wait is for how long something has waited that has to be told.
func (v *verdict) wait() time.Duration {
	longest := time.Duration(0)
	for _, l := range v.waiting {
		if v.send {
			longest = max(longest, v.now.Sub(l.Due))
		}
	}
	return longest
}

func (v *verdict) numbers() {
	failed := 0
	for _, l := range v.waiting {
		for _, d := range l.Deliveries {
			if d.Tries > 0 && d.Outcome != notice.Sent {
				failed++
			}
		}
	}
	zero := 0.0
	for _, x := range []struct {
		label string
		n     int
	}{{"open", v.open}, {"told", v.told}, {"waiting", len(v.waiting)}, {"failed", failed}} {
		v.r.Perfdata = append(v.r.Perfdata, check.Perfdatum{Label: x.label, Value: float64(x.n), Min: &zero})
	}
	v.r.Perfdata = append(v.r.Perfdata, check.Perfdatum{Label: "longest_wait", Value: v.wait().Round(time.Second).Seconds(), Unit: "s", Warn: &v.warn, Crit: &v.crit, Min: &zero})
	texts := []string{phrase.Count(v.told, "customer", "customers") + " told", phrase.Count(v.open, "disturbance", "disturbances") + " open"}
	if v.told == 0 && len(v.waiting) == 0 {
		texts = []string{"nobody has to be told anything"}
	}
	switch {
	case !v.send:
		texts = []string{phrase.Count(len(v.letters), "notice", "notices") + " would go, nothing is sent"}
	case len(v.waiting) > 0:
		texts = append(texts, phrase.Count(len(v.waiting), "notice waits", "notices wait"))
	case v.within > 0:
		texts = append(texts, "all told within "+check.DurationText(v.within.Round(time.Second)))
	}
	v.r.Summary = strings.Join(texts, ", ")
}
