package maintenance

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// model is a small cluster as it really is. It knows nothing of checklists: it
// decides what happens to customers by switching nodes off.
type model struct {
	nodes   []node
	qdevice int // votes of the device, 0 for none
	qalive  bool
	guests  []guest
	mons    []mon
	mgrs    []int // nodes with a mgr that is up; the first is active
	ranks   int   // active MDS
	mds     []int // nodes with an MDS that is up
	osds    []osd
	pools   []pool
	flags   map[string]bool
	noout   scope
	leaving []int
	// requested says that HA maintenance of the leaving nodes is in force.
	maintained bool
	ha         bool
}

type node struct {
	name   string
	votes  int
	online bool
}

type guest struct {
	on      int
	running bool
	ha      bool
}

type mon struct {
	on       int
	inQuorum bool
}

type osd struct {
	on     int
	up, in bool
}

type pool struct {
	size, min int
	domain    string // host or osd
	pgs       [][]int
	// moving says that some of its data is where it does not belong.
	moving bool
}

// scope of noout: nothing, the cluster, hosts, or single OSDs.
type scope struct {
	global bool
	hosts  []int
	osds   []int
}

func (m *model) leaves(n int) bool { return slices.Contains(m.leaving, n) }

// harm switches the leaving nodes off and says what customers lose that they
// had before. Nothing of what the checklist uses is used here.
func (m *model) harm() []string {
	var out []string
	for i, g := range m.guests {
		if g.running && m.leaves(g.on) {
			out = append(out, fmt.Sprintf("guest %d dies", i))
		}
	}
	before, after, all := 0, 0, m.qdevice
	for i, n := range m.nodes {
		all += n.votes
		if n.online {
			before += n.votes
			if !m.leaves(i) {
				after += n.votes
			}
		}
	}
	if m.qalive {
		before, after = before+m.qdevice, after+m.qdevice
	}
	if 2*after <= all && 2*before > all && len(m.nodes) > 1 {
		out = append(out, "quorum is lost")
	}
	if in, stay := m.monitors(); 2*in > len(m.mons) && 2*stay <= len(m.mons) {
		out = append(out, "the monitors lose their quorum")
	}
	for i, p := range m.pools {
		for _, acting := range p.pgs {
			was, is := 0, 0
			for _, id := range acting {
				if m.osds[id].up {
					was++
					if !m.leaves(m.osds[id].on) {
						is++
					}
				}
			}
			if was >= p.min && is < p.min {
				out = append(out, fmt.Sprintf("I/O stops in pool %d", i))
				break
			}
		}
	}
	return out
}

func (m *model) monitors() (in, stay int) {
	for _, x := range m.mons {
		if x.inQuorum {
			in++
			if !m.leaves(x.on) {
				stay++
			}
		}
	}
	return in, stay
}

// trouble is what makes a yes wrong although nothing dies at once: rules of the
// house, each decided from the truth.
func (m *model) trouble() []string {
	var out []string
	if in, _ := m.monitors(); 2*in <= len(m.mons) {
		out = append(out, "no monitor quorum")
	}
	for i, n := range m.nodes {
		if !n.online && !m.leaves(i) {
			out = append(out, "another node is off")
		}
	}
	for _, f := range []string{"pause", "full", "nodown", "noup"} {
		if m.flags[f] {
			out = append(out, f)
		}
	}
	leavingUp := false
	bare := false
	for id, o := range m.osds {
		if m.leaves(o.on) {
			leavingUp = leavingUp || o.up
			bare = bare || o.in && !m.covers(id)
		} else if !o.up && o.in || o.up && !o.in {
			out = append(out, fmt.Sprintf("osd.%d elsewhere is not well", id))
		}
	}
	if bare {
		out = append(out, "noout does not cover the node")
	}
	for _, p := range m.pools {
		for _, acting := range p.pgs {
			up := 0
			for _, id := range acting {
				if m.osds[id].up {
					up++
				}
			}
			if up < p.min || leavingUp && (up < p.size || p.moving) {
				return append(out, "a PG is not whole")
			}
		}
	}
	elsewhere := func(on []int) int {
		n := 0
		for _, x := range on {
			if !m.leaves(x) {
				n++
			}
		}
		return n
	}
	if elsewhere(m.mgrs) == 0 {
		out = append(out, "no mgr stays")
	}
	if elsewhere(m.mds) < m.ranks {
		out = append(out, "no MDS stays")
	}
	return out
}

