package notice

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// fails says that the last notice of the first event did not go out.
func (l *life) fails(outcomes ...string) {
	e := &l.ledger.Events[0]
	e.Last.Deliveries = nil
	for _, o := range outcomes {
		e.Last.Deliveries = append(e.Last.Deliveries, Delivery{Channel: "mail", To: "a", Outcome: o, Tries: 1})
	}
}

func (l *life) tell(minute int, text string) {
	l.t.Helper()
	orders, err := l.orders.Tell(text, "", l.estate(), l.at(minute))
	if err != nil {
		l.t.Fatal(err)
	}
	l.orders = orders
}

// TestSentenceThatFailed: a sentence that nobody has is said with the next notice
// too, and makes no notice by itself.
func TestSentenceThatFailed(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 200)
	l.add(0, 105, silent)
	l.run(2)
	l.tell(3, "One.")
	expect(t, l.lives(3, 5), "3 update 105! One.")
	l.fails(NotSent)
	expect(t, l.lives(6, 9), "")
	l.tell(10, "Two.")
	expect(t, l.lives(10, 12), "10 update 105! One.\nTwo.")
	expect(t, l.lives(13, 45), "40 update 105!")
	l.tell(50, "Three.")
	expect(t, l.lives(50, 55), "50 update 105! Three.")
	l.fails(Sent, NotSent) // one way has it: it is said again while it is new
	l.tell(60, "Four.")
	expect(t, l.lives(60, 65), "60 update 105! Three.\nFour.")
	l.fails(Sent, NotSent)
	expect(t, l.lives(66, 95), "90 update 105!")
	w, err := Say(l.ledger.Events[0].Last.Notice, englishOf(t), "")
	if err != nil || strings.Contains(w.Text, "from our team") {
		t.Errorf("%v: %s", err, w.Text)
	}
	n := l.ledger.Events[0].Last.Notice
	n.Text = "One.\nTwo."
	if w, err = Say(n, englishOf(t), ""); err != nil || !strings.Contains(w.Text, "“One.”\n\nMessage from our team: “Two.”") {
		t.Errorf("%v: %s", err, w.Text)
	}
}

// TestSilentForLong: the journal is read from the month before on. A server that
// fell silent before that is over its silence when it answers.
func TestSilentForLong(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 10)
	l.add(0, 105, silent)
	expect(t, l.lives(2, 2), "2 opened 105!")
	l.entries = nil
	for _, id := range []int{103, 105} {
		l.add(60*day, id, &journal.GuestListed{Answers: true})
	}
	l.look(60*day, 60*day+40)
	expect(t, l.lives(60*day, 60*day+1), "86400 update 105!")
	l.add(60*day+20, 105, answers)
	expect(t, l.lives(60*day+20, 60*day+40), "86425 resolved 105")
}

// TestClock: what a clock that was ahead has promised keeps nobody waiting, and one
// that goes back by a year tells nobody anything.
func TestClock(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 60)
	l.add(0, 105, silent)
	l.run(2)
	expect(t, l.lives(2-365*day, 60-365*day), "")
	l.ledger.Events[0].Last.At = l.at(365 * day)
	expect(t, l.lives(3, 35), "3 update 105!, 33 update 105!")
}

// TestAnnouncedLongBefore: what was told of work is known until the work is over,
// else its numbers are used again.
func TestAnnouncedLongBefore(t *testing.T) {
	l := newLife(t, "")
	l.announce(0, 90*day, 90*day+120)
	expect(t, l.lives(0, 2), "0 announced 103 105")
	if l.ledger = l.ledger.Pruned(l.at(80 * day)); len(l.ledger.Events) != 1 {
		t.Fatal("work that is to come was forgotten")
	}
	expect(t, l.lives(80*day, 80*day+3), "")
	if l.ledger = l.ledger.Pruned(l.at(151 * day)); len(l.ledger.Events) != 0 {
		t.Error("it is kept for ever")
	}
}

