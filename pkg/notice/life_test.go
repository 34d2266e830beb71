package notice

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// life is one customer with one guest or more, minute by minute.
type life struct {
	t       *testing.T
	entries []journal.Entry
	orders  Orders
	ledger  Ledger
	who     customer.Customer
	all     []customer.Customer
	begin   time.Time
}

func newLife(t *testing.T, keys string) *life {
	path := filepath.Join(t.TempDir(), "customers.ini")
	if err := os.WriteFile(path, []byte("[acme]\nname = Acme\nlanguage = en\nguests = pool:acme\n"+keys), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := customer.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	l := &life{t: t, who: all[0], all: all, begin: time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)}
	for _, id := range []int{103, 105} {
		l.add(-60, id, &journal.GuestListed{Answers: true})
	}
	return l
}

func (l *life) at(minute int) time.Time { return l.begin.Add(time.Duration(minute) * time.Minute) }

func (l *life) add(minute, id int, fact journal.Fact) {
	e := journal.Entry{ID: fmt.Sprint(len(l.entries)), At: l.at(minute), By: "check_guests", Cluster: "lab", Node: "pve3", Fact: fact}
	if id > 0 {
		e.Guest = &journal.Guest{ID: id, Type: "vm", Name: fmt.Sprintf("srv%d", id), Pool: "acme"}
	}
	if moved, is := fact.(*journal.GuestMoved); is {
		e.Node = moved.To
	}
	l.entries = append(l.entries, e)
}

// look is written down from minute to minute.
func (l *life) look(from, until int) {
	for m := from; m <= until; m++ {
		l.add(m, 0, &journal.Observed{From: l.at(m), Until: l.at(m)})
	}
}

// story is what the entries up to a minute tell.
func (l *life) story(minute int) *Story {
	entries := slices.DeleteFunc(slices.Clone(l.entries), func(e journal.Entry) bool { return e.At.After(l.at(minute)) })
	slices.SortStableFunc(entries, func(a, b journal.Entry) int { return a.At.Compare(b.At) })
	return Tell(entries)
}

// run tells what is due in a minute: "opened 105".
func (l *life) run(minute int) []string {
	l.t.Helper()
	var out []string
	for _, n := range usual.Due(Facts{EstateOf(l.story(minute), l.all), l.orders, l.at(minute)}, l.who, l.ledger) {
		text := string(n.Kind)
		for _, x := range n.Servers {
			switch {
			case x.Away():
				text += fmt.Sprintf(" %d!", x.ID)
			case x.Gone:
				text += fmt.Sprintf(" %d-", x.ID)
			default:
				text += fmt.Sprintf(" %d", x.ID)
			}
		}
		for _, more := range []string{string(n.Cause), string(n.Live), n.Text} {
			if more != "" {
				text += " " + more
			}
		}
		if n.Work != nil && !n.Planned() {
			text += " meanwhile"
		}
		if n.Changed {
			text += " changed"
		}
		r := Record{Notice: n, ID: n.MessageID("x"), Deliveries: []Delivery{{Channel: "mail", To: "a", Outcome: Sent}}}
		var ok bool
		revision := 0
		for _, p := range l.orders.Plans {
			if p.ID == n.Event {
				revision = p.Revision
			}
		}
		if l.ledger, ok = l.ledger.With(r, revision); !ok {
			l.t.Fatalf("%+v is not the next", n)
		}
		out = append(out, text)
	}
	return out
}

