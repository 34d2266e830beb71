// Package room is a machine room: the nodes of a Proxmox VE cluster, the Ceph
// on them, and the management controller of one of them, driven as one world. A
// node that is switched off takes its OSDs and monitors with it. The simulators
// know nothing of each other; what joins them is here.
package room

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/machine"
	"github.com/noout-monitoring/noout/test/sim/pve"
	"github.com/noout-monitoring/noout/test/sim/wire"
)

// Room is one machine room.
type Room struct {
	PVE  *pve.Sim
	Ceph *ceph.Sim
	BMC  *bmc.Sim
	// Served is the node that the management controller belongs to.
	Served string

	clock   *world.Clock
	doors   []*httptest.Server
	wire    wire.Counter // of the doors
	network *network     // nil where the guests cannot be pinged
	guests  []int

	mu     sync.Mutex
	absent map[string]string // why a node has no Ceph
}

// Config of a room.
type Config struct {
	PVE  pve.Config
	Ceph ceph.Config
	// Served is the node with the management controller; empty: the last one.
	Served string
	Vendor bmc.Vendor
	TLS    bmc.TLS // of the management controller
	Clock  *world.Clock
	// Wired guests answer pings, behind an interface of this network namespace
	// that [Wired] has found fit; see [Addressed].
	Wired bool
}

// Lab is three nodes with guests, each with two OSDs, a monitor, a mgr on the
// first and the third, and a CephFS on the first two.
func Lab() Config {
	c := Config{PVE: pve.Lab(), Vendor: bmc.Supermicro}
	for _, n := range c.PVE.Nodes {
		c.Ceph.Hosts = append(c.Ceph.Hosts, ceph.Host{Name: n.Name, OSDs: 2})
	}
	c.Ceph.Mgrs = []ceph.Daemon{{Name: "pve3", Host: "pve3"}, {Name: "pve1", Host: "pve1"}}
	return c
}

// Stretch is five nodes whose Ceph is in stretch mode: two data centres with two
// OSD hosts and two monitors each, one of them on a node without an OSD, and the
// tiebreaker on a machine that is no node.
func Stretch() Config {
	c := Config{PVE: pve.Presets["five"](), Vendor: bmc.Supermicro, Served: "pve1"}
	c.Ceph.Sites = map[string]string{"pve1": "dc1", "pve2": "dc1", "pve3": "dc2", "pve4": "dc2", "pve5": "dc2", "tie": "dc3"}
	for _, n := range c.PVE.Nodes[:4] {
		c.Ceph.Hosts = append(c.Ceph.Hosts, ceph.Host{Name: n.Name, OSDs: 2})
	}
	for _, name := range []string{"pve1", "pve2", "pve3", "pve5", "tie"} {
		c.Ceph.Mons = append(c.Ceph.Mons, ceph.Daemon{Name: name, Host: name})
	}
	c.Ceph.Mgrs = []ceph.Daemon{{Name: "pve1", Host: "pve1"}, {Name: "pve2", Host: "pve2"}}
	return c
}

// Password of the controller's account: IPMI takes no more than twenty bytes.
const Password = "fan 3 is loose again"

// Open starts the simulators.
func Open(c Config) (*Room, error) {
	if c.Clock == nil {
		c.Clock = world.Running()
	}
	c.PVE.Clock, c.Ceph.Clock, c.PVE.Hangup = c.Clock, c.Clock, true
	if c.Served == "" {
		c.Served = c.PVE.Nodes[len(c.PVE.Nodes)-1].Name
	}
	shown := c.machine()
	r := &Room{Served: c.Served, clock: c.Clock, absent: map[string]string{}}
	for _, g := range c.PVE.Guests {
		r.guests = append(r.guests, g.ID)
	}
	var err error
	if r.PVE, err = pve.Run(c.PVE); err != nil {
		return nil, err
	}
	if r.Ceph, err = ceph.Run(c.Ceph, "127.0.0.1:0"); err != nil {
		r.Close()
		return nil, err
	}
	if r.BMC, err = bmc.Run(bmc.Server{Vendor: c.Vendor, TLS: c.TLS, Machine: shown, Clock: c.Clock, Username: bmc.Username, Password: Password, IPMI: &ipmi.Config{}}); err != nil {
		r.Close()
		return nil, err
	}
	for _, n := range c.PVE.Nodes {
		r.doors = append(r.doors, r.door(n.Name))
	}
	if c.Wired {
		if err := r.join(c.PVE.Guests); err != nil {
			r.Close()
			return nil, err
		}
	}
	return r, nil
}

// machine is what the served node is made of, which its controller shows too.
func (c *Config) machine() *machine.Machine {
	c.PVE.Nodes = slices.Clone(c.PVE.Nodes)
	for i := range c.PVE.Nodes {
		if n := &c.PVE.Nodes[i]; n.Name == c.Served {
			if n.Machine == nil {
				n.Machine = machine.Lab(i + 1)
			}
			return n.Machine
		}
	}
	return machine.Lab(0)
}

