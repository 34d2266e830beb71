package hardware

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// thing is a part as it really is. The world knows which thing is which; what is
// compared only knows what a controller tells.
type thing struct {
	kind   Kind
	serial string
	model  string
	place  int // of its kind
	size   int64
	broken bool
}

// shape is how a make of server tells of its parts.
type shape struct {
	name   string
	source Source
	counts map[Kind]int
	// What is told: serial numbers, places, and whether an empty place is listed.
	serials, places, bays bool
	place                 string // format of a place
	bus                   bool   // places are addresses that move
}

var shapes = []shape{
	{name: "dell", source: Redfish, counts: map[Kind]int{Module: 16, Processor: 2, Supply: 2, Disk: 8, Port: 4, Fan: 6}, serials: true, places: true, place: "Socket.A%d"},
	{name: "hpe", source: Redfish, counts: map[Kind]int{Module: 24, Processor: 2, Supply: 2, Disk: 10, Port: 4}, serials: true, places: true, bays: true, place: "PROC 1 DIMM %d"},
	{name: "lenovo", source: Redfish, counts: map[Kind]int{Module: 18, Processor: 2, Supply: 4, Port: 2}, serials: true, places: true, bays: true, place: "DIMM %d"},
	{name: "supermicro", source: Redfish, counts: map[Kind]int{Module: 8, Processor: 1, Supply: 2}, serials: true, places: true, place: "P1-DIMM%d"},
	{name: "openbmc", source: Redfish, counts: map[Kind]int{Module: 12, Processor: 2, Supply: 2}, serials: true, place: "x"},
	{name: "ami", source: Redfish, counts: map[Kind]int{Module: 16, Processor: 2, Supply: 2}, places: true, bays: true, place: "DIMM_P0_%d"},
	{name: "cisco", source: Redfish, counts: map[Kind]int{Module: 24, Supply: 2, Disk: 24}, serials: true, places: true, bays: true, place: "DIMM_A%d"},
	{name: "intel", source: Redfish, counts: map[Kind]int{Module: 6, Processor: 2, Supply: 2}, serials: true, place: "x"},
	{name: "gb200", source: Redfish, counts: map[Kind]int{Module: 20, Processor: 4, Card: 8, Port: 12}, serials: true, places: true, place: "GPU_%d"},
	{name: "cheap", source: Redfish, counts: map[Kind]int{Module: 4, Processor: 1, Supply: 2}, place: "x"},
	{name: "ipmi", source: IPMI, counts: map[Kind]int{Module: 8, Supply: 2, Disk: 12}, places: true, bays: true, place: "bay %d"},
	{name: "node", source: Node, counts: map[Kind]int{Disk: 12, Port: 6}, serials: true, place: "x"},
	{name: "bus", source: Node, counts: map[Kind]int{Card: 14}, bus: true, places: true, place: "0000:%02x:00.0"},
	{name: "old disks", source: Node, counts: map[Kind]int{Disk: 6}, place: "x"},
}

// build makes the things of a server.
func (s shape) build(r *rand.Rand) []thing {
	var out []thing
	for _, kind := range Kinds {
		for i := range s.counts[kind] {
			out = append(out, thing{
				kind: kind, serial: fmt.Sprintf("%s-%08X-%d", kind[:1], r.Uint32(), i), model: fmt.Sprintf("model %d", i%3), place: i, size: 32 << 30,
			})
		}
	}
	return out
}

// telling is how a server is told once: translated, in another order, with other
// ids.
type telling struct {
	language string
	ids      int // where ids begin
	shuffle  bool
}

// tell is the inventory of the things that are there.
func (s shape) tell(things []thing, gone map[int]bool, t telling, r *rand.Rand) Inventory {
	var v Inventory
	for _, kind := range Kinds {
		if s.counts[kind] == 0 {
			continue
		}
		l := List{Source: s.source, Kind: kind}
		left := 0
		for i, x := range things {
			if x.kind != kind {
				continue
			}
			if gone[i] {
				left++
				if s.bays {
					l.Parts = append(l.Parts, Part{ID: s.id(x, t, left), Name: t.language, Slot: fmt.Sprintf(s.place, x.place), State: Absent})
				}
				continue
			}
			l.Parts = append(l.Parts, s.part(x, t, left))
		}
		if t.shuffle {
			r.Shuffle(len(l.Parts), func(i, j int) { l.Parts[i], l.Parts[j] = l.Parts[j], l.Parts[i] })
		}
		v.Lists = append(v.Lists, l)
	}
	return v
}

func (s shape) id(x thing, t telling, left int) string {
	if s.places && !s.bus {
		return fmt.Sprintf("%d", x.place+t.ids)
	}
	return fmt.Sprintf("%d", x.place+t.ids-left) // counted through
}

func (s shape) part(x thing, t telling, left int) Part {
	p := Part{ID: s.id(x, t, left), Name: t.language + " " + fmt.Sprint(x.place), Size: x.size, State: Good, Model: x.model}
	if s.serials {
		p.Serial = x.serial
	}
	if s.places {
		p.Slot = fmt.Sprintf(s.place, x.place)
	}
	if s.bus {
		p.Type, p.Model, p.Size = "0200 15b3:"+x.model, t.language, 0
		p.Slot = fmt.Sprintf(s.place, x.place-left)
	}
	if x.broken {
		p.State = Failed
	}
	return p
}

// lost counts the parts that are told to be missing, of one kind.
func lost(d Difference, k Kind) int {
	n := 0
	for _, c := range d.Of(Missing) {
		switch {
		case c.Kind != k:
		case strings.Contains(c.Why, "alike are left"):
			var left, all int
			if _, err := fmt.Sscanf(c.Why, "%d of %d", &left, &all); err == nil {
				n += all - left
			}
		default:
			n++
		}
	}
	return n
}

// emptied says whether the parts of a kind are told not to be compared.
func emptied(d Difference, k Kind) bool {
	return slices.ContainsFunc(d.Of(NotCompared), func(c Change) bool { return c.Kind == k })
}
