package redfish

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// How much of a collection is read.
const (
	maxMembers = 256
	maxPages   = 16
)

// chassis is a chassis of the collection.
type chassis struct {
	path string
	// id is the end of the path, "System.Embedded.1" or, nested,
	// "RackMount/Baseboard" (Intel): unlike Id it cannot repeat.
	id   string
	body chassisBody
}

// chassisBody is what is read of a chassis.
type chassisBody struct {
	ID               text   `json:"Id"`
	Self             link   `json:"@odata.id"`
	ChassisType      text   `json:"ChassisType"`
	Manufacturer     text   `json:"Manufacturer"`
	Model            text   `json:"Model"`
	SerialNumber     text   `json:"SerialNumber"`
	UUID             text   `json:"UUID"`
	PowerState       text   `json:"PowerState"`
	Thermal          link   `json:"Thermal"`
	ThermalSubsystem link   `json:"ThermalSubsystem"`
	Sensors          link   `json:"Sensors"`
	Power            link   `json:"Power"`
	PowerSubsystem   link   `json:"PowerSubsystem"`
	NetworkAdapters  link   `json:"NetworkAdapters"`
	PCIeDevices      link   `json:"PCIeDevices"`
	Drives           link   `json:"Drives"`
	Links            beside `json:"Links"`
	Status           status `json:"Status"`
}

// beside are the systems of a chassis, the chassis of a system, and the controllers
// that manage either.
type beside struct{ ComputerSystems, Chassis, ManagedBy list }

// collection is a page of a resource collection.
type collection struct {
	Members list   `json:"Members"`
	Next    link   `json:"Members@odata.nextLink"`
	Other   link   `json:"@odata.nextLink"` // Lenovo, Cisco
	Count   number `json:"Members@odata.count"`
}

// next is the address of the page that follows, empty at the end.
func (c collection) next() string { return cmp.Or(string(c.Next), string(c.Other)) }

// readChassis reads all chassis that may have fans. The error is not nil when
// the controller does not let us in; anything else becomes a gap.
func (p *poll) readChassis(ctx context.Context) error {
	if !recent(p.memory.Learned, p.now(), maxAge) {
		p.memory = memory{Session: p.memory.Session}
	}
	if p.memory.Learned.IsZero() {
		p.memory.Learned = p.now()
	}
	path := cmp.Or(string(p.root.Chassis), "/redfish/v1/Chassis")
	members, err := p.members(ctx, path)
	if err != nil {
		if err := p.shut(err); err != nil {
			return err
		}
		p.hidden(anyFan, "the chassis collection", err)
		for _, known := range p.memory.Fans {
			members = append(members, member{path: known})
		}
	} else if !slices.ContainsFunc(members, func(m member) bool { return m.path == p.memory.Identity }) {
		p.memory.Identity = ""
	}
	for _, m := range members {
		if untouchable(m.path) {
			p.server.LeftOut = append(p.server.LeftOut, bmc.LeftOut{What: "Chassis " + chassisID(m.path), Why: whyUntouchable})
			continue
		}
		if slices.ContainsFunc(p.chassis, func(c *chassis) bool { return trimSlash(c.path) == trimSlash(m.path) }) {
			continue
		}
		if c := p.chassisOf(ctx, m); c != nil {
			p.chassis = append(p.chassis, c)
		}
	}
	return nil
}

// shut is the error when the controller does not let us in at all, nil when it
// is about the resource.
func (p *poll) shut(err error) error {
	switch {
	case shutOut(err) && p.cred.Username == "":
		return &ConnectError{Address: p.base.Host, Err: err, What: "a user name and password are needed",
			Next: "give --auth-file, or for the host of -H NOOUT_USERNAME and NOOUT_PASSWORD"}
	case shutOut(err) || p.barred:
		return p.unreachable(err)
	}
	return nil
}

// whyUntouchable is the reason in words.
const whyUntouchable = "on iDRACs a request for the chassis of a RAID controller or of its shelf has restarted the controller"

// untouchable chassis are never asked for: on iDRACs a request for the chassis
// of a RAID controller has restarted the controller (check_redfish leaves them
// out for that reason). External shelves among them have fans, which are then
// not seen: each is said to be left out.
func untouchable(path string) bool {
	return strings.Contains(path, "RAID") || strings.Contains(path, "Enclosure.Internal")
}

