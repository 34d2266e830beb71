package maintenance

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// breaker breaks one thing in a cluster that was well. Each gets evidence of its
// own, which it may change in place.
type breaker func(*Evidence)

// unserviceable is what alone makes a no.
var unserviceable = map[string]breaker{
	"a guest runs":      func(e *Evidence) { addGuest(e, "running") },
	"a guest is paused": func(e *Evidence) { addGuest(e, "paused") },
	"a guest is halted": func(e *Evidence) { addGuest(e, "io-error") },
	"only the node knows": func(e *Evidence) {
		e.PVE.Presence["pve3"] = append(e.PVE.Presence["pve3"], pve.Presence{ID: 300, Kind: pve.VM, Status: "running"})
	},
	"HA brings a guest": func(e *Evidence) {
		e.PVE.Cluster.HA.Services[0].State, e.PVE.Cluster.HA.Services[0].Target = "migrate", "pve3"
	},
	"HA holds a guest": func(e *Evidence) {
		e.PVE.Cluster.Guests = append(e.PVE.Cluster.Guests, pve.Guest{ID: 400, Kind: pve.VM, Node: "pve3", Status: "stopped"})
		e.PVE.Cluster.HA.Services = append(e.PVE.Cluster.HA.Services, pve.Service{SID: "vm:400", Node: "pve3", State: "freeze"})
	},
	"a guest comes from afar": func(e *Evidence) { addTask(e, "pve3", "vzmtunnel") },
	"a guest is started":      func(e *Evidence) { addTask(e, "pve3", "qmstart") },
	"quorum is lost":          func(e *Evidence) { e.PVE.Cluster.Quorate, e.PVE.Cluster.Lost = false, true },
	"votes are missing":       func(e *Evidence) { e.PVE.Cluster.Votes.Voters[0].Votes = 0; e.PVE.Cluster.Votes.Voters[2].Votes = 2 },
	"a dead qdevice": func(e *Evidence) {
		v := &e.PVE.Cluster.Votes
		v.Device = pve.Device{Present: true, Votes: 2}
		for i := range v.Voters {
			v.Voters[i].Daemon = pve.Daemon{Told: true, State: "Connect failed"}
		}
	},
	"another node is off": func(e *Evidence) {
		e.PVE.Cluster.Nodes[1].Online, e.PVE.Cluster.Nodes[1].Status = false, "offline"
	},
	"another node is fenced": func(e *Evidence) { e.PVE.Cluster.HA.Nodes["pve2"] = "fence" },
	"HA lost another node":   func(e *Evidence) { e.PVE.Cluster.HA.Nodes["pve2"] = "unknown" },
	"a watchdog runs out": func(e *Evidence) {
		e.PVE.Cluster.HA.LRM["pve2"] = pve.LRM{Mode: "active", State: "active", Time: noon.Add(-2 * time.Minute)}
	},
	"a resource manager's lock": func(e *Evidence) {
		e.PVE.Cluster.HA.LRM["pve2"] = pve.LRM{Mode: "active", State: "lost_agent_lock", Time: noon}
	},
	"HA recovers a guest": func(e *Evidence) { e.PVE.Cluster.HA.Services[0].State = "recovery" },
	"Ceph is silent": func(e *Evidence) {
		e.Ceph.Cluster, e.Ceph.Err = nil, &ceph.SilentError{Reason: "no answer from the monitors within 5s"}
	},
	"a monitor is missing": inCeph(func(c *ceph.Cluster) { c.Mons.Quorum = c.Mons.Quorum[1:] }),
	"the only mgr":         inCeph(func(c *ceph.Cluster) { c.Mgr.Standbys, c.Mgr.Daemons = 0, c.Mgr.Daemons[:1] }),
	"the only MDS": inCeph(func(c *ceph.Cluster) {
		c.FS.Standbys, c.FS.Daemons = 0, c.FS.Daemons[1:]
		c.FS.Held[0].Holder = c.FS.Daemons[0].Name
	}),
	"an MDS is dead": inCeph(func(c *ceph.Cluster) { c.FS.Held[0].Dead = true }),
	"the only MDS of another file system": inCeph(func(c *ceph.Cluster) {
		c.FS.Ranks, c.FS.Standbys, c.FS.Held = 2, 0, append(c.FS.Held, ceph.Rank{FS: 2, Holder: "pve3"})
	}),
	"an OSD elsewhere is down": inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].Up = false }),
	"an OSD elsewhere is out":  inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].In = false }),
	"a PG is inactive":         inCeph(func(c *ceph.Cluster) { c.PGs.States[0] = ceph.PGState{State: "undersized+degraded+peered", Count: 4} }),
	"a PG is degraded":         inCeph(func(c *ceph.Cluster) { c.PGs.States[0] = ceph.PGState{State: "active+undersized+degraded", Count: 4} }),
	"a PG is inconsistent":     inCeph(func(c *ceph.Cluster) { c.PGs.States[0] = ceph.PGState{State: "active+clean+inconsistent", Count: 4} }),
	"objects are degraded":     inCeph(func(c *ceph.Cluster) { c.PGs.Degraded = 1 }),
	"objects are misplaced":    inCeph(func(c *ceph.Cluster) { c.PGs.Misplaced = 1 }),
	"objects are unfound":      inCeph(func(c *ceph.Cluster) { c.PGs.Unfound = 1 }),
	"PGs are remapped":         inCeph(func(c *ceph.Cluster) { c.PGs.Remapped = 1 }),
	"no noout":                 inCeph(func(c *ceph.Cluster) { c.Map.NodeFlags = nil }),
	"noout of another host":    inCeph(func(c *ceph.Cluster) { c.Map.NodeFlags = map[string][]string{"pve1": {"noout"}} }),
	"noout of one OSD": inCeph(func(c *ceph.Cluster) {
		c.Map.NodeFlags = nil
		c.Map.OSDs[4].State = append(c.Map.OSDs[4].State, "noout")
	}),
	"pause":                      inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "pauserd", "pausewr") }),
	"full":                       inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "full") }),
	"nodown":                     inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "nodown") }),
	"nodown of another host":     inCeph(func(c *ceph.Cluster) { c.Map.NodeFlags["pve1"] = []string{"nodown"} }),
	"noup of an OSD":             inCeph(func(c *ceph.Cluster) { c.Map.OSDs[5].State = append(c.Map.OSDs[5].State, "noup") }),
	"nodown of a class":          inCeph(func(c *ceph.Cluster) { c.Map.ClassFlags["hdd"] = []string{"nodown"} }),
	"an OSD is full":             inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].State = append(c.Map.OSDs[0].State, "full") }),
	"a pool is full":             inCeph(func(c *ceph.Cluster) { c.Map.Pools[0].Flags = append(c.Map.Pools[0].Flags, "full") }),
	"HEALTH_ERR":                 inCeph(func(c *ceph.Cluster) { c.Health.Status = "HEALTH_ERR" }),
	"an error":                   addCheck("OSD_SCRUB_ERRORS", "HEALTH_ERR", false),
	"slow operations":            addCheck("SLOW_OPS", "HEALTH_WARN", false),
	"muted slow operations":      addCheck("SLOW_OPS", "HEALTH_WARN", true),
	"an MDS that waits for OSDs": addCheck("MDS_SLOW_METADATA_IO", "HEALTH_WARN", false),
	"clients that wait for it":   addCheck("MDS_SLOW_REQUEST", "HEALTH_WARN", false),
	"an MDS that cannot write":   addCheck("MDS_READ_ONLY", "HEALTH_WARN", false),
	"muted OSD_FULL":             addCheck("OSD_FULL", "HEALTH_ERR", true),
	"muted POOL_FULL":            addCheck("POOL_FULL", "HEALTH_WARN", true),
	"OSDs that take no backfill": addCheck("OSD_BACKFILLFULL", "HEALTH_WARN", false),
	"an error of no severity":    addCheck("NEW_IN_SOME_RELEASE", "", false),
	"a file system is degraded":  addCheck("FS_DEGRADED", "HEALTH_WARN", false),
	"monitors are apart":         addCheck("MON_NETSPLIT", "HEALTH_WARN", true),
	"the only gateway":           gateways("rgw here", "pve3"),
	"one gateway of two kinds":   gateways("rgw here", "pve1", "tcmu-runner", "pve3"),
	"one OSD alone is too many":  func(e *Evidence) { e.Ceph.Refused = []int{4} },
}

