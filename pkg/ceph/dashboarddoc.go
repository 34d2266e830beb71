package ceph

import (
	"fmt"
	"strconv"
)

// wireDashboard is /api/health/full; /api/health/minimal has the same members
// with less in them. What the user's role may not read is absent.
type wireDashboard struct {
	Health part[wireHealth]  `json:"health"`
	Mons   part[wireDashMon] `json:"mon_status"`
	Mgr    part[wireMgrMap]  `json:"mgr_map"`
	OSDs   part[wireDashMap] `json:"osd_map"`
	PGs    part[wireDashPGs] `json:"pg_info"`
	FS     part[wireFS]      `json:"fs_map"`
	Space  part[struct {
		Stats struct {
			Used  number `json:"total_used_raw_bytes"`
			Total number `json:"total_bytes"`
		} `json:"stats"`
	}] `json:"df"`
	Rates part[wireRates] `json:"client_perf"`
}

// wireDashMon is mon_status: the quorum is a list of ranks.
type wireDashMon struct {
	Quorum list[number] `json:"quorum"`
	Map    part[struct {
		FSID text `json:"fsid"`
		Mons list[struct {
			wireMon
			Rank number `json:"rank"`
		}] `json:"mons"`
	}] `json:"monmap"`
}

type wireDashMap struct {
	wireMap
	Tree  part[wireTree] `json:"tree"`
	Crush part[struct {
		Rules list[wireRule] `json:"rules"`
	}] `json:"crush"`
}

type wireDashPGs struct {
	States  table[number] `json:"statuses"`
	Objects part[struct {
		Degraded  number `json:"num_objects_degraded"`
		Misplaced number `json:"num_objects_misplaced"`
		Unfound   number `json:"num_objects_unfound"`
	}] `json:"object_stats"`
}

// addDashboard takes what the dashboard's health says.
func (c *Cluster) addDashboard(w wireDashboard) {
	if w.Health.set {
		c.Health = w.Health.value.facts()
	}
	if w.Mons.set {
		c.FSID = w.Mons.value.Map.value.FSID.name()
		c.Mons = w.Mons.value.facts()
	}
	if w.Mgr.set {
		m := w.Mgr.value
		if !m.Available.set {
			// who answers is the active mgr
			m.Available = number{1, true}
		}
		c.Mgr = m.facts()
	}
	if w.FS.set && w.FS.value.FileSystems.set {
		c.FS = &FS{}
		c.addFS(w.FS.value)
		c.FS.Ranks = len(w.FS.value.FileSystems.rows)
	}
	c.addDashboardMap(w.OSDs)
	if w.PGs.set {
		c.PGs = w.PGs.value.facts(c.Map)
	}
	if s := w.Space.value.Stats; w.Space.set && s.Used.set && s.Total.value > 0 {
		c.Space = &Space{Used: s.Used.positive(), Total: s.Total.value}
	}
	c.Rates = w.Rates.value.rates()
	c.missing("the dashboard's health")
}

func (c *Cluster) addDashboardMap(w part[wireDashMap]) {
	if !w.set {
		c.lacks(docMap, "it is missing: may the user's role read osd?")
		c.lacks(docTree, "it is missing: may the user's role read osd?")
		return
	}
	if l := w.value.OSDs; l.set && l.odd == 0 {
		c.Counts = &Counts{OSDs: len(l.rows)}
		for _, o := range l.rows {
			c.Counts.Up += int(min(o.Up.positive(), 1))
			c.Counts.In += int(min(o.In.positive(), 1))
		}
	} else {
		c.lacks(docMap, "it lists no OSDs")
	}
	c.addMap(w.value.wireMap)
	if c.Tree = w.value.Tree.value.facts(); c.Tree == nil {
		c.lacks(docTree, "it is missing or not whole")
	}
	if w.value.Crush.set {
		c.Rules = rules(w.value.Crush.value.Rules)
	}
}

// facts names the monitors in quorum, by their rank where they have no name.
func (w wireDashMon) facts() *Mons {
	rows := w.Map.value.Mons
	if !w.Quorum.set || w.Quorum.odd > 0 || !rows.set || rows.odd > 0 || len(rows.rows) == 0 {
		return nil
	}
	m := &Mons{Total: len(rows.rows)}
	names := map[int]string{}
	for i, r := range rows.rows {
		rank, ok := r.Rank.integer()
		if !ok {
			rank = i
		}
		if r.Name != "" {
			names[rank] = r.Name.name()
			m.Members = append(m.Members, r.daemon())
		}
	}
	if len(m.Members) != m.Total {
		m.Members = nil
	}
	for _, q := range w.Quorum.rows {
		rank, ok := q.integer()
		if !ok {
			return nil
		}
		name := names[rank]
		if name == "" {
			name = "rank " + strconv.Itoa(rank)
		}
		m.Quorum = append(m.Quorum, name)
	}
	return m
}

// facts counts the PGs. The dashboard does not tell how many there should be:
// that is the sum over the pools.
func (w wireDashPGs) facts(m *Map) *PGs {
	if !w.States.set || w.States.odd > 0 {
		return nil
	}
	o := w.Objects.value
	p := &PGs{Degraded: o.Degraded.count(), Misplaced: o.Misplaced.count(), Unfound: o.Unfound.count()}
	for state, n := range w.States.rows {
		p.add(state, n.count())
		p.Total += n.count()
	}
	p.sort()
	if m == nil {
		return p
	}
	sum := 0
	for _, pool := range m.Pools {
		sum += pool.PGs
	}
	p.Total = max(p.Total, sum)
	return p
}

// addScopes reads from the details of OSD_FLAGS which hosts, classes and OSDs
// have flags, for sources without a field for them.
func (c *Cluster) addScopes() {
	check, found := c.Health.Check("OSD_FLAGS")
	if !found {
		return
	}
	c.Map.ScopesUnknown = len(check.Detail) == 0 || len(check.Detail) == maxDetail
	for _, line := range check.Detail {
		m := flagged.FindStringSubmatch(line)
		if m == nil {
			c.Map.ScopesUnknown = true
			continue
		}
		flags := splitFlags(m[6])
		switch {
		case m[1] != "":
			c.Map.addState(m[2], flags)
		case m[3] != "":
			c.Map.ClassFlags[m[3]] = flags
		default:
			c.Map.NodeFlags[m[5]] = flags
		}
	}
	if c.Map.ScopesUnknown {
		c.lacks("the flags of hosts and OSDs", fmt.Sprintf("not all of what %q says can be read", check.Text))
	}
}

// addState adds flags to one OSD.
func (m *Map) addState(id string, flags []string) {
	n, err := strconv.Atoi(id)
	if err != nil {
		return
	}
	for i := range m.OSDs {
		if m.OSDs[i].ID == n {
			m.OSDs[i].State = append(m.OSDs[i].State, flags...)
		}
	}
}
