package channel

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"

	"github.com/noout-monitoring/noout/pkg/regex"
)

// Status is how far a planned maintenance has come, as the maintenance note
// (NANOG BCOP "Maintenance Notification") spells it.
type Status string

// The life of a maintenance. What is announced is Confirmed, and another time than
// was announced is so again.
const (
	Confirmed Status = "CONFIRMED"
	InProcess Status = "IN-PROCESS"
	Completed Status = "COMPLETED"
	Cancelled Status = "CANCELLED"
)

// Impact is what the customer may notice, at worst.
type Impact string

// From moved while it runs to stopped. While a node is away one failure less is
// survived, so nothing is without impact.
const (
	ReducedRedundancy Impact = "REDUCED-REDUNDANCY"
	Degraded          Impact = "DEGRADED"
	Outage            Impact = "OUTAGE"
)

// Methods of a calendar that is more than information.
const (
	Request = "REQUEST" // asks the customer to accept it
	Cancel  = "CANCEL"  // takes it out again
)

// Note is a planned maintenance for one customer. All times are written in UTC.
type Note struct {
	// UID is stable for this maintenance and this customer, such as
	// "M-1.K-1007@example.net". Sequence is 0 in the first notice and one more in
	// each, never used twice. Stamp is when the notice was made.
	UID      string
	Sequence int
	Stamp    time.Time
	// Start and End: the end is after the start.
	Start, End time.Time
	// Summary is the notice's subject, Lang its language as BCP 47 names it.
	Summary, Lang string
	// Organizer is the address that people can answer to, with its name.
	Organizer mail.Address
	// Provider is the hoster's domain, Account the customer's number with him,
	// Maintenance its id: letters, digits and . _ : - alone.
	Provider, Account, Maintenance string
	// Objects are the names of the customer's services that are concerned. A
	// maintenance that is over, or cancelled, may have none.
	Objects []string
	Impact  Impact
	Status  Status
	// Method is empty, or one of the methods. Attendee is the customer's address,
	// which a Request needs.
	Method, Attendee string
}

// plainID is what each reader takes as it stands, escaped or not.
var plainID = regex.Of(`^[A-Za-z0-9._:-]{1,120}$`)

// check refuses what readers of maintenance notes refuse: circuit-maintenance-parser
// 2.8.0 takes one wrong value as a reason to drop the whole notice.
func (n Note) check() error {
	over := n.Status == Completed || n.Status == Cancelled
	for _, id := range []string{n.Provider, n.Account, n.Maintenance} {
		if !plainID.MatchString(id) || id == "None" {
			return errors.New("provider, account and maintenance of a calendar: expected letters, digits and . _ : - alone")
		}
	}
	switch {
	case !plainID.MatchString(strings.Replace(n.UID, "@", ".", 1)):
		return errors.New("UID of a calendar: expected letters, digits and . _ : - with one @")
	case !n.End.After(n.Start) || n.Start.IsZero() || n.Stamp.IsZero():
		return errors.New("times of a calendar: expected an end after the start, and a stamp")
	case len(n.Objects) == 0 && !over || slices.ContainsFunc(n.Objects, func(o string) bool { return oneLine(o) == "" }):
		return errors.New("objects of a calendar: expected the names of what is concerned")
	case !slices.Contains([]Status{Confirmed, InProcess, Completed, Cancelled}, n.Status):
		return errors.New("status of a calendar: expected one of the maintenance note's")
	case !slices.Contains([]Impact{ReducedRedundancy, Degraded, Outage}, n.Impact):
		return errors.New("impact of a calendar: expected one of the maintenance note's")
	case !slices.Contains([]string{"", Request, Cancel}, n.Method) || n.Method == Request && n.Attendee == "":
		return errors.New("method of a calendar: expected CANCEL, or REQUEST with an attendee")
	}
	return nil
}