// reserved is what alone makes a yes, but.
var reserved = map[string]breaker{
	"HA maintenance is not requested": func(e *Evidence) {
		e.PVE.Cluster.HA.Nodes["pve3"] = "online"
		e.PVE.Cluster.HA.Requested = map[string]bool{}
	},
	"HA maintenance is not in force": func(e *Evidence) { e.PVE.Cluster.HA.Nodes["pve3"] = "online" },
	"HA is disarmed":                 func(e *Evidence) { e.PVE.Cluster.HA.Disarm = "disarmed" },
	"a task runs":                    func(e *Evidence) { addTask(e, "pve3", "vzdump") },
	"another node in maintenance":    func(e *Evidence) { e.PVE.Cluster.HA.Requested["pve2"] = true },
	"HA gave up on a guest":          func(e *Evidence) { e.PVE.Cluster.HA.Services[0].State = "error" },
	"an idle manager is silent": func(e *Evidence) {
		e.PVE.Cluster.HA.LRM["pve2"] = pve.LRM{Mode: "active", State: "wait_for_agent_lock", Time: noon.Add(-2 * time.Minute)}
	},
	"a manager that never wrote":   func(e *Evidence) { delete(e.PVE.Cluster.HA.LRM, "pve2") },
	"pvestatd elsewhere is silent": func(e *Evidence) { e.PVE.Cluster.Nodes[1].Status = "unknown" },
	"norebalance":                  inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "norebalance") }),
	"nobackfill of a host":         inCeph(func(c *ceph.Cluster) { c.Map.NodeFlags["pve1"] = []string{"noin"} }),
	"one copy is left":             inCeph(func(c *ceph.Cluster) { c.Map.Pools[0].Size, c.Map.Pools[0].MinSize = 2, 1 }),
	"a muted error":                addCheck("OSD_SCRUB_ERRORS", "HEALTH_ERR", true),
	"its OSDs are down already": inCeph(func(c *ceph.Cluster) {
		c.Map.OSDs[4].Up, c.Map.OSDs[5].Up = false, false
		c.PGs.States[0], c.PGs.Degraded = ceph.PGState{State: "active+undersized+degraded", Count: 4}, 9
	}),
}