func (m *model) covers(id int) bool {
	return m.noout.global || slices.Contains(m.noout.hosts, m.osds[id].on) || slices.Contains(m.noout.osds, id)
}

// random makes a cluster that is well, and breaks a few things in it.
func random(r *rand.Rand) *model {
	m := &model{flags: map[string]bool{}}
	n := 1 + r.IntN(6)
	for i := range n {
		m.nodes = append(m.nodes, node{fmt.Sprintf("pve%d", i+1), 1, true})
	}
	if r.IntN(8) == 0 {
		m.nodes[r.IntN(n)].votes = r.IntN(4)
	}
	if r.IntN(3) == 0 && n > 1 {
		m.qdevice, m.qalive = 1, r.IntN(4) > 0
		if r.IntN(4) == 0 {
			m.qdevice = n - 1
		}
	}
	for range 1 + r.IntN(2)*r.IntN(2) {
		if x := r.IntN(n); !m.leaves(x) {
			m.leaving = append(m.leaving, x)
		}
	}
	m.ha = r.IntN(2) == 0
	m.maintained = m.ha && r.IntN(4) > 0
	for range r.IntN(8) {
		g := guest{on: r.IntN(n), running: r.IntN(3) > 0, ha: m.ha && r.IntN(2) == 0}
		if m.leaves(g.on) && r.IntN(12) > 0 {
			g.running = false
			g.ha = false
		}
		m.guests = append(m.guests, g)
	}
	m.daemons(r)
	m.storage(r)
	m.cover(r)
	for range []int{0, 0, 0, 1, 1, 2, 3}[r.IntN(7)] {
		m.breakOne(r)
	}
	return m
}

func (m *model) daemons(r *rand.Rand) {
	order := r.Perm(len(m.nodes))
	for _, on := range order[:min(len(order), []int{1, 3, 3, 3, 4, 5}[r.IntN(6)])] {
		m.mons = append(m.mons, mon{on, true})
	}
	order = r.Perm(len(m.nodes))
	m.mgrs = order[:min(len(order), 1+r.IntN(3))]
	if r.IntN(4) == 0 {
		m.ranks = 1
		order = r.Perm(len(m.nodes))
		m.mds = order[:min(len(order), 1+r.IntN(3))]
	}
}

func (m *model) storage(r *rand.Rand) {
	for on := range m.nodes {
		for range r.IntN(4) {
			m.osds = append(m.osds, osd{on, true, true})
		}
	}
	for i := range m.osds {
		if r.IntN(40) == 0 {
			m.osds[i].up, m.osds[i].in = false, false // retired long ago
		}
	}
	for range r.IntN(4) {
		p := pool{size: 1 + r.IntN(4), domain: "host"}
		p.min = max(1, p.size-r.IntN(3))
		if r.IntN(4) == 0 {
			p.domain = "osd"
		}
		for range 1 + r.IntN(8) {
			if acting := m.place(r, p); len(acting) == p.size {
				p.pgs = append(p.pgs, acting)
			}
		}
		if len(p.pgs) > 0 {
			m.pools = append(m.pools, p)
		}
	}
}

// place chooses OSDs for a PG as CRUSH would: different hosts, or different
// OSDs.
func (m *model) place(r *rand.Rand, p pool) []int {
	var acting []int
	used := map[int]bool{}
	for _, id := range r.Perm(len(m.osds)) {
		o := m.osds[id]
		if !o.in || p.domain == "host" && used[o.on] {
			continue
		}
		used[o.on] = true
		if acting = append(acting, id); len(acting) == p.size {
			break
		}
	}
	return acting
}