// Close stops them. What went wrong between the guests and those who ask them
// has been seen as silence.
func (r *Room) Close() {
	if r.network != nil && r.network.tun != nil {
		_ = r.network.tun.Close()
	}
	for _, d := range r.doors {
		d.CloseClientConnections()
		d.Close()
	}
	if r.BMC != nil {
		r.BMC.Close()
	}
	if r.Ceph != nil {
		r.Ceph.Close()
	}
	if r.PVE != nil {
		r.PVE.Close()
	}
}

// Wire counts what goes over the connections of the nodes and the controller.
func (r *Room) Wire() wire.Count { return r.wire.Count().Add(r.BMC.Wire()) }

// Now is the time in the room.
func (r *Room) Now() time.Time { return r.clock.Now() }

// Files writes what an operator has into dir and returns the names of things:
// the nodes' addresses, the controller's, credentials, certificates, and what
// the ceph command needs.
func (r *Room) Files(dir string) (map[string]string, error) {
	if err := r.Ceph.Files(dir); err != nil {
		return nil, err
	}
	var nodes []string
	names := map[string]string{"BMC": r.BMC.Host, "IPMI": r.BMC.IPMI}
	for i, d := range r.doors {
		address := d.Listener.Addr().String()
		nodes = append(nodes, address)
		names[strings.ToUpper(r.PVE.Nodes()[i])] = address
	}
	names["NODES"] = strings.Join(nodes, ",")
	for _, f := range []struct{ name, base, text string }{
		{"AUTH", "auth.ini", fmt.Sprintf("[*]\ntoken = %s\nusername = %s\npassword = %s\n", pve.Token, bmc.Username, Password)},
		{"CA", "pve-root-ca.pem", r.authorities()},
		{"BMCCA", "bmc-ca.pem", string(r.BMC.CA())},
		{"CONF", "ceph.conf", ""},
		{"KEYRING", "ceph.client.nagios.keyring", ""},
	} {
		path := filepath.Join(dir, f.base)
		names[f.name] = path
		if f.text == "" {
			continue // written by the simulator
		}
		if err := os.WriteFile(path, []byte(f.text), 0o600); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// Do lets something happen: "pve ", "ceph " or "bmc " and a line in the language
// of that simulator, or
//
//	off?node=pve3        switches a node off with all that is on it
//	crash?node=pve3      the same without a shutdown
//	on?node=pve3         switches it on, and waits until all of it runs
//	advance?by=1m        moves the time
//	noceph?node=pve1&why=binary+not+installed:+/usr/bin/ceph-mon
//	                     the node says so whenever it is asked about Ceph
//	round                moves it to the next full ten seconds, in whose rhythm
//	                     the HA manager works
func (r *Room) Do(line string) error {
	err := r.do(line)
	if r.network != nil {
		r.network.observe()
	}
	return err
}

func (r *Room) do(line string) error {
	verb, query, _ := strings.Cut(line, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return err
	}
	node := values.Get("node")
	switch who, rest, _ := strings.Cut(line, " "); {
	case who == "pve":
		return r.PVE.Do(rest)
	case who == "ceph":
		return r.Ceph.Do(rest)
	case who == "bmc":
		return r.BMC.Do(rest)
	case verb == "advance":
		by, err := time.ParseDuration(values.Get("by"))
		if err == nil {
			r.PVE.Advance(by)
		}
		return err
	case verb == "noceph":
		r.mu.Lock()
		defer r.mu.Unlock()
		r.absent[node] = values.Get("why")
		return nil
	case verb == "round":
		now := r.Now()
		r.PVE.Advance(now.Truncate(10 * time.Second).Add(10 * time.Second).Sub(now))
		return nil
	case verb == "off", verb == "crash":
		power := map[string]string{"off": "poweroff", "crash": "crash"}[verb]
		return r.all("pve "+power+"?node="+node, "ceph stop?host="+node, r.power(node, "off"))
	case verb == "on":
		return r.all("pve poweron?for=30s&node="+node, r.power(node, "on"), "advance?by=45s", "ceph start?host="+node, "advance?by=15s")
	}
	return fmt.Errorf("%q: expected off, crash, on, advance, round or noceph, or pve, ceph or bmc and what happens there", line)
}

// lacks says why a node has no Ceph; empty when it has.
func (r *Room) lacks(node string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.absent[node]
}

// power of the one server whose controller there is.
func (r *Room) power(node, state string) string {
	if node != r.Served {
		return ""
	}
	return "bmc power?state=" + state
}

func (r *Room) all(lines ...string) error {
	for _, l := range lines {
		if l == "" {
			continue
		}
		if err := r.do(l); err != nil {
			return fmt.Errorf("%s: %w", l, err)
		}
	}
	return nil
}

// authorities are the certificates of all doors, each of which signed its own.
func (r *Room) authorities() string {
	var out []string
	for _, d := range r.doors {
		if text := certificate(d); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return strings.Join(out, "")
}
