package fans

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// shape is that the controller lists the same server otherwise than it did: in
// another resource model (Thermal, then ThermalSubsystem), eight rotors as four
// fans, over another protocol. Nobody can tell then whether a fan that is not
// listed any more is missing, so a person has to confirm it.
type shape struct {
	Since time.Time `json:"since"`
	// Before are the fans as they were listed.
	Before map[string]Known `json:"before"`
}

// reshape recognises another shape: fans that were known are not listed any more,
// and others are that turn: in the place of each of them by its name, or, when
// nothing of the old list is left, in the place of all. The history goes on under
// the new ids where the names allow. When the old list comes back, so does its
// memory.
func (m *Memory) reshape(p Poll) {
	if len(m.Fans) < 2 || p.Server.Blind() || p.Server.Power == bmc.PowerOff {
		return
	}
	if m.Shape != nil && len(unlisted(m.Shape.Before, p)) == 0 {
		m.Fans, m.Shape = maps.Clone(m.Shape.Before), nil
		return
	}
	gone := unlisted(m.Fans, p)
	to, fresh := m.successors(gone, p)
	if len(fresh) == 0 || !m.vanished(gone, p) || len(gone) < len(m.Fans) && len(to) < len(gone) {
		return
	}
	before := maps.Clone(m.Fans)
	for _, id := range gone {
		m.Former[id] = m.Fans[id].Name
		delete(m.Fans, id)
	}
	for i := range m.Marks {
		if id, ok := to[m.Marks[i].Fan]; ok {
			m.Marks[i].Fan = id
		}
	}
	if m.Shape == nil { // what was confirmed last stays what to come back to
		m.Shape = &shape{Since: p.Now, Before: before}
	}
}

// unlisted are the ids of the fans that are not listed as they are known.
func unlisted(known map[string]Known, p Poll) []string {
	var out []string
	for id, k := range known {
		if !slices.ContainsFunc(p.Server.Fans, func(f bmc.Fan) bool {
			return f.ID == id && (k.Name == f.Name || bmc.SameFan(k.Name, f.Name))
		}) {
			out = append(out, id)
		}
	}
	return out
}

// successors are the fans that turn and are not known, and which of them takes
// the place of one that is gone.
func (m *Memory) successors(gone []string, p Poll) (to map[string]string, fresh []bmc.Fan) {
	to = map[string]string{}
	for _, f := range p.Server.Fans {
		k, known := m.Fans[f.ID]
		if f.Presence == bmc.Present && f.Reading != nil && *f.Reading > 0 && !(known && (k.Name == f.Name || bmc.SameFan(k.Name, f.Name))) {
			fresh = append(fresh, f)
		}
	}
	for _, id := range gone {
		if i := slices.IndexFunc(fresh, func(f bmc.Fan) bool { return succeeds(m.Fans[id].Name, f.Name) }); i >= 0 {
			to[id] = fresh[i].ID
		}
	}
	return to, fresh
}

// vanished says whether any of these ids is not listed at all. Other names for
// the same ids are no other shape.
func (m *Memory) vanished(gone []string, p Poll) bool {
	return slices.ContainsFunc(gone, func(id string) bool {
		return !slices.ContainsFunc(p.Server.Fans, func(f bmc.Fan) bool { return f.ID == id })
	})
}

// succeeds says whether what was listed under the old name, a fan or one of its
// rotors, may be what is listed under the new one: "Fan 3A" and "fan3 1" turn in
// "fan3".
func succeeds(old, now string) bool {
	module, _ := bmc.Module(old)
	key := bmc.FanKey(now)
	return strings.ContainsAny(key, "0123456789") && (bmc.FanKey(old) == key || module == key || strings.HasPrefix(bmc.FanKey(old), key+" "))
}