// lives runs every minute, and returns what was told: "3 opened 105".
func (l *life) lives(from, until int) string {
	var out []string
	for m := from; m <= until; m++ {
		for _, text := range l.run(m) {
			out = append(out, fmt.Sprintf("%d %s", m, text))
		}
	}
	return strings.Join(out, ", ")
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

var silent, answers = &journal.GuestSilent{Class: journal.ClassGuest}, &journal.GuestAnswers{}

// TestNight: opened after two minutes, updates though nothing changes, resolved
// when all has answered for five minutes.
func TestNight(t *testing.T) {
	l := newLife(t, "")
	l.add(0, 105, silent)
	l.add(20, 103, silent)
	l.look(0, 120)
	l.add(70, 103, answers)
	l.add(75, 105, answers)
	expect(t, l.lives(0, 120), "2 opened 105!, 22 update 105! 103!, 52 update 105! 103!, 80 resolved 105 103")
}

// TestNobodyLooks: silence that nobody has looked at since is not told, nor that
// it goes on.
func TestNobodyLooks(t *testing.T) {
	l := newLife(t, "")
	l.look(-5, 0)
	l.add(0, 105, silent)
	expect(t, l.lives(0, 60), "")
	l.look(61, 62)
	expect(t, l.lives(61, 200), "61 opened 105!, 91 update 105!")
	l.add(201, 105, answers)
	expect(t, l.lives(201, 300), "")
	l.look(301, 301)
	expect(t, l.lives(301, 302), "301 resolved 105")
}

// TestFlapping is one disturbance, and the longer it flaps the longer it has to be
// calm.
func TestFlapping(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 300)
	for m := 0; m < 60; m += 3 { // never silent for two minutes
		l.add(m, 105, silent)
		l.add(m+1, 105, answers)
	}
	got := l.lives(0, 90)
	expect(t, got, "")
	for m := 100; m < 160; m += 4 {
		l.add(m, 105, silent)
		l.add(m+3, 105, answers)
	}
	// Told while it answers or not: the last word is the one that is so.
	got = l.lives(91, 300)
	if strings.Count(got, "opened") != 1 || strings.Count(got, "resolved") != 1 || !strings.HasSuffix(got, "resolved 105") {
		t.Error(got)
	}
	// Back within the hour it is the same event, and has to be calm for longer.
	l = newLife(t, "")
	l.look(0, 300)
	for _, m := range []int{0, 40} {
		l.add(m, 105, silent)
		l.add(m+10, 105, answers)
	}
	expect(t, l.lives(0, 100), "2 opened 105!, 15 resolved 105, 42 opened 105!, 60 resolved 105")
	if len(l.ledger.Events) != 1 || l.ledger.Events[0].Last.Number != 3 {
		t.Errorf("%+v", l.ledger)
	}
}

// TestStoppedByUser: who stops a guest knows why it does not answer.
func TestStoppedByUser(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 200)
	l.add(0, 105, &journal.GuestStopped{User: "acme@pve"})
	expect(t, l.lives(0, 30), "")
	l.add(31, 105, silent) // started, and silent
	l.add(40, 105, &journal.GuestStopped{User: "acme@pve"})
	expect(t, l.lives(31, 150), "33 opened 105!") // held
	l.add(151, 105, answers)
	expect(t, l.lives(151, 160), "156 resolved 105")

	l = newLife(t, "")
	l.look(0, 20)
	l.add(0, 105, &journal.GuestStopped{}) // nobody asked for it
	l.add(5, 105, &journal.GuestListed{Gone: true})
	expect(t, l.lives(0, 20), "2 opened 105!, 5 resolved 105-")
}

// TestAnsweredInBetween: "no answer since" is the silence of now, and who answered
// and was stopped then is not silent.
func TestAnsweredInBetween(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 60)
	l.add(0, 103, silent)
	l.add(0, 105, silent)
	l.add(10, 103, answers)
	l.add(13, 103, silent)
	l.add(10, 105, answers)
	l.add(12, 105, &journal.GuestStopped{User: "acme@pve"})
	expect(t, l.lives(0, 40), "2 opened 103! 105!, 32 update 103! 105")
	x := l.ledger.Events[0].Last.Servers
	if !x[0].Silent.Equal(l.at(13)) || !x[1].Stopped || !l.ledger.Events[0].Last.Begun.Equal(l.at(0)) {
		t.Errorf("%+v", x)
	}
}

// TestSecondVantagePoint: what only we find silent is no outage, and what answers
// elsewhere answers.
func TestSecondVantagePoint(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 60)
	l.add(0, 103, &journal.GuestSilent{Class: journal.ClassPath})
	l.add(0, 105, &journal.GuestSilent{Class: journal.ClassUnconfirmed})
	l.add(1, 103, &journal.GuestSilent{Class: "newer"})
	expect(t, l.lives(0, 9), "")
	l.add(10, 105, silent)
	l.add(20, 105, &journal.GuestSilent{Class: journal.ClassPath})
	expect(t, l.lives(10, 60), "12 opened 105!, 25 resolved 105")
}

// TestNodeFails: the cause is named when entries name it.
func TestNodeFails(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 60)
	l.add(0, 103, &journal.GuestSilent{Class: journal.ClassNode})
	l.add(0, 105, silent)
	l.add(1, 0, &journal.NodeOffline{})
	l.add(30, 103, answers)
	l.add(30, 105, answers)
	expect(t, l.lives(0, 60), "2 opened 103! 105! machine, 35 resolved 103 105 machine")
}