// harmless is what changes nothing.
var harmless = map[string]breaker{
	"a warning":          addCheck("POOL_NEARFULL", "HEALTH_WARN", false),
	"scrubbing":          inCeph(func(c *ceph.Cluster) { c.PGs.States[0].State = "active+clean+scrubbing+deep" }),
	"a template":         func(e *Evidence) { addGuest(e, "stopped") },
	"noscrub":            inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "noscrub") }),
	"a console is open":  func(e *Evidence) { addTask(e, "pve3", "vncproxy") },
	"backup elsewhere":   func(e *Evidence) { addTask(e, "pve1", "vzdump") },
	"noout everywhere":   inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "noout") }),
	"noout of its class": inCeph(func(c *ceph.Cluster) { c.Map.NodeFlags = nil; c.Map.ClassFlags["hdd"] = []string{"noout"} }),
	"a gateway of two":   gateways("rgw here", "pve1", "rgw here", "pve3"),
	"a mirror":           gateways("rbd-mirror", "pve3"),
	"a retired OSD":      inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].Up, c.Map.OSDs[0].In = false, false }),
}

func inCeph(f func(*ceph.Cluster)) breaker {
	return func(e *Evidence) {
		if e.Ceph.Cluster != nil {
			f(e.Ceph.Cluster)
		}
	}
}

// gateways are pairs of a kind and a host.
func gateways(pairs ...string) breaker {
	return inCeph(func(c *ceph.Cluster) {
		for i := 0; i < len(pairs); i += 2 {
			c.Services = append(c.Services, ceph.Service{Kind: pairs[i], Daemon: ceph.Daemon{Name: fmt.Sprint(len(c.Services)), Host: pairs[i+1]}})
		}
	})
}

func addCheck(code, severity string, muted bool) breaker {
	return inCeph(func(c *ceph.Cluster) {
		c.Health.Checks = append(c.Health.Checks, ceph.Check{Code: code, Severity: severity, Text: "as it says", Muted: muted})
	})
}

func addGuest(e *Evidence, status string) {
	e.PVE.Cluster.Guests = append(e.PVE.Cluster.Guests, pve.Guest{ID: 200, Kind: pve.VM, Name: "left", Node: "pve3", Status: status})
}

func addTask(e *Evidence, node, kind string) {
	e.PVE.Cluster.Tasks = append(e.PVE.Cluster.Tasks, pve.Task{Node: node, Type: kind, ID: "100", Start: noon})
}

