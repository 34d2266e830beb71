package main

import (
	"encoding/json"
	"net/netip"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// subject is a guest or a target, and what was seen of it.
type subject struct {
	name string
	// key is for performance data: it stays when the name changes.
	key  string
	addr netip.Addr
	// problem says why a target has no address.
	problem error

	*place
	asked bool
	// reach is what was seen; of a subject that was not asked, nothing.
	reach *ping.Watched
	tcp   *ping.Connection
}

// place is what a cluster says of a guest. Targets share an empty one.
type place struct {
	guest      pve.Guest
	node       string
	nodeDown   bool
	moving     bool
	seenMoving time.Time
	stopped    condition
	known      known // before this run
	// coming guests are being started.
	coming bool
	// unread guests have a configuration that was not read yet.
	unread bool
	// silentFor is for how long it had been silent before this run.
	silentFor time.Duration
}

// reached says whether the subject answered in any way.
func (s *subject) reached() bool {
	return s.reach.Alive() || s.tcp != nil && s.tcp.Answered
}

// booting guests have been running for so short a time that they may not
// answer yet.
const booting = 3 * time.Minute

func (s *subject) starting() bool {
	return s.coming || s.guest.Uptime > 0 && s.guest.Uptime < booting
}

// ever says whether a guest has answered before. Targets that were given by
// hand should, whatever was before.
func (s *subject) ever() bool { return s.guest.ID == 0 || !s.known.Answered.IsZero() }

// facts are all the verdict rests on.
type facts struct {
	subjects []subject
	idle     []int        // guests that need not run
	cluster  *pve.Cluster // nil for targets
	parent   *subject
	faults   []ping.Fault
	cut      bool
	gaps     []pve.Gap // of what guests themselves told
	now      time.Time
	watched  bool
	spacing  time.Duration
	evidence []string
}

// silent says whether a subject was asked, did not answer, and neither this
// machine nor the time can be the reason.
func (f *facts) silent(s *subject) bool {
	return s.asked && !s.reached() && f.ownFault(s) == ""
}

// ownFault is what on this machine kept a subject from being asked, or its
// answers from being heard, in whole or in part. It is empty when nothing did.
func (f *facts) ownFault(s *subject) string {
	if s.tcp != nil && s.tcp.Answered {
		return ""
	}
	six := s.addr.Is6()
	for _, fault := range f.faults {
		if (fault.Family == "IPv6") != six {
			continue
		}
		switch fault.Trouble {
		case ping.Closed:
			return fault.String()
		case ping.NeighbourTable:
			if s.reach.Refused() > 0 {
				return fault.String()
			}
		default:
			if s.reach.Lost() > 0 {
				return fault.String()
			}
		}
	}
	if len(s.reach.Refusals) > 0 {
		return s.reach.Refusals[0].String()
	}
	if f.cut && s.reach.Pending+s.reach.Unsent > 0 && !s.reach.Alive() {
		return noTime
	}
	// A guest that drops pings is judged by its ports, if those could be tried.
	switch {
	case s.tcp == nil || s.reach.Alive():
	case len(s.tcp.Refusals) > 0:
		return "TCP: " + s.tcp.Refusals[0].String()
	case s.tcp.Pending:
		return noTime
	}
	return ""
}

const noTime = "no time was left, -t is too short"

// count subjects for which something holds.
func (f *facts) count(holds func(*subject) bool) int {
	n := 0
	for i := range f.subjects {
		if holds(&f.subjects[i]) {
			n++
		}
	}
	return n
}

// mean round trip of those that answered pings, the longest mean, and the loss
// over all packets whose fate is known and could be the guests' doing.
func (f *facts) mean() (rta, longest time.Duration, loss float64, known bool) {
	var sum time.Duration
	n, lost, whole := 0, 0, 0
	for i := range f.subjects {
		s := &f.subjects[i]
		if s.reach.Alive() {
			sum += s.reach.Avg
			longest = max(longest, s.reach.Avg)
			n++
		}
		if !s.asked || f.ownFault(s) != "" || s.tcp != nil && s.tcp.Answered {
			continue
		}
		lost += s.reach.Lost()
		whole += s.reach.Sent - s.reach.Pending
	}
	if n > 0 {
		rta = sum / time.Duration(n)
	}
	if whole > 0 {
		loss = 100 * float64(lost) / float64(whole)
	}
	return rta, longest, loss, whole > 0
}

// report is what --output json prints beside the verdict.
type report struct {
	Guests []subjectReport `json:"guests"`
	Parent *subjectReport  `json:"parent,omitempty"`
	Faults []string        `json:"own_faults"`
}

type subjectReport struct {
	Name       string    `json:"name"`
	ID         int       `json:"id,omitempty"`
	Node       string    `json:"node,omitempty"`
	Address    string    `json:"address,omitempty"`
	Condition  string    `json:"condition"`
	Reachable  bool      `json:"reachable"`
	Migrating  bool      `json:"migrating,omitempty"`
	Sent       int       `json:"sent"`
	Received   int       `json:"received"`
	Lost       int       `json:"lost"`
	Duplicates int       `json:"duplicates,omitempty"`
	Altered    int       `json:"altered,omitempty"`
	RTA        *float64  `json:"rta_ms,omitempty"`
	Port       int       `json:"tcp_port,omitempty"`
	Errors     []string  `json:"errors,omitempty"`
	Answered   time.Time `json:"answered_before,omitzero"`
	Gap        *gapFacts `json:"longest_gap,omitempty"`
}

type gapFacts struct {
	Milliseconds float64 `json:"ms"`
	AtLeast      float64 `json:"at_least_ms"`
	AtMost       float64 `json:"at_most_ms,omitempty"`
	Lost         int     `json:"lost"`
	Unbounded    bool    `json:"unbounded,omitempty"`
}

// whole is made when it is wanted: of ten thousand guests it is large.
type whole struct{ facts *facts }

// MarshalJSON encodes the report.
func (w whole) MarshalJSON() ([]byte, error) { return json.Marshal(factsOf(w.facts)) }

func factsOf(f *facts) report {
	r := report{Guests: make([]subjectReport, 0, len(f.subjects)), Faults: []string{}}
	for i := range f.subjects {
		r.Guests = append(r.Guests, f.report(&f.subjects[i]))
	}
	if f.parent != nil {
		p := f.report(f.parent)
		r.Parent = &p
	}
	for _, fault := range f.faults {
		r.Faults = append(r.Faults, fault.String())
	}
	return r
}

func (f *facts) report(s *subject) subjectReport {
	out := subjectReport{
		Name: s.name, ID: s.guest.ID, Node: s.node, Condition: f.condition(s), Reachable: s.reached(), Migrating: s.moving,
		Sent: s.reach.Sent, Received: s.reach.Received, Lost: s.reach.Lost(), Duplicates: s.reach.Duplicates, Altered: s.reach.Altered,
		Answered: s.known.Answered,
	}
	if s.addr.IsValid() {
		out.Address = s.addr.String()
	}
	if s.reach.Alive() {
		ms := millis(s.reach.Avg)
		out.RTA = &ms
	}
	if s.tcp != nil && s.tcp.Answered {
		out.Port = s.tcp.Port
	}
	for _, e := range s.reach.Errors {
		out.Errors = append(out.Errors, e.String())
	}
	if g := s.reach.Longest; f.watched && s.reach.Gaps > 0 {
		out.Gap = &gapFacts{millis(g.Length()), millis(g.AtLeast), millis(g.AtMost), g.Lost, g.Unbounded}
	}
	return out
}

// condition in words, for --output json.
func (f *facts) condition(s *subject) string {
	switch {
	case s.stopped != running && s.stopped != untold:
		return "stopped"
	case s.problem != nil:
		return "no address: " + s.problem.Error()
	case !s.addr.IsValid():
		return "no known address"
	case !s.asked:
		return "not asked"
	case s.reached():
		return "answers"
	case f.ownFault(s) != "":
		return "not asked: " + f.ownFault(s)
	}
	return reason(s)
}

// nodes that have subjects, by name.
func (f *facts) nodes() []string {
	var out []string
	for i := range f.subjects {
		s := &f.subjects[i]
		if s.node != "" && !slices.Contains(out, s.node) {
			out = append(out, s.node)
		}
	}
	slices.Sort(out)
	return out
}
