// Package redfish shows a [world.World] as the Redfish resources that a vendor
// would serve: its paths, ids, names, fields, log entries and oddities. It
// answers queries on resources and knows nothing of HTTP.
//
// Each vendor serves a small part of what the real one does, but nothing that
// the real one does not: a test compares with recorded trees.
package redfish

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/machine"
)

// Vendor names a shape.
type Vendor string

// Vendors.
const (
	Dell       Vendor = "dell"       // PowerEdge, iDRAC9
	Dell8      Vendor = "dell8"      // PowerEdge, iDRAC8
	HPE        Vendor = "hpe"        // ProLiant, iLO 5
	HPE7       Vendor = "hpe7"       // ProLiant, iLO 7
	Lenovo     Vendor = "lenovo"     // ThinkSystem, XCC
	Supermicro Vendor = "supermicro" // X11 to X13
	OpenBMC    Vendor = "openbmc"    // bmcweb without query parameters
	AMI        Vendor = "ami"        // MegaRAC
	Cisco      Vendor = "cisco"      // UCS C, CIMC
	Intel      Vendor = "intel"      // S2600
	GB200      Vendor = "gb200"      // NVIDIA GB200: fans only as sensors
)

// Vendors lists the shapes.
func Vendors() []Vendor { return slices.Sorted(maps.Keys(profiles)) }

// Profile is what distinguishes a vendor.
type Profile struct {
	// World is a server of this vendor: its fans, thresholds and habits.
	World world.Config
	// Expand is the depth of $expand; 0 means that there is none.
	Expand int
	// Page is how many entries of a log come in one answer; 0 means all.
	Page int
	// Skip says that $skip and $top are understood.
	Skip bool
	// Refuse says that a query parameter which is not understood is an error;
	// otherwise it is ignored.
	Refuse bool
	// Sessions is the path of the sessions, and Timeout what the service says
	// about their idle time, in Seconds of that many (some count minutes).
	Sessions string
	Timeout  int
	Unit     time.Duration
	// Absolute says that the Location of a new session is a whole URL.
	Absolute bool
	// Machine is what the server is made of; nil: nothing but fans is shown.
	Machine *machine.Machine
	// Full is the answer when no session is left.
	Full Refusal

	vendor    Vendor
	resources func(*scene) tree
}

// Refusal is an answer that is not the resource asked for.
type Refusal struct {
	Status    int
	MessageID string
	Message   string
}

// profiles are the vendors that there are.
var profiles = map[Vendor]func() Profile{
	Dell: dell, Dell8: dell8, HPE: hpe, HPE7: hpe7, Lenovo: lenovo, Supermicro: supermicro, OpenBMC: openBMC,
	AMI: ami, Cisco: cisco, Intel: intel, GB200: gb200,
}

// For returns the profile of a vendor.
func For(v Vendor) (Profile, error) {
	if make, ok := profiles[v]; ok {
		p := make()
		p.vendor = v
		return p, nil
	}
	if d, ok := dialects[v]; ok {
		return d.profile(), nil
	}
	return Profile{}, fmt.Errorf("no vendor is called %q: there are %q and the dialects %q", v, Vendors(), Dialects())
}

// sessionsFull is what most vendors answer.
var sessionsFull = Refusal{503, "Base.1.8.SessionLimitExceeded",
	"The session establishment failed due to the number of simultaneous sessions exceeding the limit of the implementation."}

// obj is a JSON object and arr an array.
type (
	obj = map[string]any
	arr = []any
)

// tree is what a service serves: a resource is made when it is asked for.
type tree map[string]func() obj

// scene is what the resources of one answer are made from.
type scene struct {
	world.Snapshot
	log     func() []world.Record
	history func() []world.Record
}

// stamp writes a time of the controller's clock in its zone.
func (s *scene) stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05-07:00") }

// zulu writes it as those do that know no zones.
func zulu(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// base is the last part of a path.
func base(p string) string { return path.Base(p) }

func ref(path string) obj { return obj{"@odata.id": path} }

func refs(paths ...string) arr {
	out := make(arr, 0, len(paths))
	for _, p := range paths {
		out = append(out, ref(p))
	}
	return out
}

// merged is a copy of both; what b says counts.
func merged(a, b obj) obj {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// spaced is an id as a name.
func spaced(id string) string { return strings.ReplaceAll(id, "_", " ") }

// compareIDs compares entries by the text of their ids.
func compareIDs(a, b obj) int { return strings.Compare(a["Id"].(string), b["Id"].(string)) }

// status is the Status of a fan: without a Health there is none.
func status(v world.View) obj {
	s := obj{"State": v.State}
	if v.Health != "" {
		s["Health"] = string(v.Health)
	}
	return s
}

func well() obj { return obj{"Health": "OK", "State": "Enabled"} }

// reading is a number or null.
func reading(v world.View) any {
	if v.Reading == nil {
		return nil
	}
	return *v.Reading
}

// limit is a threshold, or null where the fan has none.
func limit(f float64) any {
	if f == 0 {
		return nil
	}
	return f
}

// collection makes a collection of references or of whole members.
func (t tree) collection(path, kind, name string, members arr) {
	t[path] = func() obj {
		return obj{
			"@odata.id": path, "@odata.type": "#" + kind + "." + kind, "Name": name,
			"Members": members, "Members@odata.count": len(members),
		}
	}
}

// resource adds one resource; extra adds fields to it or changes them.
func (t tree) resource(path, kind, id string, fields obj) {
	t[path] = func() obj {
		o := obj{"@odata.id": path, "@odata.type": kind, "Id": id}
		maps.Copy(o, fields)
		return o
	}
}

// entries adds a log's collection, whose members come whole, and each member.
func (t tree) entries(path, name string, make func() arr) {
	t[path] = func() obj {
		members := make()
		return obj{
			"@odata.id": path, "@odata.type": "#LogEntryCollection.LogEntryCollection", "Name": name,
			"Members": members, "Members@odata.count": len(members),
		}
	}
}
