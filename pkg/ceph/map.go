package ceph

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// Map is the OSD map.
type Map struct {
	Epoch int `json:"epoch"`
	// Flags are those of the whole cluster: noout, pauserd, sortbitwise, ...
	Flags []string `json:"flags"`
	// NodeFlags are flags of CRUSH buckets by name, mostly hosts; ClassFlags
	// those of device classes.
	NodeFlags  map[string][]string `json:"node_flags"`
	ClassFlags map[string][]string `json:"class_flags"`
	// ScopesUnknown is true when the source cannot tell flags of hosts, classes
	// and OSDs apart from there being none.
	ScopesUnknown bool `json:"scopes_unknown"`
	// Blind is true when the source told the flags and could not tell the OSDs.
	Blind bool   `json:"blind"`
	OSDs  []OSD  `json:"osds"` // by id
	Pools []Pool `json:"pools"`
	// Stretch says that stretch mode is on, Degraded that it goes on with one
	// site.
	Stretch  bool `json:"stretch,omitempty"`
	Degraded bool `json:"degraded,omitempty"`
	// StretchTold says that the source could tell of stretch mode.
	StretchTold bool `json:"-"`
	// Barrier is the number of the type of bucket it calls a site.
	Barrier int `json:"-"`
	// Created and Modified are of the map as a whole. Every flag that is set
	// was set at Modified or before. UpChange and InChange are the last times
	// any OSD went up or down, in or out. All by the mons' clocks, zero when
	// not told.
	Created  time.Time `json:"created,omitzero"`
	Modified time.Time `json:"modified,omitzero"`
	UpChange time.Time `json:"up_change,omitzero"`
	InChange time.Time `json:"in_change,omitzero"`
}

// OSD is one object storage daemon.
type OSD struct {
	ID int  `json:"id"`
	Up bool `json:"up"`
	In bool `json:"in"`
	// Reweight is the override weight from 0 to 1, 1 when nobody changed it.
	Reweight float64 `json:"reweight"`
	// State are words such as exists, up, full, nearfull, destroyed, noout.
	State []string `json:"state"`
	// New ones were created and never started: they hold nothing, and nothing is
	// lost while they are down.
	New  bool `json:"new,omitempty"`
	addr string
}

// OSD finds an OSD by its id.
func (m Map) OSD(id int) (OSD, bool) {
	i, found := slices.BinarySearchFunc(m.OSDs, id, func(o OSD, id int) int { return o.ID - id })
	if !found {
		return OSD{}, false
	}
	return m.OSDs[i], true
}

// Full are the OSDs that take no more data, by id.
func (m Map) Full() []int {
	var out []int
	for _, o := range m.OSDs {
		if slices.Contains(o.State, "full") {
			out = append(out, o.ID)
		}
	}
	return out
}

// Flag says whether a flag of the whole cluster is set.
func (m Map) Flag(name string) bool { return slices.Contains(m.Flags, name) }

// A Scope is what one flag was set for.
type Scope struct {
	Kind ScopeKind
	Name string // of the bucket, class or OSD ("osd.3"); empty for the cluster
	// OSDs are those it covers.
	OSDs []int
}

// ScopeKind tells what a flag can be set for.
type ScopeKind string

// The scopes of a flag. A bucket is any CRUSH node that is no host: a rack, a
// root.
const (
	ScopeCluster ScopeKind = "cluster"
	ScopeHost    ScopeKind = "host"
	ScopeBucket  ScopeKind = "bucket"
	ScopeClass   ScopeKind = "class"
	ScopeOSD     ScopeKind = "osd"
)

// String names the scope: "host node1", "osd.3", "class hdd", "cluster".
func (s Scope) String() string {
	switch s.Kind {
	case ScopeCluster:
		return "cluster"
	case ScopeOSD:
		return s.Name
	}
	return string(s.Kind) + " " + s.Name
}