func (m *model) cover(r *rand.Rand) {
	switch r.IntN(8) {
	case 0:
	case 1, 2, 3, 4:
		m.noout.global = true
	case 5, 6:
		m.noout.hosts = slices.Clone(m.leaving)
	default:
		for id, o := range m.osds {
			if m.leaves(o.on) && r.IntN(20) > 0 {
				m.noout.osds = append(m.noout.osds, id)
			}
		}
	}
}

// breakOne breaks one thing.
func (m *model) breakOne(r *rand.Rand) {
	pick := func(n int) int { return r.IntN(max(n, 1)) }
	switch r.IntN(10) {
	case 0, 1:
		if len(m.osds) > 0 {
			m.osds[pick(len(m.osds))].up = false
		}
	case 2:
		if len(m.osds) > 0 {
			i := pick(len(m.osds))
			if m.osds[i].up {
				m.osds[i].in = false
			}
		}
	case 3:
		m.mons[pick(len(m.mons))].inQuorum = false
	case 4:
		m.flags[[]string{"pause", "full", "nodown", "noup", "norebalance", "noin", "norecover"}[r.IntN(7)]] = true
	case 5:
		if len(m.pools) > 0 {
			m.pools[pick(len(m.pools))].moving = true
		}
	case 6:
		m.off(pick(len(m.nodes)))
	case 7:
		m.qalive = false
	case 8:
		for _, x := range m.leaving { // the OSDs of a node that is being stopped
			for id := range m.osds {
				if m.osds[id].on == x {
					m.osds[id].up = false
				}
			}
		}
	default:
		if len(m.mgrs) > 1 {
			m.mgrs = m.mgrs[:len(m.mgrs)-1]
		}
	}
}

// off switches a node off with all that is on it.
func (m *model) off(x int) {
	m.nodes[x].online = false
	for id := range m.osds {
		if m.osds[id].on == x {
			m.osds[id].up = false
		}
	}
	for i := range m.mons {
		if m.mons[i].on == x {
			m.mons[i].inQuorum = false
		}
	}
	m.mgrs = slices.DeleteFunc(slices.Clone(m.mgrs), func(on int) bool { return on == x })
	m.mds = slices.DeleteFunc(slices.Clone(m.mds), func(on int) bool { return on == x })
	for i := range m.guests {
		if m.guests[i].on == x {
			m.guests[i].running = false
		}
	}
}

// documents are what Ceph would print about it, one JSON document a line.
func (m *model) documents() string {
	type any = map[string]interface{}
	var b strings.Builder
	line := func(v interface{}) {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		b.Write(raw)
		b.WriteByte('\n')
	}
	states := map[string]int{}
	total, degraded, remapped := 0, 0, 0
	for _, p := range m.pools {
		for i, acting := range p.pgs {
			s := m.state(p, acting, i)
			states[s]++
			total++
			if strings.Contains(s, "degraded") {
				degraded += 3
			}
			if strings.Contains(s, "remapped") {
				remapped++
			}
		}
	}
	byState := []any{}
	for s, n := range states {
		byState = append(byState, any{"state_name": s, "count": n})
	}
	quorum, mons := []string{}, []any{}
	for _, x := range m.mons {
		mons = append(mons, any{"name": m.nodes[x.on].name})
		if x.inQuorum {
			quorum = append(quorum, m.nodes[x.on].name)
		}
	}
	mgr := any{"available": len(m.mgrs) > 0, "active_name": "", "standbys": []any{}}
	for i, on := range m.mgrs {
		if i == 0 {
			mgr["active_name"] = m.nodes[on].name
			continue
		}
		mgr["standbys"] = append(mgr["standbys"].([]any), any{"name": m.nodes[on].name})
	}
	up, in := 0, 0
	for _, o := range m.osds {
		if o.up {
			up++
		}
		if o.in {
			in++
		}
	}
	ranks := []any{}
	for i := range m.ranks {
		ranks = append(ranks, any{"filesystem_id": 1, "rank": i, "name": "mds"})
	}
	line(any{
		"fsid": "f", "health": any{"status": "HEALTH_OK", "checks": any{}, "mutes": []any{}},
		"quorum_names": quorum, "monmap": any{"mons": mons, "num_mons": len(mons)},
		"osdmap": any{"num_osds": len(m.osds), "num_up_osds": up, "num_in_osds": in, "num_remapped_pgs": remapped},
		"pgmap":  any{"pgs_by_state": byState, "num_pgs": total, "degraded_objects": degraded, "misplaced_objects": remapped * 5, "bytes_used": 1, "bytes_total": 100},
		"mgrmap": mgr, "fsmap": any{"by_rank": ranks, "up:standby": max(0, len(m.mds)-m.ranks)},
	})
	line(m.osdDump())
	line(m.tree())
	rules := []any{}
	for i, d := range []string{"host", "osd"} {
		rules = append(rules, any{"rule_id": i, "rule_name": d, "steps": []any{
			{"op": "take", "item": -1, "item_name": "default"}, {"op": "chooseleaf_firstn", "num": 0, "type": d}, {"op": "emit"},
		}})
	}
	line(rules)
	if m.ranks > 0 {
		info := any{}
		for i, on := range m.mds {
			info[fmt.Sprintf("gid_%d", i)] = any{"name": m.nodes[on].name}
		}
		line(any{"epoch": 1, "standbys": []any{}, "filesystems": []any{{"id": 1, "mdsmap": any{"fs_name": "f", "info": info}}}})
	}
	return b.String()
}

