package redfish

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// kinds are what the entries of one log tell, in order.
func kinds(entries ...string) []string {
	r := &logRead{words: pollOf(hpe...).fanWords()}
	for _, e := range entries {
		r.take([]json.RawMessage{json.RawMessage(e)}, &logMemory{})
	}
	var out []string
	for _, e := range pollOf(hpe...).events(r, calendar{now: time.Now()}) {
		out = append(out, string(e.Kind))
	}
	return out
}

// TestEqualText takes an entry of the same text with Severity OK for the end of
// what it tells: always of Huawei, of others where the log has the beginning too.
func TestEqualText(t *testing.T) {
	entry := func(severity, more string) string {
		return fmt.Sprintf(`{"Message":"Fan 5 front failure or incorrect fan model.","Severity":%q%s}`, severity, more)
	}
	const huawei = `,"Oem":{"Huawei":{"Level":"Major"}}`
	tests := []struct {
		name    string
		entries []string
		want    []string
	}{
		{"Huawei", []string{entry("Warning", huawei), entry("OK", huawei)}, []string{"failed", "recovered"}},
		{"Huawei, the beginning is not in the log any more", []string{entry("OK", huawei)}, []string{"recovered"}},
		{"newest first", []string{entry("OK", ""), entry("Critical", "")}, []string{"recovered", "failed"}},
		{"all entries are OK", []string{entry("OK", ""), entry("OK", "")}, []string{"failed", "failed"}},
		{"HPE, a repaired entry", []string{entry("Critical", ""), entry("OK", `,"Oem":{"Hpe":{"Repaired":false}}`)}, []string{"failed", "failed"}},
		{"redundancy", []string{`{"Message":"Fan redundancy is lost.","Severity":"Critical"}`, `{"Message":"Fan redundancy is lost.","Severity":"OK"}`},
			[]string{"redundancy lost", "redundancy regained"}},
		{"a recovery stays one", []string{`{"Message":"Fan 5 restored.","Severity":"Critical"}`, `{"Message":"Fan 5 restored.","Severity":"OK"}`}, []string{"recovered", "recovered"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, kinds(test.entries...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// TestEqualTextBetweenPolls: an alarm began before the first poll and ended
// before the second; its stamps are EventTimestamps.
func TestEqualTextBetweenPolls(t *testing.T) {
	entry := func(id int, severity, more string) string {
		return fmt.Sprintf(`{"Id":"%d","Message":"FAN1 failure.","Severity":%q,"EventTimestamp":"2026-03-01T10:00:%02dZ"%s}`, id, severity, id, more)
	}
	for _, more := range []string{"", `,"Oem":{"Huawei":{"Level":"Major"}}`} {
		begins, ends := entry(1, "Critical", more), entry(12, "OK", more)
		var memory bmc.Memory
		for _, poll := range []struct{ entries, want string }{
			{begins, "failed 10:00:01"}, {begins + "," + ends, "failed 10:00:01, recovered 10:00:12"}, {ends + "," + begins, "recovered 10:00:12, failed 10:00:01"},
		} {
			server, err := pollPaths(t, map[string]string{
				"/redfish/v1/Systems":                            `{"Members":[{"@odata.id":"/redfish/v1/Systems/1"}]}`,
				"/redfish/v1/Systems/1":                          `{"Id":"1","PowerState":"On"}`,
				"/redfish/v1/Systems/1/LogServices":              `{"Members":[{"@odata.id":"/redfish/v1/Systems/1/LogServices/Log1"}]}`,
				"/redfish/v1/Systems/1/LogServices/Log1":         `{"Id":"Log1","Entries":{"@odata.id":"/redfish/v1/Systems/1/LogServices/Log1/Entries"}}`,
				"/redfish/v1/Systems/1/LogServices/Log1/Entries": `{"Members":[` + poll.entries + `]}`,
			}, bmc.Ask{Logs: true, Memory: memory})
			if err != nil || len(server.Logs) != 1 {
				t.Fatal(err, server.Gaps)
			}
			var got []string
			for _, e := range server.Logs[0].Events {
				got = append(got, string(e.Kind)+e.Time.Format(" 15:04:05"))
			}
			if s := strings.Join(got, ", "); s != poll.want {
				t.Errorf("%s, expected %s", s, poll.want)
			}
			memory = server.Memory
		}
	}
}

// TestStampOf dates an entry by EventTimestamp where Created has no date, and
// counts those that have neither.
func TestStampOf(t *testing.T) {
	r := &logRead{words: pollOf(hpe...).fanWords()}
	for i, stamps := range []string{
		`"EventTimestamp":"2026-03-01T10:00:00Z"`, `"Created":"0000-00-00T00:00:00Z","EventTimestamp":"2026-03-01T10:00:00+01:00"`,
		`"Created":"2026-03-01T10:00:00Z","EventTimestamp":"2020-01-01T00:00:00Z"`, `"Created":"Pre-Init"`, `"Name":"x"`,
	} {
		r.take([]json.RawMessage{json.RawMessage(fmt.Sprintf(`{"Id":"%d","Message":"Fan 5 failed",%s}`, i, stamps))}, &logMemory{})
	}
	log := bmc.Log{Events: pollOf(hpe...).events(r, calendar{now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)})}
	var got []string
	for _, e := range log.Events {
		got = append(got, e.Time.Format("2006-01-02 15"))
	}
	want := []string{"2026-03-01 10", "2026-03-01 09", "2026-03-01 10", "0001-01-01 00", "0001-01-01 00"}
	if diff := cmp.Diff(want, got); diff != "" || log.Undated() != 2 {
		t.Errorf("%s, %d undated", diff, log.Undated())
	}
}

// TestZone takes stamps without a zone as the controller's own time, asks for
// that only where there are such stamps, and not again within the hour.
func TestZone(t *testing.T) {
	tests := []struct{ manager, stamp, want string }{
		{`"DateTimeLocalOffset":"+02:00"`, "2026-03-01 12:00:00 ", "2026-03-01T10:00:00Z"},
		{`"DateTime":"2026-03-01T12:00:00-05:00"`, "2026-03-01 12:00:00", "2026-03-01T17:00:00Z"},
		{`"DateTime":"@LOCAL@"`, "2026-03-01T12:00:00", "2026-03-01T09:00:00Z"},
		{`"DateTime":"nonsense"`, "2026-03-01 12:00:00", "2026-03-01T12:00:00Z"},
		{`"DateTimeLocalOffset":"+02:00"`, "2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"},
	}
	for _, test := range tests {
		paths := map[string]string{
			"/redfish/v1/":                                   `{"Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Managers":{"@odata.id":"/redfish/v1/Managers"}}`,
			"/redfish/v1/Chassis":                            `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]}`,
			"/redfish/v1/Chassis/1":                          `{"Id":"1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"}}`,
			"/redfish/v1/Chassis/1/Thermal":                  `{"Fans":[{"MemberId":"0","Name":"FAN1","Reading":2000,"Status":{"Health":"OK","State":"Enabled"}}]}`,
			"/redfish/v1/Managers":                           `{"Members":[{"@odata.id":"/redfish/v1/Managers/1"}]}`,
			"/redfish/v1/Managers/1":                         `{"Id":"1",` + test.manager + `}`,
			"/redfish/v1/Managers/1/LogServices":             `{"Members":[{"@odata.id":"/redfish/v1/Managers/1/LogServices/SEL"}]}`,
			"/redfish/v1/Managers/1/LogServices/SEL":         `{"Id":"SEL","Entries":{"@odata.id":"/redfish/v1/Managers/1/LogServices/SEL/Entries"}}`,
			"/redfish/v1/Managers/1/LogServices/SEL/Entries": `{"Members":[{"Id":"1","Message":"FAN1 failed","Created":"` + test.stamp + `"}]}`,
		}
		asked := 0
		_, source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, found := paths[r.URL.Path]
			if !found {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			if r.URL.Path == "/redfish/v1/Managers/1" {
				asked++
				body = strings.Replace(body, "@LOCAL@", time.Now().UTC().Add(3*time.Hour).Format("2006-01-02T15:04:05"), 1)
			}
			write(w, body)
		}))
		server := mustPoll(t, source, bmc.Ask{Logs: true})
		again := mustPoll(t, source, bmc.Ask{Logs: true, Memory: server.Memory})
		for _, s := range []bmc.Server{server, again} {
			if len(s.Logs) != 1 || len(s.Logs[0].Events) != 1 || s.Logs[0].Events[0].Time.Format(time.RFC3339) != test.want {
				t.Errorf("%s with %s: %+v, expected %s", test.stamp, test.manager, s.Logs, test.want)
			}
		}
		if want := map[bool]int{true: 1, false: 0}[withoutZone(test.stamp)]; asked != want {
			t.Errorf("%s with %s: the manager was asked %d times, expected %d", test.stamp, test.manager, asked, want)
		}
	}
}

// TestDeniedRecovery: words of recovery do not end a drop-out where the text
// denies them.
func TestDeniedRecovery(t *testing.T) {
	for text, want := range map[string]string{
		"Fan 5: Transition to Non-recoverable from less severe":            "failed",
		"Fan 5: Transition to Non-recoverable from less severe deasserted": "recovered",
		"Fan 5: Transition to Critical from less severe":                   "failed",
		"Fan 5: Transition to OK":                                          "recovered",
		"Fan 5 failed, transition to standby fan":                          "failed",
		"Fan 5 non-recoverable":                                            "failed",
		"Fan 5 has failed. Repair or replace the fan.":                     "failed",
		"Fan 5 failed to recover":                                          "failed",
		"Fan 5 is not within normal operating range":                       "failed",
		"Fan 5 is no longer operating normally":                            "failed",
		"Fan 5 is inoperable":                                              "failed",
		"Fan 5 has been repaired":                                          "recovered",
		"Fan 5 has recovered from a failure":                               "recovered",
		"Fan 5 is operating normally":                                      "recovered",
	} {
		if got := kinds(fmt.Sprintf(`{"Message":%q}`, text)); !cmp.Equal(got, []string{want}) {
			t.Errorf("%s: %v, expected %s", text, got, want)
		}
	}
}
