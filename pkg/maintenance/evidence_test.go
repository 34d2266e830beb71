package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/pve"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// evidence is what Proxmox VE and Ceph would answer about the model through a
// token.
func (m *model) evidence(t testing.TB) Evidence {
	c := pve.Cluster{Name: "lab", Host: "pve", Asked: m.nodes[0].name, Quorate: true, Time: noon, Standalone: len(m.nodes) == 1}
	c.HA.Nodes, c.HA.Requested, c.HA.LRM, c.HA.Time = map[string]string{}, map[string]bool{}, map[string]pve.LRM{}, noon
	c.Votes.Known = true
	have, all := 0, m.qdevice
	for i, n := range m.nodes {
		status := "online"
		if !n.online {
			status = "offline"
		}
		c.Nodes = append(c.Nodes, pve.Node{Name: n.name, ID: i + 1, Online: n.online, Status: status, Uptime: time.Hour})
		c.Storages = append(c.Storages, pve.Storage{Name: "ceph", Node: n.name, Shared: true, Available: n.online})
		c.Votes.Voters = append(c.Votes.Voters, pve.Voter{Node: n.name, Votes: n.votes, Online: n.online, Daemon: m.daemon(i)})
		c.HA.Nodes[n.name] = "online"
		c.HA.LRM[n.name] = pve.LRM{Mode: "active", State: "wait_for_agent_lock", Time: noon}
		all += n.votes
		if n.online {
			have += n.votes
		}
	}
	if m.qdevice > 0 {
		c.Votes.Device = pve.Device{Present: true, Votes: m.qdevice}
		if !slices.ContainsFunc(m.nodes, func(n node) bool { return n.online && n.qdaemon }) {
			c.Votes.Device.Seen = noon.Add(-1000 * time.Hour) // it is remembered
		}
		if m.given(0) {
			have += m.qdevice
		}
	}
	c.Quorate = 2*have > all || c.Standalone
	e := Evidence{Now: noon}
	e.PVE.Presence = map[string][]pve.Presence{}
	e.PVE.Memory.Nodes = map[string]pve.NodeFacts{}
	for _, n := range m.nodes {
		if n.online {
			e.PVE.Memory.Nodes[n.name] = pve.NodeFacts{Version: "9.2.11", Time: noon}
		}
	}
	for _, x := range m.leaving {
		name := m.nodes[x].name
		e.PVE.Leaving = append(e.PVE.Leaving, name)
		if m.maintained {
			c.HA.Nodes[name], c.HA.Requested[name] = "maintenance", true
		}
		if m.nodes[x].online {
			e.PVE.Presence[name] = []pve.Presence{}
		}
	}
	m.addGuests(&c, &e)
	e.PVE.Cluster = c
	e.Ceph.Hosts = map[string][]string{}
	for _, n := range m.nodes {
		if n.crush != n.name && slices.ContainsFunc(m.osds, func(o osd) bool { return m.nodes[o.on].name == n.name && !o.second }) {
			e.Ceph.Hosts[n.name] = []string{n.crush}
		}
		if n.crush != n.name && slices.ContainsFunc(m.osds, func(o osd) bool { return m.nodes[o.on].name == n.name && o.second }) {
			e.Ceph.Hosts[n.name] = append(e.Ceph.Hosts[n.name], n.crush+"-ssd")
		}
	}
	if in, _ := m.monitors(); 2*in <= len(m.mons) {
		e.Ceph.Err = &ceph.SilentError{Reason: "no answer"}
		return e
	}
	read := cluster(t, m.documents())
	e.Ceph.Cluster = &read
	return e
}

// daemon is what a node says of its own connection to the quorum device.
func (m *model) daemon(i int) pve.Daemon {
	switch {
	case m.qdevice == 0 || !m.nodes[i].online:
		return pve.Daemon{}
	case !m.nodes[i].qdaemon:
		return pve.Daemon{Told: true}
	case !m.qalive:
		return pve.Daemon{Told: true, State: "Connect failed"}
	}
	return pve.Daemon{Told: true, State: "Connected", Casts: true}
}

