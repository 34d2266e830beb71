package channel

import (
	"bytes"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func note() Note {
	return Note{
		UID: "M-1.K-1007@example.net", Sequence: 2, Stamp: day, Start: day.AddDate(0, 0, 7), End: day.AddDate(0, 0, 7).Add(2 * time.Hour),
		Summary: "[M-1] Maintenance programmée; serveurs, réseau", Lang: "fr", Organizer: netmail.Address{Name: "A, B: NOC", Address: "noc@example.net"},
		Provider: "example.net", Account: "K-1007", Maintenance: "M-1", Objects: []string{"shop", `a,b;c\d`}, Impact: ReducedRedundancy, Status: Confirmed,
	}
}

func TestCalendar(t *testing.T) {
	got, err := Calendar(note())
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`BEGIN:VCALENDAR
PRODID:-//noout//notify_customers//EN
VERSION:2.0
BEGIN:VEVENT
DTEND:20260813T093000Z
DTSTAMP:20260806T073000Z
DTSTART:20260813T073000Z
ORGANIZER;CN="A, B: NOC":mailto:noc@example.net
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY;LANGUAGE=fr:[M-1] Maintenance programmée\; serveurs\, réseau
UID:M-1.K-1007@example.net
X-MAINTNOTE-ACCOUNT;VALUE=TEXT:K-1007
X-MAINTNOTE-IMPACT;VALUE=TEXT:REDUCED-REDUNDANCY
X-MAINTNOTE-MAINTENANCE-ID;VALUE=TEXT:M-1
X-MAINTNOTE-OBJECT-ID;VALUE=TEXT:shop
X-MAINTNOTE-OBJECT-ID;VALUE=TEXT:a\,b\;c\\d
X-MAINTNOTE-PROVIDER;VALUE=TEXT:example.net
X-MAINTNOTE-STATUS;VALUE=TEXT:CONFIRMED
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestCalendarLife: what changes from notice to notice, and nothing else does.
func TestCalendarLife(t *testing.T) {
	for i, step := range []struct {
		status        Status
		method, event string
	}{{Confirmed, "", "CONFIRMED"}, {Confirmed, Request, "CONFIRMED"}, {InProcess, Request, "CONFIRMED"}, {Completed, "", "CONFIRMED"}, {Cancelled, Cancel, "CANCELLED"}} {
		n := note()
		n.Status, n.Sequence, n.Method, n.Attendee = step.status, i, step.method, "ops@acme.example"
		n.Summary = strings.Repeat("Büro ", 40)
		if step.status == Completed || step.status == Cancelled {
			n.Objects = nil
		}
		text, err := Calendar(n)
		if err != nil {
			t.Fatal(err)
		}
		calendar, err := ical.NewDecoder(bytes.NewReader(text)).Decode()
		if err != nil {
			t.Fatal(err)
		}
		event := calendar.Events()[0]
		value := func(p *ical.Prop) string {
			if p == nil {
				return ""
			}
			return p.Value
		}
		got := []string{value(event.Props.Get("UID")), value(event.Props.Get("X-MAINTNOTE-STATUS")), value(event.Props.Get("STATUS")), value(calendar.Props.Get("METHOD")), value(event.Props.Get("ATTENDEE")), value(event.Props.Get("SUMMARY"))}
		want := []string{"M-1.K-1007@example.net", string(step.status), step.event, step.method, "mailto:ops@acme.example", strings.TrimSpace(n.Summary)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", step.status, diff)
		}
	}
}

func TestCalendarRefuses(t *testing.T) {
	for want, change := range map[string]func(*Note){
		"UID of a calendar":              func(n *Note) { n.UID = "" },
		"one @":                          func(n *Note) { n.UID = "a@b@c" },
		"provider, account":              func(n *Note) { n.Account = "None" },
		"letters, digits":                func(n *Note) { n.Maintenance = "M 1" },
		"expected an end after":          func(n *Note) { n.End = n.Start },
		"and a stamp":                    func(n *Note) { n.Stamp = time.Time{} },
		"objects of a calendar":          func(n *Note) { n.Objects = nil },
		"what is concerned":              func(n *Note) { n.Objects = []string{"shop", " \n"} },
		"status of a calendar":           func(n *Note) { n.Status = "CANCELED" },
		"impact of a calendar":           func(n *Note) { n.Impact = "no-impact" },
		"method of a calendar":           func(n *Note) { n.Method = Request },
		"organizer of a calendar":        func(n *Note) { n.Organizer.Address = "noc" },
		"attendee of a calendar":         func(n *Note) { n.Attendee = "a@b.example\r\nX:1" },
		"expected CANCEL, or REQUEST wi": func(n *Note) { n.Method = "ADD" },
	} {
		n := note()
		change(&n)
		text, err := Calendar(n)
		if err == nil || text != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q, %v, expected %q", text, err, want)
		}
	}
}

// Names of any kind add no property, and come back as they were but for what
// nobody sees.
func TestCalendarHostileNames(t *testing.T) {
	plain, err := Calendar(note())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := note()
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"x\r\nEND:VEVENT\r\n", "x\nATTENDEE:y", `";X=1`, "\u2028\x85", "\\n\\,", strings.Repeat("ä漢", 200)})).Filter(func(s string) bool { return oneLine(s) != "" }).Draw(t, "name")
		n.Objects, n.Summary, n.Organizer.Name, n.Lang = []string{name, name}, name, name, name
		text, err := Calendar(n)
		if err != nil {
			t.Fatal(err)
		}
		calendar, err := ical.NewDecoder(bytes.NewReader(text)).Decode()
		if err != nil {
			t.Fatalf("%v\n%q", err, text)
		}
		event := calendar.Events()[0]
		if got, err := event.Props.Text(ical.PropSummary); err != nil || got != oneLine(name) {
			t.Fatalf("summary %q, %v, expected %q", got, err, oneLine(name))
		}
		if unfolded := bytes.ReplaceAll(text, []byte("\r\n "), nil); bytes.Count(unfolded, []byte("\r\n")) != bytes.Count(plain, []byte("\r\n")) {
			t.Fatalf("another number of properties:\n%q", text)
		}
		for line := range bytes.SplitSeq(text, []byte("\r\n")) {
			if len(line) > longestLine || !slices.Equal(line, bytes.ToValidUTF8(line, nil)) || bytes.ContainsAny(line, "\r\n") {
				t.Fatalf("a line of %d octets: %q", len(line), line)
			}
		}
	})
}
