package maintenance

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
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
	"a guest is started": func(e *Evidence) { addTask(e, "pve3", "qmstart") },
	"quorum is lost":     func(e *Evidence) { e.PVE.Cluster.Quorate, e.PVE.Cluster.Lost = false, true },
	"votes are missing":  func(e *Evidence) { e.PVE.Cluster.Votes.Voters[0].Votes = 0; e.PVE.Cluster.Votes.Voters[2].Votes = 2 },
	"a dead qdevice": func(e *Evidence) {
		e.PVE.Cluster.Votes.Device = pve.Device{Present: true, State: "Connect failed", Votes: 2}
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
	"a monitor is missing":     inCeph(func(c *ceph.Cluster) { c.Mons.Quorum = c.Mons.Quorum[1:] }),
	"the only mgr":             inCeph(func(c *ceph.Cluster) { c.Mgr.Standbys, c.Mgr.Daemons = 0, c.Mgr.Daemons[:1] }),
	"the only MDS":             inCeph(func(c *ceph.Cluster) { c.FS.Standbys, c.FS.Daemons = 0, c.FS.Daemons[1:] }),
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
	"pause":                     inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "pauserd", "pausewr") }),
	"full":                      inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "full") }),
	"nodown":                    inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "nodown") }),
	"nodown of another host":    inCeph(func(c *ceph.Cluster) { c.Map.NodeFlags["pve1"] = []string{"nodown"} }),
	"noup of an OSD":            inCeph(func(c *ceph.Cluster) { c.Map.OSDs[5].State = append(c.Map.OSDs[5].State, "noup") }),
	"nodown of a class":         inCeph(func(c *ceph.Cluster) { c.Map.ClassFlags["hdd"] = []string{"nodown"} }),
	"an OSD is full":            inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].State = append(c.Map.OSDs[0].State, "full") }),
	"a pool is full":            inCeph(func(c *ceph.Cluster) { c.Map.Pools[0].Flags = append(c.Map.Pools[0].Flags, "full") }),
	"HEALTH_ERR":                inCeph(func(c *ceph.Cluster) { c.Health.Status = "HEALTH_ERR" }),
	"an error":                  addCheck("OSD_SCRUB_ERRORS", "HEALTH_ERR", false),
	"slow operations":           addCheck("SLOW_OPS", "HEALTH_WARN", false),
	"muted slow operations":     addCheck("SLOW_OPS", "HEALTH_WARN", true),
	"muted OSD_FULL":            addCheck("OSD_FULL", "HEALTH_ERR", true),
	"muted POOL_FULL":           addCheck("POOL_FULL", "HEALTH_WARN", true),
	"an error of no severity":   addCheck("NEW_IN_SOME_RELEASE", "", false),
	"one OSD alone is too many": func(e *Evidence) { e.Ceph.Refused = []int{4} },
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
	"a retired OSD":      inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].Up, c.Map.OSDs[0].In = false, false }),
}

