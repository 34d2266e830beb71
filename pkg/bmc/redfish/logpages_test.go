package redfish

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// logServer is a controller with one fan and a log that comes in pages.
type logServer struct {
	entries  []int // numbers of the entries in the order of the list
	page     int   // entries a page, 0 for all
	links    bool  // entries come as links
	loop     bool  // the last page leads to the first
	noDate   bool
	service  string // the LogService resource
	services string // the members of LogServices
	moved    bool
	requests []string
}

const (
	logPath = "/redfish/v1/Systems/1/LogServices/SEL"
	newPath = "/redfish/v1/Systems/1/LogServices/EventLog"
)

func (s *logServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests = append(s.requests, r.URL.RequestURI())
	if s.noDate {
		w.Header()["Date"] = nil
	}
	where := logPath
	if s.moved {
		where = newPath
	}
	switch path := r.URL.Path; path {
	case "/redfish/v1/":
		write(w, `{"Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Managers":{"@odata.id":"/redfish/v1/Managers"}}`)
	case "/redfish/v1/Chassis":
		write(w, `{"Members":[{"@odata.id":"/redfish/v1/Chassis/1"}]}`)
	case "/redfish/v1/Chassis/1":
		write(w, `{"Id":"1","SerialNumber":"S1","PowerState":"On","Thermal":{"@odata.id":"/redfish/v1/Chassis/1/Thermal"},
			"Links":{"ComputerSystems":[{"@odata.id":"/redfish/v1/Systems/1"}],"ManagedBy":[{"@odata.id":"/redfish/v1/Managers/1"}]}}`)
	case "/redfish/v1/Chassis/1/Thermal":
		write(w, `{"Fans":[{"MemberId":"0","Name":"FAN1","SensorNumber":65,"Reading":3000,"Status":{"Health":"OK","State":"Enabled"}}]}`)
	case "/redfish/v1/Managers/1":
		write(w, `{"DateTime":"`+time.Now().Add(3*time.Hour).UTC().Format(time.RFC3339)+`"}`)
	case "/redfish/v1/Systems/1/LogServices":
		if s.services == "" {
			s.services = `{"@odata.id":"/redfish/v1/Systems/1/LogServices/HostLogger"},{"@odata.id":"` + where + `"}`
		}
		write(w, `{"Members":[`+s.services+`]}`)
	case where:
		if s.service == "" {
			s.service = `{"Id":"SEL","OverWritePolicy":"WrapsWhenFull"}`
		}
		write(w, s.service)
	case where + "/Entries":
		s.list(w, r)
	default:
		if n, err := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:]); err == nil && strings.HasPrefix(path, where+"/Entries/") {
			write(w, s.entry(n))
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}
}

func (s *logServer) entry(n int) string {
	code := []string{"Assert", "Deassert"}[n%2]
	at := time.Date(2026, 3, 1, 0, 0, n, 0, time.UTC).Format(time.RFC3339)
	return fmt.Sprintf(`{"@odata.id":"%s/Entries/%d","Id":"%d","Created":%q,"SensorType":"Fan","SensorNumber":65,"EntryCode":%q,"Message":"FAN1"}`, logPath, n, n, at, code)
}

func (s *logServer) list(w http.ResponseWriter, r *http.Request) {
	skip, _ := strconv.Atoi(r.URL.Query().Get("$skip"))
	end := len(s.entries)
	if s.page > 0 {
		end = min(end, skip+s.page)
	}
	var members []string
	for _, n := range s.entries[min(skip, end):end] {
		if s.links {
			members = append(members, fmt.Sprintf(`{"@odata.id":"%s/Entries/%d"}`, logPath, n))
		} else {
			members = append(members, s.entry(n))
		}
	}
	next := ""
	if end < len(s.entries) {
		next = fmt.Sprintf(`,"Members@odata.nextLink":"%s?$skip=%d"`, r.URL.Path, end)
	} else if s.loop {
		next = fmt.Sprintf(`,"Members@odata.nextLink":%q`, r.URL.Path)
	}
	write(w, fmt.Sprintf(`{"Members@odata.count":%d,"Members":[%s]%s}`, len(s.entries), strings.Join(members, ","), next))
}

func numbers(from, to int) []int {
	var out []int
	for n := from; n != to; {
		out = append(out, n)
		if from < to {
			n++
		} else {
			n--
		}
	}
	return append(out, to)
}