// TestNodesOfOneName: another cluster's pve3 is another machine.
func TestNodesOfOneName(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 60)
	l.announce(0, 10, 120)
	l.add(0, 103, silent)
	for _, fact := range []journal.Fact{&journal.NodeOffline{}, &journal.HAMaintenance{On: true}} {
		l.add(11, 0, fact)
		l.entries[len(l.entries)-1].Cluster = "other"
	}
	l.add(11, 108, &journal.GuestListed{Answers: true})
	l.entries[len(l.entries)-1].Cluster = "other"
	l.add(30, 103, answers)
	expect(t, l.lives(0, 60), "0 announced 103 105, 2 opened 103!, 35 resolved 103")
	if got := l.story(60).Clusters("pve3"); !slices.Equal(got, []string{"lab", "other"}) {
		t.Errorf("clusters with a pve3: %q", got)
	}
	if _, err := l.orders.Announce(Plan{Cluster: "other", Node: "pve3", From: l.at(90), Until: l.at(120)}, l.at(60)); err != nil {
		t.Error(err)
	}
}

// TestPollers: one that does not call a guest silent proves nothing by looking on
// when the one that does has stopped.
func TestPollers(t *testing.T) {
	for second, want := range map[bool]string{false: "", true: "2 opened 105!"} {
		l := newLife(t, "")
		by := func(source string, minute, id int, fact journal.Fact) {
			l.add(minute, id, fact)
			l.entries[len(l.entries)-1].Sources = []string{source}
		}
		by("a", 0, 0, &journal.Observed{Until: l.at(0)})
		by("a", 0, 105, silent)
		for m := range 20 {
			by("b", m, 0, &journal.Observed{From: l.at(m), Until: l.at(m)})
		}
		if second {
			by("b", 0, 105, silent)
		}
		expect(t, l.lives(0, 20), want)
	}
}

// TestAskedAlone: that all is well, asked after the beginning, is no proof of work
// that nobody saw.
func TestAskedAlone(t *testing.T) {
	l := newLife(t, "")
	l.announce(0, 10, 120)
	l.add(11, 0, &journal.Asked{Gate: "check_drained", Nodes: []string{"pve3"}, Answer: journal.AnswerNo})
	yes := &journal.Asked{Gate: "check_reintegrated", Nodes: []string{"pve3"}, Answer: journal.AnswerYes}
	l.add(12, 0, yes)
	l.add(30, 0, &journal.NodeOffline{})
	l.add(60, 0, yes)
	expect(t, l.lives(0, 90), "0 announced 103 105, 11 begun 103 105, 60 finished 103 105")
}

// asked is a gate's answer about pve3.
func asked(gate, answer string) *journal.Asked {
	return &journal.Asked{Gate: gate, Nodes: []string{"pve3"}, Answer: answer}
}

// TestOneGuestMoved: work is not over because one of two guests has left, and all is
// well with the node otherwise.
func TestOneGuestMoved(t *testing.T) {
	yes := true
	l := newLife(t, "")
	l.announce(0, 60, 180)
	l.add(61, 103, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes})
	l.add(62, 0, asked("check_reintegrated", journal.AnswerYesBut)) // 105 is there still
	l.add(63, 105, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes})
	l.add(64, 0, asked("check_drained", journal.AnswerYes))
	l.add(70, 0, &journal.NodeOffline{})
	l.add(100, 0, &journal.NodeOnline{})
	l.add(120, 0, asked("check_reintegrated", journal.AnswerYes))
	expect(t, l.lives(0, 200), "0 announced 103 105, 61 begun 103 105, 63 moved 103 105 running, 120 finished 103 105 running")
}

