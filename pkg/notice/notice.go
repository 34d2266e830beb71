// Package notice works out what each customer has to be told now: from what the
// journal says happened, from what the hoster announced, and from what the
// customer was told already. It is pure; plugins/notify_customers reads, stores
// and sends.
//
// There are two lives. Planned work is announced, reminded of, begun, moved,
// finished or cancelled. A disturbance is opened, updated and resolved. Nobody is
// told what no entry proves: that a guest is silent is an entry of check_guests,
// which calls nobody silent while the way to the guests may be down, and it has to
// have looked again since ([Policy.After]); that a guest answers is an entry too.
package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Kind is what a notice says of its event.
type Kind string

// The kinds of planned work, and of disturbances.
const (
	Announced Kind = "announced"
	Reminded  Kind = "reminded"
	Begun     Kind = "begun"
	Moved     Kind = "moved"
	Finished  Kind = "finished"
	Cancelled Kind = "cancelled"

	Opened   Kind = "opened"
	Update   Kind = "update"
	Resolved Kind = "resolved"
)

// Closes says whether the kind ends its event.
func (k Kind) Closes() bool { return k == Finished || k == Cancelled || k == Resolved }

// Policy says when customers are told.
type Policy struct {
	// After is how long a guest has to be silent before it is told.
	After time.Duration
	// Every is the time between two updates.
	Every time.Duration
	// Remind is how long before planned work its reminder goes.
	Remind time.Duration
}

// Cause of a disturbance, as far as entries name it.
type Cause string

// CauseMachine: the guests' node is off, by the word of its peers.
const CauseMachine Cause = "machine"

// Live says how guests were moved.
type Live string

// How all servers of a notice were moved; empty when nobody knows of one.
const (
	LiveRunning Live = "running"
	LiveStopped Live = "stopped"
)

// Server is a guest as a notice tells of it.
type Server struct {
	Cluster string `json:"cluster,omitempty"` // never shown
	ID      int    `json:"id"`
	Name    string `json:"name"`
	// Silent is since when it does not answer, Back since when it does again.
	Silent time.Time `json:"silent,omitzero"`
	Back   time.Time `json:"back,omitzero"`
	// Stopped says that a user stopped it after it had answered again.
	Stopped bool `json:"stopped,omitempty"`
	// Gone says that it is no more.
	Gone bool `json:"gone,omitempty"`
	// Lost says that it is not proven to be the customer's any more. It is kept in
	// mind and not shown.
	Lost bool `json:"lost,omitempty"`
}

func (s Server) place() place { return place{s.Cluster, s.ID} }

// Away says whether the server does not answer.
func (s Server) Away() bool { return !s.Silent.IsZero() && s.Back.IsZero() && !s.Gone && !s.Lost }

// Notice is what one customer is told at one time: facts, of which [Say] makes
// words. It is stored before it is sent, so that sending it again sends the same.
type Notice struct {
	Customer string `json:"customer"`
	// Event is "M-..." for planned work and "D-..." for a disturbance. Number
	// counts the notices of it to this customer, from 0, and none is used twice.
	Event  string `json:"event"`
	Number int    `json:"number"`
	Kind   Kind   `json:"kind"`
	// At is when it was made, Due since when there was something to tell.
	At  time.Time `json:"at"`
	Due time.Time `json:"due"`
	// Language and Zone are the customer's at that time.
	Language string `json:"language"`
	Zone     string `json:"zone"`
	// Servers are those it is about.
	Servers []Server `json:"servers"`
	// Begun and Ended bound a disturbance, or the work as it was done; zero as
	// long as they are not known.
	Begun time.Time `json:"begun,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// Next is by when there is word again.
	Next  time.Time `json:"next,omitzero"`
	Cause Cause     `json:"cause,omitempty"`
	// Work is the planned work that it is about, or that was going on.
	Work *Work `json:"work,omitempty"`
	// Changed says that the times of an announcement are new.
	Changed bool `json:"changed,omitempty"`
	Live    Live `json:"live,omitempty"`
	// GapMS is the longest interruption measured while servers were moved; nil
	// when none was measured.
	GapMS *float64 `json:"gap_ms,omitempty"`
	// Text is what humans said, a line each, and Said which orders that were.
	Text string   `json:"text,omitempty"`
	Said []string `json:"said,omitempty"`
}

// Work is planned work as its customers are told of it.
type Work struct {
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Reason Reason    `json:"reason,omitempty"`
	Impact Impact    `json:"impact"`
}

// Planned says whether the notice is about planned work.
func (n Notice) Planned() bool { return n.Event != "" && n.Event[0] == 'M' }

// MessageID of the notice, without brackets: it names neither the customer nor
// anything of ours.
func (n Notice) MessageID(domain string) string {
	return fmt.Sprintf("%s.%d.%s@%s", n.Event, n.Number, digest(6, n.Customer), domain)
}

// UID of the calendar entry, the same in all notices of an event to a customer.
func (n Notice) UID(domain string) string {
	return fmt.Sprintf("%s.%s@%s", n.Event, digest(6, n.Customer), domain)
}

// Account is what the customer's number is when he has none.
func (n Notice) Account() string { return "C-" + digest(6, n.Customer) }

// event makes an id of a letter, a day and what is unique.
func event(letter string, day time.Time, unique ...string) string {
	y, m, d := day.UTC().Date()
	return fmt.Sprintf("%s-%02d%02d%02d-%s", letter, y%100, m, d, digest(6, unique...))
}

// digest is some digits of a hash.
func digest(digits int, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d %s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:digits]
}
