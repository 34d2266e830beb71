package room

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/noout-monitoring/noout/test/sim/guests"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

// Blackout is how long a guest is silent when a live migration hands it over. It
// is no multiple of the time between two packets, so that it does not end with
// one.
const Blackout = 290 * time.Millisecond

// gateway is where those who ask the guests are, in the guests' network.
var gateway = netip.MustParsePrefix("198.51.100.254/24")

// address of a guest.
func address(id int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, 100, byte(id)}) }

// Addressed gives every guest of a cluster an address, which its agent tells or
// which its container has.
func Addressed(list []pve.Guest) []pve.Guest {
	list = slices.Clone(list)
	for i := range list {
		list[i].Addresses = []string{address(list[i].ID).String()}
	}
	return list
}

// Silent are the addresses of guests that do not run, or whose node is away.
func (r *Room) Silent() []netip.Addr {
	running := (&network{cluster: r.PVE}).running()
	var out []netip.Addr
	for _, id := range r.guests {
		if running[id] == "" {
			out = append(out, address(id))
		}
	}
	return out
}

// network is where the guests answer pings. Whether one does is asked of the
// cluster for each packet: its node is up, and it runs there.
type network struct {
	cluster *pve.Sim
	happen  func(line string) error
	tun     *guests.TUN

	mu      sync.Mutex
	nodes   map[int]string    // where guests were when last looked
	back    map[int]time.Time // when those that are being handed over answer
	pending *pending
	watched int
	silence silence
}

// pending is what happens when a guest has been asked so many times.
type pending struct {
	guest, after int
	line         string
	err          error
}

// Wired says why the guests cannot be pinged in this network namespace; nil
// when they can. It brings up loopback, which a new one has not.
func Wired() error {
	if err := guests.Up("lo", netip.Prefix{}); err != nil {
		return err
	}
	tun, err := connect(nil, nil)
	if err != nil {
		return err
	}
	return tun.Close()
}

// connect makes the interface behind which the guests are.
func connect(list []pve.Guest, r *Room) (*guests.TUN, error) {
	hosts := map[netip.Addr]*guests.Guest{}
	for _, g := range list {
		hosts[address(g.ID)] = &guests.Guest{Lose: func(int) bool { return r.network.loses(g.ID, time.Now()) }}
	}
	tun, err := guests.OpenTUN("guests", guests.NewWorld(hosts))
	if err != nil {
		return nil, err
	}
	if err := guests.Up("guests", gateway); err != nil {
		return nil, errors.Join(err, tun.Close())
	}
	return tun, nil
}

// join puts the guests of a cluster on the network.
func (r *Room) join(list []pve.Guest) (err error) {
	r.network = newNetwork(r)
	r.network.tun, err = connect(list, r)
	return err
}

func newNetwork(r *Room) *network {
	n := &network{cluster: r.PVE, happen: r.do, nodes: map[int]string{}, back: map[int]time.Time{}}
	n.observe()
	return n
}

// running tells on which node each guest runs. A guest that went off with its
// node counts as soon as the node is back.
func (n *network) running() map[int]string {
	truth, out := n.cluster.Truth(), map[int]string{}
	for node, ids := range truth.On {
		for _, id := range ids {
			if !slices.Contains(truth.Away, node) {
				out[id] = node
			}
		}
	}
	return out
}

// observe takes what has happened so far as past: whoever was moved answers.
func (n *network) observe() {
	n.mu.Lock()
	defer n.mu.Unlock()
	maps.Copy(n.nodes, n.running())
}

// loses says whether a guest leaves a packet that reaches it now unanswered.
func (n *network) loses(id int, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.pending; p != nil && p.guest == id && p.after > 0 {
		if p.after--; p.after == 0 {
			p.err = n.happen(p.line)
		}
	}
	node, runs := n.running()[id]
	if was := n.nodes[id]; runs && was != node {
		if was != "" {
			n.back[id] = now.Add(Blackout)
		}
		n.nodes[id] = node
	}
	silent := !runs || now.Before(n.back[id])
	if id == n.watched {
		n.silence.note(now, silent)
	}
	return silent
}

// Upon lets something happen when a guest has been asked so many times from now
// on, and measures from now on how long it is silent.
func (r *Room) Upon(guest, packets int, line string) {
	n := r.network
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pending = &pending{guest: guest, after: packets, line: line}
	n.watched, n.silence = guest, silence{}
}

// Silence is the longest silence of the guest that [Room.Upon] named, as the
// guest saw it.
func (r *Room) Silence() (Silence, error) {
	n := r.network
	n.mu.Lock()
	defer n.mu.Unlock()
	switch p := n.pending; {
	case p.err != nil:
		return Silence{}, fmt.Errorf("%s: %w", p.line, p.err)
	case p.after > 0:
		return Silence{}, fmt.Errorf("%s: guest %d was not asked often enough for that", p.line, p.guest)
	}
	return n.silence.longest, nil
}

// Silence of a guest: from the first packet that it left unanswered to the last
// one, and from the last answer before to the first one after.
type Silence struct{ AtLeast, AtMost time.Duration }

// silence in the making.
type silence struct {
	answered, first, last time.Time
	longest               Silence
}

func (s *silence) note(now time.Time, silent bool) {
	switch {
	case silent && s.first.IsZero():
		s.first, s.last = now, now
	case silent:
		s.last = now
	default:
		if whole := now.Sub(s.answered); !s.first.IsZero() && !s.answered.IsZero() && whole > s.longest.AtMost {
			s.longest = Silence{s.last.Sub(s.first), whole}
		}
		s.answered, s.first = now, time.Time{}
	}
}
