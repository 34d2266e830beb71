package ceph

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Mons are the monitors.
type Mons struct {
	Total int `json:"total"`
	// Quorum are the names of those that are in quorum.
	Quorum []string `json:"quorum"`
	// Members are all monitors of the map, nil when only their number is known.
	Members []Daemon `json:"members"`
}

// Missing are the monitors out of quorum by name; nil when the names of all
// are not known, see [Mons.Lost].
func (m Mons) Missing() []Daemon {
	return slices.DeleteFunc(slices.Clone(m.Members), func(d Daemon) bool { return slices.Contains(m.Quorum, d.Name) })
}

// Lost is the number of monitors out of quorum.
func (m Mons) Lost() int { return max(0, m.Total-len(m.Quorum)) }

// Spare is how many more monitors may be lost before the cluster stands still.
func (m Mons) Spare() int { return max(0, len(m.Quorum)-(m.Total/2+1)) }

// Mgr is the manager. Without an active one the numbers of PGs, of objects and
// of space stand still at their last value.
type Mgr struct {
	Available bool   `json:"available"`
	Active    string `json:"active"` // empty when not told
	Standbys  int    `json:"standbys"`
	// Daemons are the active one and the standbys, nil when their names were
	// not asked for.
	Daemons []Daemon `json:"daemons"`
}

// wireMonMap is the monmap of status: whole before 14.2.17 and in Proxmox VE,
// later only a number.
type wireMonMap struct {
	Mons  list[wireMon] `json:"mons"`
	Total number        `json:"num_mons"`
}

type wireMon struct {
	Name   text `json:"name"`
	Addr   text `json:"addr"`
	Public text `json:"public_addr"`
	Addrs  struct {
		Vector list[struct {
			Addr text `json:"addr"`
		}] `json:"addrvec"`
	} `json:"public_addrs"`
	Location text `json:"crush_location"`
}

func (w wireMon) daemon() Daemon {
	addr := cmp.Or(bareIP(string(w.Public)), bareIP(string(w.Addr)))
	if len(w.Addrs.Vector.rows) > 0 && addr == "" {
		addr = bareIP(string(w.Addrs.Vector.rows[0].Addr))
	}
	return Daemon{Name: w.Name.name(), addr: addr, location: w.Location.name()}
}

// mons puts together who is in quorum; nil when either number is missing.
func mons(m wireMonMap, quorum list[text]) *Mons {
	out := &Mons{Quorum: words(quorum)}
	for _, w := range m.Mons.rows {
		if w.Name != "" {
			out.Members = append(out.Members, w.daemon())
		}
	}
	total, ok := m.Total.integer()
	if !ok {
		total = len(m.Mons.rows) + m.Mons.odd
	}
	if !quorum.set || quorum.odd > 0 || total <= 0 {
		return nil
	}
	out.Total = total
	if len(out.Members) != total {
		out.Members = nil
	}
	return out
}

// wireMgrMap is the mgrmap of status: with names before Octopus, in the
// dashboard and in Proxmox VE, else with a number of standbys.
type wireMgrMap struct {
	Available number `json:"available"`
	Active    text   `json:"active_name"`
	Addr      text   `json:"active_addr"`
	Standbys  list[struct {
		Name text `json:"name"`
	}] `json:"standbys"`
	Standing number `json:"num_standbys"`
}

// facts returns nil when availability is not told. Luminous tells it, but
// recordings that were cut do not.
func (w wireMgrMap) facts() *Mgr {
	if !w.Available.set {
		return nil
	}
	m := &Mgr{Available: w.Available.value != 0, Active: w.Active.name(), Standbys: w.Standing.count()}
	if !w.Standing.set {
		if !w.Standbys.set {
			return nil
		}
		m.Standbys = len(w.Standbys.rows) + w.Standbys.odd
	}
	if w.Standbys.set && w.Standbys.odd == 0 {
		m.Daemons = []Daemon{}
		if m.Active != "" {
			m.Daemons = append(m.Daemons, Daemon{Name: m.Active, addr: bareIP(string(w.Addr))})
		}
		for _, s := range w.Standbys.rows {
			m.Daemons = append(m.Daemons, Daemon{Name: s.Name.name()})
		}
	}
	return m
}

