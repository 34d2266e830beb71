package redfish

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// corpus is where recorded trees are, when they are there.
const corpus = "../../../../../shared/corpus/redfish"

// recorded are the trees that a vendor's shape is compared with.
var recorded = map[Vendor][]string{
	Dell:       {"dell-r750-idrac9-6.00", "dell-16fan-idrac9-telegraf", "derived-dell-sel-fan-flapping"},
	Dell8:      {"dell-idrac8-2.86-issue-excerpts", "dell-16fan-idrac9-telegraf"},
	HPE:        {"hpe-dl325g10plus-ilo5-2.46"},
	HPE7:       {"hpe-ilo7-thermalsubsystem-only-telegraf", "hpe-dl380a-gen11-ilo6-1.66", "hpe-dl325g10plus-ilo5-2.46"},
	Lenovo:     {"lenovo-sr670v2-xcc-2.83"},
	Supermicro: {"supermicro-x11-gofish", "supermicro-x10-119-fans-absent"},
	OpenBMC:    {"openbmc-stock-off"},
	AMI:        {"nvidia-dgx-h100-ami"},
	Cisco:      {"cisco-nofans-linuxfabrik"},
	Intel:      {"intel-s2600bpb-bmc"},
	GB200:      {"nvidia-dgx-h100-ami", "nvidia-bluefield-dpu"},
}

// extra are fields that a shape serves although the trees do not have them.
var extra = []struct {
	vendor Vendor // "" is all
	fields string // pattern of "Kind field.field[].field"
	reason string
}{
	{"", `^LogService(Collection)? |^LogEntry(Collection)? `,
		"logs were left out of the trees; their fields are checked by TestLogEntries"},
	{Dell8, `^ComputerSystem (UUID|SerialNumber)|^Manager DateTime`, "the tree around the fans is not recorded, see its SOURCE"},
	{Cisco, `^(Manager|ComputerSystem|Chassis) `, "the tree around the fans is not recorded, see its SOURCE"},
	{Cisco, `^Thermal Fans`, "recorded from a server whose Thermal has no fans; the fields are the required ones of the schema"},
	{OpenBMC, `^Thermal Fans`, "recorded while the host was off; the fields are those that bmcweb writes, as Intel's tree shows them"},
	{Lenovo, `^Sensor `, "the members of the collection were left out of the tree"},
	{GB200, `^Sensor ReadingUnits`, "no GB200 was recorded in full; the DGX's sensors have no unit, the GB200's do"},
	{Supermicro, `^ServiceRoot (UUID|ProtocolFeaturesSupported)|^Manager LogServices`,
		"the recorded boards are older; the X13 has $expand and a log of its BMC"},
}

func TestFieldsAreThoseOfRecordedTrees(t *testing.T) {
	if _, err := os.Stat(corpus); err != nil {
		t.Skipf("recorded trees are not here: %v", err)
	}
	used := map[int]bool{}
	for _, v := range Vendors() {
		t.Run(string(v), func(t *testing.T) {
			real := types{}
			for _, name := range recorded[v] {
				real.readTree(t, filepath.Join(corpus, name))
			}
			for field, kinds := range served(t, v) {
				want := slices.Sorted(maps.Keys(real[field]))
				if allowed := allowance(v, field); want == nil && allowed >= 0 {
					used[allowed] = true
					continue
				}
				// A null says no type, whichever side it is on.
				for kind := range kinds {
					if want == nil || kind != "null" && !slices.Contains(want, kind) && !slices.Equal(want, []string{"null"}) {
						t.Errorf("%s is of type %s here, recorded are %q", field, kind, want)
					}
				}
			}
		})
	}
	for i, e := range extra {
		if !used[i] {
			t.Errorf("nobody needs the allowance %s %s", e.vendor, e.fields)
		}
	}
}

func allowance(v Vendor, field string) int {
	return slices.IndexFunc(extra, func(e struct {
		vendor         Vendor
		fields, reason string
	}) bool {
		return (e.vendor == "" || e.vendor == v) && regexp.MustCompile(e.fields).MatchString(field)
	})
}

// served is what a shape says in all situations.
func served(t *testing.T, v Vendor) types {
	t.Helper()
	all := types{}
	for _, action := range []string{"write", "power?state=off", "drop?fan=1", "drop?fan=1&shape=absent", "drop?fan=1&shape=mute"} {
		s, _ := service(t, v, action)
		for _, p := range s.Paths() {
			o, refused := s.Get(p, nil)
			if refused != nil {
				t.Fatalf("%s: %+v", p, refused)
			}
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			all.read(t, p, text)
		}
	}
	return all
}

// service is a vendor's server to which something happened.
func service(t *testing.T, v Vendor, actions ...string) (*Service, *world.Clock) {
	t.Helper()
	p, err := For(v)
	if err != nil {
		t.Fatal(err)
	}
	clock := world.Still(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	p.World.Clock = clock
	w := world.New(p.World)
	for _, text := range actions {
		a, err := world.Parse(text)
		if err == nil {
			err = w.Do(a)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return New(p, w), clock
}

// types are the JSON types of fields: "Thermal Fans[].Reading" is a number.
type types map[string]map[string]bool

func (ts types) readTree(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != "index.json" {
			return err
		}
		text, err := os.ReadFile(name)
		if err == nil {
			ts.read(t, name, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (ts types) read(t *testing.T, name string, text []byte) {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	ts.add("", o)
}

var version = regexp.MustCompile(`^#(\w+)\.`)

func (ts types) add(where string, v any) {
	switch v := v.(type) {
	case map[string]any:
		// A resource within another is told apart by its own type.
		kind, _ := v["@odata.type"].(string)
		if m := version.FindStringSubmatch(kind); m != nil && (where == "" || m[1] == "LogEntry") {
			where = m[1]
		}
		if where == "" {
			return // an error body, or the list of versions
		}
		for key, inner := range v {
			at := where + "." + key
			if !strings.Contains(where, " ") && !strings.Contains(where, ".") {
				at = where + " " + key
			}
			ts.note(at, inner)
			ts.add(at, inner)
		}
	case []any:
		for _, inner := range v {
			ts.note(where+"[]", inner)
			ts.add(where+"[]", inner)
		}
	}
}

func (ts types) note(at string, v any) {
	if ts[at] == nil {
		ts[at] = map[string]bool{}
	}
	kind := fmt.Sprintf("%T", v)
	switch v.(type) {
	case nil:
		kind = "null"
	case map[string]any:
		kind = "object"
	case []any:
		kind = "array"
	}
	ts[at][kind] = true
}
