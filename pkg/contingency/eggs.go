package contingency

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ha"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// rules that HA does not heed, or cannot: nobody else says so.
func (x *stage) rules(o *Outlook) {
	const name = "HA heeds every rule"
	if !x.Cluster.HA.Used() {
		return
	}
	for _, i := range x.ha.Recover().Ignored {
		o.add(maintenance.Reserved, name, "HA ignores the rule "+i.Rule+": "+i.Why, say("change or remove that rule"))
	}
	for _, i := range x.ha.Unkeepable() {
		o.add(maintenance.Reserved, name, "HA can never keep "+i.Rule+": "+i.Why, say("name nodes of this cluster in it"))
	}
	for _, r := range x.HA.Rules {
		if r.Disabled || r.Affinity != string(ha.Apart) {
			continue
		}
		if node, together := x.together(r); len(together) > 1 {
			o.add(maintenance.Reserved, name, phrase.List(together, phrase.Few)+" are on "+node+", though "+r.ID+" keeps them apart", run(x.console(), "ha-manager status"))
		}
	}
}

// together are running members of a rule that are on one node.
func (x *stage) together(r pve.HARule) (node string, guests []string) {
	by := map[string][]string{}
	for _, sid := range r.Resources {
		if g, found := x.guest(sid); found && x.running(g) {
			by[g.Node] = append(by[g.Node], g.String())
		}
	}
	for _, n := range slices.Sorted(maps.Keys(by)) {
		if len(by[n]) > len(guests) {
			node, guests = n, by[n]
		}
	}
	return node, guests
}

// groups of guests that stand in for one another: all on one node they fall
// together.
func (x *stage) groups(o *Outlook) {
	const name = "no group is on one node"
	if !x.Groups.Pools && x.Groups.Prefix == "" {
		return
	}
	members := map[string][]pve.Guest{}
	for _, g := range x.Cluster.Guests {
		if !x.running(g) {
			continue
		}
		for _, group := range x.groupsOf(g) {
			members[group] = append(members[group], g)
		}
	}
	if len(members) == 0 {
		what := "no running guest has a tag that begins with " + x.Groups.Prefix
		if x.Groups.Pools {
			what = "no running guest is in a pool"
		}
		o.add(maintenance.Unknown, name, "--group: "+what, say("name one that guests have"))
		return
	}
	fine := 0
	for _, group := range slices.Sorted(maps.Keys(members)) {
		all := members[group]
		apart := slices.ContainsFunc(all, func(g pve.Guest) bool { return g.Node != all[0].Node })
		if len(all) < 2 || apart {
			fine++
			continue
		}
		what := "all " + phrase.Count(len(all), "guest", "guests") + " of " + group + " are on " + all[0].Node
		o.add(maintenance.Reserved, name, what+": "+phrase.List(all, phrase.Few), x.apartNext(all))
	}
	if fine == len(members) {
		o.add(maintenance.Holds, name, phrase.Count(fine, "group is", "groups are")+" on several nodes, or one guest")
	}
}

func (x *stage) groupsOf(g pve.Guest) []string {
	if x.Groups.Pools {
		if g.Pool == "" {
			return nil
		}
		return []string{"pool " + g.Pool}
	}
	var out []string
	for _, t := range g.Tags {
		if strings.HasPrefix(t, x.Groups.Prefix) && !slices.Contains(out, "tag "+t) {
			out = append(out, "tag "+t)
		}
	}
	return out
}

// apartNext moves one of them to a node on which it can run and has room. HA
// would bring back what one of its rules holds, so it is said of others only.
func (x *stage) apartNext(all []pve.Guest) step {
	for _, g := range all {
		_, managed := x.index.Service(g.SID())
		local := slices.ContainsFunc(x.Configs[g.ID].Disks, func(d pve.Disk) bool { return !d.Shared && !x.shared[d.Storage] })
		if managed || local || g.Status != "running" || g.Lock != "" {
			continue
		}
		for _, n := range x.Cluster.Nodes {
			why, _ := x.obstacle(g, n.Name)
			if !n.Online || n.Name == g.Node || x.Cluster.HA.Maintenance(n.Name) || why != "" || len(x.Configs[g.ID].Devices) > 0 || !x.movable(g, n.Name) {
				continue
			}
			if g.Kind == pve.Container {
				return step{On: g.Node, Run: fmt.Sprintf("pct migrate %d %s --restart", g.ID, n.Name), Say: "it is down meanwhile"}
			}
			return run(g.Node, fmt.Sprintf("qm migrate %d %s --online", g.ID, n.Name))
		}
	}
	return say("move one of them, or keep them apart with a resource affinity rule")
}