// Scopes lists what a flag is set for: the cluster first, then buckets,
// classes and OSDs, each by name.
func (c Cluster) Scopes(flag string) []Scope {
	if c.Map == nil {
		return nil
	}
	var out []Scope
	if c.Map.Flag(flag) {
		out = append(out, Scope{Kind: ScopeCluster, OSDs: c.Map.ids()})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Map.NodeFlags)) {
		if slices.Contains(c.Map.NodeFlags[name], flag) {
			out = append(out, c.nodeScope(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Map.ClassFlags)) {
		if slices.Contains(c.Map.ClassFlags[name], flag) {
			s := Scope{Kind: ScopeClass, Name: name}
			if c.Tree != nil {
				s.OSDs = c.Tree.class(name)
			}
			out = append(out, s)
		}
	}
	for _, o := range c.Map.OSDs {
		if slices.Contains(o.State, flag) {
			out = append(out, Scope{Kind: ScopeOSD, Name: osdName(o.ID), OSDs: []int{o.ID}})
		}
	}
	return out
}

func (c Cluster) nodeScope(name string) Scope {
	s := Scope{Kind: ScopeBucket, Name: name}
	if c.Tree == nil {
		return s
	}
	if c.Tree.HasHost(name) {
		s.Kind = ScopeHost
	}
	s.OSDs = c.Tree.below(name)
	return s
}

func (m Map) ids() []int {
	out := make([]int, 0, len(m.OSDs))
	for _, o := range m.OSDs {
		out = append(out, o.ID)
	}
	return out
}

// wireMap is osd dump, and osd_map of the dashboard.
type wireMap struct {
	FSID       text              `json:"fsid"`
	Epoch      number            `json:"epoch"`
	Created    text              `json:"created"`
	Modified   text              `json:"modified"`
	UpChange   text              `json:"last_up_change"`
	InChange   text              `json:"last_in_change"`
	Flags      *text             `json:"flags"`
	FlagsSet   list[text]        `json:"flags_set"`
	NodeFlags  table[list[text]] `json:"crush_node_flags"`
	ClassFlags table[list[text]] `json:"device_class_flags"`
	OSDs       list[wireOSD]     `json:"osds"`
	Pools      list[wirePool]    `json:"pools"`

	Stretch part[struct {
		Enabled  number `json:"stretch_mode_enabled"`
		Degraded number `json:"degraded_stretch_mode"`
		Barrier  number `json:"stretch_mode_bucket"`
	}] `json:"stretch_mode"`
}

type wireOSD struct {
	ID     number     `json:"osd"`
	Up     number     `json:"up"`
	In     number     `json:"in"`
	Weight number     `json:"weight"`
	State  list[text] `json:"state"`
	UpFrom number     `json:"up_from"`
	Public text       `json:"public_addr"`
}

// facts returns nil when flags or OSDs are missing or not whole.
func (w wireMap) facts() *Map {
	if (w.Flags == nil || *w.Flags == "") && !w.FlagsSet.set || w.FlagsSet.odd > 0 || !w.OSDs.set || w.OSDs.odd > 0 {
		return nil
	}
	m := &Map{
		Epoch: w.Epoch.count(), Created: stamp(w.Created), Modified: stamp(w.Modified),
		UpChange: stamp(w.UpChange), InChange: stamp(w.InChange),
		// set-group came with the fields that tell of it, in Nautilus
		ScopesUnknown: !w.NodeFlags.set || w.NodeFlags.odd > 0 || w.ClassFlags.odd > 0,
		Flags:         words(w.FlagsSet), NodeFlags: flagsOf(w.NodeFlags), ClassFlags: flagsOf(w.ClassFlags),
		StretchTold: w.Stretch.set && w.Stretch.value.Enabled.set, Barrier: w.Stretch.value.Barrier.count(),
		Stretch: w.Stretch.value.Enabled.value != 0, Degraded: w.Stretch.value.Degraded.value != 0,
	}
	if w.Flags != nil {
		for _, f := range splitFlags(string(*w.Flags)) {
			if !slices.Contains(m.Flags, f) {
				m.Flags = append(m.Flags, f)
			}
		}
	}
	for _, o := range w.OSDs.rows {
		osd, ok := o.facts()
		if !ok {
			return nil
		}
		m.OSDs = append(m.OSDs, osd)
	}
	slices.SortStableFunc(m.OSDs, func(a, b OSD) int { return a.ID - b.ID })
	for _, p := range w.Pools.rows {
		m.Pools = append(m.Pools, p.facts())
	}
	slices.SortStableFunc(m.Pools, func(a, b Pool) int { return a.ID - b.ID })
	return m
}

func (w wireOSD) facts() (OSD, bool) {
	id, ok := w.ID.integer()
	if !ok || id < 0 || !w.Up.truth() || !w.In.truth() {
		return OSD{}, false
	}
	o := OSD{ID: id, Up: w.Up.value != 0, In: w.In.value != 0, Reweight: 1, State: words(w.State), addr: bareIP(string(w.Public))}
	o.New = !o.Up && slices.Contains(o.State, "new") && w.UpFrom.set && w.UpFrom.value == 0
	if w.Weight.set {
		o.Reweight = w.Weight.value
	}
	return o, true
}

// splitFlags takes "noout,sortbitwise" apart.
func splitFlags(s string) []string {
	var out []string
	for _, f := range strings.Split(s, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, phrase.Clip(f, maxName))
		}
	}
	return out
}

func flagsOf(t table[list[text]]) map[string][]string {
	out := map[string][]string{}
	for name, l := range t.rows {
		out[name] = words(l)
	}
	return out
}
