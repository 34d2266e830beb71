package maintenance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// withheld is evidence that is missing or old. Whatever the cluster is like,
// there must be no yes without it. It says false when the cluster has none of
// it, so that nothing is withheld.
var withheld = map[string]func(*Evidence) bool{
	"a document of Proxmox VE": func(e *Evidence) bool {
		e.PVE.Cluster.Gaps = []pve.Gap{{Path: "/cluster/tasks", Err: errors.New("got timeout")}}
		return true
	},
	"rights": func(e *Evidence) bool {
		e.PVE.Cluster.Rights = pve.Rights{"VM.Audit on /vms"}
		return true
	},
	"the quorum": func(e *Evidence) bool { e.PVE.Cluster.Quorate = false; return true },
	"a node that is not there": func(e *Evidence) bool {
		e.PVE.Leaving = append(slices.Clone(e.PVE.Leaving), "pve99")
		return true
	},
	"every node": func(e *Evidence) bool { e.PVE.Leaving = nil; return true },
	"a node's own list": func(e *Evidence) bool {
		e.PVE.Presence = maps.Clone(e.PVE.Presence)
		for n := range e.PVE.Presence {
			delete(e.PVE.Presence, n)
			return true
		}
		return false
	},
	"the votes": func(e *Evidence) bool {
		e.PVE.Cluster.Votes.Known = false
		return !e.PVE.Cluster.Standalone
	},
	"the votes of one node": func(e *Evidence) bool {
		v := &e.PVE.Cluster.Votes
		v.Voters = slices.Clone(v.Voters[:len(v.Voters)-1])
		return !e.PVE.Cluster.Standalone
	},
	"votes told once": func(e *Evidence) bool {
		v := &e.PVE.Cluster.Votes
		v.Voters = append(slices.Clone(v.Voters), v.Voters[0])
		return !e.PVE.Cluster.Standalone
	},
	"what one node that stays says of the qdevice": func(e *Evidence) bool {
		v := &e.PVE.Cluster.Votes
		if !v.Device.Present || !v.Survives(e.PVE.Leaving...) {
			return false
		}
		v.Voters = slices.Clone(v.Voters)
		for i, n := range v.Voters {
			if n.Online && !e.leaves(n.Node) && n.Daemon.Casts {
				v.Voters[i].Daemon = pve.Daemon{Err: errors.New("no connection within 1.5s")}
				return !v.Survives(e.PVE.Leaving...)
			}
		}
		return false
	},
	"a qdevice that was there": func(e *Evidence) bool {
		v := &e.PVE.Cluster.Votes
		if v.Device.Present || e.PVE.Cluster.Standalone || len(v.Voters)%2 == 0 {
			return false
		}
		v.Device = pve.Device{Present: true, Votes: len(v.Voters) - 1, Seen: noon.Add(-1000 * time.Hour)}
		return !v.Survives(e.PVE.Leaving...)
	},
	"pvestatd of a node that leaves": func(e *Evidence) bool {
		e.PVE.Cluster.Nodes = slices.Clone(e.PVE.Cluster.Nodes)
		for i, n := range e.PVE.Cluster.Nodes {
			if n.Online && e.leaves(n.Name) {
				e.PVE.Cluster.Nodes[i].Status = "unknown"
				return true
			}
		}
		return false
	},
	"all of HA": func(e *Evidence) bool {
		e.PVE.Cluster.Time = noon.Add(2 * time.Minute)
		return e.PVE.Cluster.HA.Used()
	},
	"the HA manager": func(e *Evidence) bool {
		e.PVE.Cluster.HA.Time = noon.Add(-2 * time.Minute)
		return e.PVE.Cluster.HA.Used()
	},
	"Ceph": func(e *Evidence) bool {
		e.Ceph.Cluster, e.Ceph.Err = nil, errors.New("403 Permission check failed")
		return true
	},
	"Ceph, and why":                      func(e *Evidence) bool { e.Ceph.Cluster, e.Ceph.Err = nil, nil; return true },
	"that it is the Ceph of these nodes": storage(func(e *Evidence, c *ceph.Cluster) bool { e.Ceph.FSID = "another"; return true }),
	"whose Ceph it is":                   storage(func(e *Evidence, c *ceph.Cluster) bool { e.Ceph.FSID, c.FSID = "f", ""; return true }),
	"whether it is the Ceph of these nodes": storage(func(e *Evidence, c *ceph.Cluster) bool {
		e.Ceph.FSIDErr = errors.New("got timeout")
		return true
	}),
	"whether there are gateways": storage(func(e *Evidence, c *ceph.Cluster) bool { c.Services = nil; return true }),
	"where a gateway is": storage(func(e *Evidence, c *ceph.Cluster) bool {
		c.Services = []ceph.Service{{Kind: "rgw", Daemon: ceph.Daemon{Name: "x"}}}
		return true
	}),
	"whose a host is": storage(func(e *Evidence, c *ceph.Cluster) bool {
		for _, n := range e.PVE.Leaving {
			if len(c.Tree.OSDs(n)) > 0 && e.Ceph.Hosts[n] == nil {
				e.Ceph.Hosts = map[string][]string{"pve33": {n, n + "-ssd"}}
				return true
			}
		}
		return false
	}),
	"the mgr": storage(func(e *Evidence, c *ceph.Cluster) bool {
		mgr := *c.Mgr
		mgr.Available, c.Mgr = false, &mgr
		return true
	}),
	"an answer of the mgr": storage(func(e *Evidence, c *ceph.Cluster) bool {
		c.Gaps = append(slices.Clone(c.Gaps), ceph.Gap{What: "osd df", Waited: true, Mgr: true, Optional: true})
		return true
	}),
	"the OSD map":  storage(func(e *Evidence, c *ceph.Cluster) bool { c.Map = nil; return true }),
	"the OSD tree": storage(func(e *Evidence, c *ceph.Cluster) bool { c.Tree = nil; return true }),
	"the PGs":      storage(func(e *Evidence, c *ceph.Cluster) bool { c.PGs = nil; return true }),
	"some PGs": storage(func(e *Evidence, c *ceph.Cluster) bool {
		pgs := *c.PGs
		pgs.Total++
		c.PGs = &pgs
		return true
	}),
	"the health": storage(func(e *Evidence, c *ceph.Cluster) bool { c.Health = nil; return true }),
	"a document of Ceph": storage(func(e *Evidence, c *ceph.Cluster) bool {
		c.Gaps = append(slices.Clone(c.Gaps), ceph.Gap{What: "osd dump", Why: "it is missing"})
		return true
	}),
	"the names of the monitors": storage(func(e *Evidence, c *ceph.Cluster) bool {
		mons := *c.Mons
		mons.Total, mons.Members, c.Mons = mons.Total+1, nil, &mons
		return true
	}),
	"the name of one in quorum": storage(func(e *Evidence, c *ceph.Cluster) bool {
		mons := *c.Mons
		mons.Quorum = append([]string{"none"}, mons.Quorum[1:]...)
		c.Mons = &mons
		return mons.Members != nil
	}),
	"the names of the mgrs": storage(func(e *Evidence, c *ceph.Cluster) bool {
		mgr := *c.Mgr
		mgr.Daemons, c.Mgr = nil, &mgr
		return true
	}),
	"whether there is a CephFS": storage(func(e *Evidence, c *ceph.Cluster) bool { c.FS = nil; return true }),
	"the names of the MDS": storage(func(e *Evidence, c *ceph.Cluster) bool {
		if c.FS.Ranks == 0 {
			return false
		}
		fs := *c.FS
		fs.Daemons, c.FS = nil, &fs
		return true
	}),
	"flags of hosts and OSDs": storage(func(e *Evidence, c *ceph.Cluster) bool {
		m := *c.Map
		m.ScopesUnknown, c.Map = true, &m
		return true
	}),
	"the host of an OSD": storage(func(e *Evidence, c *ceph.Cluster) bool {
		m := *c.Map
		m.OSDs = append(slices.Clone(m.OSDs), ceph.OSD{ID: 99, Up: true, In: true})
		c.Map = &m
		return true
	}),
	"an OSD in the map": storage(func(e *Evidence, c *ceph.Cluster) bool {
		gone := e.OSDs()
		if len(gone) == 0 {
			return false
		}
		m := *c.Map
		m.OSDs = slices.DeleteFunc(slices.Clone(m.OSDs), func(o ceph.OSD) bool { return o.ID == gone[0] })
		c.Map = &m
		return true
	}),
	"whose host it is in CRUSH": func(e *Evidence) bool {
		had := len(e.Ceph.Hosts) > 0
		e.Ceph.Hosts = nil
		return had
	},
	"the name of a host in CRUSH": func(e *Evidence) bool {
		e.Ceph.Hosts = maps.Clone(e.Ceph.Hosts)
		for _, n := range e.PVE.Leaving {
			e.Ceph.Hosts[n] = append(slices.Clone(e.Ceph.Hosts[n]), "ceph99")
		}
		return len(e.PVE.Leaving) > 0
	},
	"when an OSD last came or went": storage(func(e *Evidence, c *ceph.Cluster) bool {
		m := *c.Map
		m.UpChange, m.InChange, c.Map = time.Time{}, time.Time{}, &m
		return e.loses() && !c.PGs.AllClean()
	}),
	// only what the command asks
	"ok-to-stop": safety(func(e *Evidence, s *ceph.Safety) {
		e.Ceph.Safety, e.Ceph.SafetyErr = nil, errors.New("no answer from the active mgr within 5s")
	}),
	"ok-to-stop of one OSD": safety(func(e *Evidence, s *ceph.Safety) { s.OSDs = s.OSDs[1:] }),
	"a judgement of any PG": safety(func(e *Evidence, s *ceph.Safety) { s.Judged = 0 }),
	"PGs the mgr knows":     safety(func(e *Evidence, s *ceph.Safety) { s.Unreported = 1 }),
	"how many PGs the OSDs have": safety(func(e *Evidence, s *ceph.Safety) {
		c := *e.Ceph.Cluster
		c.Placed, c.Rules = nil, nil // the rules would be another witness
		e.Ceph.Cluster = &c
	}),
	"a yes": safety(func(e *Evidence, s *ceph.Safety) { s.Stop = false }),
	// only what the token needs
	"the CRUSH rules": token(func(e *Evidence, c *ceph.Cluster) { c.Rules = nil }),
	"the pools": token(func(e *Evidence, c *ceph.Cluster) {
		m := *c.Map
		m.Pools, c.Map = nil, &m
	}),
	"one pool": token(func(e *Evidence, c *ceph.Cluster) {
		m := *c.Map
		m.Pools, c.Map = m.Pools[1:], &m
	}),
	"a pool's min_size": token(func(e *Evidence, c *ceph.Cluster) {
		m := *c.Map
		m.Pools = slices.Clone(m.Pools)
		m.Pools[0].MinSize, c.Map = 0, &m
	}),
	"what a rule does": token(func(e *Evidence, c *ceph.Cluster) {
		c.Rules = slices.Clone(c.Rules)
		for i := range c.Rules {
			c.Rules[i].Domain = ""
		}
	}),
}

