package redfish

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// TestOtherWayForAMoment: a controller that starts lists its fans in one place
// and not yet in the other, where they have other ids and their thresholds. What
// it did for a moment is not learned for a day; what it does from then on is.
func TestOtherWayForAMoment(t *testing.T) {
	full := `{"Fans":[{"MemberId":"a","Reading":2000,"LowerThresholdCritical":500},{"MemberId":"b","Reading":2000,"LowerThresholdCritical":500}]}`
	paths := map[string]string{
		"/redfish/v1/":                                  `{"Chassis":{"@odata.id":"/redfish/v1/Chassis"}}`,
		"/redfish/v1/Chassis":                           `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]}`,
		"/redfish/v1/Chassis/1":                         `{"Id":"1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},"ThermalSubsystem":{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem"}}`,
		"/redfish/v1/Chassis/1/ThermalSubsystem":        `{"Fans":{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/Fans"}}`,
		"/redfish/v1/Chassis/1/ThermalSubsystem/Fans":   `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/Fans/0"}]}`,
		"/redfish/v1/Chassis/1/ThermalSubsystem/Fans/0": `{"@odata.id":"/redfish/v1/Chassis/1/ThermalSubsystem/Fans/0","Id":"0","Name":"Fan module","SpeedPercent":{"Reading":40}}`,
		"/redfish/v1/Chassis/1/Thermal":                 full,
	}
	_, source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := paths[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		write(w, body)
	}))
	now := time.Now()
	source.now = func() time.Time { return now }
	var memory bmc.Memory
	step := func(name string, want ...string) {
		t.Helper()
		server := mustPoll(t, source, bmc.Ask{Memory: memory, Known: []string{"1/a", "1/b"}})
		memory = server.Memory
		if !slices.Equal(ids(server), want) {
			t.Errorf("%s: fans %v, expected %v\n%s", name, ids(server), want, strings.Join(server.Evidence, "\n"))
		}
		now = now.Add(5 * time.Minute)
	}
	step("first", "1/a", "1/b")
	paths["/redfish/v1/Chassis/1/Thermal"] = `{"Fans":[]}`
	step("starting", "1/0")
	step("still starting", "1/0")
	paths["/redfish/v1/Chassis/1/Thermal"] = full
	step("started", "1/a", "1/b")
	delete(paths, "/redfish/v1/Chassis/1/Thermal")
	step("after an update", "1/0")
	now = now.Add(maxAge)
	step("a day after the update", "1/0")
	if way := recall(memory).Way; way != bySubsystem {
		t.Errorf("a day after the update the way is %q", way)
	}
}

// TestManySystems: of an enclosure with more systems than are asked, not all
// are known to be off.
func TestManySystems(t *testing.T) {
	for systems, want := range map[int]bmc.Power{1: bmc.PowerOff, maxSystems: bmc.PowerOff, maxSystems + 1: bmc.PowerUnknown} {
		var links []string
		for i := range systems {
			links = append(links, fmt.Sprintf(`{"@odata.id":"/redfish/v1/Systems/%d"}`, i))
		}
		list := "[" + strings.Join(links, ",") + "]"
		chassis := map[string]string{
			"of the chassis":    `{"Id":"1","PowerState":"Off","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},"Links":{"ComputerSystems":` + list + `}}`,
			"of the controller": `{"Id":"1","PowerState":"Off","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"}}`,
		}
		for whose, body := range chassis {
			_, source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch path := r.URL.Path; {
				case path == "/redfish/v1/":
					write(w, `{"Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Systems":{"@odata.id":"/redfish/v1/Systems"}}`)
				case path == "/redfish/v1/Chassis":
					write(w, `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]}`)
				case path == "/redfish/v1/Chassis/1":
					write(w, body)
				case path == "/redfish/v1/Chassis/1/Thermal":
					write(w, `{"Fans":[{"MemberId":"a","Reading":0}]}`)
				case path == "/redfish/v1/Systems":
					write(w, `{"Members":`+list+`}`)
				case path == fmt.Sprintf("/redfish/v1/Systems/%d", maxSystems):
					write(w, `{"PowerState":"On"}`)
				default:
					write(w, `{"PowerState":"Off"}`)
				}
			}))
			if got := mustPoll(t, source, bmc.Ask{}).Power; got != want {
				t.Errorf("%d systems %s: power %q, expected %q", systems, whose, got, want)
			}
		}
	}
}