// addGuests lists them as the cluster and as their nodes do.
func (m *model) addGuests(c *pve.Cluster, e *Evidence) {
	for i, g := range m.guests {
		node := m.nodes[g.on]
		x := pve.Guest{ID: 100 + i, Kind: pve.VM, Name: fmt.Sprintf("vm%d", i), Node: node.name, Status: "stopped", Stale: !node.online}
		if g.running {
			x.Status = "running"
		}
		if g.to >= 0 && node.online {
			x.Lock = "migrate"
		}
		c.Guests = append(c.Guests, x)
		if m.leaves(g.on) && node.online {
			e.PVE.Presence[node.name] = append(e.PVE.Presence[node.name], pve.Presence{ID: x.ID, Kind: x.Kind, Name: x.Name, Status: x.Status})
		}
		if g.ha {
			c.HA.Services = append(c.HA.Services, m.service(g, x))
		} else if g.to >= 0 {
			c.Tasks = append(c.Tasks, pve.Task{Node: node.name, Type: "qmigrate", ID: fmt.Sprint(x.ID), Start: noon})
		}
	}
}

// service is a guest as HA has it.
func (m *model) service(g guest, x pve.Guest) pve.Service {
	s := pve.Service{SID: x.SID(), Node: x.Node, State: "stopped"}
	if g.running {
		s.State, s.Running = "started", true
	}
	if g.to >= 0 {
		s.State, s.Target = "migrate", m.nodes[g.to].name
	}
	return s
}

func cluster(t testing.TB, documents string) ceph.Cluster {
	c, err := ceph.Read(strings.NewReader(documents))
	if err != nil {
		t.Error(err)
	}
	return c
}

// asked is the evidence with Ceph's answer about all OSDs at once, which only
// the command brings.
func (m *model) asked(e Evidence) Evidence {
	gone := e.OSDs()
	if len(gone) == 0 {
		return e
	}
	s := ceph.Safety{OSDs: gone, Stop: true}
	for _, p := range m.pools {
		for _, acting := range p.pgs {
			m.judge(p, acting, gone, &s)
		}
	}
	m.err(gone, &s)
	s.Stop = s.Inactives == 0
	e.Ceph.Safety = &s
	return e
}

// err lets ok-to-stop say yes although PGs would stop: it has looked at fewer
// PGs than one of the OSDs has, or it contradicts rules that leave no choice.
func (m *model) err(gone []int, s *ceph.Safety) {
	fullest := 0
	for _, id := range gone {
		fullest = max(fullest, m.placed(id))
	}
	switch {
	case s.Inactives == 0 || m.lie == honest:
	case m.lie == lazy && max(s.Judged, 1) < fullest:
		s.Inactives, s.Inactive = 0, nil
		s.Judged = max(s.Judged, 1)
	case m.lie == wrong && m.forced(gone):
		s.Judged += s.Inactives
		s.Inactives, s.Inactive = 0, nil
	}
}

// forced says that every PG is whole, and that the copies of each pool that
// would stop fill every place there is.
func (m *model) forced(gone []int) bool {
	for _, p := range m.pools {
		units, lost := map[string]bool{}, map[string]bool{}
		for id, o := range m.osds {
			if m.roots && o.second != p.fast || !o.in && !slices.Contains(gone, id) {
				continue
			}
			units[m.unit(p, id)] = true
			if slices.Contains(gone, id) {
				lost[m.unit(p, id)] = true
			}
		}
		for _, acting := range p.pgs {
			if up, _ := m.living(acting); up < p.size || p.moving {
				return false
			}
			if !m.serves(p, acting, true) && (len(units) > p.size || p.size-len(lost) >= p.min) {
				return false
			}
		}
	}
	return true
}

// judge is ok-to-stop as Ceph does it: PGs that have an OSD of the set in their
// acting set, and would have fewer than min_size without them.
func (m *model) judge(p pool, acting, gone []int, s *ceph.Safety) {
	touched, left := false, 0
	for _, id := range acting {
		switch {
		case !m.osds[id].up:
		case slices.Contains(gone, id):
			touched = true
		default:
			left++
		}
	}
	switch {
	case !touched:
	case left < p.min:
		s.Inactives++
		s.Inactive = append(s.Inactive, "1.0")
	default:
		s.Judged++
	}
}