// chassisOf makes a chassis of a member, and asks for it when it was not
// expanded. It is nil when it cannot be read or is known to be without fans.
func (p *poll) chassisOf(ctx context.Context, m member) *chassis {
	c := &chassis{path: m.path, id: chassisID(m.path)}
	if !full(m.body) && p.memory.Identity != c.path && slices.Contains(p.memory.Quiet, c.path) {
		return nil
	}
	if err := p.whole(ctx, m, &c.body); err != nil {
		if missing(err) {
			p.gone = append(p.gone, c.path)
		} else {
			p.hidden(c.id+"/", "Chassis "+c.id, err)
		}
		return nil
	}
	return c
}

// chassisID is the part of the path that tells chassis apart.
func chassisID(path string) string {
	path = trimSlash(path)
	if _, tail, ok := strings.Cut(path, "/Chassis/"); ok && tail != "" {
		return phrase.Clip(tail, maxName)
	}
	return phrase.Clip(path[strings.LastIndexByte(path, '/')+1:], maxName)
}

func trimSlash(path string) string { return strings.TrimRight(path, "/") }

// member is one member of a collection; body is nil when it is only a link.
type member struct {
	path string
	body json.RawMessage
}

// full says that a member came as a whole, and not as a link with little beside it.
func full(member json.RawMessage) bool {
	found := false
	fields(member, func(key string, value []byte) { found = found || key == "Id" && plain(value, 0) != "" })
	return found
}

// whole decodes a member, and asks for it first where it did not come as a whole.
func (p *poll) whole(ctx context.Context, m member, into any) error {
	if full(m.body) {
		return object(m.body, into)
	}
	_, err := p.read(ctx, m.path, into)
	return err
}

// members reads a collection, expanded where that is possible.
func (p *poll) members(ctx context.Context, path string) ([]member, error) {
	return p.list(ctx, path, maxMembers)
}

// list is members with another bound.
func (p *poll) list(ctx context.Context, path string, most int) ([]member, error) {
	if !p.root.expands() || slices.Contains(p.memory.Plain, path) {
		return p.upTo(ctx, path, most)
	}
	out, err := p.upTo(ctx, path+p.expansion(), most)
	if err == nil || missing(err) || shutOut(err) || ctx.Err() != nil || p.barred {
		return out, err
	}
	// One member that cannot be rendered fails the whole expansion.
	// Sensors are too many to be asked one by one because of one bad moment.
	if refused := (*StatusError)(nil); errors.As(err, &refused) && refused.Code != http.StatusServiceUnavailable && most == maxMembers {
		p.memory.Plain = append(p.memory.Plain, path)
	}
	return p.upTo(ctx, path, most)
}

// expansion is the query that asks for members as a whole.
func (p *poll) expansion() string {
	if p.root.Features.ExpandQuery.Levels.value {
		return "?$expand=.($levels=1)"
	}
	return "?$expand=."
}

// shutOut says that the controller does not let us read.
func shutOut(err error) bool {
	var e *StatusError
	return errors.As(err, &e) && (e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden)
}

var (
	errLoop   = errors.New("the list's next page is one that was read before")
	errMember = errors.New("a member of the list has no address")
	errPages  = errors.New("the list has more members or pages than are read")
)

// upTo reads a collection without expanding it, to its end or its bound. Members that
// come more than once are listed once.
func (p *poll) upTo(ctx context.Context, path string, most int) ([]member, error) {
	var out []member
	var bad error
	seen := map[string]bool{}
	for range max(maxPages, most/maxMembers) {
		var page collection
		seen[path] = true
		if _, err := p.read(ctx, path, &page); err != nil {
			return out, err
		}
		if page.Members.wrong || !page.Members.found {
			return out, errors.New("the answer has no list of members")
		}
		for _, item := range page.Members.items {
			var self link
			if json.Unmarshal(item, &self) != nil || self == "" {
				if string(item) != "null" {
					bad = errMember
				}
				continue
			}
			if len(out) == most {
				return out, errPages
			}
			known := "member " + trimSlash(string(self))
			if seen[known] {
				continue
			}
			seen[known] = true
			m := member{path: string(self)}
			if item[0] == '{' {
				m.body = item
			}
			out = append(out, m)
		}
		path = page.next()
		if path == "" {
			return out, bad
		}
		if seen[path] {
			return out, errLoop
		}
	}
	return out, errPages
}
