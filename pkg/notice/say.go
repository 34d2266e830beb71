package notice

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/locale"
)

// Words are a notice as its customer reads it.
type Words struct {
	// Lang is the language, by BCP 47.
	Lang    string
	Subject string
	Text    string
	// HTML is a fragment in which names are escaped.
	HTML string
}

// speech is a notice in the making. A mistake keeps the whole of it from being sent.
type speech struct {
	locale.Voice
	Notice
	lines []string
}

// data are the parameters of a message.
type data = map[string]string

// Say puts a notice into words, signed by the hoster. What it says is what the
// notice holds and nothing else. An error means that it must not be sent.
func Say(n Notice, l *locale.Locale, hoster string) (Words, error) {
	zone, err := time.LoadLocation(n.Zone)
	if err != nil {
		return Words{}, fmt.Errorf("notice %s: %w", n.Event, err)
	}
	s := &speech{Voice: locale.Voice{Locale: l, Zone: zone}, Notice: n}
	subject := "[" + n.Event + "] " + s.subject()
	if n.Planned() {
		s.work()
	} else {
		s.disturbance()
	}
	for line := range strings.Lines(n.Text) {
		s.say("n_said", data{"Text": locale.Isolated(strings.TrimSpace(line))})
	}
	w := Words{Lang: l.Tag(), Subject: subject}
	s.write(&w, hoster)
	return w, s.Err
}

func (s *speech) say(id string, d data) { s.lines = append(s.lines, s.Say(id, d)) }

// away is how many servers do not answer.
func (s *speech) away() int {
	n := 0
	for _, x := range s.Servers {
		if x.Away() {
			n++
		}
	}
	return n
}

// subjects are the messages of the subjects that need nothing but a day.
var subjects = map[Kind]string{
	Announced: "s_announced", Reminded: "s_reminded", Begun: "s_begun", Moved: "s_moved", Finished: "s_finished", Cancelled: "s_cancelled",
	Update: "s_update", Resolved: "s_resolved",
}

// subject names no server: it stands in lists of mails and on locked screens.
func (s *speech) subject() string {
	id := subjects[s.Kind]
	switch {
	case s.Kind == Opened:
		return s.SayCount("s_opened", s.away(), nil)
	case s.Kind == Update && s.Planned():
		id = "s_news"
	case s.Changed:
		id = "s_changed"
	}
	if s.Kind == Announced || s.Kind == Reminded {
		return s.Say(id, data{"Day": s.Day(s.Work.From.In(s.Voice.Zone))})
	}
	return s.Say(id, nil)
}

// work says what there is to say of planned work.
func (s *speech) work() {
	switch s.Kind {
	case Announced:
		if s.Changed {
			s.say("n_changed", nil)
		} else {
			s.lines = append(s.lines, s.SayCount("n_announced", len(s.Servers), nil))
		}
	case Reminded:
		s.say("n_reminded", nil)
	case Begun:
		s.say("n_begun", data{"When": s.Moment(s.Begun)})
	case Moved:
		s.lines = append(s.lines, s.SayCount("n_moved", len(s.Servers), nil))
	case Finished:
		s.say("n_finished", data{"Span": s.Span(s.Begun, s.Ended)})
	case Cancelled:
		s.say("n_cancelled", data{"Span": s.Span(s.Work.From, s.Work.Until)})
	case Update:
		s.say("n_news", nil)
	}
	switch s.Kind {
	case Announced, Reminded, Begun, Update:
		s.say("n_when", data{"Span": s.Span(s.Work.From, s.Work.Until)})
		s.say("n_impact_"+string(s.Work.Impact), nil)
		if s.Work.Reason != "" {
			s.say("n_reason_"+string(s.Work.Reason), nil)
		}
	case Moved, Finished:
		if s.Live != "" && s.Kind == Moved {
			s.say("n_"+string(s.Live), nil)
		}
		if s.GapMS != nil {
			s.say("n_gap", data{"Gap": s.Duration(time.Duration(*s.GapMS * float64(time.Millisecond)))})
		}
	}
}

