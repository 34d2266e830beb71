package ha

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Rules are those that the manager applies, and those it drops in silence: it
// only writes a line to the log of the current master.
//
// A rule that confines services without being strict is dropped by the same
// sum as a strict one or not; loose says which, because it was not measured.
func (c Cluster) rules(loose bool) ([]Rule, []Ignored) {
	var live []Rule
	for _, r := range c.Rules {
		if !r.Disabled {
			live = append(live, r)
		}
	}
	bad := map[string]string{}
	drop := func(r Rule, why string) {
		if !r.Group && bad[r.ID] == "" {
			bad[r.ID] = why
		}
	}
	for _, r := range live {
		if r.Kind != NodeAffinity {
			c.alone(r, drop)
		}
	}
	c.affinities(live, drop)
	mixed(live, loose, drop)
	var out []Rule
	var ignored []Ignored
	for _, r := range live {
		if bad[r.ID] != "" {
			ignored = append(ignored, Ignored{r.ID, bad[r.ID]})
			continue
		}
		out = append(out, r)
	}
	return implied(out), ignored
}

// alone are rules between services that fail by themselves.
func (c Cluster) alone(r Rule, drop func(Rule, string)) {
	switch n := len(unique(r.Services)); {
	case n < 2:
		drop(r, "it names fewer than two services")
	case r.Kind == Apart && n > len(c.Nodes):
		drop(r, fmt.Sprintf("it keeps %d services apart and the cluster has %d nodes", n, len(c.Nodes)))
	}
}

// affinities to nodes: a service may have one, and of several priorities only
// without any rule between services.
func (c Cluster) affinities(live []Rule, drop func(Rule, string)) {
	for i, a := range live {
		if a.Kind != NodeAffinity {
			continue
		}
		for _, b := range live[i+1:] {
			if b.Kind == NodeAffinity {
				if both := common(a.Services, b.Services); len(both) > 0 {
					why := "%s is in the node affinity rule %s too"
					drop(a, fmt.Sprintf(why, both[0], b.ID))
					drop(b, fmt.Sprintf(why, both[0], a.ID))
				}
			}
		}
		for _, b := range live {
			if both := common(a.Services, b.Services); b.Kind != NodeAffinity && len(both) > 0 && priorities(a) > 1 && !a.Group {
				why := "%s is in a node affinity rule with several priorities and in a resource affinity rule: %s"
				drop(a, fmt.Sprintf(why, both[0], b.ID))
				drop(b, fmt.Sprintf(why, both[0], a.ID))
			}
		}
	}
}

// mixed rules of two kinds that cannot be kept together.
func mixed(live []Rule, loose bool, drop func(Rule, string)) {
	for _, r := range live {
		var touched []Rule
		for _, o := range live {
			both := common(r.Services, o.Services)
			switch {
			case o.Kind == NodeAffinity && r.Kind == Together && len(both) > 0:
				touched = append(touched, o)
			case o.Kind == NodeAffinity && r.Kind == Apart && (o.Strict || loose) && len(both) > len(o.Nodes):
				why := fmt.Sprintf("%d services are kept apart and confined to %d nodes: %%s", len(both), len(o.Nodes))
				drop(r, fmt.Sprintf(why, o.ID))
				drop(o, fmt.Sprintf(why, r.ID))
			case o.Kind == Apart && r.Kind == Together && len(both) > 1:
				why := both[0] + " and " + both[1] + " are to be together and apart: "
				drop(r, why+o.ID)
				drop(o, why+r.ID)
			}
		}
		if len(touched) > 1 {
			drop(r, "its services are in several node affinity rules: "+touched[0].ID+" and "+touched[1].ID)
			for _, o := range touched {
				drop(o, "services of the positive rule "+r.ID+" are in several node affinity rules")
			}
		}
	}
}

// implied rules: positive rules that overlap become one, whose members share one
// member's node affinity and are kept apart from every member's negative peers.
func implied(live []Rule) []Rule {
	var sets []Rule
	var rest []Rule
	for _, r := range live {
		if r.Kind != Together {
			rest = append(rest, r)
			continue
		}
		r.Services = unique(r.Services)
		kept := sets[:0]
		for _, s := range sets {
			if len(common(s.Services, r.Services)) == 0 {
				kept = append(kept, s)
				continue
			}
			r.Services = unique(slices.Concat(s.Services, r.Services))
		}
		sets = append(kept, r)
	}
	for _, set := range sets {
		for i, r := range rest {
			both := common(set.Services, r.Services)
			if len(both) == 0 || r.Group {
				continue
			}
			switch r.Kind {
			case NodeAffinity:
				rest[i].Services = unique(slices.Concat(r.Services, set.Services))
			case Apart:
				// the peers of each member, for all members
				for _, member := range set.Services {
					for _, peer := range r.Services {
						if !slices.Contains(set.Services, peer) {
							rest = append(rest, Rule{ID: r.ID, Kind: Apart, Services: []string{member, peer}})
						}
					}
				}
			}
		}
	}
	return slices.Concat(rest, sets)
}

func priorities(r Rule) int {
	return len(slices.Compact(slices.Sorted(maps.Values(r.Nodes))))
}

func unique(names []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

// common are the names that stand in both.
func common(a, b []string) []string {
	var out []string
	b = unique(b)
	for _, x := range unique(a) {
		if _, found := slices.BinarySearch(b, x); found {
			out = append(out, x)
		}
	}
	return out
}

// Unkeepable are rules that are applied and cannot be kept with the nodes that
// the cluster has, whatever happens.
func (c Cluster) Unkeepable() []Ignored {
	live, _ := c.rules(false)
	var out []Ignored
	for _, r := range live {
		if r.Kind != NodeAffinity || !r.Strict {
			continue
		}
		if !slices.ContainsFunc(c.Nodes, func(n Node) bool { _, named := r.Nodes[n.Name]; return named }) {
			out = append(out, Ignored{r.ID, "it allows " + strings.Join(slices.Sorted(maps.Keys(r.Nodes)), " and ") + " only, and the cluster has no such node"})
		}
	}
	return out
}