// TestGivenUp: an announcement is tried until the work is over, and that nobody has
// a notice is known for some days.
func TestGivenUp(t *testing.T) {
	l := newLife(t, "")
	l.announce(0, 4*day, 4*day+120)
	l.run(0)
	l.fails(NotSent)
	r := l.ledger.Events[0].Last
	for minute, want := range map[int][2]bool{2 * day: {false, false}, 4*day + 119: {false, false}, 4*day + 120: {true, true}, 9 * day: {true, false}} {
		if got := [2]bool{r.Stale(l.at(minute)), r.Lost(l.at(minute))}; got != want {
			t.Errorf("minute %d: stale and lost %v, expected %v", minute, got, want)
		}
	}
	r.Kind = Opened
	r.Event, r.Work = "D-1", nil
	if r.Stale(l.at(day-1)) || !r.Stale(l.at(day)) || !r.Lost(l.at(7*day)) || r.Lost(l.at(8*day)) {
		t.Error("a disturbance is tried for a day, and known for a week")
	}
	if r.Deliveries[0].Outcome = Sent; r.Lost(l.at(2 * day)) {
		t.Error("it was told")
	}
}

// TestTwoSeeOtherwise: two runs that have read another journal each begin one
// disturbance.
func TestTwoSeeOtherwise(t *testing.T) {
	open := func(id string) Record { return Record{Notice: Notice{Event: id, Kind: Opened}} }
	l, ok := Ledger{}.With(open("D-1"), 0)
	if _, both := l.With(open("D-2"), 0); !ok || both {
		t.Error("two are open")
	}
	if _, planned := l.With(Record{Notice: Notice{Event: "M-1", Kind: Announced}}, 0); !planned {
		t.Error("planned work is another thing")
	}
}

// TestLookedEverywhere: the cluster counts that nobody has looked at for the
// longest, if it has a guest of a customer.
func TestLookedEverywhere(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 5)
	at := func(cluster string, minute int, fact journal.Fact) {
		l.add(minute, 0, fact)
		e := &l.entries[len(l.entries)-1]
		if e.Cluster = cluster; cluster != "nobody's" {
			e.Guest = &journal.Guest{ID: 900, Type: "vm", Name: "x", Pool: "acme"}
		}
	}
	looked := func(want int, cluster string, clusters int) {
		t.Helper()
		e := EstateOf(l.story(60), l.all)
		if until, where := e.Looked(); !until.Equal(l.at(want)) || where != cluster || e.Clusters() != clusters {
			t.Errorf("%v in %q of %d, expected %v in %q of %d", until, where, e.Clusters(), l.at(want), cluster, clusters)
		}
	}
	at("nobody's", 1, &journal.Observed{From: l.at(1), Until: l.at(1)})
	looked(5, "lab", 1)
	at("west", 2, &journal.GuestListed{Answers: true})
	at("west", 3, &journal.Observed{From: l.at(3), Until: l.at(3)})
	looked(3, "west", 2)
	at("west", 4, &journal.GuestListed{Gone: true})
	looked(5, "lab", 1)
	l.entries = slices.DeleteFunc(l.entries, func(e journal.Entry) bool { return e.Kind() == journal.KindObserved })
	if until, _ := EstateOf(l.story(60), l.all).Looked(); until != (time.Time{}) {
		t.Errorf("nobody looked, until %v", until)
	}
}

// estate is whose guest is whose by all entries there are.
func (l *life) estate() *Estate { return EstateOf(Tell(l.entries), l.all) }