// storage withholds a part of what Ceph says, if it said anything.
func storage(f func(*Evidence, *ceph.Cluster) bool) func(*Evidence) bool {
	return func(e *Evidence) bool {
		if e.Ceph.Cluster == nil {
			return false
		}
		c := *e.Ceph.Cluster
		e.Ceph.Cluster = &c
		return f(e, &c)
	}
}

// safety withholds a part of ok-to-stop, where it was asked about OSDs that are
// up and have data to lose.
func safety(f func(*Evidence, *ceph.Safety)) func(*Evidence) bool {
	return func(e *Evidence) bool {
		if e.Ceph.Safety == nil || !e.loses() {
			return false
		}
		s := *e.Ceph.Safety
		e.Ceph.Safety = &s
		f(e, &s)
		return true
	}
}

// token withholds what is needed where ok-to-stop was not asked.
func token(f func(*Evidence, *ceph.Cluster)) func(*Evidence) bool {
	return storage(func(e *Evidence, c *ceph.Cluster) bool {
		if e.Ceph.Safety != nil || !e.loses() || len(c.Map.Pools) == 0 {
			return false
		}
		f(e, c)
		return true
	})
}

// loses says whether there are OSDs that are up on the leaving nodes, and PGs.
func (e Evidence) loses() bool {
	up := slices.ContainsFunc(e.OSDs(), func(id int) bool { o, _ := e.Ceph.Cluster.Map.OSD(id); return o.Up })
	return up && e.Ceph.Cluster.PGs.Total > 0
}

