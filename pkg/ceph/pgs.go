package ceph

import (
	"slices"
	"strings"
)

// PGs are the placement groups, counted by state.
type PGs struct {
	Total  int       `json:"total"`
	States []PGState `json:"states"` // most first
	// Objects that have too few copies, are not where they belong, or of which
	// no copy can be found.
	Degraded  int `json:"degraded"`
	Misplaced int `json:"misplaced"`
	Unfound   int `json:"unfound"`
	// Remapped is the number of PGs with temporary placements.
	Remapped int `json:"remapped"`
}

// PGState is how many PGs are in one state: words joined by plus signs, in any
// combination and order.
type PGState struct {
	State string `json:"state"`
	Count int    `json:"count"`
}

// Has says whether the state has all of these words.
func (s PGState) Has(words ...string) bool {
	have := strings.Split(s.State, "+")
	for _, w := range words {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

// HasAny says whether the state has one of these words.
func (s PGState) HasAny(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return s.Has(w) })
}

// unneeded words beside active and clean do not matter to anybody's data.
var unneeded = []string{"active", "clean", "scrubbing", "deep", "snaptrim", "snaptrim_wait"}

// Clean says that the PG is active and clean and at most scrubbed or trimmed.
func (s PGState) Clean() bool {
	for _, w := range strings.Split(s.State, "+") {
		if !slices.Contains(unneeded, w) {
			return false
		}
	}
	return s.Has("active", "clean")
}

// Degraded says that the PG has fewer copies than it should: what Ceph's check
// PG_DEGRADED counts, which are degraded and undersized ones.
func (s PGState) Degraded() bool { return s.HasAny("degraded", "undersized") }

// Moving says that the PG's data moves to other OSDs. A PG that only catches
// up where it is (recovering) does not.
func (s PGState) Moving() bool {
	return s.HasAny("backfilling", "backfill_wait", "backfill_toofull", "backfill_unfound")
}

// Count adds up the PGs whose state has the property.
func (p PGs) Count(has func(PGState) bool) int {
	n := 0
	for _, s := range p.States {
		if has(s) {
			n += s.Count
		}
	}
	return n
}

// Missing is the number of PGs that are in no state: a list that was cut.
func (p PGs) Missing() int {
	return max(0, p.Total-p.Count(func(PGState) bool { return true }))
}

// AllClean says that every PG is active and clean.
func (p PGs) AllClean() bool {
	return p.Missing() == 0 && p.Count(func(s PGState) bool { return !s.Clean() }) == 0
}

func (p *PGs) add(state string, count int) {
	if count > 0 && state != "" {
		p.States = append(p.States, PGState{State: state, Count: count})
	}
}

func (p *PGs) sort() {
	slices.SortStableFunc(p.States, func(a, b PGState) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.State, b.State)
	})
}

// wirePGMap is pgmap in status.
type wirePGMap struct {
	States list[struct {
		Name  text   `json:"state_name"`
		Count number `json:"count"`
	}] `json:"pgs_by_state"`
	Total     number `json:"num_pgs"`
	Degraded  number `json:"degraded_objects"`
	Misplaced number `json:"misplaced_objects"`
	Unfound   number `json:"unfound_objects"`
	Used      number `json:"bytes_used"`
	Bytes     number `json:"bytes_total"`
	wireRates
}

// wireRates are in pgmap and in the dashboard.
type wireRates struct {
	Recovery number `json:"recovering_bytes_per_sec"`
	Reads    number `json:"read_op_per_sec"`
	Writes   number `json:"write_op_per_sec"`
}

// facts returns nil when the PGs were not counted, or not all of the list can
// be read.
func (w wirePGMap) facts(remapped number) *PGs {
	total, ok := w.Total.integer()
	if !w.States.set || w.States.odd > 0 || !ok || total < 0 {
		return nil
	}
	p := &PGs{
		Total: total, Degraded: w.Degraded.count(), Misplaced: w.Misplaced.count(),
		Unfound: w.Unfound.count(), Remapped: remapped.count(),
	}
	for _, s := range w.States.rows {
		p.add(s.Name.name(), s.Count.count())
	}
	p.sort()
	return p
}

func (w wirePGMap) space() *Space {
	if !w.Used.set || !w.Bytes.set || w.Bytes.value <= 0 {
		return nil
	}
	return &Space{Used: w.Used.positive(), Total: w.Bytes.value}
}

func (w wireRates) rates() Rates {
	return Rates{RecoveryBytes: w.Recovery.positive(), ReadOps: w.Reads.positive(), WriteOps: w.Writes.positive()}
}
