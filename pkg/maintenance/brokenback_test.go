package maintenance

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// unreturned is what alone keeps a node from being back.
var unreturned = map[string]func(*Return){
	"it is off": func(r *Return) {
		r.PVE.Cluster.Nodes[2].Online, r.PVE.Cluster.Nodes[2].Status = false, "offline"
	},
	"HA maintenance":       func(r *Return) { r.PVE.Cluster.HA.Requested["pve3"] = true },
	"HA still takes it so": func(r *Return) { r.PVE.Cluster.HA.Nodes["pve3"] = "maintenance" },
	"HA does not know it":  func(r *Return) { r.PVE.Cluster.HA.Nodes["pve3"] = "gone" },
	"its manager's mode":   func(r *Return) { r.PVE.Cluster.HA.LRM["pve3"] = pve.LRM{Mode: "maintenance", Time: noon} },
	"its manager's mode, and no service": func(r *Return) {
		r.PVE.Cluster.HA.Services, r.PVE.Cluster.HA.Nodes = nil, map[string]string{}
		r.PVE.Cluster.HA.LRM["pve3"] = pve.LRM{Mode: "maintenance", Time: noon}
	},
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
	"its clock": back(func(c *ceph.Cluster) {
		c.Health.Checks = append(c.Health.Checks, ceph.Check{Code: "MON_CLOCK_SKEW", Severity: "HEALTH_WARN", Text: "clock skew detected on mon.pve3"})
	}),
	"its OSD's own warning": back(func(c *ceph.Cluster) {
		c.Health.Checks = append(c.Health.Checks, ceph.Check{Code: "BLUESTORE_SLOW_OP_ALERT", Severity: "HEALTH_WARN", Text: "1 OSD(s) experiencing slow operations in BlueStore", Detail: []string{"osd.4 observed slow operation indications in BlueStore"}})
	}),
	"a fan failed":      func(r *Return) { r.Fans = &fans.Report{Turning: 5, Failing: []string{"FAN3"}} },
	"a fan dropped out": func(r *Return) { f := dropped(noon.Add(-time.Minute)); r.Fans = &f },
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
	"its pvestatd":             func(r *Return) { r.PVE.Cluster.Nodes[2].Status = "unknown" },
	"its storages":             func(r *Return) { r.PVE.Cluster.Storages = r.PVE.Cluster.Storages[:2] },
	"its replication":          func(r *Return) { delete(r.PVE.Memory.Nodes, "pve3") },
	"the baseline":             func(r *Return) { r.Baseline, r.BaselineErr = nil, errors.New("no such file") },
	"the baseline's nodes":     func(r *Return) { r.Baseline.Leaving = []string{"pve1"} },
	"the baseline's name":      func(r *Return) { r.Baseline.Cluster = "another" },
	"the time of the baseline": func(r *Return) { r.Baseline.Saved = noon.Add(time.Hour) },
	"what the baseline is of":  func(r *Return) { r.Baseline.Guests = nil },
	"when it was started":      func(r *Return) { r.PVE.Cluster.Nodes[2].Uptime = 0 },
	"a peer's replication":     func(r *Return) { delete(r.PVE.Memory.Nodes, "pve1") },
	"its version":              func(r *Return) { r.PVE.Memory.Nodes["pve3"] = pve.NodeFacts{Time: noon} },
	"a guest's status":         func(r *Return) { r.PVE.Cluster.Guests[0].Status = "unknown" },
	"Ceph":                     func(r *Return) { r.Ceph.Cluster, r.Ceph.Err = nil, errors.New("403") },
	"the mgr":                  back(func(c *ceph.Cluster) { c.Mgr.Available = false }),
	"flags of hosts":           back(func(c *ceph.Cluster) { c.Map.ScopesUnknown = true }),
	"the PGs":                  back(func(c *ceph.Cluster) { c.PGs = nil }),
	"the OSDs' hosts":          back(func(c *ceph.Cluster) { c.Map.OSDs = append(c.Map.OSDs, ceph.OSD{ID: 9, Up: true}) }),
	"a fan":                    func(r *Return) { r.Fans = &fans.Report{Turning: 5, Blind: []string{"/redfish/v1: 503"}} },
	"any fan":                  func(r *Return) { r.Fans = &fans.Report{} },
	"a server that is on":      func(r *Return) { r.Fans = &fans.Report{Off: true} },
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
	"another's clock": back(func(c *ceph.Cluster) {
		c.Health.Checks = append(c.Health.Checks, ceph.Check{Code: "MON_CLOCK_SKEW", Severity: "HEALTH_WARN", Text: "clock skew detected on mon.pve1, mon.pve33"})
	}),
	"no baseline":              func(r *Return) { r.Baseline = nil },
	"an old baseline":          func(r *Return) { r.Baseline.Saved = noon.Add(-30 * 24 * time.Hour) },
	"a baseline of afterwards": func(r *Return) { r.Baseline.Saved = noon.Add(-time.Minute) },
	"its host has no OSD any more": back(func(c *ceph.Cluster) {
		c.Tree.Hosts[2].OSDs, c.Map.OSDs = nil, c.Map.OSDs[:4]
	}),
	"a guest is gone":      func(r *Return) { r.Baseline.Guests[0].ID = 900 },
	"HA left it elsewhere": func(r *Return) { r.Baseline.Guests[0].Node = "pve3"; r.PVE.Cluster.Guests[0].HAState = "started" },
	"another version":      func(r *Return) { r.PVE.Memory.Nodes["pve1"] = pve.NodeFacts{Version: "9.1.1"} },
	"a storage of the rest": func(r *Return) {
		r.PVE.Cluster.Storages = append(r.PVE.Cluster.Storages, pve.Storage{Name: "nfs", Node: "pve1", Shared: true, Available: true}, pve.Storage{Name: "nfs", Node: "pve2", Shared: true, Available: true})
	},
	"a log that is full": func(r *Return) {
		f := fans.Report{Turning: 6}
		if r.Fans != nil {
			f = *r.Fans
		}
		f.Unsure = []string{"event log is full and drops new entries: clear it (SEL)"}
		r.Fans = &f
	},
	"a reweight":     back(func(c *ceph.Cluster) { c.Map.OSDs[4].Reweight = 0.8 }),
	"no standby mgr": back(func(c *ceph.Cluster) { c.Mgr.Standbys = 0 }),
	"no standby MDS": back(func(c *ceph.Cluster) { c.FS.Standbys = 0 }),
	"a crash":        func(r *Return) { addCheck("RECENT_CRASH", "HEALTH_WARN", false)(&r.Evidence) },
	"another mute":   back(func(c *ceph.Cluster) { c.Health.Mutes = append(c.Health.Mutes, ceph.Mute{Code: "POOL_NEARFULL"}) }),
}

// dropped is a server whose third fan was gone for ten seconds.
func dropped(at time.Time) fans.Report {
	rpm := 9000.0
	s := bmc.Server{Power: bmc.PowerOn, Logs: []bmc.Log{{Events: []bmc.Event{
		{Fan: "f3", Kind: bmc.Failed, Time: at, Order: 1}, {Fan: "f3", Kind: bmc.Recovered, Time: at.Add(10 * time.Second), Order: 2},
	}}}}
	for _, id := range []string{"f1", "f2", "f3"} {
		s.Fans = append(s.Fans, bmc.Fan{ID: id, Name: "FAN " + id[1:], Presence: bmc.Present, Reading: &rpm})
	}
	return fans.Tell(fans.Memory{}, fans.Poll{Server: s, Started: noon, Now: noon}, fans.Options{}, fans.Service{Since: noon.Add(-time.Hour), Boot: noon.Add(-time.Hour)})
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
	t.Parallel()
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
