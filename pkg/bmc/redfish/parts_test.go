package redfish

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/hardware"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
	"github.com/noout-monitoring/noout/test/sim/machine"
)

// stocked is a simulated controller of a vendor that shows what its server is
// made of.
func stocked(t *testing.T, vendor sim.Vendor) (*sim.Sim, *Source) {
	t.Helper()
	s := sim.Start(t, sim.Server{Vendor: vendor, Clock: world.Still(noon), Machine: machine.Lab(3)})
	return s, ours(t, s, sim.Password)
}

func mustParts(t *testing.T, s *Source) hardware.Inventory {
	t.Helper()
	v, _, err := s.Parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// lists are the lists of an inventory in short: kind, how many, or why not.
func lists(v hardware.Inventory) string {
	var out []string
	for _, l := range v.Lists {
		text := fmt.Sprintf("%d %s", len(l.Parts), strings.TrimSpace(string(l.Kind)+" "+l.Of))
		if l.Untold != "" {
			text += " (" + l.Untold + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// TestParts: each part that somebody pulls, cuts off or breaks is found on every
// kind of controller, and nothing else is told.
func TestParts(t *testing.T) {
	for _, vendor := range vendors {
		t.Run(string(vendor), func(t *testing.T) {
			s, source := stocked(t, vendor)
			s.Forget()
			before := mustParts(t, source)
			if n := s.Stats().Count; n > partsRequests {
				t.Errorf("%d requests", n)
			}
			t.Logf("%d requests: %s %s", s.Stats().Count, before.Machine, lists(before))
			for _, part := range []string{"psu1", "psu2", "dimm1", "dimm4", "cpu2", "disk2", "nic1", "nic3", "card1"} {
				for _, is := range []string{"gone", "bad", "off"} {
					told := strings.HasPrefix(part, "nic") && is == "gone"
					if told || strings.HasPrefix(part, "nic") && is == "bad" || strings.HasPrefix(part, "card") && is == "off" {
						continue // the interface of a card that is gone is the node's to tell
					}
					must(t, s.Do("hardware?part="+part+"&is="+is))
					d := hardware.Compare(before, mustParts(t, source))
					must(t, s.Do("hardware?part="+part+"&is=works"))
					if list, _ := before.List(hardware.Redfish, partKinds[part[:3]]); list.Untold != "" || len(list.Parts) == 0 {
						continue // this controller does not tell of it, before or after
					}
					d.Changes = slices.DeleteFunc(d.Changes, func(c hardware.Change) bool { return c.Verdict == hardware.Unknown }) // a request less made room
					if len(d.Changes) != 1 || d.Changes[0].Verdict != hardware.Missing && d.Changes[0].Verdict != hardware.Worse {
						t.Errorf("%s is %s: %v", part, is, d.Changes)
					}
				}
			}
			for _, how := range []string{"part=order&is=reversed", "part=order&is=usual"} {
				must(t, s.Do("hardware?"+how))
				if d := hardware.Compare(before, mustParts(t, source)); len(d.Changes) > 0 {
					t.Errorf("%s: %v", how, d.Changes)
				}
			}
			must(t, s.Do("hardware?part=inventory&is=empty"))
			if d := hardware.Compare(before, mustParts(t, source)); len(d.Changes) == 0 || len(d.Of(hardware.NotCompared)) != len(d.Changes) {
				t.Errorf("an empty inventory: %v", d.Changes)
			}
		})
	}
}

var partKinds = map[string]hardware.Kind{"psu": hardware.Supply, "dim": hardware.Module, "cpu": hardware.Processor, "dis": hardware.Disk, "nic": hardware.Port, "car": hardware.Card}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestPartsOfTrees reads every recorded tree: what it can tell, in how many
// requests, and the same twice.
func TestPartsOfTrees(t *testing.T) {
	for _, dir := range trees(t) {
		for _, expand := range []bool{false, true} {
			tree := &tree{dir: dir, expand: expand}
			_, source := serve(t, tree)
			start := time.Now()
			before, _, err := source.Parts(t.Context())
			took := time.Since(start)
			n := len(tree.requests)
			t.Logf("%s expand=%v: %d requests, %d ms: %s %v", nameOf(dir), expand, n, took.Milliseconds(), lists(before), err)
			if n > partsRequests {
				t.Errorf("%s: %d requests", nameOf(dir), n)
			}
			for _, r := range tree.requests {
				if strings.Contains(r, "RAID") || strings.Contains(r, "Enclosure.Internal") {
					t.Errorf("%s: %s", nameOf(dir), r)
				}
			}
			after, _, _ := source.Parts(t.Context())
			if d := hardware.Compare(before, after); len(d.Of(hardware.Missing, hardware.Worse, hardware.New, hardware.Replaced, hardware.Moved)) > 0 {
				t.Errorf("%s twice: %v", nameOf(dir), d.Changes)
			}
		}
	}
}

// refusing answers one request with a status.
type refusing struct {
	http.Handler
	uri  string
	code int
}

func (r *refusing) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.RequestURI == r.uri {
		w.WriteHeader(r.code)
		return
	}
	r.Handler.ServeHTTP(w, q)
}

// TestPartsRefused has every request about every recorded tree refused, one by
// one: nothing is called missing, for it was only not told.
func TestPartsRefused(t *testing.T) {
	for _, dir := range trees(t) {
		if strings.HasPrefix(nameOf(dir), "derived") {
			continue
		}
		whole := &tree{dir: dir, expand: true}
		_, source := serve(t, whole)
		before, _, err := source.Parts(t.Context())
		if err != nil {
			t.Logf("%s: %v", nameOf(dir), err)
			continue
		}
		for _, request := range whole.requests {
			for _, code := range []int{http.StatusNotFound, http.StatusServiceUnavailable} {
				hole := &refusing{&tree{dir: dir, expand: true}, strings.TrimPrefix(request, "GET "), code}
				_, again := serve(t, hole)
				after, _, err := again.Parts(t.Context())
				if gone := hardware.Compare(before, after).Of(hardware.Missing, hardware.Worse); err == nil && len(gone) > 0 {
					t.Errorf("%s, %d for %s: %v", nameOf(dir), code, hole.uri, gone)
				}
			}
		}
	}
}

// odd answers what it likes for one path.
type odd struct {
	inner      http.RoundTripper
	path, body string
}

func (o odd) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != o.path {
		return o.inner.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(o.body)), Request: r, ContentLength: -1}, nil
}

// TestPartsHostile: a controller that answers odd things tells less, and nothing
// is missing for it.
func TestPartsHostile(t *testing.T) {
	for _, body := range []string{`{}`, `[]`, `null`, `{"Members":5}`, `{"Members":[null,{}]}`, `<html>`, `{"error":{}}`, `{"PowerSupplies":[5,null,{"Status":7}]}`} {
		for _, path := range []string{"/Systems/1/Memory", "/Systems/1/Processors", "/Chassis/1/Power", "/Chassis/1/NetworkAdapters", "/Systems/1/Storage", "/Chassis/1/PCIeDevices"} {
			_, source := stocked(t, sim.Supermicro)
			before := mustParts(t, source)
			source.http.Transport = odd{source.http.Transport, "/redfish/v1" + path, body}
			d := hardware.Compare(before, mustParts(t, source))
			if len(d.Of(hardware.Missing, hardware.Worse, hardware.New)) > 0 || len(d.Of(hardware.NotCompared)) == 0 {
				t.Errorf("%s at %s: %v", body, path, d.Changes)
			}
		}
	}
}

// twoSystems is a controller with a server and a board beside it, each with its
// own memory.
func twoSystems(without string) http.Handler {
	paths := map[string]string{
		"/redfish/v1/":        `{"Systems":{"@odata.id":"/redfish/v1/Systems"}}`,
		"/redfish/v1/Systems": `{"Members":[{"@odata.id":"/redfish/v1/Systems/A"},{"@odata.id":"/redfish/v1/Systems/B"}]}`,
	}
	for _, id := range []string{"A", "B"} {
		system := "/redfish/v1/Systems/" + id
		paths[system] = `{"Id":"` + id + `","SerialNumber":"S` + id + `","Memory":{"@odata.id":"` + system + `/Memory"}}`
		paths[system+"/Memory"] = `{"Members":[{"@odata.id":"` + system + `/Memory/1","Id":"1","SerialNumber":"M` + id + `","CapacityMiB":1024,"Status":{"State":"Enabled"}}]}`
	}
	if without != "" {
		paths["/redfish/v1/Systems/"+without] = `not JSON`
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, ok := paths[r.URL.Path]; ok {
			write(w, body)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	})
}

// TestPartsOfSystems: a system that cannot be read hides its own parts and no
// other's.
func TestPartsOfSystems(t *testing.T) {
	_, source := serve(t, twoSystems(""))
	before := mustParts(t, source)
	for _, broken := range []string{"A", "B"} {
		_, source := serve(t, twoSystems(broken))
		d := hardware.Compare(before, mustParts(t, source))
		if len(d.Changes) != 1 || len(d.Of(hardware.NotCompared)) != 1 || d.Changes[0].Was.Serial != "M"+broken || d.Same[hardware.Module] != 1 {
			t.Errorf("without %s: %v", broken, d.Changes)
		}
	}
}

func TestSupplyWords(t *testing.T) {
	for body, want := range map[string]hardware.State{
		`{"Status":{"State":"Enabled","Health":"OK"},"LineInputVoltage":230}`:      hardware.Good,
		`{"Status":{"State":"StandbyOffline","Health":"OK"}}`:                      hardware.Good,
		`{"Status":{"State":"StandbySpare","Health":"OK"}}`:                        hardware.Good,
		`{"Status":{"State":"Enabled","Health":"OK"},"LineInputVoltage":0}`:        hardware.Off,
		`{"Status":{"State":"Enabled"},"LineStatus":"LossOfInput"}`:                hardware.Off,
		`{"Status":{"State":"UnavailableOffline","Health":"Critical"}}`:            hardware.Off,
		`{"Status":{"State":"Absent"},"LineInputVoltage":0}`:                       hardware.Absent,
		`{"Status":{"State":"Enabled","Health":"Critical"},"LineInputVoltage":12}`: hardware.Failed,
		`{"Status":"Critical"}`:                 hardware.Failed,
		`{"Status":null}`:                       hardware.Untold,
		`{"Status":{"HealthRollup":"Warning"}}`: hardware.Degraded,
	} {
		if got := powerSupply("1", []byte(body)); got.State != want {
			t.Errorf("%s: %s, want %s", body, got.State, want)
		}
	}
}