func eventIDs(log bmc.Log) []int {
	var out []int
	for _, e := range log.Events {
		n, err := strconv.Atoi(e.ID)
		if err != nil || int64(n) != e.Order {
			return nil
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// TestLongLogs reads a log of several pages, and on the next poll only the part
// that is new, wherever that is; whatever happened to the log in between.
func TestLongLogs(t *testing.T) {
	tests := []struct {
		name         string
		first, then  []int
		page         int
		want         []int // must be among what the second poll reads
		whole        bool
		pages        int // of the log, in the second poll
		firstRequest string
	}{
		{"one page", numbers(1, 8), numbers(1, 9), 0, numbers(1, 9), true, 1, ""},
		{"oldest first, nothing new", numbers(1, 25), numbers(1, 25), 10, nil, false, 1, "skip=20"},
		{"oldest first, new ones", numbers(1, 25), numbers(1, 27), 10, []int{26, 27}, false, 1, "skip=20"},
		{"oldest first, a new page", numbers(1, 25), numbers(1, 41), 10, numbers(26, 41), false, 3, "skip=20"},
		{"oldest first, one on the last page", numbers(1, 21), numbers(1, 21), 10, nil, false, 1, "skip=20"},
		{"newest first, nothing new", numbers(25, 1), numbers(25, 1), 10, nil, false, 1, ""},
		{"newest first, new ones", numbers(25, 1), numbers(40, 1), 10, numbers(26, 40), false, 2, ""},
		{"oldest first, cleared", numbers(1, 25), numbers(1, 3), 10, numbers(1, 3), true, 2, "skip=20"},
		{"oldest first, wrapped", numbers(1, 25), numbers(11, 36), 10, numbers(26, 36), true, 4, "skip=20"},
		{"newest first, cleared", numbers(25, 1), numbers(3, 1), 10, numbers(1, 3), true, 1, ""},
		{"in no order", []int{3, 1, 2, 12, 5, 9, 4}, []int{3, 1, 13, 2, 12, 5, 9, 4}, 3, []int{1, 2, 3, 4, 5, 9, 12, 13}, true, 3, ""},
		{"as text", []int{1, 10, 11, 12, 2, 3, 4}, []int{1, 10, 11, 12, 13, 2, 3, 4}, 3, []int{1, 2, 3, 4, 10, 11, 12, 13}, true, 3, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &logServer{entries: test.first, page: test.page}
			_, source := serve(t, s)
			before := mustPoll(t, source, bmc.Ask{Logs: true})
			all := slices.Sorted(slices.Values(test.first))
			if diff := cmp.Diff(all, eventIDs(before.Logs[0])); diff != "" || !before.Logs[0].Whole {
				t.Fatalf("first poll, whole %v:\n%s", before.Logs[0].Whole, diff)
			}
			s.entries, s.requests = test.then, nil
			after := mustPoll(t, source, bmc.Ask{Logs: true, Memory: before.Memory})
			got := eventIDs(after.Logs[0])
			for _, n := range test.want {
				if !slices.Contains(got, n) {
					t.Errorf("entry %d is missing in %v", n, got)
				}
			}
			var pages []string
			for _, r := range s.requests {
				if strings.Contains(r, "/Entries") {
					pages = append(pages, r)
				}
			}
			if len(pages) != test.pages || after.Logs[0].Whole != test.whole || !strings.Contains(pages[0], test.firstRequest) {
				t.Errorf("%v, whole %v; expected %d and %v", pages, after.Logs[0].Whole, test.pages, test.whole)
			}
			if len(after.Gaps) > 0 {
				t.Errorf("gaps %v", after.Gaps)
			}
		})
	}
}

// TestLogOfLinks reads entries one by one where there is no other way: the
// newest, and next time only those that came.
func TestLogOfLinks(t *testing.T) {
	s := &logServer{entries: numbers(1, 70), links: true}
	_, source := serve(t, s)
	before := mustPoll(t, source, bmc.Ask{Logs: true})
	if diff := cmp.Diff(numbers(21, 70), eventIDs(before.Logs[0])); diff != "" || before.Logs[0].Whole || len(before.Gaps) != 1 {
		t.Errorf("whole %v, gaps %v\n%s", before.Logs[0].Whole, before.Gaps, diff)
	}
	s.entries, s.requests = numbers(1, 72), nil
	after := mustPoll(t, source, bmc.Ask{Logs: true, Memory: before.Memory})
	if got := eventIDs(after.Logs[0]); !slices.Equal(got, []int{71, 72}) || after.Logs[0].Whole || len(after.Gaps) > 0 {
		t.Errorf("%v, whole %v, gaps %v", got, after.Logs[0].Whole, after.Gaps)
	}
	s.entries, s.requests = numbers(1, 2), nil
	cleared := mustPoll(t, source, bmc.Ask{Logs: true, Memory: after.Memory})
	if got := eventIDs(cleared.Logs[0]); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("cleared: %v", got)
	}
}

func TestLogFacts(t *testing.T) {
	t.Run("loop", func(t *testing.T) {
		_, source := serve(t, &logServer{entries: numbers(1, 5), loop: true})
		server := mustPoll(t, source, bmc.Ask{Logs: true})
		if len(server.Gaps) != 1 || !server.Gaps[0].Log || len(server.Logs[0].Events) != 5 || server.Logs[0].Whole {
			t.Errorf("%+v, gaps %v", server.Logs, server.Gaps)
		}
	})
	t.Run("clock of the Date header", func(t *testing.T) {
		_, source := serve(t, &logServer{entries: numbers(1, 5)})
		source.now = func() time.Time { return time.Now().Add(-7 * time.Hour) }
		server := mustPoll(t, source, bmc.Ask{Logs: true})
		if c := server.Logs[0].Clock; c == nil || (*c-7*time.Hour).Abs() > 10*time.Second {
			t.Errorf("clock %v", c)
		}
	})
	t.Run("clock of the manager", func(t *testing.T) {
		_, source := serve(t, &logServer{entries: numbers(1, 5), noDate: true})
		server := mustPoll(t, source, bmc.Ask{Logs: true})
		if c := server.Logs[0].Clock; c == nil || (*c-3*time.Hour).Abs() > 10*time.Second {
			t.Errorf("clock %v", c)
		}
	})
	t.Run("moved", func(t *testing.T) {
		s := &logServer{entries: numbers(1, 5)}
		_, source := serve(t, s)
		before := mustPoll(t, source, bmc.Ask{Logs: true})
		s.moved, s.services = true, ""
		after := mustPoll(t, source, bmc.Ask{Logs: true, Memory: before.Memory})
		if len(after.Logs) != 1 || !strings.HasPrefix(after.Logs[0].ID, newPath) || len(after.Gaps) > 0 {
			t.Errorf("%+v, gaps %v", after.Logs, after.Gaps)
		}
	})
	t.Run("none", func(t *testing.T) {
		_, source := serve(t, &logServer{services: `{"@odata.id":"/redfish/v1/Systems/1/LogServices/AuditLog"}`})
		server := mustPoll(t, source, bmc.Ask{Logs: true})
		if len(server.Logs) != 0 || len(server.Gaps) != 1 || !server.Gaps[0].Log {
			t.Errorf("%+v, gaps %v", server.Logs, server.Gaps)
		}
	})
	t.Run("not asked for", func(t *testing.T) {
		s := &logServer{entries: numbers(1, 5)}
		_, source := serve(t, s)
		server := mustPoll(t, source, bmc.Ask{})
		if len(server.Logs)+len(server.Gaps) != 0 || strings.Contains(strings.Join(s.requests, " "), "Log") {
			t.Errorf("%+v, gaps %v, %v", server.Logs, server.Gaps, s.requests)
		}
	})
	for policy, full := range map[string]bool{"NeverOverWrites": true, "Unknown": true, "WrapsWhenFull": false, "": false} {
		t.Run("full "+policy, func(t *testing.T) {
			s := &logServer{entries: numbers(1, 5), service: fmt.Sprintf(`{"OverWritePolicy":%q,"MaxNumberOfRecords":5}`, policy)}
			_, source := serve(t, s)
			if server := mustPoll(t, source, bmc.Ask{Logs: true}); server.Logs[0].Full != full {
				t.Errorf("full %v", server.Logs[0].Full)
			}
			s.entries = numbers(1, 4)
			if server := mustPoll(t, source, bmc.Ask{Logs: true}); server.Logs[0].Full {
				t.Error("full although it is not")
			}
		})
	}
}