// TestEndIsTold: whatever proves that something was done, the end that was announced
// is told when the node is back.
func TestEndIsTold(t *testing.T) {
	yes := true
	leave := func(l *life, first, second int) {
		l.add(first, 103, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes})
		l.add(second, 105, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes})
	}
	for name, c := range map[string]struct {
		work func(*life)
		want string
	}{
		"left before, drained in time": {func(l *life) { leave(l, 50, 52); l.add(61, 0, asked("check_drained", journal.AnswerYes)) },
			"61 moved 103 105 running, 90 finished 103 105 running"},
		"left before, serviceable in time": {func(l *life) { leave(l, 50, 52); l.add(61, 0, asked("check_serviceable", journal.AnswerYesBut)) },
			"61 moved 103 105 running, 90 finished 103 105 running"},
		"all left, no gate": {func(l *life) { leave(l, 61, 63) },
			"61 begun 103 105, 63 moved 103 105 running, 90 finished 103 105 running"},
		"one left, one stopped, no gate": {func(l *life) {
			l.add(55, 103, &journal.GuestStopped{User: "acme@pve"})
			l.add(63, 105, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes})
		}, "63 begun 103 105, 90 finished 103 105"},
		"off and on, no gate": {func(l *life) {
			l.add(65, 0, &journal.NodeOffline{})
			l.add(80, 0, &journal.NodeOnline{})
		}, "65 begun 103 105, 90 finished 103 105"},
		"one left, and nothing was done": {func(l *life) { l.add(61, 103, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes}) },
			"61 begun 103 105"},
		"not drained": {func(l *life) {
			l.add(61, 0, asked("check_drained", journal.AnswerNo))
			l.add(62, 0, asked("check_serviceable", journal.AnswerNo))
		}, "61 begun 103 105"},
		"serviceable asked alone": {func(l *life) { l.add(61, 0, asked("check_serviceable", journal.AnswerNo)) }, ""},
	} {
		l := newLife(t, "")
		l.announce(0, 60, 180)
		c.work(l)
		l.add(90, 0, asked("check_reintegrated", journal.AnswerYes))
		expect(t, name+": "+l.lives(0, 0)+", "+l.lives(1, 200), name+": 0 announced 103 105, "+c.want)
	}
}

func (l *life) announce(minute, from, until int) {
	l.t.Helper()
	var err error
	if l.orders, err = l.orders.Announce(Plan{Cluster: "lab", Node: "pve3", From: l.at(from), Until: l.at(until), Reason: "fans"}, l.at(minute)); err != nil {
		l.t.Fatal(err)
	}
}

const day = 24 * 60

// TestPlanned: announced, reminded, begun, moved, finished; given new times in
// between.
func TestPlanned(t *testing.T) {
	l := newLife(t, "")
	yes := true
	l.announce(0, 4*day, 4*day+120)
	expect(t, l.lives(0, 1), "0 announced 103 105")
	l.announce(10, 3*day, 3*day+120)
	expect(t, l.lives(10, 20), "10 announced 103 105 changed")
	expect(t, l.lives(2*day-1, 2*day+1), fmt.Sprintf("%d reminded 103 105", 2*day))
	from := 3 * day
	l.add(from-10, 0, &journal.HAMaintenance{On: true})
	l.add(from+5, 103, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes})
	l.add(from+6, 105, &journal.GuestMoved{From: "pve3", To: "pve2", Live: &yes})
	l.add(from+6, 105, &journal.Gap{MS: 310, MostMS: 330, Until: l.at(from + 6)})
	l.add(from+50, 0, &journal.Asked{Gate: "check_reintegrated", Nodes: []string{"pve3"}, Answer: journal.AnswerNo})
	l.add(from+60, 0, &journal.Asked{Gate: "check_reintegrated", Nodes: []string{"pve3"}, Answer: journal.AnswerYes})
	expect(t, l.lives(from-20, from+200), fmt.Sprintf("%d begun 103 105, %d moved 103 105 running, %d finished 103 105 running", from-10, from+6, from+60))
	if n := l.ledger.Events[0].Last; n.GapMS == nil || *n.GapMS != 330 || n.Number != 5 || !n.Ended.Equal(l.at(from+60)) {
		t.Errorf("%+v", n)
	}
}

