package maintenance

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/pve"
)

var clusters = flag.Int("clusters", 20_000, "random clusters the proof looks at")

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// evidence is what Proxmox VE and Ceph would answer about the model.
func (m *model) evidence(t testing.TB, source string) Evidence {
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
		c.Votes.Voters = append(c.Votes.Voters, pve.Voter{Node: n.name, Votes: n.votes, Online: n.online})
		c.HA.Nodes[n.name] = "online"
		all += n.votes
		if n.online {
			have += n.votes
		}
	}
	if m.qdevice > 0 {
		c.Votes.Device = pve.Device{Present: true, State: "Connect failed", Votes: m.qdevice}
		if m.qalive {
			c.Votes.Device.State = "Connected"
			have += m.qdevice
		}
	}
	c.Quorate = 2*have > all || c.Standalone
	e := Evidence{Now: noon}
	e.PVE.Presence = map[string][]pve.Presence{}
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
	for i, g := range m.guests {
		node := m.nodes[g.on]
		x := pve.Guest{ID: 100 + i, Kind: pve.VM, Name: fmt.Sprintf("vm%d", i), Node: node.name, Status: "stopped", Stale: !node.online}
		if g.running {
			x.Status = "running"
		}
		c.Guests = append(c.Guests, x)
		if m.leaves(g.on) && node.online {
			e.PVE.Presence[node.name] = append(e.PVE.Presence[node.name], pve.Presence{ID: x.ID, Kind: x.Kind, Name: x.Name, Status: x.Status})
		}
		if g.ha {
			s := pve.Service{SID: x.SID(), Node: node.name, State: "stopped"}
			if g.running {
				s.State, s.Running = "started", true
			}
			c.HA.Services = append(c.HA.Services, s)
		}
	}
	e.PVE.Cluster = c
	e.Ceph = m.storageEvidence(t, source, e.PVE.Leaving)
	return e
}

func (m *model) storageEvidence(t testing.TB, source string, leaving []string) Ceph {
	in, _ := m.monitors()
	if 2*in <= len(m.mons) {
		return Ceph{Err: &ceph.SilentError{Reason: "no answer"}}
	}
	c, err := ceph.Read(strings.NewReader(m.documents()))
	if err != nil {
		t.Fatal(err)
	}
	out := Ceph{Cluster: &c}
	gone := out.OSDs(leaving)
	if source != "command" || len(gone) == 0 {
		return out
	}
	s := ceph.Safety{OSDs: gone, Stop: true}
	for _, p := range m.pools {
		for _, acting := range p.pgs {
			m.judge(p, acting, gone, &s)
		}
	}
	s.Stop = s.Inactives == 0
	out.Safety = &s
	return out
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

// verdict of a checklist, as the plugin makes it.
func verdict(c Checklist) string {
	switch {
	case c.Has(Fails):
		return "no"
	case c.Has(Unknown):
		return "unknown"
	case c.Has(Reserved):
		return "yes, but"
	}
	return "yes"
}

// TestProof compares the checklist with what happens when the nodes are really
// switched off, in random clusters. Not one yes may be wrong; noes that were not
// needed are counted by their reason.
func TestProof(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	count := map[string]int{}
	needless := map[string]int{}
	for i := range *clusters {
		m := random(rng)
		bad := append(m.harm(), m.trouble()...)
		answers := map[string]string{}
		for _, source := range []string{"command", "token"} {
			list := Serviceable(m.evidence(t, source))
			v := verdict(list)
			answers[source] = v
			count[source+": "+v]++
			yes := strings.HasPrefix(v, "yes")
			if yes && len(bad) > 0 {
				t.Fatalf("cluster %d, %s: UNSAFE %q, but %v\n%+v\n%+v", i, source, v, bad, m, list)
			}
			if source == "command" && v == "no" && len(bad) == 0 {
				count["needless"]++
				needless[reasons(list)]++
			}
		}
		if answers["command"] == "no" && strings.HasPrefix(answers["token"], "yes") || answers["token"] == "no" && strings.HasPrefix(answers["command"], "yes") {
			t.Fatalf("cluster %d: the sources contradict each other: %v\n%+v", i, answers, m)
		}
	}
	t.Logf("%d clusters: %v", *clusters, count)
	for why, n := range needless {
		t.Logf("needless no, %.3f %%: %s", 100*float64(n)/float64(*clusters), why)
	}
	if n := count["needless"]; n*100 >= *clusters {
		t.Errorf("%d needless noes in %d clusters, 1 %% allowed", n, *clusters)
	}
	if count["command: yes"] < *clusters/20 || count["token: yes"] < *clusters/50 {
		t.Errorf("hardly any yes: the proof proves little: %v", count)
	}
}

func reasons(list Checklist) string {
	var out []string
	for _, c := range list {
		if c.Outcome == Fails && !slices.Contains(out, c.Name) {
			out = append(out, c.Name)
		}
	}
	return strings.Join(out, ", ")
}
