package redfish

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/hardware"
)

// What reading the parts of a server may cost.
const (
	partsRequests = 30
	// fewChassis are all read where there is no $expand; of more only those that
	// the systems name.
	fewChassis = 8
	// fewSystems are read.
	fewSystems = 4
)

// parts is one reading of what a server is made of.
type parts struct {
	*poll
	out     hardware.Inventory
	systems []system
	// holes are systems and chassis that are listed and could not be read.
	holes []string
	blind bool // a system is among them
}

// system is a ComputerSystem resource with what leads to its parts.
type system struct {
	path string
	body systemBody
}

type systemBody struct {
	ID                 text   `json:"Id"`
	UUID               text   `json:"UUID"`
	SerialNumber       text   `json:"SerialNumber"`
	Model              text   `json:"Model"`
	Manufacturer       text   `json:"Manufacturer"`
	BiosVersion        text   `json:"BiosVersion"`
	Memory             link   `json:"Memory"`
	Processors         link   `json:"Processors"`
	EthernetInterfaces link   `json:"EthernetInterfaces"`
	Storage            link   `json:"Storage"`
	Links              beside `json:"Links"`
	MemorySummary      struct {
		GiB number `json:"TotalSystemMemoryGiB"`
	} `json:"MemorySummary"`
}

// Parts reads what the server is made of, in at most 30 requests. What a resource
// cannot tell is a list that is not told, and hides no other. The error is not nil
// only when nothing could be read at all. It leaves nothing that would spare a
// poll a request, but the connection: a poll that follows spares the controller a
// handshake.
func (s *Source) Parts(ctx context.Context) (hardware.Inventory, bmc.Memory, error) {
	base, err := s.address()
	if err != nil {
		return hardware.Inventory{}, nil, err
	}
	server := bmc.Server{}
	p := &parts{poll: s.poll(base, bmc.Ask{}, &server)}
	p.most = partsRequests
	end := p.outlive(ctx, s.grace)
	defer end()
	err = p.greet(ctx)
	if err == nil {
		err = p.readSystems(ctx)
	}
	if err == nil {
		p.readLists(ctx)
	}
	p.leave(ctx)
	return p.out, nil, err
}

// readLists reads the lists, those first that nobody else tells.
func (p *parts) readLists(ctx context.Context) {
	p.readAround(ctx)
	p.supplies(ctx)
	for _, s := range p.systems {
		p.collection(ctx, s, members{kind: hardware.Module, path: s.body.Memory, of: module})
		p.collection(ctx, s, members{kind: hardware.Processor, path: s.body.Processors, of: processor})
	}
	p.total()
	p.ports(ctx)
	p.fans(ctx)
	p.interfaces(ctx)
	p.firmware(ctx)
	p.drives(ctx)
	p.cards(ctx)
	for i := range p.out.Lists {
		p.out.Lists[i].Holes = p.holes
	}
}

// readSystems reads the systems. Behind one controller there may be several, and
// one that cannot be read hides no other.
func (p *parts) readSystems(ctx context.Context) error {
	members, err := p.members(ctx, cmp.Or(string(p.root.Systems), "/redfish/v1/Systems"))
	if err != nil {
		return cmp.Or(p.shut(err), err)
	}
	for _, m := range members[:min(len(members), fewSystems)] {
		s := system{path: m.path}
		if bad := p.whole(ctx, m, &s.body); bad != nil {
			if shut := p.shut(bad); shut != nil || ctx.Err() != nil {
				return cmp.Or(shut, bad)
			}
			p.holes, p.blind, err = append(p.holes, lastOf(m.path)+"/"), true, bad
			continue
		}
		p.systems = append(p.systems, s)
	}
	if len(p.systems) == 0 {
		return cmp.Or(err, errors.New("the controller lists no system"))
	}
	first := slices.MaxFunc(p.systems, func(a, b system) int { return a.weight() - b.weight() })
	p.out.Machine = hardware.Machine{UUID: uuid(first.body.UUID), Serial: word(first.body.SerialNumber), Model: word(first.body.Model)}
	return nil
}