// TestGapOfSomethingElse: what was measured before the work is no interruption of it,
// if it was not measured while the guest left.
func TestGapOfSomethingElse(t *testing.T) {
	yes := true
	gap := func(l *life, from, until int, open bool) *journal.Gap {
		return &journal.Gap{MS: 45000, MostMS: 45300, From: l.at(from), Until: l.at(until), Open: open}
	}
	for name, c := range map[string]struct {
		from, until, moved int
		open, want         bool
	}{
		"it was restarted":      {5, 10, 121, false, false},
		"not over, and before":  {5, 10, 121, true, false},
		"while it left before":  {5, 10, 9, false, true},
		"the task took longer":  {5, 10, 12, false, true},
		"while it was worked":   {130, 135, 121, false, true},
		"not over, and at work": {118, 121, 121, true, false},
	} {
		l := newLife(t, "")
		l.announce(0, 120, 240)
		l.add(c.until, 105, gap(l, c.from, c.until, c.open))
		l.add(118, 0, &journal.HAMaintenance{On: true})
		l.add(c.moved, 105, &journal.GuestMoved{From: "pve3", To: "pve1", Started: l.at(c.moved - 3), Live: &yes})
		l.add(136, 103, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes})
		expect(t, name+": "+l.lives(0, 200), name+": 0 announced 103 105, 118 begun 103 105, 136 moved 103 105 running")
		if got := l.ledger.Events[0].Last.GapMS; (got != nil) != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestPlannedBecomesOutage: what was announced does not excuse what happens, and
// nothing is finished while it lasts.
func TestPlannedBecomesOutage(t *testing.T) {
	l := newLife(t, "")
	l.announce(0, 10, 120)
	l.look(0, 200)
	l.add(10, 0, &journal.HAMaintenance{On: true})
	l.add(20, 105, silent)
	l.add(40, 0, &journal.Asked{Gate: "check_reintegrated", Nodes: []string{"pve3"}, Answer: journal.AnswerYes})
	l.add(60, 105, answers)
	expect(t, l.lives(0, 200), "0 announced 103 105, 10 begun 103 105, 22 opened 105! meanwhile, 52 update 105! meanwhile, 65 resolved 105 meanwhile, 66 finished 103 105")
}

// TestCancelled: called off before it begins, and not afterwards.
func TestCancelled(t *testing.T) {
	l := newLife(t, "")
	l.announce(0, 60, 120)
	l.run(0)
	orders, err := l.orders.Cancel("pve3", l.story(5), l.at(5))
	if err != nil {
		t.Fatal(err)
	}
	l.orders = orders
	expect(t, l.lives(5, 200), "5 cancelled 103 105")

	l = newLife(t, "")
	l.announce(0, 60, 120)
	l.add(60, 0, &journal.HAMaintenance{On: true})
	if _, err := l.orders.Cancel("pve3", l.story(61), l.at(61)); err == nil || !strings.Contains(err.Error(), "has begun") {
		t.Error(err)
	}
	if _, err := l.orders.Cancel("pve1", l.story(0), l.at(0)); err == nil {
		t.Error("work that nobody announced was called off")
	}
}

// TestSentence: a human's own words go to whom it concerns, in his frame, once.
func TestSentence(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 60)
	l.add(0, 105, silent)
	l.run(2)
	for i, node := range []string{"", "pve3", "pve1"} {
		orders, err := l.orders.Tell(fmt.Sprintf("Somebody is on the way. %d\x1b", i), node, l.estate(), l.at(3+i))
		if err != nil {
			t.Fatal(err)
		}
		l.orders = orders
	}
	expect(t, l.lives(3, 20), "3 update 105! Somebody is on the way. 0\nSomebody is on the way. 1")
	if _, err := l.orders.Tell("\u200b", "", l.estate(), l.at(0)); err == nil {
		t.Error("nothing was said")
	}
	if e := l.ledger.Events[0]; len(e.Said) != 2 {
		t.Errorf("%+v", e)
	}
}

// TestWants: a customer is told of what he wants to be told.
func TestWants(t *testing.T) {
	for keys, want := range map[string]string{
		"tell = nothing\n": "", "tell = planned\n": "0 announced 103 105, 10 begun 103 105", "tell = disturbances\n": "22 opened 105! meanwhile, 52 update 105! meanwhile",
		"after = 10m\n": "0 announced 103 105, 10 begun 103 105, 30 opened 105! meanwhile",
	} {
		l := newLife(t, keys)
		l.announce(0, 10, 120)
		l.look(0, 60)
		l.add(10, 0, &journal.HAMaintenance{On: true})
		l.add(20, 105, silent)
		expect(t, l.lives(0, 55), want)
	}
}

