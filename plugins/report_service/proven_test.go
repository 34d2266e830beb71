package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/locale"
)

// asking is a gate's answer for pve3, minutes after the start.
func asking(minute int, gate, answer string) journal.Entry {
	return journal.Entry{ID: gate + itoa(minute), At: after(minute), Cluster: "lab", Fact: &journal.Asked{Gate: gate, Nodes: []string{"pve3"}, Answer: answer}}
}

func after(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }

// tell is the story of entries in a time.
func tell(entries []journal.Entry, period journal.Period) *story {
	s := newStory(period)
	for _, e := range entries {
		s.take(e)
	}
	s.tell()
	return s
}

// storyOf is the story of entries in order of time.
func storyOf(entries ...journal.Entry) *story {
	return tell(entries, journal.Period{From: after(-60), Until: after(600)})
}

// TestLeadOfPolls: a fan that only polls saw may have failed right after the poll
// before, so it was not noticed at once.
func TestLeadOfPolls(t *testing.T) {
	for _, fact := range []journal.Fact{&journal.FanFailed{Fan: "FAN3"}, &journal.FanDropped{Fans: []string{"FAN3"}}} {
		s := storyOf(
			journal.Entry{ID: "fan", At: after(0), Since: after(-5), Seen: after(0), Node: "pve3", Fact: fact},
			asking(10, gateDrained, journal.AnswerNo),
			journal.Entry{ID: "move", At: after(11), Cluster: "lab", Guest: &journal.Guest{ID: 105}, Fact: &journal.GuestMoved{From: "pve3", To: "pve1"}},
		)
		r := reportOf(s, audience{}, s.works)
		if len(r.Works) != 1 || r.Works[0].Fault == nil || r.Works[0].Fault.LeadS != 300 {
			t.Errorf("%s: %+v", fact.Kind(), r.Works)
		}
	}
}

// TestNameOfItsOwner: Proxmox VE gives a number anew, and a guest may change
// hands. Nobody reads what it is called by others.
func TestNameOfItsOwner(t *testing.T) {
	acme, gans := customerOf(t, "acme"), customerOf(t, "gans")
	s := storyOf(
		journal.Entry{ID: "1", At: after(0), Cluster: "lab", Guest: &journal.Guest{ID: 105, Name: "shop", Pool: "acme"}, Fact: &journal.GuestMoved{From: "pve3", To: "pve1"}},
		journal.Entry{ID: "2", At: after(60), Cluster: "lab", Guest: &journal.Guest{ID: 105, Name: "payroll", Pool: "gans"}, Fact: &journal.GuestListed{}},
	)
	for _, c := range []struct {
		who   customer.Customer
		name  string
		moves int
	}{{acme, "shop", 1}, {gans, "payroll", 0}} {
		r := reportOf(s, audience{who: &c.who}, nil)
		if len(r.Servers) != 1 || r.Servers[0].Name != c.name || len(r.Servers[0].Moves) != c.moves {
			t.Errorf("%s: %+v", c.who.Key, r.Servers)
		}
	}
	if r := reportOf(s, audience{}, nil); len(r.Servers) != 1 || r.Servers[0].Name != "payroll" {
		t.Errorf("the hoster: %+v", r.Servers)
	}
}

// TestFaultSeenTold: from the failure to the look, and to the word. What was said
// of another node, to another customer, or of a disturbance is not of this work.
func TestFaultSeenTold(t *testing.T) {
	acme := customerOf(t, "acme")
	telling := func(minute int, node, customer, notice string) journal.Entry {
		return journal.Entry{ID: notice + itoa(minute), At: after(minute), Node: node, Fact: &journal.Told{Customer: customer, Notice: notice, Channel: "mail"}}
	}
	s := storyOf(
		journal.Entry{ID: "fan", At: after(0), Since: after(-5), Seen: after(0), Node: "pve3", Fact: &journal.FanFailed{Fan: "FAN3"}},
		telling(1, "", "acme", "opened D-261110-000000"), telling(2, "pve1", "acme", "announced M-261110-000001"), telling(3, "pve3", "gans", "announced M-261110-000002"),
		telling(4, "pve3", "acme", "announced M-261110-000002"), telling(9, "pve3", "acme", "begun M-261110-000002"),
		asking(10, gateDrained, journal.AnswerNo),
		journal.Entry{ID: "move", At: after(11), Cluster: "lab", Guest: &journal.Guest{ID: 105, Pool: "acme"}, Fact: &journal.GuestMoved{From: "pve3", To: "pve1"}},
	)
	a := audience{who: &acme}
	r := reportOf(s, a, s.works)
	if len(r.Works) != 1 || r.Works[0].Told == nil || !r.Works[0].Told.At.Equal(after(4)) || r.Works[0].Fault.ToldS == nil || *r.Works[0].Fault.ToldS != 540 {
		t.Fatalf("%+v", r.Works)
	}
	v, err := (&options{Lang: "en"}).voice(a)
	if err != nil {
		t.Fatal(err)
	}
	if text := documentOf(v, r, s, words{}).plain(); v.Err != nil || !strings.Contains(text, "within 9\u00a0min of the failure") {
		t.Errorf("%v\n%s", v.Err, text)
	}
	result := judge(outcome{story: s, works: s.works, reports: []report{r}})
	if i := slices.IndexFunc(result.Perfdata, func(p check.Perfdatum) bool { return p.Label == "lead_told" }); i < 0 || result.Perfdata[i].Value != 540 {
		t.Errorf("%+v", result.Perfdata)
	}
}