// disturbance says what there is to say of servers that do not answer.
func (s *speech) disturbance() {
	switch s.Kind {
	case Opened:
		s.lines = append(s.lines, s.SayCount("n_opened", s.away(), nil))
	case Update:
		s.lines = append(s.lines, s.SayCount("n_still", s.away(), nil))
	case Resolved:
		s.say("n_resolved", nil)
		if !s.Ended.IsZero() {
			s.say("n_lasted", data{"Span": s.Span(s.Begun, s.Ended), "For": s.Duration(s.Ended.Sub(s.Begun))})
		}
	}
	cause := "n_cause_unknown"
	if s.Cause != "" {
		cause = "n_cause_" + string(s.Cause)
	}
	s.say(cause, nil)
	if s.Work != nil {
		s.say("n_meanwhile", data{"Span": s.Span(s.Work.From, s.Work.Until)})
	}
	if s.Kind != Resolved {
		s.say("n_working", nil)
		s.say("n_next", data{"When": s.Moment(s.Next)})
	}
}

// mostServers are named in a notice, the others counted by their dots.
const mostServers = 200

// shownOf are the servers that are the customer's.
func shownOf(all []Server) []Server {
	return slices.DeleteFunc(slices.Clone(all), func(x Server) bool { return x.Lost })
}

// servers are the customer's, a line each.
func (s *speech) servers() []string {
	var out []string
	shown := shownOf(s.Servers)
	for _, x := range shown[:min(len(shown), mostServers)] {
		name := locale.Isolated(x.Name)
		switch {
		case x.Gone:
			out = append(out, s.Say("n_gone", data{"Name": name}))
		case x.Away():
			out = append(out, s.Say("n_away", data{"Name": name, "When": s.Moment(x.Silent)}))
		case !x.Back.IsZero() && !x.Stopped:
			out = append(out, s.Say("n_back", data{"Name": name, "When": s.Moment(x.Back)}))
		default:
			out = append(out, name)
		}
	}
	if len(shown) > mostServers {
		out = append(out, "…")
	}
	return out
}

// write lays the words out as text and as HTML.
func (s *speech) write(w *Words, hoster string) {
	greeting, heading, list := s.Say("n_greeting", nil), s.Say("n_servers", nil), s.servers()
	signed := []string{s.Say("n_closing", nil)}
	if hoster != "" {
		signed = append(signed, locale.Isolated(hoster))
	}
	small := []string{s.Say("n_reference", data{"Event": s.Event}), s.Say("zone", data{"Place": placeOf(s.Notice.Zone)}), s.Say("n_automatic", nil)}
	var text, page strings.Builder
	paragraph := func(lines ...string) {
		fmt.Fprintf(&text, "%s\n\n", strings.Join(lines, "\n"))
		escaped := make([]string, len(lines))
		for i, l := range lines {
			escaped[i] = html.EscapeString(l)
		}
		fmt.Fprintf(&page, "<p>%s</p>\n", strings.Join(escaped, "<br>\n"))
	}
	paragraph(greeting)
	for _, l := range s.lines {
		paragraph(l)
	}
	if len(list) > 0 {
		fmt.Fprintf(&text, "%s\n", heading)
		fmt.Fprintf(&page, "<p>%s</p>\n<ul>\n", html.EscapeString(heading))
		for _, l := range list {
			fmt.Fprintf(&text, "- %s\n", l)
			fmt.Fprintf(&page, "<li>%s</li>\n", html.EscapeString(l))
		}
		text.WriteString("\n")
		page.WriteString("</ul>\n")
	}
	paragraph(signed...)
	paragraph(small...)
	w.Text, w.HTML = strings.TrimRight(text.String(), "\n")+"\n", page.String()
}

// placeOf is what a time zone is called: its place.
func placeOf(zone string) string { return strings.ReplaceAll(zone, "_", " ") }