func TestOrders(t *testing.T) {
	now := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
	for want, p := range map[string]Plan{
		"after --from": {Node: "a", From: now.Add(time.Hour), Until: now.Add(time.Hour)},
		"to come":      {Node: "a", From: now.Add(-2 * time.Hour), Until: now.Add(-time.Hour)},
		"at most 14d":  {Node: "a", From: now, Until: now.Add(15 * 24 * time.Hour)},
	} {
		if _, err := (Orders{}).Announce(p, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	p := Plan{Node: "a", From: now.Add(time.Hour), Until: now.Add(2 * time.Hour), Reason: "fans"}
	o, err := (Orders{}).Announce(p, now)
	if err != nil {
		t.Fatal(err)
	}
	same, _ := o.Announce(p, now.Add(time.Minute))
	if len(same.Plans) != 1 || same.Plans[0] != o.Plans[0] {
		t.Errorf("the same again is another: %+v", same)
	}
	p.Until, p.Reason = p.Until.Add(time.Hour), ""
	longer, _ := o.Announce(p, now.Add(time.Minute))
	if x := longer.Plans; len(x) != 1 || x[0].Revision != 1 || x[0].Reason != "fans" || x[0].ID != o.Plans[0].ID {
		t.Errorf("%+v", x)
	}
	if left := longer.Pruned(now.Add(10 * 24 * time.Hour)); len(left.Plans) != 0 {
		t.Errorf("%+v", left)
	}
}

// TestLedger: a number is for one notice, an older one is not sent after a newer
// one, and whoever is at it is let.
func TestLedger(t *testing.T) {
	now := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
	record := func(number int, k Kind) Record {
		n := Notice{Customer: "acme", Event: "D-1", Number: number, Kind: k, At: now}
		return Record{Notice: n, ID: n.MessageID("x"), Deliveries: []Delivery{{Channel: "mail", To: "a", Outcome: NotSent}}}
	}
	first, second := record(0, Opened), record(1, Update)
	l, ok := Ledger{}.With(first, 0)
	if _, again := l.With(first, 0); !ok || again {
		t.Fatal("the same number twice")
	}
	if _, skipped := l.With(record(2, Update), 0); skipped {
		t.Fatal("a number was left out")
	}
	l, r, ok := l.Attempt(first, now, now.Add(10*time.Second))
	if !ok || r.Thread != "" {
		t.Fatalf("%+v", r)
	}
	if _, _, both := l.Attempt(first, now.Add(time.Second), now.Add(time.Minute)); both {
		t.Error("two send at once")
	}
	if _, _, after := l.Attempt(first, now.Add(time.Minute), now.Add(2*time.Minute)); !after {
		t.Error("whoever was killed keeps it for ever")
	}
	if _, _, jumped := l.Attempt(first, now.Add(-24*time.Hour), now); !jumped {
		t.Error("a clock that went back keeps it for a day")
	}
	l = l.Delivered(first, Delivery{Channel: "mail", To: "a", Outcome: Unknown, Tries: 1, At: now})
	if l.Events[0].Last.Told() || l.Events[0].Last.Done() || l.Events[0].First != first.ID {
		t.Errorf("%+v", l)
	}
	l, _ = l.With(second, 0)
	if _, _, old := l.Attempt(first, now.Add(time.Hour), now.Add(time.Hour)); old || l.Events[0].Last.Thread != first.ID {
		t.Error("an older notice goes after a newer one")
	}
	late := l.Delivered(first, Delivery{Channel: "mail", To: "a", Outcome: Sent})
	if late.Events[0].Last.Told() {
		t.Error("the outcome of an older notice counts for the newer one")
	}
	d := Delivery{Outcome: NotSent, Tries: 1, At: now}
	if d.Ready(first.Notice, now.Add(30*time.Second)) || !d.Ready(first.Notice, now.Add(time.Minute)) || d.Ready(first.Notice, now.Add(25*time.Hour)) {
		t.Error("tried at the wrong time")
	}
}

// TestOwnerLost: nobody hears that an outage is over, or that his server was
// removed, because the token sees less or the file gives the guest to two.
func TestOwnerLost(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 120)
	l.add(0, 105, silent)
	expect(t, l.lives(0, 5), "2 opened 105!")
	blind := journal.Guest{ID: 105, Type: "vm", Name: "srv105"}
	l.add(6, 105, &journal.GuestListed{})
	l.entries[len(l.entries)-1].Guest = &blind
	expect(t, l.lives(6, 40), "")
	l.add(41, 105, &journal.GuestListed{}) // seen again
	expect(t, l.lives(41, 60), "41 update 105!")
	l.add(61, 105, answers)
	expect(t, l.lives(61, 100), "66 resolved 105")

	l = newLife(t, "") // given to another while it is silent
	l.look(0, 120)
	l.add(0, 103, silent)
	l.add(0, 105, silent)
	l.add(6, 105, &journal.GuestListed{})
	l.entries[len(l.entries)-1].Guest = &blind
	l.add(10, 103, answers)
	expect(t, l.lives(0, 29), "2 opened 103! 105!")
	l.add(30, 105, answers)
	l.entries[len(l.entries)-1].Guest = &blind
	expect(t, l.lives(30, 40), "30 resolved 103 105")
	n := l.ledger.Events[0].Last.Notice
	if servers := n.Facts()["servers"].([]map[string]any); len(servers) != 1 {
		t.Errorf("%+v", servers)
	}
}

// TestNotBegun: what happens after the time that was announced is not the work
// that was announced, and that can be called off then.
func TestNotBegun(t *testing.T) {
	l := newLife(t, "")
	yes := true
	l.announce(0, 60, 120)
	expect(t, l.lives(0, 200), "0 announced 103 105")
	l.add(2*day, 103, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes})
	l.add(2*day, 105, &journal.GuestMoved{From: "pve3", To: "pve1", Live: &yes})
	expect(t, l.lives(2*day, 2*day+5), "")
	orders, err := l.orders.Cancel("pve3", l.story(2*day+6), l.at(2*day+6))
	if err != nil {
		t.Fatal(err)
	}
	l.orders = orders
	expect(t, l.lives(2*day+6, 2*day+9), fmt.Sprintf("%d cancelled 103 105", 2*day+6))
	if _, err := l.orders.Cancel("pve3", l.story(2*day+10), l.at(2*day+10)); err == nil {
		t.Error("called off twice")
	}
}