// customerOf has the guests of the pool that is called like it.
func customerOf(t *testing.T, key string) customer.Customer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "customers.ini")
	if err := os.WriteFile(path, []byte("["+key+"]\nname = "+key+"\nguests = pool:"+key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := customer.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// TestLongestOfTwo: what one gap is bounded by does not bound another. The longest
// is said to be no shorter than the other may have been.
func TestLongestOfTwo(t *testing.T) {
	acme := customerOf(t, "acme")
	gapped := func(minute int, ms, least, most float64) journal.Entry {
		return journal.Entry{ID: "gap" + itoa(minute), At: after(minute), Guest: &journal.Guest{ID: 105, Pool: "acme"}, Fact: &journal.Gap{MS: ms, LeastMS: least, MostMS: most, From: after(minute), Until: after(minute), EveryMS: 20}}
	}
	s := storyOf(gapped(1, 320, 300, 340), gapped(2, 80, 80, 61000))
	r := reportOf(s, audience{who: &acme}, nil)
	if len(r.Servers) != 1 || r.Servers[0].Gap == nil {
		t.Fatalf("%+v", r.Servers)
	}
	if g := r.Servers[0].Gap; g.MS != 320 || g.LeastMS != 300 || g.MostMS != 61000 || g.Ref != "gap1" || g.MostRef != "gap2" {
		t.Errorf("%+v", g)
	}
}

// TestGapWithoutBound: of a gap that was not over when the measurement ended nobody
// knows that it is not the longest. What was measured otherwise is said all the same.
func TestGapWithoutBound(t *testing.T) {
	acme := customerOf(t, "acme")
	gapped := func(minute int, ms, least, most float64, open bool) journal.Entry {
		return journal.Entry{ID: "gap" + itoa(minute), At: after(minute), Guest: &journal.Guest{ID: 105, Pool: "acme"}, Fact: &journal.Gap{MS: ms, LeastMS: least, MostMS: most, Open: open, From: after(minute), Until: after(minute), EveryMS: 20}}
	}
	l, err := locale.Open("en")
	if err != nil {
		t.Fatal(err)
	}
	english := newVoice(l, time.UTC)
	said := func(r report) string {
		var out []string
		for _, x := range english.speak(r).practice {
			out = append(out, strings.Join(x.refs, "+")+" "+x.Text)
		}
		return strings.ReplaceAll(strings.Join(out, " "), "\u00a0", " ")
	}
	for _, c := range []struct {
		second            journal.Entry
		said, own, answer string
	}{
		{
			gapped(30, 260, 250, 270, true), "gap10 105: an interruption of 300 ms was measured (between 280 ms and 320 ms), 10 November 2026, 14:10 (UTC)." +
				" gap30 105: an interruption of at least 250 ms was measured, which was not over when the measurement ended, 10 November 2026, 14:30 (UTC).",
			"", "longest gap at least 280 ms",
		},
		{
			gapped(30, 360, 350, 370, true), "gap30 105: an interruption of at least 350 ms was measured, which was not over when the measurement ended, 10 November 2026, 14:30 (UTC).",
			"", "longest gap at least 350 ms",
		},
		{
			gapped(30, 260, 250, 270, false), "gap10 105: longest interruption measured 300 ms (between 280 ms and 320 ms), 10 November 2026, 14:10 (UTC).",
			"300 ms", "longest gap 300 ms",
		},
	} {
		s := storyOf(gapped(10, 300, 280, 320, false), c.second)
		r := reportOf(s, audience{who: &acme}, nil)
		if got := said(r); got != c.said {
			t.Errorf("got  %q\nwant %q", got, c.said)
		}
		if got := strings.ReplaceAll(fieldsOf(english, r).LongestGap, "\u00a0", " "); got != c.own {
			t.Errorf("the template has %q, expected %q", got, c.own)
		}
		var x check.Result
		if (outcome{story: s}).numbers(&x); !strings.Contains(x.Summary, c.answer+",") {
			t.Errorf("%q, expected %q", x.Summary, c.answer)
		}
	}
}

// TestOverTheEdge: a work over midnight at a month's end is in the reports of both
// months, and both say so; one within its month says nothing of it.
func TestOverTheEdge(t *testing.T) {
	entries := []journal.Entry{
		asking(10, gateDrained, journal.AnswerYes),
		{ID: "move", At: after(11), Cluster: "lab", Guest: &journal.Guest{ID: 105, Pool: "acme"}, Fact: &journal.GuestMoved{From: "pve3", To: "pve1"}},
		{ID: "moved", At: after(50), Cluster: "lab", Guest: &journal.Guest{ID: 105, Pool: "acme"}, Fact: &journal.GuestMoved{From: "pve1", To: "pve3"}},
		asking(60, gateReintegrated, journal.AnswerYes),
	}
	for _, test := range []struct {
		period journal.Period
		want   bool
	}{
		{journal.Period{From: after(-60), Until: after(30)}, true}, {journal.Period{From: after(30), Until: after(600)}, true},
		{journal.Period{From: after(10), Until: after(61)}, false},
	} {
		_, text := read(t, tell(entries, test.period), customerOf(t, "acme"), "UTC")
		if !strings.Contains(text, "We serviced one of our machines") || test.want != strings.Contains(text, "reaches beyond the time of this report") {
			t.Errorf("%v\n%s", test, text)
		}
	}
}