// bareIP takes port and nonce off an address such as 192.0.2.1:6789/0 or
// [2001:db8::1]:6801/2215; empty when there is no address in it.
func bareIP(s string) string {
	s, _, _ = strings.Cut(s, "/")
	at, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if with, odd := netip.ParseAddrPort(s); odd == nil {
		at, err = with.Addr(), nil
	}
	if err != nil || at.IsUnspecified() { // 0.0.0.0:0/0 is an OSD that is down
		return ""
	}
	return at.Unmap().String()
}

// addresses are the CRUSH hosts by the addresses of their OSDs; empty for an
// address that OSDs of several hosts have.
func (c *Cluster) addresses() map[string]string {
	out := map[string]string{}
	if c.Map == nil {
		return out
	}
	for _, o := range c.Map.OSDs {
		if host := c.Tree.Host(o.ID); host != "" && o.addr != "" {
			if other, seen := out[o.addr]; seen && other != host {
				host = ""
			}
			out[o.addr] = host
		}
	}
	return out
}

// Neighbours are other OSDs that listen on an address of one of those given:
// they are on the same machine, wherever CRUSH has them. So are those on one of
// the machine's addresses that are known otherwise. Only OSDs that are up tell;
// an address that is not used any more may be another machine's by now.
func (c Cluster) Neighbours(osds []int, addresses ...string) []int {
	if c.Map == nil {
		return nil
	}
	own := map[string]bool{}
	for _, a := range addresses {
		own[a] = true
	}
	for _, o := range c.Map.OSDs {
		if o.Up && o.addr != "" && slices.Contains(osds, o.ID) {
			own[o.addr] = true
		}
	}
	var out []int
	for _, o := range c.Map.OSDs {
		if o.Up && o.addr != "" && own[o.addr] && !slices.Contains(osds, o.ID) {
			out = append(out, o.ID)
		}
	}
	return out
}

// wireNodes is node ls: the daemons of each kind by the machine they run on, by
// their own word, also of those that are away.
type wireNodes struct {
	Mons table[list[text]] `json:"mon"`
	MDS  table[list[text]] `json:"mds"`
}

// addNodes keeps the machines for when all daemons are known by name.
func (c *Cluster) addNodes(w wireNodes) { c.machines = w }

// hosted tells monitors and MDS their machines. What a daemon said when it last
// started counts where its address, at which it listens now, tells no host.
func (c *Cluster) hosted(byAddr map[string]string) {
	w := c.machines
	mark := func(by table[list[text]], daemons []Daemon) {
		for _, machine := range slices.Sorted(maps.Keys(by.rows)) {
			for i, d := range daemons {
				if byAddr[d.addr] == "" && slices.Contains(words(by.rows[machine]), d.Name) {
					daemons[i].hostname = machine
				}
			}
		}
	}
	if c.Mons != nil {
		mark(w.Mons, c.Mons.Members)
	}
	if c.FS != nil {
		mark(w.MDS, c.FS.Daemons)
	}
}

// place finds the host of every daemon: the one that its machine is called, the
// one whose OSDs alone have its address, or the CRUSH host of its own name. A
// name is only a habit, an address is where it listens.
func (c *Cluster) place() {
	if c.Tree == nil {
		c.hosted(nil)
		return
	}
	byAddr := c.addresses()
	c.hosted(byAddr)
	find := func(d *Daemon) {
		short, _, _ := strings.Cut(d.hostname, ".")
		switch {
		case short != "" && c.Tree.HasHost(short):
			d.Host = short
		case d.hostname != "":
			d.Host = d.hostname
		case byAddr[d.addr] != "":
			d.Host = byAddr[d.addr]
		case c.Tree.HasHost(d.Name):
			d.Host = d.Name
		}
	}
	if c.Mons != nil {
		for i := range c.Mons.Members {
			find(&c.Mons.Members[i])
		}
	}
	if c.Mgr != nil {
		for i := range c.Mgr.Daemons {
			find(&c.Mgr.Daemons[i])
		}
	}
	if c.FS != nil {
		for i := range c.FS.Daemons {
			find(&c.FS.Daemons[i])
		}
	}
	for i := range c.Services {
		find(&c.Services[i].Daemon)
	}
}