// TestNotConcerned: who has no server there any more hears no more of the work,
// and who is not affected yet does not hear what is said to those who are.
func TestNotConcerned(t *testing.T) {
	l := newLife(t, "")
	l.announce(0, 60, 120)
	l.run(0)
	var err error
	if l.orders, err = l.orders.Tell("Help is on its way.", "", l.estate(), l.at(1)); err != nil {
		t.Fatal(err)
	}
	expect(t, l.lives(1, 2), "")
	if l.orders, err = l.orders.Tell("The new fan is here.", "pve3", l.estate(), l.at(3)); err != nil {
		t.Fatal(err)
	}
	expect(t, l.lives(3, 10), "3 update 103 105 The new fan is here.")
	for _, id := range []int{103, 105} {
		l.add(30, id, &journal.GuestListed{Gone: true})
	}
	l.add(60, 0, &journal.HAMaintenance{On: true})
	expect(t, l.lives(11, 200), "")
}

// TestTakesLonger: new times of work that goes on are told, and once.
func TestTakesLonger(t *testing.T) {
	l := newLife(t, "")
	l.announce(0, 10, 60)
	l.add(10, 0, &journal.HAMaintenance{On: true})
	expect(t, l.lives(0, 20), "0 announced 103 105, 10 begun 103 105")
	l.announce(21, 10, 240)
	expect(t, l.lives(21, 100), "21 update 103 105")
	if w := l.ledger.Events[0].Last.Work; !w.Until.Equal(l.at(240)) {
		t.Errorf("%+v", w)
	}
}

// TestForgottenWork that nobody has proven to be over is not what is going on days
// later.
func TestForgottenWork(t *testing.T) {
	l := newLife(t, "tell = disturbances\n")
	l.announce(0, 10, 60)
	l.add(10, 0, &journal.HAMaintenance{On: true})
	l.look(2*day, 2*day+10)
	l.add(2*day, 105, silent)
	expect(t, l.lives(2*day, 2*day+5), fmt.Sprintf("%d opened 105!", 2*day+2))
}

// TestPromise: by the time that was promised there is word, also when it has to be
// calm for longer because the same came back often.
func TestPromise(t *testing.T) {
	l := newLife(t, "")
	l.look(0, 400)
	for _, m := range []int{0, 20, 50, 100} {
		l.add(m, 105, silent)
		l.add(m+3, 105, answers)
	}
	expect(t, l.lives(0, 90), "2 opened 105!, 8 resolved 105, 22 opened 105!, 33 resolved 105, 52 opened 105!, 73 resolved 105")
	expect(t, l.lives(91, 300), "102 opened 105!, 132 resolved 105")
}