// weight tells the server from the boards in it.
func (s system) weight() int {
	n := 0
	for _, said := range []string{word(s.body.SerialNumber), word(s.body.BiosVersion), string(s.body.Storage)} {
		if said != "" {
			n++
		}
	}
	return n
}

// total is the memory of all systems, as they sum it up themselves.
func (p *parts) total() {
	var all int64
	for _, s := range p.systems {
		if n := s.body.MemorySummary.GiB.value; n != nil && *n > 0 && *n < 1<<20 {
			all += int64(*n * (1 << 30))
		}
	}
	if all > 0 && !p.blind {
		p.add(hardware.Total, []hardware.Part{{ID: "memory", Size: all}}, nil)
	}
}

// add notes what a resource told; its errors make the list one that is not whole.
// One that the controller denies to have is no list, nor is one that takes more
// requests than there are, where the node tells the same.
func (p *parts) add(k hardware.Kind, told []hardware.Part, err error) { p.addOf("", k, told, err) }

func (p *parts) addOf(of string, k hardware.Kind, told []hardware.Part, err error) {
	if missing(err) || errors.Is(err, errTooMany) && k != hardware.Supply && k != hardware.Port {
		return
	}
	i := slices.IndexFunc(p.out.Lists, func(l hardware.List) bool { return l.Kind == k && l.Of == of })
	if i < 0 {
		i = len(p.out.Lists)
		p.out.Lists = append(p.out.Lists, hardware.List{Source: hardware.Redfish, Kind: k, Of: of})
	}
	l := &p.out.Lists[i]
	for _, part := range told {
		if !slices.ContainsFunc(l.Parts, func(o hardware.Part) bool { return o.ID == part.ID }) {
			l.Parts = append(l.Parts, part)
		}
	}
	if err != nil && l.Untold == "" {
		l.Untold = err.Error()
	}
}

// reader makes a part of the resource of that id, of which nothing is told where
// raw is nil: it was seen to be an object, so that decoding it cannot fail. A part
// without an id is none of the server's.
type reader func(id string, raw json.RawMessage) hardware.Part

// members are the parts of one kind, where they are and how they are read.
type members struct {
	kind hardware.Kind
	path link
	of   reader
	list string // see [hardware.List.Of]
}

// collection reads the parts of one kind of a system.
func (p *parts) collection(ctx context.Context, s system, m members) {
	if m.path == "" {
		return
	}
	found, err := p.gather(ctx, string(m.path), m.of)
	for i := range found {
		found[i].ID = lastOf(s.path) + "/" + found[i].ID
		if found[i].Slot != "" && len(p.systems) > 1 {
			found[i].Slot = lastOf(s.path) + " " + found[i].Slot
		}
	}
	p.addOf(m.list, m.kind, found, err)
}

// gather reads a collection and its members. Where these have to be asked for one
// by one and are too many, none is: half of a list is none.
func (p *parts) gather(ctx context.Context, path string, of reader) ([]hardware.Part, error) {
	members, err := p.members(ctx, path)
	if err != nil {
		return nil, err
	}
	open := 0
	for _, m := range members {
		if !full(m.body) {
			open++
		}
	}
	if open > p.left() {
		return nil, errTooMany
	}
	return p.each(ctx, members, of)
}

// each reads the members of a list.
func (p *parts) each(ctx context.Context, members []member, of reader) ([]hardware.Part, error) {
	var out []hardware.Part
	for _, m := range members {
		var raw json.RawMessage
		if err := p.whole(ctx, m, &raw); missing(err) {
			raw = nil // it is listed, and nothing is told of it
		} else if err != nil {
			return out, err
		}
		if part := of(lastOf(m.path), raw); part.ID != "" {
			out = append(out, part)
		}
	}
	return out, nil
}
