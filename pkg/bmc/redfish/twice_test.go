package redfish

import (
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// TestToldTwice: an enclosure lists the fans of its controllers without anything
// about them (Cisco UCS X9508): they are told once, with their readings. A fan
// that only the enclosure lists stays.
func TestToldTwice(t *testing.T) {
	chassis := func(id string) string {
		return `{"Id":"` + id + `","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/` + id + `/Thermal"}}`
	}
	const blank = `"Status":{"State":"Enabled"}`
	server, err := pollPaths(t, map[string]string{
		"/redfish/v1/Chassis":           `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"},{"@odata.id":"/redfish/v1/Chassis/IFM-1"}]}`,
		"/redfish/v1/Chassis/1":         chassis("1"),
		"/redfish/v1/Chassis/1/Thermal": `{"Fans":[{"Name":"Fan Module 1 Fan 1",` + blank + `},{"Name":"Fan Module 1 Fan 2",` + blank + `},{"Name":"Fan Module 9 Fan 1",` + blank + `}]}`,
		"/redfish/v1/Chassis/IFM-1":     chassis("IFM-1"),
		"/redfish/v1/Chassis/IFM-1/Thermal": `{"Fans":[{"Name":"Fan Module 1 Fan 1","Reading":9600,"Status":{"State":"Enabled","Health":"OK"}},
			{"Name":"Fan Module 1 Fan 2","Reading":0,"Status":{"State":"Enabled","Health":"Critical"}}]}`,
	}, bmc.Ask{})
	if err != nil || len(server.Gaps) > 0 {
		t.Fatal(err, server.Gaps)
	}
	var got []string
	for _, f := range server.Fans {
		reading := " -"
		if f.Reading != nil {
			reading = " measured"
		}
		got = append(got, f.ID+reading)
	}
	want := "1/Fan Module 9 Fan 1 -, IFM-1/Fan Module 1 Fan 1 measured, IFM-1/Fan Module 1 Fan 2 measured"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("%s, expected %s", s, want)
	}
}
