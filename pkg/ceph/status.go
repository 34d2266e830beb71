package ceph

import (
	"cmp"
	"encoding/json"
	"errors"

	"github.com/noout-monitoring/noout/pkg/lenient"
)

// wireStatus is status of the mons.
type wireStatus struct {
	FSID   text             `json:"fsid"`
	Health part[wireHealth] `json:"health"`
	Quorum list[text]       `json:"quorum_names"`
	Mons   part[wireMonMap] `json:"monmap"`
	OSDs   part[wireCounts] `json:"osdmap"`
	PGs    part[wirePGMap]  `json:"pgmap"`
	Mgr    part[wireMgrMap] `json:"mgrmap"`
	FS     part[wireFSMap]  `json:"fsmap"`

	Services part[wireServices] `json:"servicemap"`
}

// wireCounts is osdmap in status: flat since Octopus, one level deeper before.
type wireCounts struct {
	Nested   part[wireFlat] `json:"osdmap"`
	wireFlat                // the flat form
	UpSince  number         `json:"osd_up_since"`
	InSince  number         `json:"osd_in_since"`
}

type wireFlat struct {
	Total    number `json:"num_osds"`
	Up       number `json:"num_up_osds"`
	In       number `json:"num_in_osds"`
	Remapped number `json:"num_remapped_pgs"`
}

func (w wireCounts) flat() wireFlat {
	if w.Nested.set {
		return w.Nested.value
	}
	return w.wireFlat
}

func (w wireCounts) facts() *Counts {
	flat := w.flat()
	if !flat.Total.set || !flat.Up.set || !flat.In.set {
		return nil
	}
	return &Counts{
		OSDs: flat.Total.count(), Up: flat.Up.count(), In: flat.In.count(),
		Changed: later(epoch(w.UpSince), epoch(w.InSince)),
	}
}

// addStatus takes what status says. What it does not say is a gap each: a
// status without a health is not a healthy one.
func (c *Cluster) addStatus(w wireStatus) {
	c.FSID = w.FSID.name()
	if w.Health.set {
		c.Health = w.Health.value.facts()
	}
	c.Mons = mons(w.Mons.value, w.Quorum)
	if w.OSDs.set {
		c.Counts = w.OSDs.value.facts()
	}
	if w.PGs.set {
		c.PGs = w.PGs.value.facts(w.OSDs.value.flat().Remapped)
		c.Space = w.PGs.value.space()
		c.Rates = w.PGs.value.rates()
	}
	if w.Mgr.set {
		c.Mgr = w.Mgr.value.facts()
	}
	if w.FS.set && w.FS.value.Ranks.set {
		c.FS = w.FS.value.facts()
	}
	if w.Services.set {
		c.Services = w.Services.value.facts()
	}
	c.missing("status")
}

// missing notes what the document should have said and did not.
func (c *Cluster) missing(document string) {
	for _, p := range []struct {
		what   string
		absent bool
	}{
		{"health", c.Health == nil},
		{"the monitors in quorum", c.Mons == nil},
		{"the number of OSDs", c.Counts == nil},
		{"the states of the PGs", c.PGs == nil},
		{"the mgr", c.Mgr == nil},
	} {
		if p.absent {
			c.lacks(document, "it does not tell "+p.what)
		}
	}
}

// addMap takes an OSD map that belongs to this cluster and is whole.
func (c *Cluster) addMap(w wireMap) {
	fsid := w.FSID.name()
	switch m := w.facts(); {
	case m == nil:
		c.lacks(docMap, "it does not tell all flags and OSDs")
	case fsid != "" && c.FSID != "" && fsid != c.FSID:
		c.lacks(docMap, "it is of another cluster, "+fsid)
	default:
		c.FSID, c.Map = cmp.Or(c.FSID, fsid), m
	}
}

// addMons takes the names of all monitors of quorum_status or of the
// dashboard's mon_status.
func (c *Cluster) addMons(w wireQuorum) {
	if m := mons(w.Map, w.Names); m != nil {
		c.Mons = m
	}
}

// wireQuorum is quorum_status.
type wireQuorum struct {
	Names list[text] `json:"quorum_names"`
	Map   wireMonMap `json:"monmap"`
}

// wireMgr is a row of mgr metadata.
type wireMgr struct {
	Name     text `json:"name"`
	Addr     text `json:"addr"`
	Hostname text `json:"hostname"`
}

func (c *Cluster) addMgrs(rows list[wireMgr]) {
	if c.Mgr == nil {
		return
	}
	c.Mgr.Daemons = []Daemon{}
	for _, w := range rows.rows {
		if w.Name != "" {
			c.Mgr.Daemons = append(c.Mgr.Daemons, Daemon{Name: w.Name.name(), addr: bareIP(string(w.Addr)), hostname: w.Hostname.name()})
		}
	}
}

// addDetail adds the lines of health detail to the checks that status told.
func (c *Cluster) addDetail(w wireHealth) {
	h := w.facts()
	if h == nil || c.Health == nil {
		return
	}
	for i, known := range c.Health.Checks {
		if found, ok := h.Check(known.Code); ok {
			c.Health.Checks[i].Detail = found.Detail
		}
	}
}

// consistent compares what two documents say of the same thing.
func (c *Cluster) consistent() {
	if c.Map == nil || c.Counts == nil {
		return
	}
	if n := len(c.Map.OSDs); n < c.Counts.OSDs && !c.Map.Blind {
		c.lacks(docMap, "it lists fewer OSDs than status counts")
	}
	if c.PGs != nil && c.PGs.Missing() > 0 {
		c.lacks("the states of the PGs", "fewer PGs are listed than there are")
	}
}

// documents is what one of Ceph's may hold: the map of ten thousand OSDs has half
// a million elements.
var documents = lenient.Bound{Elements: 2_000_000, Width: 200_000, Depth: 48}

// excess says why a document must not be decoded. The status of a cluster with
// several file systems counts the ranks of each in one object, and nobody reads
// those.
func excess(raw []byte) error {
	err := documents.Check(raw)
	if err != nil && meant(raw) == docStatus {
		status := documents
		status.Unread = []string{"id", "up", "in", "max"}
		err = status.Check(raw)
	}
	return err
}

// decode reads one document, of which every part is optional.
func decode[T any](raw []byte) (T, error) {
	var v T
	if err := excess(raw); err != nil {
		return v, err
	}
	err := json.Unmarshal(raw, &v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		// A part of another shape is as good as absent: the rest was read.
		err = nil
	}
	return v, err
}
