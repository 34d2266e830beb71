package maintenance

import (
	"slices"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// TestWarning: what is left of HEALTH_WARN is said, and "nothing but noout" only
// where nothing else is there.
func TestWarning(t *testing.T) {
	for name, tc := range map[string]struct {
		change breaker
		codes  []string
		want   string
	}{
		"noout of the host":      {nil, []string{"OSD_FLAGS"}, "HEALTH_WARN, nothing but noout"},
		"noout of the cluster":   {inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "noout") }), []string{"OSDMAP_FLAGS"}, "HEALTH_WARN, nothing but noout"},
		"another flag":           {inCeph(func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "noout", "noscrub") }), []string{"OSDMAP_FLAGS"}, "HEALTH_WARN (OSDMAP_FLAGS)"},
		"another flag, an OSD's": {inCeph(func(c *ceph.Cluster) { c.Map.OSDs[0].State = append(c.Map.OSDs[0].State, "noin") }), []string{"OSD_FLAGS"}, "HEALTH_WARN (OSD_FLAGS)"},
		"flags are not known":    {inCeph(func(c *ceph.Cluster) { c.Map.ScopesUnknown = true }), []string{"OSDMAP_FLAGS"}, "HEALTH_WARN (OSDMAP_FLAGS)"},
		"another check":          {nil, []string{"RECENT_CRASH", "OSD_FLAGS"}, "HEALTH_WARN (OSD_FLAGS, RECENT_CRASH)"},
		"nobody says why":        {nil, nil, "HEALTH_WARN"},
	} {
		t.Run(name, func(t *testing.T) {
			e := wellByCommand(t)
			c := *e.Ceph.Cluster
			m := *c.Map
			m.Flags, m.OSDs = slices.Clone(m.Flags), slices.Clone(m.OSDs)
			c.Map, c.Health = &m, &ceph.Health{Status: "HEALTH_WARN"}
			for _, code := range tc.codes {
				c.Health.Checks = append(c.Health.Checks, ceph.Check{Code: code, Severity: "HEALTH_WARN"})
			}
			e.Ceph.Cluster = &c
			if tc.change != nil {
				tc.change(&e)
			}
			if got := (leaving{Cluster: e.Ceph.Cluster, e: e}).warning(); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// TestHealthBack: a check is left out only where a row that does not hold tells
// of it. What nobody else tells is shown, once, and fails where it names the
// node.
func TestHealthBack(t *testing.T) {
	check := func(code, text string) func(*ceph.Cluster) {
		return func(c *ceph.Cluster) {
			c.Health = &ceph.Health{Status: "HEALTH_WARN", Checks: []ceph.Check{{Code: code, Severity: "HEALTH_WARN", Text: text}}}
		}
	}
	for name, tc := range map[string]struct {
		change []func(*ceph.Cluster)
		shown  int // rows that tell the check itself
		want   string
	}{
		"noout that is set":               {[]func(*ceph.Cluster){check("OSDMAP_FLAGS", "noout flag(s) set"), func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "noout") }}, 0, "no"},
		"a flag that no row tells":        {[]func(*ceph.Cluster){check("OSDMAP_FLAGS", "noscrub flag(s) set"), func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "noscrub") }}, 1, "yes-but"},
		"noout and a flag no row tells":   {[]func(*ceph.Cluster){check("OSDMAP_FLAGS", "noout,noscrub flag(s) set"), func(c *ceph.Cluster) { c.Map.Flags = append(c.Map.Flags, "noout", "noscrub") }}, 1, "no"},
		"flags that the map denies":       {[]func(*ceph.Cluster){check("OSD_FLAGS", "1 OSDs or CRUSH {nodes, device-classes} have {NOOUT} flags set")}, 1, "yes-but"},
		"monitors that are all there":     {[]func(*ceph.Cluster){check("MON_DOWN", "1/3 mons down, quorum pve1,pve2")}, 1, "yes-but"},
		"the node's monitor, by its name": {[]func(*ceph.Cluster){check("MON_DOWN", "mon.pve3 is down")}, 1, "no"},
		"OSDs that are all up":            {[]func(*ceph.Cluster){check("OSD_DOWN", "1 osds down")}, 1, "yes-but"},
		"its own OSD":                     {[]func(*ceph.Cluster){check("OSD_DOWN", "1 osds down"), func(c *ceph.Cluster) { c.Map.OSDs[4].Up = false }}, 0, "no"},
		"PGs that are all clean":          {[]func(*ceph.Cluster){check("PG_DAMAGED", "Possible data damage: 1 pg inconsistent")}, 1, "yes-but"},
		"keys of an old type":             {[]func(*ceph.Cluster){check("AUTH_INSECURE_KEYS_ALLOWED", "keys of an old type")}, 1, "yes-but"},
		"a code that nobody knows":        {[]func(*ceph.Cluster){check("NEW_IN_23", "something")}, 1, "yes-but"},
		"the same, of the node":           {[]func(*ceph.Cluster){check("NEW_IN_23", "osd.4 has something")}, 1, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			r := wellBack(t)
			for _, change := range tc.change {
				back(change)(&r)
			}
			list := Reintegrated(r)
			code, shown := r.Ceph.Cluster.Health.Checks[0].Code, 0
			for _, c := range list {
				if strings.HasPrefix(c.Evidence, code+":") && c.Outcome != Holds {
					shown++
				}
			}
			if shown != tc.shown || list.Decision() != tc.want {
				t.Errorf("%s with %d rows of it, want %s with %d: %q", list.Decision(), shown, tc.want, tc.shown, list)
			}
		})
	}
}

// TestHealthUnknown: a health that no release of Ceph says is not taken for one
// without errors, as check_ceph does not either.
func TestHealthUnknown(t *testing.T) {
	for source, make := range map[string]func(testing.TB) Evidence{"command": wellByCommand, "token": wellByToken} {
		e := make(t)
		inCeph(func(c *ceph.Cluster) { c.Health = &ceph.Health{Status: "HEALTH_FINE"} })(&e)
		if list := Serviceable(e); list.Decision() != "not-proven" {
			t.Errorf("%s: %s: %q", source, list.Decision(), list)
		}
	}
}