func TestServiceableAlone(t *testing.T) {
	for want, breakers := range map[string]map[string]breaker{"no": unserviceable, "yes-but": reserved, "yes": harmless} {
		for name, f := range breakers {
			for source, make := range map[string]func(testing.TB) Evidence{"command": wellByCommand, "token": wellByToken} {
				e := make(t)
				f(&e)
				if list := Serviceable(e); list.Decision() != want {
					t.Errorf("%s, %s: %s, want %s: %q", name, source, list.Decision(), want, list)
				}
			}
		}
	}
}

// pairs calls f for every two of them, in a fixed order.
func pairs(all map[string]breaker, f func(a, b string)) {
	names := slices.Sorted(maps.Keys(all))
	for i, a := range names {
		for _, b := range names[i+1:] {
			f(a, b)
		}
	}
}

// TestServiceablePairs: no two troubles make a yes, in whatever order they come.
func TestServiceablePairs(t *testing.T) {
	t.Parallel()
	all := map[string]breaker{}
	for name, f := range withheld {
		all["without "+name] = func(e *Evidence) { f(e) }
	}
	for _, m := range []map[string]breaker{unserviceable, reserved, harmless} {
		maps.Copy(all, m)
	}
	refuses := func(name string) bool { _, no := unserviceable[name]; return no }
	pairs(all, func(a, b string) {
		if !refuses(a) && !refuses(b) || place[a] != "" && place[a] == place[b] || explains(a, b) || explains(b, a) {
			return
		}
		byCommand, byToken := wellByCommand(t), wellByToken(t)
		if both(&byCommand, all[a], all[b]) && yes(Serviceable(byCommand).Decision()) {
			t.Errorf("%s, then %s: %q", a, b, Serviceable(byCommand))
		}
		if both(&byToken, all[b], all[a]) && yes(Serviceable(byToken).Decision()) {
			t.Errorf("%s, then %s: %q", b, a, Serviceable(byToken))
		}
	})
}

// explains says that a planned trouble is the reason of another one.
func explains(a, b string) bool {
	return slices.Contains(map[string][]string{
		"its OSDs are down already":   {"objects are degraded", "objects are misplaced", "PGs are remapped", "one OSD alone is too many"},
		"another node in maintenance": {"another node is off"},
	}[a], b)
}

// place is what breakers write to: of two of one place the second undoes the
// first. A disarmed HA has no watchdog that runs out.
var place = func() map[string]string {
	out := map[string]string{}
	for where, names := range map[string][]string{
		"service":  {"HA brings a guest", "HA recovers a guest", "HA gave up on a guest"},
		"PGs":      {"a PG is inactive", "a PG is degraded", "a PG is inconsistent", "scrubbing", "its OSDs are down already"},
		"manager":  {"a watchdog runs out", "a resource manager's lock", "an idle manager is silent", "a manager that never wrote", "HA is disarmed"},
		"osd.0":    {"an OSD elsewhere is down", "an OSD elsewhere is out", "a retired OSD"},
		"noout":    {"no noout", "noout of another host", "noout of one OSD", "nodown of another host", "nobackfill of a host", "noout everywhere", "noout of its class", "nodown of a class"},
		"baseline": {"the baseline's name", "the baseline's nodes", "a guest is not home", "a guest stopped", "a guest's status", "no baseline", "a guest is gone", "HA left it elsewhere", "an old baseline", "a baseline of afterwards", "the time of the baseline", "what the baseline is of", "when it was started"},
		"facts":    {"replication to it fails", "another version", "replication fails", "its replication", "a peer's replication", "its version"},
		"gateways": {"the only gateway", "a gateway of two"},
		"its LRM":  {"its manager's mode", "its manager's mode, and no service", "its manager's lock", "its resource manager"},
		"its OSDs": {"all its OSDs are down", "an OSD is down", "an OSD is out", "the OSDs' hosts", "its host has no OSD any more"},
		"storages": {"a storage is not there", "its storages"},
		"its list": {"only the node knows", "without a node's own list"},
	} {
		for _, n := range names {
			out[n] = where
		}
	}
	return out
}()

// both breaks two things; false when the second was a part of what the first
// took away.
func both(e *Evidence, a, b breaker) (applied bool) {
	a(e)
	defer func() { applied = recover() == nil }()
	b(e)
	return true
}
