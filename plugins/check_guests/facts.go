package main

import (
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
	// there is what the second vantage point says.
	there reachability
}

// place is what a cluster says of a guest. Targets share [nowhere].
type place struct {
	guest      *pve.Guest // in the list of the cluster
	node       string
	nodeDown   bool
	moving     bool
	seenMoving stamp
	stopped    condition
	known      past // before this run
	// coming guests are being started.
	coming bool
	// unread guests have a configuration that was not read yet.
	unread bool
	// silentFor is for how long it had been silent before this run.
	silentFor time.Duration
	// darkFor is for how long one of its web sites had been.
	darkFor time.Duration
}

// nowhere is the place of what is no guest.
func nowhere() *place { return &place{guest: &pve.Guest{}} }

// past is what of a guest's memory the verdict rests on: all of it, of tens of
// thousands, would be much to hold twice.
type past struct {
	Node                                    string
	Learned, Answered, Moving, Silent, Dark stamp
	At                                      netip.Addr
}

func (k known) past() past {
	return past{Node: k.Node, Learned: k.Learned, Answered: k.Answered, Moving: k.Moving, Silent: k.Silent, Dark: k.Dark, At: k.At}
}

// known is a memory that holds no more than that and the guest's name.
func (p past) known(name string) known {
	return known{Name: name, Node: p.Node, Learned: p.Learned, Answered: p.Answered, Moving: p.Moving, Silent: p.Silent, Dark: p.Dark, At: p.At}
}

// reached says whether the subject answered in any way.
func (s *subject) reached() bool {
	return s.reach.Alive() || s.tcp != nil && s.tcp.Answered
}

func since(t, now time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return max(0, now.Sub(t))
}

// booting guests have been running for so short a time that they may not
// answer yet.
const booting = 3 * time.Minute

func (s *subject) starting() bool {
	return s.coming || s.guest.Uptime > 0 && s.guest.Uptime < booting
}

// ever says whether a guest has answered before. Targets that were given by
// hand should, whatever was before.
func (s *subject) ever() bool { return s.guest.ID == 0 || s.known.Answered != 0 }

// facts are all the verdict rests on.
type facts struct {
	subjects []subject
	idle     []int // guests that need not run
	sites    []site
	cluster  *pve.Cluster // nil for targets
	parent   *subject
	faults   []ping.Fault
	cut      bool
	gaps     []pve.Gap // of what guests themselves told
	now      time.Time
	set      time.Duration // by which our clock was set forward since the last run
	watched  bool
	// began and ended bound a watch, or the packets of a run.
	began, ended time.Time
	spacing      time.Duration
	evidence     []string
	// second is what was seen from elsewhere, nil when nobody was to be asked.
	second *vantage
}

// silent says whether a subject was asked, did not answer, and neither this
// machine nor the time can be the reason.
func (f *facts) silent(s *subject) bool {
	return s.asked && !s.reached() && f.ownFault(s) == ""
}

// blind says that nobody was heard in this round, neither a guest nor the gateway:
// silence may be that of the way to them. It is not that of guests whose node is
// off by the word of its peers, as long as no gateway was asked that is silent
// too.
func (f *facts) blind() bool {
	if f.parent != nil && f.parent.asked {
		return !f.parent.reached() && f.count((*subject).reached) == 0
	}
	asked := f.count(func(s *subject) bool { return s.asked })
	return asked > 0 && f.count((*subject).reached) == 0 && asked > f.count(func(s *subject) bool { return s.asked && s.nodeDown })
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
	watched := f.watched && s.reach.Away >= longAway // long enough to be silent
	if f.cut && s.reach.Pending+s.reach.Unsent > 0 && !s.reach.Alive() && !watched {
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
	n, lost, counted := 0, 0, 0
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
		counted += s.reach.Sent - s.reach.Pending
	}
	if n > 0 {
		rta = sum / time.Duration(n)
	}
	if counted > 0 {
		loss = 100 * float64(lost) / float64(counted)
	}
	return rta, longest, loss, counted > 0
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