// TestSentenceNamesNobody: all who are affected read a sentence.
func TestSentenceNamesNobody(t *testing.T) {
	l := newLife(t, "")
	for text, want := range map[string]string{
		"We replace a part.": "", "The machines pve30 and my-pve3 are ours.": "", "It is 10:30.": "", "A macme is no Acmes.": "",
		"We replace PVE3.": "PVE3", "The node (pve3): off.": "pve3", "See 192.0.2.1.": "192.0.2.1", "At 2001:db8::1, soon.": "2001:db8::1", "As for Acme, wait.": "Acme", "acme": "Acme",
		"At pve3.example.net, soon.": "pve3", "https://PVE3:8006/": "PVE3", "It is off.Pve3 follows.": "Pve3", "pve3–pve4": "pve3", "<pve3>": "pve3", "pve3…": "pve3", "pve3’s fan": "pve3",
		"192.0.2.1:8006": "192.0.2.1", "https://192.0.2.1:8006/#v1": "192.0.2.1", "IP:192.0.2.1.": "192.0.2.1", "192.0.2.0/24": "192.0.2.0", "<192.0.2.1>": "192.0.2.1", "192.0.2.1-192.0.2.9": "192.0.2.1",
		"[2001:db8::1]:8006": "2001:db8::1", "2001:db8::/32": "2001:db8::", "ip:2001:db8::1.": "2001:db8::1", "fe80::1%eth0": "fe80::1%eth0",
		"From 10:30:15 to 12:00. It takes 1:30 h, see https://status.example.net: all is told there (100%).": "", "Version 8.4.1 is 1.5 times as fast.": "",
	} {
		_, err := l.orders.Tell(text, "", l.estate(), l.at(0))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), `without "`+want+`"`) {
			t.Errorf("%s: %v, expected %q", text, err, want)
		}
	}
}