func (m *model) state(p pool, acting []int, nth int) string {
	up := 0
	for _, id := range acting {
		if m.osds[id].up {
			up++
		}
	}
	switch {
	case up < p.min:
		return "undersized+degraded+peered"
	case up < p.size:
		return "active+undersized+degraded"
	case p.moving && nth == 0:
		return "active+remapped+backfilling"
	}
	return "active+clean"
}

func (m *model) osdDump() map[string]interface{} {
	type any = map[string]interface{}
	flags := []string{"sortbitwise"}
	if m.noout.global {
		flags = append(flags, "noout")
	}
	for f, on := range m.flags {
		switch {
		case !on:
		case f == "pause":
			flags = append(flags, "pauserd", "pausewr")
		default:
			flags = append(flags, f)
		}
	}
	nodeFlags := any{}
	for _, h := range m.noout.hosts {
		nodeFlags[m.nodes[h].name] = []string{"noout"}
	}
	osds := []any{}
	for id, o := range m.osds {
		state := []string{"exists"}
		if o.up {
			state = append(state, "up")
		}
		if slices.Contains(m.noout.osds, id) {
			state = append(state, "noout")
		}
		osds = append(osds, any{"osd": id, "up": bit(o.up), "in": bit(o.in), "weight": bit(o.in), "state": state})
	}
	pools := []any{}
	for i, p := range m.pools {
		rule := 0
		if p.domain == "osd" {
			rule = 1
		}
		pools = append(pools, any{"pool": i + 1, "pool_name": fmt.Sprintf("p%d", i), "type": 1, "size": p.size, "min_size": p.min, "pg_num": len(p.pgs), "crush_rule": rule, "flags_names": "hashpspool"})
	}
	return any{"fsid": "f", "epoch": 9, "flags": strings.Join(flags, ","), "flags_set": flags, "crush_node_flags": nodeFlags, "device_class_flags": any{}, "osds": osds, "pools": pools}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (m *model) tree() map[string]interface{} {
	type any = map[string]interface{}
	var hosts []int
	nodes := []any{}
	for i, n := range m.nodes {
		var own []int
		for id, o := range m.osds {
			if o.on == i {
				own = append(own, id)
				nodes = append(nodes, any{"id": id, "name": fmt.Sprintf("osd.%d", id), "type": "osd", "device_class": "hdd"})
			}
		}
		if len(own) > 0 {
			hosts = append(hosts, -2-i)
			nodes = append(nodes, any{"id": -2 - i, "name": n.name, "type": "host", "children": own})
		}
	}
	nodes = append(nodes, any{"id": -1, "name": "default", "type": "root", "children": hosts})
	return any{"nodes": nodes, "stray": []any{}}
}
