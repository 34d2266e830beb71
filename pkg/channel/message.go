// Package channel carries a notice to a customer: by mail (a relay or this
// machine's own sendmail), to a web hook, into a directory of pages. It writes no
// sentence of its own and decides nothing: what is to be said, to whom and when,
// comes in a [Message]. Whether it arrived goes back in an [Outcome].
package channel

import (
	"context"
	"time"
)

// Message is one notice in a customer's words, ready to be sent. Everything in
// it is stored before it is sent, so that sending it again sends the same.
type Message struct {
	// ID is the Message-ID without its brackets, such as
	// "M-1.0.K-1007@example.net": unique, and the same when it is sent again.
	ID string
	// Thread is the ID of the first notice of the event, empty in the first.
	Thread string
	// Date is when the notice was made, which is not when it is sent again.
	Date time.Time
	// Lang is the language of the texts, as BCP 47 names it.
	Lang string
	// Event names what the notice is about, the same in all notices of it.
	Event string
	// Kind is what the notice says of the event: announced, reminded, begun,
	// moved, finished or cancelled; opened, update or resolved.
	Kind string
	// Subject, Text and HTML are the words. HTML is a fragment whose names are
	// escaped already, such as <p>...</p>; it holds no script.
	Subject, Text, HTML string
	// Updated counts the notices of this event to this customer, from 0.
	Updated int
	// Calendar is the event as text/calendar, see [Calendar]; nil without one.
	Calendar []byte
	// CalendarMethod is REQUEST or CANCEL as the calendar says it, and
	// empty for one without a method.
	CalendarMethod string
	// Facts are what the texts say, for machines: keys in lower_snake, values
	// that encoding/json can write, times as RFC 3339.
	Facts map[string]any
}

// Outcome is what is known of a notice after the attempt to send it.
type Outcome int

const (
	// NotSent: the other side does not have the notice. It may be sent again.
	NotSent Outcome = iota
	// Sent: the other side said that it has it.
	Sent
	// Unknown: all of it was sent and no answer came, so the other side may have
	// it. Sent again it is the same notice, with the same ID.
	Unknown
)

// String is the outcome as ledger and journal write it.
func (o Outcome) String() string {
	switch o {
	case Sent:
		return "sent"
	case Unknown:
		return "unknown"
	}
	return "not sent"
}

// Sender is one way to customers. Send obeys the context's deadline in every
// phase. Its error is one plain sentence without secrets that names the other
// side, and where there is one the next step; it is nil if and only if the
// outcome is [Sent]. to is what the customer's setting says: an address of mail,
// a URL, the name of a folder.
type Sender interface {
	Send(ctx context.Context, to string, m Message) (Outcome, error)
}
