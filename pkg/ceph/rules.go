package ceph

import (
	"slices"
	"strings"
)

// Rule is a CRUSH rule: where a pool's copies may lie.
type Rule struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	// Domain is the type of the buckets of which each holds at most one copy:
	// host, osd, rack, ...; empty when that cannot be told.
	Domain string `json:"domain"`
	// Above is the type of the buckets it chooses first, where it chooses twice:
	// data centres, and hosts in each. Empty for all other rules.
	Above string `json:"above"`
	// roots are the buckets it takes, with a device class or none.
	roots []ruleRoot
}

type ruleRoot struct {
	id    int
	name  string
	class string
}

// Rule finds the CRUSH rule of a pool.
func (c Cluster) Rule(p Pool) (Rule, bool) {
	return first(c.Rules, func(r Rule) bool { return r.ID == p.Rule })
}

// Copies is how many copies of a pool's data are left, for the PG that is hit
// worst, when the given OSDs are gone. With the rules it is what CRUSH allows
// at worst; exact is false without them, and every lost OSD then counts for a
// copy, which is the worst of all rules.
func (c Cluster) Copies(p Pool, gone []int) (left int, exact bool) {
	places, lost, ok := c.places(p, gone)
	if !ok {
		return max(0, p.Size-len(gone)), false
	}
	return max(0, min(p.Size, places)-lost), true
}

// Suffers says that a PG of the pool keeps exactly as few copies as Copies says
// when the OSDs are gone: there are no more places than copies, so each PG has
// one in every place.
func (c Cluster) Suffers(p Pool, gone []int) bool {
	places, _, ok := c.places(p, gone)
	return ok && p.PGs > 0 && places <= p.Size
}

// places counts the units in which the pool's rule puts at most one copy each,
// and those of them that lose an OSD. False without the rule.
func (c Cluster) places(p Pool, gone []int) (all, away int, ok bool) {
	rule, known := c.Rule(p)
	if !known || rule.Domain == "" || c.Tree == nil || c.Map == nil {
		return 0, 0, false
	}
	// a pool has no more copies than there are places for them
	places, lost := map[int]bool{}, map[int]bool{}
	for _, o := range c.Map.OSDs {
		away := slices.Contains(gone, o.ID)
		if !o.In && !away {
			continue
		}
		for _, unit := range c.Tree.units(o.ID, rule) {
			places[unit] = true
			if away {
				lost[unit] = true
			}
		}
	}
	return len(places), len(lost), true
}

// units are the buckets of the rule's domain, below what it takes, that hold
// the OSD.
func (t Tree) units(osd int, rule Rule) []int {
	var out []int
	for _, root := range rule.roots {
		if root.class != "" && t.nodes[osd].class != root.class {
			continue
		}
		if unit, found := t.unit(osd, rule.Domain, t.root(root)); found {
			out = append(out, unit)
		}
	}
	return out
}

// root finds the bucket a rule takes. Rules for a device class take a shadow
// of it, "default~ssd", which osd tree does not list.
func (t Tree) root(r ruleRoot) int {
	if _, listed := t.nodes[r.id]; listed {
		return r.id
	}
	for id, n := range t.nodes {
		if id < 0 && n.name == r.name {
			return id
		}
	}
	return r.id
}

// wireRule is a row of osd crush rule dump, and of the dashboard's crush.
type wireRule struct {
	ID    number `json:"rule_id"`
	Name  text   `json:"rule_name"`
	Steps list[struct {
		Op   text   `json:"op"`
		Item number `json:"item"`
		Name text   `json:"item_name"`
		Type text   `json:"type"`
	}] `json:"steps"`
}

func (w wireRule) facts() (Rule, bool) {
	id, ok := w.ID.integer()
	if !ok || !w.Steps.set || w.Steps.odd > 0 {
		return Rule{}, false
	}
	r := crushRule{Rule: Rule{ID: id, Name: w.Name.name()}}
	for _, s := range w.Steps.rows {
		switch op := string(s.Op); {
		case op == "take":
			item, _ := s.Item.integer()
			root := ruleRoot{id: item}
			root.name, root.class, _ = strings.Cut(s.Name.name(), "~")
			r.roots = append(r.roots, root)
		case op == "emit":
			r.emits++
		case strings.HasPrefix(op, "choosemsr"): // counts in another way
			r.odd = true
		case strings.HasPrefix(op, "choose"):
			// the last choice of a rule names the smallest unit, which holds
			// one copy at most
			r.Above, r.Domain = r.Domain, s.Type.name()
		}
	}
	return r.facts(), true
}

func (c *Cluster) addRules(rows list[wireRule]) {
	if c.Rules = rules(rows); c.Rules == nil {
		c.lacks(docRules, "a rule cannot be read")
	}
}

// rules returns nil when one of them cannot be read.
func rules(rows list[wireRule]) []Rule {
	if !rows.set || rows.odd > 0 {
		return nil
	}
	out := []Rule{}
	for _, w := range rows.rows {
		r, ok := w.facts()
		if !ok {
			return nil
		}
		out = append(out, r)
	}
	return out
}