// TestSentenceNamesAnEmptyNode: a node whose guests have all left has a name still.
func TestSentenceNamesAnEmptyNode(t *testing.T) {
	l := newLife(t, "")
	for _, id := range []int{103, 105} {
		l.add(1, id, &journal.GuestMoved{From: "pve3", To: "pve1"})
	}
	l.orders.Plans = []Plan{{Node: "pve7"}}
	for text, refused := range map[string]bool{"We clean pve3.": true, "Now on pve1.": true, "Tomorrow pve7.": true, "There is no pve2.": false} {
		if _, err := l.orders.Tell(text, "", l.estate(), l.at(2)); (err != nil) != refused {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestSentenceNamesACustomer: whatever stands beside his name or in it.
func TestSentenceNamesACustomer(t *testing.T) {
	l := newLife(t, "")
	for _, c := range []struct {
		name, text string
		refused    bool
	}{
		{"Acme", "We restore Acme.", true}, {"Acme", "First Acme: then the others.", true}, {"Acme", "(Acme/others)", true}, {"Acme", "Acme’s site", true}, {"Acme", "Acmeon and macme", false},
		{"Acme, Inc.", "The backup of Acme, Inc. is restored first.", true}, {"Acme, Inc.", "ACME INC is first", true}, {"Acme, Inc.", "Acmeinc", false},
		{"O'Neill", "O'Neill comes first.", true}, {"O'Neill", "O’Neill comes first.", true}, {`Bäckerei "Zur Gans"`, `Bäckerei "Zur Gans" comes first`, true},
		{"***", "We restore *** first.", true}, {"***", "We restore it.", false}, {"***", "...", false}, {"***", "** *", false},
	} {
		l.all = []customer.Customer{{Name: c.name}}
		if _, err := l.orders.Tell(c.text, "", l.estate(), l.at(0)); (err != nil) != c.refused {
			t.Errorf("%q of %q: %v", c.text, c.name, err)
		}
	}
}

// TestNotConfirmed: a guest that answered and is silent again does not answer,
// also when nobody can tell why: nothing is said to be over.
func TestNotConfirmed(t *testing.T) {
	doubt := &journal.GuestSilent{Class: journal.ClassUnconfirmed}
	l := newLife(t, "")
	l.look(0, 60)
	l.add(0, 105, silent)
	l.add(5, 105, answers)
	l.add(7, 105, doubt)
	l.add(25, 105, answers)
	expect(t, l.lives(0, 60), "2 opened 105!, 30 resolved 105")
	l = newLife(t, "")
	l.look(0, 60)
	l.add(0, 105, silent)
	l.add(5, 105, answers)
	l.add(7, 105, doubt)
	l.add(15, 105, silent)
	expect(t, l.lives(0, 35), "2 opened 105!, 32 update 105!")
}

// TestReaddressed: a notice that waits goes to the addresses that the customer has
// now, and to none that he had; what arrived goes nowhere again.
func TestReaddressed(t *testing.T) {
	mail := func(to, outcome string) Delivery { return Delivery{Channel: "mail", To: to, Outcome: outcome} }
	fresh := func(to ...string) (out []Delivery) {
		for _, a := range to {
			out = append(out, mail(a, NotSent))
		}
		return out
	}
	for name, c := range map[string]struct{ was, all, open, want []Delivery }{
		"corrected":      {fresh("opps"), fresh("ops"), fresh("ops"), fresh("ops")},
		"one of two":     {[]Delivery{mail("a", Sent), mail("b", Unknown)}, fresh("a", "c"), fresh("a", "c"), []Delivery{mail("a", Sent), mail("c", NotSent)}},
		"one more":       {[]Delivery{mail("a", Sent)}, fresh("a", "b"), fresh("a", "b"), []Delivery{mail("a", Sent)}},
		"one less":       {[]Delivery{mail("a", Sent), mail("b", NotSent)}, fresh("a"), fresh("a"), []Delivery{mail("a", Sent)}},
		"not open now":   {fresh("a"), fresh("a"), nil, fresh("a")},
		"none any more":  {fresh("a"), nil, nil, fresh("a")},
		"told, and gone": {[]Delivery{mail("a", Sent)}, fresh("b"), fresh("b"), []Delivery{mail("a", Sent)}},
	} {
		l := Ledger{Events: []Event{{ID: "D-1", Last: Record{Deliveries: c.was}}}}
		if got := l.Readdressed(c.all, c.open).Events[0].Last.Deliveries; !slices.Equal(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// TestBegunByOutage: who is told of an outage is not told in the same minute that
// no interruption is expected.
func TestBegunByOutage(t *testing.T) {
	for impact, want := range map[Impact]string{
		"":        "0 announced 103 105, 22 opened 105! machine meanwhile, 45 resolved 105 machine meanwhile, 46 finished 103 105",
		ImpactOff: "0 announced 103 105, 22 opened 105! machine meanwhile, 22 begun 103 105, 45 resolved 105 machine meanwhile, 46 finished 103 105",
	} {
		l := newLife(t, "")
		l.announce(0, 10, 120)
		l.orders.Plans[0].Impact = impact
		l.look(0, 200)
		l.add(20, 0, &journal.NodeOffline{})
		l.add(20, 105, &journal.GuestSilent{Class: journal.ClassNode})
		l.add(39, 0, &journal.NodeOnline{})
		l.add(40, 105, answers)
		l.add(42, 0, &journal.Asked{Gate: "check_reintegrated", Nodes: []string{"pve3"}, Answer: journal.AnswerYes})
		var got []string
		for m := range 100 {
			if m == 20 || m == 21 {
				continue // the next run is late
			}
			if text := l.lives(m, m); text != "" {
				got = append(got, text)
			}
		}
		expect(t, strings.Join(got, ", "), want)
	}
}

// TestUnkept: word that was promised and that nothing proves is known to be late.
func TestUnkept(t *testing.T) {
	for name, c := range map[string]struct {
		fact   journal.Fact
		looked int
		want   bool
	}{
		"looked at":         {nil, 100, false},
		"not looked at":     {nil, 5, true},
		"in doubt":          {&journal.GuestSilent{Class: journal.ClassUnconfirmed}, 100, true},
		"stopped by a user": {&journal.GuestStopped{User: "root@pam"}, 100, false},
	} {
		l := newLife(t, "")
		l.look(0, c.looked)
		l.add(0, 105, silent)
		if _, doubt := c.fact.(*journal.GuestSilent); doubt {
			l.add(8, 105, answers)
		}
		if c.fact != nil {
			l.add(9, 105, c.fact)
		}
		l.lives(0, 90)
		if _, late := usual.Unkept(Facts{l.estate(), l.orders, l.at(90)}, l.who, l.ledger); late != c.want {
			t.Errorf("%s: late is %v", name, late)
		}
	}
}
