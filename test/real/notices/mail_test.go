//go:build real

package notices

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	netmail "net/mail"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/channel"
	"github.com/noout-monitoring/noout/pkg/secret"
)

var (
	begun  = time.Date(2026, 8, 6, 9, 30, 0, 0, time.FixedZone("", 2*3600))
	window = time.Date(2026, 8, 13, 15, 0, 0, 0, time.FixedZone("", 2*3600))
)

// hostile is a name that tries to be something else.
const hostile = "Bäckerei <script>document.title='x'</script>\r\nBcc: thief@acme.example, \"Zur Gans\"; 100 %"

// life is a planned maintenance from its announcement to its end, and one that is
// called off.
func life(t *testing.T) []channel.Message {
	t.Helper()
	var out []channel.Message
	for i, s := range []struct {
		kind   string
		status channel.Status
		method string
	}{{"announced", channel.Confirmed, ""}, {"reminded", channel.Confirmed, ""}, {"begun", channel.InProcess, ""}, {"finished", channel.Completed, ""}, {"cancelled", channel.Cancelled, channel.Cancel}} {
		at := begun.Add(time.Duration(i) * time.Hour)
		m := channel.Message{
			ID: fmt.Sprintf("M-1.%d.K-1007@example.net", i), Date: at, Lang: "de", Event: "M-1", Kind: s.kind, Updated: i,
			Subject: "[M-1] Geplante Wartung für " + hostile, Text: "Guten Tag,\n\n.\n.. am 13. August, " + strings.Repeat("sehr lang ", 200) + "\n\nMit freundlichen Grüßen\n",
			HTML: "<p>am 13. August für &lt;Bäckerei&gt;</p>", CalendarMethod: s.method, Facts: map[string]any{"name": hostile},
		}
		if i > 0 {
			m.Thread = "M-1.0.K-1007@example.net"
		}
		var err error
		m.Calendar, err = channel.Calendar(channel.Note{
			UID: "M-1.K-1007@example.net", Sequence: i, Stamp: at, Start: window, End: window.Add(2 * time.Hour), Summary: m.Subject, Lang: "de",
			Organizer: netmail.Address{Name: `Example "NOC", Büro: 1`, Address: "noc@example.net"}, Provider: "example.net", Account: "K-1007", Maintenance: "M-1",
			Objects: []string{"shop", hostile}, Impact: channel.ReducedRedundancy, Status: s.status, Method: s.method,
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// ways to the relay: what they need beside it.
func ways(p *postfix) map[string]channel.Options {
	const from = `"Example \"NOC\", Büro" <noc@example.net>`
	return map[string]channel.Options{
		"submission":   {MailFrom: from, SMTP: p.submission, CAFile: home + "/ca.pem"},
		"submissions":  {MailFrom: from, SMTP: p.submissions, SMTPTLS: "implicit", CAFile: home + "/ca.pem"},
		"in the clear": {MailFrom: from, SMTP: p.plain, SMTPTLS: "none"},
		"sendmail":     {MailFrom: from, Sendmail: "/usr/sbin/sendmail"},
	}
}

func send(t *testing.T, s channel.Sender, to string, m channel.Message) (channel.Outcome, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return s.Send(ctx, to, m)
}

// TestMail: the same notices by each way, as the customer's mail program reads
// them.
func TestMail(t *testing.T) {
	p := start(t)
	t.Setenv("MAIL_CONFIG", p.dir+"/conf") // for sendmail
	auth := secret.Options{AuthFile: put(t, "auth.ini", "[127.0.0.1]\nusername = noc@relay.example.net\npassword = "+password+"\n")}
	notices := life(t)
	sent := 0
	for name, o := range ways(p) {
		s, err := o.Mail(auth)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range notices {
			// One Maildir, so each way has ids and minutes of its own.
			m.ID = fmt.Sprintf("M-1.%d.%d@example.net", sent/len(notices), i)
			if m.Thread != "" {
				m.Thread = fmt.Sprintf("M-1.%d.0@example.net", sent/len(notices))
			}
			m.Date = m.Date.Add(time.Duration(sent/len(notices)) * 24 * time.Hour)
			if outcome, err := send(t, s, "ops@acme.example", m); outcome != channel.Sent || err != nil {
				t.Fatalf("%s: %s, %v\n%s", name, outcome, err, p.log())
			}
			sent++
		}
	}
	for i, got := range p.arrived(t, sent) {
		checkMail(t, got, notices[i%len(notices)], i/len(notices), i%len(notices))
	}
}

func checkMail(t *testing.T, got mail, m channel.Message, way, i int) {
	t.Helper()
	id := func(n int) string { return fmt.Sprintf("<M-1.%d.%d@example.net>", way, n) }
	oneLine := strings.Join(strings.Fields(m.Subject), " ")
	want := map[string]string{
		"From": `"Example \"NOC\", Büro" <noc@example.net>`, "To": "ops@acme.example", "Subject": oneLine, "Message-ID": id(i), "Auto-Submitted": "auto-generated",
		"Content-Language": "de", "MIME-Version": "1.0", "Return-Path": "<noc@example.net>", "X-Original-To": "ops@acme.example", "Delivered-To": "ops@acme.example",
		"Date": m.Date.Add(time.Duration(way) * 24 * time.Hour).Format("Mon, 02 Jan 2006 15:04:05 -0700"),
	}
	if i > 0 {
		want["In-Reply-To"], want["References"] = id(0), id(0)
	}
	headers := map[string]string{}
	for k, v := range got.Headers {
		headers[k] = strings.TrimSpace(v)
	}
	delete(headers, "Content-Type")
	delete(headers, "Received")
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Errorf("headers: -want +got\n%s", diff)
	}
	if received := got.Headers["Received"]; strings.Contains(received, "nagios") || strings.Contains(received, password) {
		t.Errorf("Received: %s", received)
	}
	if len(got.Defects) > 0 {
		t.Errorf("defects: %q", got.Defects)
	}
	if want := []string{"multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"}; !slices.Equal(got.Parts, want) {
		t.Errorf("parts %q, expected %q", got.Parts, want)
	}
	if got.Text != m.Text || !strings.Contains(got.HTML, m.HTML) {
		t.Errorf("text %q\nHTML %q", got.Text, got.HTML)
	}
	checkCalendar(t, got.Calendar, m, i)
}

// checkCalendar holds what python3-icalendar reads.
func checkCalendar(t *testing.T, got *calendar, m channel.Message, i int) {
	t.Helper()
	oneLine := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	status := []string{"CONFIRMED", "CONFIRMED", "IN-PROCESS", "COMPLETED", "CANCELLED"}[i]
	event := []string{"CONFIRMED", "CONFIRMED", "CONFIRMED", "CONFIRMED", "CANCELLED"}[i]
	disposition := "attachment maintenance.ics " + m.CalendarMethod
	want := &calendar{
		Method: m.CalendarMethod, Disposition: disposition, Events: 1, Objects: []string{"shop", oneLine(hostile)}, Organizer: "Example 'NOC', Büro: 1 mailto:noc@example.net",
		Event: map[string]string{
			"UID": "M-1.K-1007@example.net", "SEQUENCE": fmt.Sprint(i), "STATUS": event, "SUMMARY": oneLine(m.Subject),
			"DTSTAMP": m.Date.UTC().Format("2006-01-02T15:04:05+00:00"), "DTSTART": "2026-08-13T13:00:00+00:00", "DTEND": "2026-08-13T15:00:00+00:00",
			"X-MAINTNOTE-PROVIDER": "example.net", "X-MAINTNOTE-ACCOUNT": "K-1007", "X-MAINTNOTE-MAINTENANCE-ID": "M-1", "X-MAINTNOTE-IMPACT": "REDUCED-REDUNDANCY", "X-MAINTNOTE-STATUS": status,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calendar: -want +got\n%s", diff)
	}
}

// TestRefusals: each with one clear error, and nothing arrives.
func TestRefusals(t *testing.T) {
	p := start(t)
	login := "[127.0.0.1]\nusername = noc@relay.example.net\npassword = " + password + "\n"
	ca := home + "/ca.pem"
	for name, test := range map[string]struct {
		o        channel.Options
		auth, to string
		want     string
	}{
		"unknown recipient":       {channel.Options{SMTP: p.submission, CAFile: ca}, login, "nobody@acme.example", "refuses the customer's address: 550 5.1.1"},
		"no login":                {channel.Options{SMTP: p.submission, CAFile: ca}, "[other]\nusername = x\n", "ops@acme.example", "refuses the customer's address: 554 5.7.1"},
		"login refused":           {channel.Options{SMTP: p.submission, CAFile: ca}, strings.Replace(login, password, "wrong", 1), "ops@acme.example", "refuses the login of --auth-file: 535 5.7.8"},
		"another name":            {channel.Options{SMTP: strings.Replace(p.submission, "127.0.0.1", "localhost", 1), CAFile: ca}, strings.Replace(login, "127.0.0.1", "*", 1), "ops@acme.example", "is made out to relay.example.net, 127.0.0.1"},
		"TLS where there is none": {channel.Options{SMTP: p.plain, SMTPTLS: "implicit", CAFile: ca}, login, "ops@acme.example", "does not speak TLS on this port"},
	} {
		t.Run(name, func(t *testing.T) {
			test.o.MailFrom = "noc@example.net"
			s, err := test.o.Mail(secret.Options{AuthFile: put(t, "auth.ini", test.auth)})
			if err != nil {
				t.Fatal(err)
			}
			outcome, err := send(t, s, test.to, life(t)[0])
			if outcome != channel.NotSent || err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), password) {
				t.Errorf("%s, %v, expected %q", outcome, err, test.want)
			}
		})
	}
	if _, err := os.Stat(p.dir + "/mail/ops"); !errors.Is(err, fs.ErrNotExist) || strings.Contains(p.log(), "status=sent") {
		t.Errorf("something arrived: %v\n%s", err, p.log())
	}
}
