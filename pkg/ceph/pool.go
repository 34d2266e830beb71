package ceph

import "slices"

// Pool is one pool.
type Pool struct {
	ID       int      `json:"id"`
	Name     string   `json:"name"`
	Size     int      `json:"size"`
	MinSize  int      `json:"min_size"`
	PGs      int      `json:"pgs"`
	Rule     int      `json:"rule"` // id of its CRUSH rule, -1 unknown
	RuleName string   `json:"rule_name"`
	Flags    []string `json:"flags"`
	Erasure  bool     `json:"erasure"`
	// Peering is what its PGs need beside MinSize to go active.
	Peering Peering `json:"-"`
}

// Full says whether the pool takes no more data.
func (p Pool) Full() bool { return slices.Contains(p.Flags, "full") }

type wirePool struct {
	ID      number `json:"pool"`
	Name    text   `json:"pool_name"`
	Type    text   `json:"type"` // 3 or, of Proxmox VE, erasure
	Size    number `json:"size"`
	MinSize number `json:"min_size"`
	PGs     number `json:"pg_num"`
	Rule    number `json:"crush_rule"`
	Flags   text   `json:"flags_names"`
	// Proxmox VE adds the name of the rule.
	RuleName text `json:"crush_rule_name"`
	wirePeering
}

func (w wirePool) facts() Pool {
	p := Pool{
		ID: w.ID.count(), Name: w.Name.name(), Size: w.Size.count(), MinSize: w.MinSize.count(),
		PGs: w.PGs.count(), Rule: -1, RuleName: w.RuleName.name(), Flags: splitFlags(string(w.Flags)),
		Erasure: w.Type == "3" || w.Type == "erasure", Peering: w.wirePeering.facts(),
	}
	if rule, ok := w.Rule.integer(); ok {
		p.Rule = rule
	}
	return p
}