// Calendar is the maintenance as text/calendar: one event with the properties of
// the maintenance note. Each notice repeats all of it.
func Calendar(n Note) ([]byte, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	event := ical.NewEvent()
	text := func(name, value string) *ical.Prop {
		p := ical.NewProp(name)
		p.SetText(oneLine(value)) // an X- property says that it is text: ical.js 2.2.1 unescapes no other
		event.Props.Add(p)
		return p
	}
	text(ical.PropUID, n.UID)
	text(ical.PropSummary, n.Summary).Params.Set(ical.ParamLanguage, parameter(n.Lang))
	text(ical.PropStatus, n.eventStatus())
	text("X-MAINTNOTE-PROVIDER", n.Provider)
	text("X-MAINTNOTE-ACCOUNT", n.Account)
	text("X-MAINTNOTE-MAINTENANCE-ID", n.Maintenance)
	text("X-MAINTNOTE-IMPACT", string(n.Impact))
	text("X-MAINTNOTE-STATUS", string(n.Status))
	for _, object := range n.Objects {
		text("X-MAINTNOTE-OBJECT-ID", object)
	}
	sequence := ical.NewProp(ical.PropSequence)
	sequence.Value = strconv.Itoa(n.Sequence)
	event.Props.Set(sequence)
	// The Time's zone is written as it is called here, which may be "Local".
	event.Props.SetDateTime(ical.PropDateTimeStamp, n.Stamp.UTC())
	event.Props.SetDateTime(ical.PropDateTimeStart, n.Start.UTC())
	event.Props.SetDateTime(ical.PropDateTimeEnd, n.End.UTC())
	if err := person(event, ical.PropOrganizer, n.Organizer); err != nil {
		return nil, err
	}
	if n.Attendee != "" {
		if err := person(event, ical.PropAttendee, mail.Address{Address: n.Attendee}); err != nil {
			return nil, err
		}
	}
	calendar := ical.NewCalendar()
	calendar.Props.SetText(ical.PropVersion, "2.0")
	calendar.Props.SetText(ical.PropProductID, "-//noout//notify_customers//EN")
	if n.Method != "" {
		calendar.Props.SetText(ical.PropMethod, n.Method)
	}
	calendar.Children = append(calendar.Children, event.Component)
	var out bytes.Buffer
	if err := ical.NewEncoder(&out).Encode(calendar); err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	return fold(out.Bytes()), nil
}

// eventStatus is the event's own status (RFC 5545, 3.8.1.11), for calendars that
// do not know maintenance notes.
func (n Note) eventStatus() string {
	if n.Status == Cancelled {
		return string(Cancelled)
	}
	return string(Confirmed)
}

// person adds somebody with an address of mail.
func person(event *ical.Event, property string, a mail.Address) error {
	if err := address(a.Address); err != nil {
		return fmt.Errorf("%s of a calendar: %w", strings.ToLower(property), err)
	}
	p := ical.NewProp(property)
	if name := parameter(a.Name); name != "" {
		p.Params.Set(ical.ParamCommonName, name)
	}
	p.Value = "mailto:" + a.Address
	event.Props.Add(p)
	return nil
}

// parameter is text that a property's parameter can hold: they know no escapes
// (RFC 5545, 3.2), and go-ical lets line ends through.
func parameter(text string) string { return strings.ReplaceAll(oneLine(text), `"`, "'") }

// oneLine is text without line ends and other control characters.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	return strings.Join(strings.Fields(text), " ")
}

// longestLine of a calendar, in octets without its end (RFC 5545, 3.1).
const longestLine = 75

// fold breaks long lines between characters: go-ical does not.
func fold(text []byte) []byte {
	var out []byte
	for line := range bytes.SplitAfterSeq(text, []byte("\r\n")) {
		left := longestLine
		for content := bytes.TrimSuffix(line, []byte("\r\n")); len(content) > 0; {
			_, size := utf8.DecodeRune(content)
			if size > left {
				out = append(out, "\r\n "...)
				left = longestLine - 1 // the blank counts
			}
			out, content, left = append(out, content[:size]...), content[size:], left-size
		}
		if bytes.HasSuffix(line, []byte("\r\n")) {
			out = append(out, "\r\n"...)
		}
	}
	return out
}