// TestWithheld withholds each piece of evidence about a cluster that is well, or
// well but for a dead disk.
func TestWithheld(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(withheld)) {
		t.Run(name, func(t *testing.T) {
			used := false
			for _, healthy := range []Evidence{wellByCommand(t), wellByToken(t), wellMapped(t), wellDevice(t), openedByCommand(t)} {
				e := healthy
				if !withheld[name](&e) {
					continue
				}
				used = true
				if d := Serviceable(e).Decision(); strings.HasPrefix(d, "yes") {
					t.Errorf("%s without %s: %+v", d, name, Serviceable(e))
				}
			}
			if !used {
				t.Error("nothing was withheld")
			}
		})
	}
}

// TestDeviceLeaves: a quorum device on the node that is switched off gives no vote to
// those that stay.
func TestDeviceLeaves(t *testing.T) {
	for host, want := range map[string]Outcome{"192.0.2.9:5403": Holds, "192.0.2.3:5403": Fails, "pve3.example.net:5403": Fails, "192.0.2.1:5403": Holds} {
		c := threeNodes()
		c.Nodes = c.Nodes[:3]
		c.Votes = pve.Votes{Known: true, Device: pve.Device{Present: true, Votes: 2, Host: host}}
		for i := range c.Nodes {
			c.Nodes[i].IP = fmt.Sprintf("192.0.2.%d", i+1)
			c.Votes.Voters = append(c.Votes.Voters, pve.Voter{Node: c.Nodes[i].Name, Votes: 1, Online: i != 1, Daemon: pve.Daemon{Told: true, Casts: true}})
		}
		e := Evidence{Now: noon, PVE: PVE{Cluster: c, Leaving: []string{"pve3"}}}
		got := e.quorum()
		if got.Outcome != want || want == Fails && !strings.Contains(got.Text(), "the quorum device is on pve3") {
			t.Errorf("%s: %+v, want %v", host, got, want)
		}
	}
}