func inCeph(f func(*ceph.Cluster)) breaker {
	return func(e *Evidence) {
		if e.Ceph.Cluster != nil {
			f(e.Ceph.Cluster)
		}
	}
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
		"baseline": {"the baseline's name", "the baseline's nodes", "a guest is not home", "a guest stopped", "a guest's status", "no baseline", "a guest is gone", "HA left it elsewhere"},
		"facts":    {"replication to it fails", "another version"},
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

// unreturned is what alone keeps a node from being back.
var unreturned = map[string]func(*Return){
	"it is off": func(r *Return) {
		r.PVE.Cluster.Nodes[2].Online, r.PVE.Cluster.Nodes[2].Status = false, "offline"
	},
	"HA maintenance":       func(r *Return) { r.PVE.Cluster.HA.Requested["pve3"] = true },
	"HA still takes it so": func(r *Return) { r.PVE.Cluster.HA.Nodes["pve3"] = "maintenance" },
	"HA does not know it":  func(r *Return) { r.PVE.Cluster.HA.Nodes["pve3"] = "gone" },
	"its manager's mode":   func(r *Return) { r.PVE.Cluster.HA.LRM["pve3"] = pve.LRM{Mode: "maintenance", Time: noon} },
	"its manager's lock": func(r *Return) {
		r.PVE.Cluster.HA.LRM["pve3"] = pve.LRM{Mode: "active", State: "lost_agent_lock", Time: noon}
	},
	"HA is disarmed":        func(r *Return) { r.PVE.Cluster.HA.Disarm = "disarmed" },
	"a service is not home": func(r *Return) { r.PVE.Cluster.HA.Services[0].Home = "pve3" },
	"a service is on its way": func(r *Return) {
		r.PVE.Cluster.HA.Services[0].State, r.PVE.Cluster.HA.Services[0].Target = "migrate", "pve3"
	},
	"a service failed":       func(r *Return) { r.PVE.Cluster.HA.Services[0].State = "error" },
	"a migration runs":       func(r *Return) { addTask(&r.Evidence, "pve1", "qmigrate") },
	"a guest is locked":      func(r *Return) { r.PVE.Cluster.Guests[0].Lock = "migrate" },
	"a storage is not there": func(r *Return) { r.PVE.Cluster.Storages[2].Available = false },
	"replication fails": func(r *Return) {
		r.PVE.Memory.Nodes["pve3"] = pve.NodeFacts{Version: "9.2.11", Jobs: []pve.Job{{ID: "100-0", Fails: 3}}}
	},
	"replication to it fails": func(r *Return) {
		r.PVE.Memory.Nodes["pve1"] = pve.NodeFacts{Version: "9.2.11", Jobs: []pve.Job{{ID: "100-0", Fails: 3, Target: "pve3"}}}
	},
	"a guest is not home":       func(r *Return) { r.Baseline.Guests[1].Node = "pve3" },
	"a guest stopped":           func(r *Return) { r.Baseline.Guests[2].Status = "running" },
	"noout":                     back(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "noout") }),
	"noout of a host":           back(func(c *ceph.Cluster) { c.Map.NodeFlags["pve3"] = []string{"noout"} }),
	"noout of a host long gone": back(func(c *ceph.Cluster) { c.Map.NodeFlags["pve9"] = []string{"noout"} }),
	"noout of a class":          back(func(c *ceph.Cluster) { c.Map.ClassFlags["hdd"] = []string{"noout"} }),
	"noout of an OSD":           back(func(c *ceph.Cluster) { c.Map.OSDs[0].State = append(c.Map.OSDs[0].State, "noout") }),
	"norebalance":               back(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "norebalance") }),
	"pause":                     back(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "pauserd") }),
	"a mute":                    back(func(c *ceph.Cluster) { c.Health.Mutes = append(c.Health.Mutes, ceph.Mute{Code: "OSDMAP_FLAGS"}) }),
	"an OSD is down":            back(func(c *ceph.Cluster) { c.Map.OSDs[4].Up = false }),
	"an OSD is out":             back(func(c *ceph.Cluster) { c.Map.OSDs[4].In = false }),
	"all its OSDs are down":     back(func(c *ceph.Cluster) { c.Map.OSDs[4].Up, c.Map.OSDs[5].Up = false, false }),
	"data moves":                back(func(c *ceph.Cluster) { c.PGs.Misplaced = 1 }),
	"a PG is not clean":         back(func(c *ceph.Cluster) { c.PGs.States[0].State = "active+recovering" }),
	"a monitor is missing":      back(func(c *ceph.Cluster) { c.Mons.Quorum = c.Mons.Quorum[:2] }),
	"an error":                  func(r *Return) { addCheck("OSD_SCRUB_ERRORS", "HEALTH_ERR", false)(&r.Evidence) },
	"a fan failed":              func(r *Return) { r.Fans = &Fans{Turning: 5, Failing: []string{"FAN3"}} },
	"a fan dropped out":         func(r *Return) { f := dropped(noon.Add(-time.Minute)); r.Fans = &f },
}

// unsureBack is what nobody can tell.
var unsureBack = map[string]func(*Return){
	"a document": func(r *Return) {
		r.PVE.Cluster.Gaps = []pve.Gap{{Path: "/cluster/tasks", Err: errors.New("got timeout")}}
	},
	"rights":         func(r *Return) { r.PVE.Cluster.Rights = pve.Rights{"VM.Audit on /vms"} },
	"the quorum":     func(r *Return) { r.PVE.Cluster.Quorate = false },
	"the node":       func(r *Return) { r.PVE.Leaving = []string{"pve9"}; r.Baseline.Leaving = r.PVE.Leaving },
	"all of HA":      func(r *Return) { r.PVE.Cluster.Time = noon.Add(2 * time.Minute) },
	"the HA manager": func(r *Return) { r.PVE.Cluster.HA.Time = noon.Add(-2 * time.Minute) },
	"its resource manager": func(r *Return) {
		r.PVE.Cluster.HA.LRM["pve3"] = pve.LRM{Mode: "active", Time: noon.Add(-2 * time.Minute)}
	},
	"its pvestatd":         func(r *Return) { r.PVE.Cluster.Nodes[2].Status = "unknown" },
	"its storages":         func(r *Return) { r.PVE.Cluster.Storages = r.PVE.Cluster.Storages[:2] },
	"its replication":      func(r *Return) { delete(r.PVE.Memory.Nodes, "pve3") },
	"the baseline":         func(r *Return) { r.Baseline, r.BaselineErr = nil, errors.New("no such file") },
	"the baseline's nodes": func(r *Return) { r.Baseline.Leaving = []string{"pve1"} },
	"the baseline's name":  func(r *Return) { r.Baseline.Cluster = "another" },
	"a guest's status":     func(r *Return) { r.PVE.Cluster.Guests[0].Status = "unknown" },
	"Ceph":                 func(r *Return) { r.Ceph.Cluster, r.Ceph.Err = nil, errors.New("403") },
	"the mgr":              back(func(c *ceph.Cluster) { c.Mgr.Available = false }),
	"flags of hosts":       back(func(c *ceph.Cluster) { c.Map.ScopesUnknown = true }),
	"the PGs":              back(func(c *ceph.Cluster) { c.PGs = nil }),
	"the OSDs' hosts":      back(func(c *ceph.Cluster) { c.Map.OSDs = append(c.Map.OSDs, ceph.OSD{ID: 9, Up: true}) }),
	"a fan":                func(r *Return) { r.Fans = &Fans{Turning: 5, Blind: []string{"/redfish/v1: 503"}} },
	"any fan":              func(r *Return) { r.Fans = &Fans{} },
	"a server that is on":  func(r *Return) { r.Fans = &Fans{Off: true} },
}

