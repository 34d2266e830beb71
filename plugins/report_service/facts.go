package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// audience is for whom a report is.
type audience struct {
	// who is nil for the hoster's own.
	who       *customer.Customer
	customers []customer.Customer
	book      customer.Book
	// controllers say which controller of fans is in which node.
	controllers map[string]string
}

// owns says whether a guest is of any concern to the audience.
func (a audience) owns(g *journal.Guest) bool {
	return a.who == nil || a.who.Owns(customer.Guest{ID: g.ID, Pool: g.Pool, Tags: g.Tags})
}

// owners are the names of those whose guest it is.
func (a audience) owners(g *journal.Guest) []string {
	var out []string
	for _, c := range a.book.Owners(customer.Guest{ID: g.ID, Pool: g.Pool, Tags: g.Tags}) {
		out = append(out, c.Name)
	}
	return out
}

// report is the facts of a report; --format json prints them. Times are in the
// audience's zone, references are ids of entries.
type report struct {
	Customer string    `json:"customer,omitempty"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	Works    []service `json:"works"`
	Servers  []server  `json:"servers"`
	// Halted are times in which data could not be read or written.
	Halted []outage `json:"data_stopped"`
	// Looked is how servers and data were watched.
	Watched watch `json:"watched_servers"`
	Data    watch `json:"watched_data"`
	// Looks is how many looks are recorded, by all plugins; at least, because
	// those at the edges of the period are not counted.
	Looks    int      `json:"looks"`
	LookRefs []string `json:"looks_references"`
	// Unread lines of the journal, and such as a clock wrote that was ahead.
	Unread int `json:"unread_lines"`

	// restless says that a server was silent or stopped at one of the looks that are
	// counted, be it outside the time.
	restless bool
	// lost says that of what happened something was written by a clock that was wrong.
	lost bool

	// For the hoster alone.
	Nobodys []string `json:"nobodys,omitempty"`
	Shared  []string `json:"shared,omitempty"`
	Events  []event  `json:"events,omitempty"`
}

// service is one maintenance.
type service struct {
	Node    string   `json:"node,omitempty"` // for the hoster alone
	Begun   moment   `json:"begun"`
	Emptied *moment  `json:"emptied,omitempty"`
	Allowed *moment  `json:"allowed,omitempty"`
	Off     []outage `json:"off"`
	Back    *moment  `json:"back,omitempty"`
	// BackBut says that not all was proven to be as before.
	BackBut bool       `json:"back_but,omitempty"`
	Fault   *noticed   `json:"fault,omitempty"`
	Quiet   *moment    `json:"quiet_until,omitempty"`
	Told    *moment    `json:"told,omitempty"`
	Copies  *copies    `json:"copies,omitempty"`
	Else    *otherwise `json:"otherwise,omitempty"`
	// Asked are the gates' answers, Refused those that were no, Conditions those
	// that were looked at.
	Asked      int      `json:"asked"`
	Refused    int      `json:"refused"`
	Conditions int      `json:"conditions"`
	AskedRefs  []string `json:"asked_references"`
}

// moment is a time with the entry that says so.
type moment struct {
	At  time.Time `json:"at"`
	Ref string    `json:"reference"`
}

// outage is a time in which something did not work, within bounds.
type outage struct {
	From   time.Time  `json:"from"`
	Until  *time.Time `json:"until,omitempty"`
	LeastS float64    `json:"least_s"`
	MostS  *float64   `json:"most_s,omitempty"`
	Refs   []string   `json:"references"`
}

// noticed is a fault, and within what time it was seen.
type noticed struct {
	At    time.Time `json:"at"`
	Seen  time.Time `json:"seen"`
	LeadS float64   `json:"lead_s"`
	// ToldS is within what time the customer was told of the work.
	ToldS *float64 `json:"told_s,omitempty"`
	Fans  []string `json:"fans,omitempty"` // for the hoster alone
	Ref   string   `json:"reference"`
}

type copies struct {
	Least int      `json:"least"`
	Of    int      `json:"of"`
	Times []outage `json:"times"`
	Refs  []string `json:"references"`
}

// otherwise is what would have happened to servers that stayed where they were.
type otherwise struct {
	Servers int      `json:"servers"`
	LeastS  float64  `json:"least_s"`
	Refs    []string `json:"references"`
}

// server is a guest, as a customer knows it.
type server struct {
	ID    int        `json:"id"`
	Name  string     `json:"name"`
	Owner []string   `json:"owners,omitempty"` // for the hoster alone
	Moves []transfer `json:"moves"`
	Gap   *pause     `json:"longest_gap,omitempty"`
	// Unended is another gap that may have been longer than that one: it was not over
	// when the measurement ended.
	Unended  *pause   `json:"open_gap,omitempty"`
	Silences []outage `json:"silences"`
	Stops    []moment `json:"stops,omitempty"`
	// Answers says that it has answered pings, so that silence means something.
	Answers bool `json:"answers"`
	// Unsure are times of which nobody can tell whether it answered.
	Unsure []outage `json:"unsure,omitempty"`
}

// transfer is a move.
type transfer struct {
	Started *time.Time `json:"started,omitempty"`
	Ended   time.Time  `json:"ended"`
	Live    *bool      `json:"live,omitempty"`
	// Measured says that a gap was measured at the time of this move.
	Measured bool   `json:"measured"`
	From     string `json:"from,omitempty"` // for the hoster alone
	To       string `json:"to,omitempty"`
	Ref      string `json:"reference"`
}

// pause is a measured gap.
type pause struct {
	MS      float64 `json:"ms"`
	LeastMS float64 `json:"least_ms"`
	MostMS  float64 `json:"most_ms"`
	// Open says that nobody knows how long the longest was at the most.
	Open    bool      `json:"open,omitempty"`
	EveryMS float64   `json:"every_ms"`
	At      time.Time `json:"at"`
	Ref     string    `json:"reference"`
	// MostRef is another entry that bounds the longest, if one does.
	MostRef string `json:"most_reference,omitempty"`
}

// watch is how something was watched.
type watch struct {
	Polls    int              `json:"polls"`
	LongestS float64          `json:"longest_pause_s"`
	Share    float64          `json:"share"`
	Unseen   []journal.Period `json:"unwatched"`
	Refs     []string         `json:"references"`

	// span is from the first of those looks to the last, which may lie outside.
	span journal.Period
}

// event is an entry as the hoster reads it.
type event struct {
	At   time.Time    `json:"at"`
	Kind journal.Kind `json:"kind"`
	Ref  string       `json:"reference"`

	entry *journal.Entry
}

// reportOf works out what there is to say to an audience. It is pure. Whatever is
// in it comes from entries; of other customers, nodes and addresses nothing gets
// in, for whoever is a customer.
func reportOf(s *story, a audience, works []*work) report {
	r := report{From: s.period.From, Until: s.period.Until, Works: []service{}, Servers: []server{}, Halted: []outage{}}
	if a.who != nil {
		r.Customer = a.who.Name
	}
	for _, g := range s.sorted() {
		if x, is := s.server(g, a); is {
			r.Servers = append(r.Servers, x)
		}
	}
	for _, w := range works {
		if a.who == nil || touches(w, a, r.Servers) {
			r.Works = append(r.Works, s.service(w, a))
		}
	}
	storage := s.storage(works)
	for _, t := range s.halted {
		if t.within(s.period) && (storage == nil || slices.Contains(storage, t.cluster)) {
			r.Halted = append(r.Halted, outageOf(t))
		}
	}
	r.Watched = s.watched("check_guests", s.period, s.clusters(a))
	r.restless = s.restless(r.Watched.span, a) || s.lostIn(r.Watched.span) > 0
	r.Unread = s.lostIn(s.period)
	r.lost = r.Unread > 0
	r.Data = s.watched("check_ceph", s.period, storage)
	r.Looks, r.LookRefs = s.looked()
	if a.who == nil {
		r.own(s, a)
	}
	return r
}

// own adds what only the hoster is told.
func (r *report) own(s *story, a audience) {
	for _, x := range r.Servers {
		switch len(x.Owner) {
		case 0:
			r.Nobodys = append(r.Nobodys, x.Name)
		case 1:
		default:
			r.Shared = append(r.Shared, x.Name+" ("+strings.Join(x.Owner, ", ")+")")
		}
	}
	if len(a.customers) == 0 {
		r.Nobodys = nil // nobody said who is who
	}
	r.Events = make([]event, 0, len(s.entries))
	for i, e := range s.entries {
		if e.Kind() != journal.KindGuestListed && s.period.Contains(e.At) {
			r.Events = append(r.Events, event{e.At, e.Kind(), e.ID, &s.entries[i]})
		}
	}
	slices.SortFunc(r.Events, func(x, y event) int { return cmp.Or(x.At.Compare(y.At), strings.Compare(x.Ref, y.Ref)) })
}

// touches says whether a work moved, stopped or hushed any of the servers.
func touches(w *work, a audience, servers []server) bool {
	if slices.ContainsFunc(w.moves, func(m move) bool { return a.owns(m.guest) }) {
		return true
	}
	span := w.span()
	for _, x := range servers {
		for _, o := range x.Silences {
			if o.From.Before(span.Until) && (o.Until == nil || o.Until.After(span.From)) {
				return true
			}
		}
	}
	return false
}