func back(f func(*ceph.Cluster)) func(*Return) {
	return func(r *Return) {
		if r.Ceph.Cluster != nil {
			f(r.Ceph.Cluster)
		}
	}
}

// reservedBack is what alone makes a yes, but.
var reservedBack = map[string]func(*Return){
	"no baseline":          func(r *Return) { r.Baseline = nil },
	"an old baseline":      func(r *Return) { r.Baseline.Saved = noon.Add(-30 * 24 * time.Hour) },
	"a guest is gone":      func(r *Return) { r.Baseline.Guests[0].ID = 900 },
	"HA left it elsewhere": func(r *Return) { r.Baseline.Guests[0].Node = "pve3"; r.PVE.Cluster.Guests[0].HAState = "started" },
	"another version":      func(r *Return) { r.PVE.Memory.Nodes["pve1"] = pve.NodeFacts{Version: "9.1.1"} },
	"a storage of the rest": func(r *Return) {
		r.PVE.Cluster.Storages = append(r.PVE.Cluster.Storages, pve.Storage{Name: "nfs", Node: "pve1", Shared: true, Available: true}, pve.Storage{Name: "nfs", Node: "pve2", Shared: true, Available: true})
	},
	"a reweight":     back(func(c *ceph.Cluster) { c.Map.OSDs[4].Reweight = 0.8 }),
	"no standby mgr": back(func(c *ceph.Cluster) { c.Mgr.Standbys = 0 }),
	"no standby MDS": back(func(c *ceph.Cluster) { c.FS.Standbys = 0 }),
	"a crash":        func(r *Return) { addCheck("RECENT_CRASH", "HEALTH_WARN", false)(&r.Evidence) },
	"another mute":   back(func(c *ceph.Cluster) { c.Health.Mutes = append(c.Health.Mutes, ceph.Mute{Code: "POOL_NEARFULL"}) }),
}

// dropped is a server whose third fan was gone for ten seconds.
func dropped(at time.Time) Fans {
	rpm := 9000.0
	s := bmc.Server{Power: bmc.PowerOn, Logs: []bmc.Log{{Events: []bmc.Event{
		{Fan: "f3", Kind: bmc.Failed, Time: at, Order: 1}, {Fan: "f3", Kind: bmc.Recovered, Time: at.Add(10 * time.Second), Order: 2},
	}}}}
	for _, id := range []string{"f1", "f2", "f3"} {
		s.Fans = append(s.Fans, bmc.Fan{ID: id, Name: "FAN " + id[1:], Presence: bmc.Present, Reading: &rpm})
	}
	return FansOf(s, noon.Add(-time.Hour), noon)
}

func TestReintegratedAlone(t *testing.T) {
	for want, breakers := range map[string]map[string]func(*Return){"no": unreturned, "not-proven": unsureBack, "yes-but": reservedBack} {
		for name, f := range breakers {
			r := wellBack(t)
			f(&r)
			if list := Reintegrated(r); list.Decision() != want {
				t.Errorf("%s: %s, want %s: %q", name, list.Decision(), want, list)
			}
		}
	}
	quiet := wellBack(t)
	f := dropped(noon.Add(-2 * time.Hour))
	quiet.Fans = &f
	if list := Reintegrated(quiet); list.Decision() != "yes" {
		t.Errorf("fans quiet since the repair: %s: %q", list.Decision(), list)
	}
}

// TestReintegratedPairs: no two troubles make a yes, in whatever order.
func TestReintegratedPairs(t *testing.T) {
	all := map[string]func(*Return){}
	for _, m := range []map[string]func(*Return){unreturned, unsureBack, reservedBack} {
		maps.Copy(all, m)
	}
	yesBut := func(name string) bool { _, is := reservedBack[name]; return is }
	for _, a := range slices.Sorted(maps.Keys(all)) {
		for _, b := range slices.Sorted(maps.Keys(all)) {
			r := wellBack(t)
			all[a](&r)
			applied := func() (ok bool) {
				defer func() { ok = recover() == nil }()
				all[b](&r)
				return true
			}()
			if d := Reintegrated(r).Decision(); applied && a != b && yes(d) && (place[a] == "" || place[a] != place[b]) && !(yesBut(a) && yesBut(b)) {
				t.Errorf("%s, then %s: %s: %q", a, b, d, Reintegrated(r))
			}
		}
	}
}
