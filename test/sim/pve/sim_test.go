package pve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fetch asks a node as any client would.
func fetch(t *testing.T, s *Sim, node, path string) (status string, data any) {
	t.Helper()
	return as(t, s, node, Token, path)
}

func as(t *testing.T, s *Sim, node, token, path string) (status string, data any) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.CA())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.Address(node)+base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "PVEAPIToken="+token)
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var envelope struct{ Data any }
	if len(body) > 0 {
		if err := json.Unmarshal(body, &envelope); err != nil {
			t.Fatalf("%s: %v: %s", path, err, body)
		}
	}
	return answer.Status, envelope.Data
}

// documents that a check may ask for, by their names in the API's description.
var documents = map[string]string{
	"/version":                         "/version",
	"/cluster/status":                  "/cluster/status",
	"/cluster/resources":               "/cluster/resources",
	"/nodes":                           "/nodes",
	"/nodes/{node}/qemu":               "/nodes/pve3/qemu",
	"/nodes/{node}/lxc":                "/nodes/pve2/lxc",
	"/nodes/{node}/qemu/{vmid}/config": "/nodes/pve3/qemu/105/config",
	"/nodes/{node}/qemu/{vmid}/status/current": "/nodes/pve3/qemu/105/status/current",
	"/nodes/{node}/lxc/{vmid}/config":          "/nodes/pve2/lxc/200/config",
	"/nodes/{node}/lxc/{vmid}/status/current":  "/nodes/pve2/lxc/200/status/current",
	"/cluster/ha/status/current":               "/cluster/ha/status/current",
	"/cluster/ha/status/manager_status":        "/cluster/ha/status/manager_status",
	"/cluster/ha/resources":                    "/cluster/ha/resources",
	"/cluster/tasks":                           "/cluster/tasks",
	"/cluster/replication":                     "/cluster/replication",
	"/nodes/{node}/replication":                "/nodes/pve3/replication",
	"/cluster/config/nodes":                    "/cluster/config/nodes",
	"/cluster/config/qdevice":                  "/cluster/config/qdevice",
	"/access/permissions":                      "/access/permissions",
	"/nodes/{node}/version":                    "/nodes/pve3/version",
	"/nodes/{node}/storage":                    "/nodes/pve3/storage",
	"/nodes/{node}/tasks":                      "/nodes/pve3/tasks",
}

// TestSchemas compares the answers with the vendor's own description of three
// releases, which is a lower bound: real answers hold more.
func TestSchemas(t *testing.T) {
	const dir = "../../../../shared/corpus/proxmox-schema"
	for release, file := range map[string]string{"7.4-17": "pve-7.4.json", "8.4.1": "pve-8.4.json", "9.1.3": "pve-9.1.3.json"} {
		t.Run(release, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Skipf("no description of the API: %v", err)
			}
			var api map[string]map[string]struct{ Returns map[string]any }
			if err := json.Unmarshal(raw, &api); err != nil {
				t.Fatal(err)
			}
			config := Lab()
			config.Release = release
			config.Device = &Device{Algorithm: "Fifty-Fifty split", Connected: true}
			config.Jobs = []Job{{Guest: 105, Target: "pve1"}}
			for i := range config.Guests {
				config.Guests[i].Addresses = []string{"192.0.2.77", "2001:db8::77"}
			}
			config.Tokens = map[string][]Grant{Token: {{Path: "/", Privileges: append([]string{"VM.Monitor"}, Audit...)}}}
			s := Start(t, config)
			s.Must("migrate?id=102&to=pve1&for=1h", "stop?id=105", "advance?by=1m")
			for name, path := range documents {
				if api[name] == nil {
					continue // this release has no such document
				}
				status, data := fetch(t, s, "pve1", path)
				if status != "200 OK" {
					t.Errorf("%s: %s", path, status)
					continue
				}
				if api[name]["GET"].Returns == nil {
					t.Errorf("%s is not described", name)
				}
				for _, wrong := range differs(api[name]["GET"].Returns, data, path) {
					t.Error(wrong)
				}
			}
		})
	}
}

// differs lists where a value is not what a description says.
func differs(schema map[string]any, value any, at string) []string {
	kind, _ := schema["type"].(string)
	wrong := []string{fmt.Sprintf("%s: %T %v, described as %s", at, value, value, kind)}
	switch kind {
	case "array":
		list, is := value.([]any)
		if !is {
			return wrong
		}
		items, _ := schema["items"].(map[string]any)
		var out []string
		for i, v := range list {
			out = append(out, differs(items, v, fmt.Sprintf("%s[%d]", at, i))...)
		}
		return out
	case "object":
		return differsObject(schema, value, at)
	case "integer":
		if n, is := value.(float64); !is || n != math.Trunc(n) {
			return wrong
		}
	case "number":
		if _, is := value.(float64); !is {
			return wrong
		}
	case "boolean":
		if n, is := value.(float64); !is || n != 0 && n != 1 {
			return wrong
		}
	case "string":
		text, is := value.(string)
		if !is {
			return wrong
		}
		if allowed, is := schema["enum"].([]any); is && !slices.Contains(allowed, any(text)) {
			return []string{fmt.Sprintf("%s: %q is none of %v", at, text, allowed)}
		}
	}
	return nil
}

func differsObject(schema map[string]any, value any, at string) []string {
	fields, is := value.(map[string]any)
	if !is {
		return []string{fmt.Sprintf("%s: %T, described as an object", at, value)}
	}
	properties, _ := schema["properties"].(map[string]any)
	var out []string
	for name, raw := range properties {
		property, _ := raw.(map[string]any)
		v, found := fields[name]
		switch optional, _ := property["optional"].(float64); {
		case found:
			out = append(out, differs(property, v, at+"."+name)...)
		case optional == 0:
			out = append(out, fmt.Sprintf("%s.%s is missing", at, name))
		}
	}
	return out
}

// rows finds the rows of a list in which a field has a value.
func rows(data any, field, value string) []map[string]any {
	var out []map[string]any
	list, _ := data.([]any)
	for _, raw := range list {
		if row, is := raw.(map[string]any); is && fmt.Sprint(row[field]) == value {
			out = append(out, row)
		}
	}
	return out
}

// What was measured on real clusters after a crash: reported running for five
// minutes, fenced after one, recovered after two and a half.
func TestCrash(t *testing.T) {
	s := Start(t, Lab())
	s.Must("advance?by=1m", "crash?node=pve3")
	seen := func(after time.Duration) (node, ha, shop, db string) {
		s.Advance(after)
		_, data := fetch(t, s, "pve1", "/cluster/resources")
		n, g, h := rows(data, "id", "node/pve3")[0], rows(data, "vmid", "105")[0], rows(data, "vmid", "103")[0]
		return fmt.Sprint(n["status"]), fmt.Sprint(n["hastate"]), fmt.Sprint(h["hastate"]), fmt.Sprint(g["status"])
	}
	for _, tc := range []struct {
		after              time.Duration
		node, ha, shop, db string
	}{
		{time.Second, "offline", "online", "started", "running"},
		{74 * time.Second, "offline", "fence", "fence", "running"},
		{85 * time.Second, "offline", "unknown", "started", "running"},
		{5 * time.Minute, "offline", "unknown", "started", "unknown"},
	} {
		node, ha, shop, db := seen(tc.after)
		if node != tc.node || ha != tc.ha || shop != tc.shop || db != tc.db {
			t.Errorf("%s later: node %s, HA %s, shop %s, db1 %s, want %+v", tc.after, node, ha, shop, db, tc)
		}
	}
	if g := s.World.guests[103]; g.Node == "pve3" || g.status != "running" {
		t.Errorf("the HA guest was not recovered: %+v", g)
	}
}

// A command is invisible for a round of the master, HA says maintenance before
// anything has moved, and takes the guests of HA only.
func TestMaintenance(t *testing.T) {
	s := Start(t, Lab())
	s.Must("maintenance?node=pve3")
	request := func() (requested bool, state, service string) {
		_, data := fetch(t, s, "pve1", "/cluster/ha/status/manager_status")
		m := data.(map[string]any)["manager_status"].(map[string]any)
		requests, _ := m["node_request"].(map[string]any)
		one, _ := requests["pve3"].(map[string]any)
		return one["maintenance"] != nil, fmt.Sprint(m["node_status"].(map[string]any)["pve3"]),
			fmt.Sprint(m["service_status"].(map[string]any)["vm:103"].(map[string]any)["state"])
	}
	if asked, _, _ := request(); asked {
		t.Error("the command is visible before the master has read it")
	}
	s.Advance(20 * time.Second)
	if asked, state, service := request(); !asked || state != "maintenance" || service != "migrate" {
		t.Errorf("requested %v, node %s, service %s", asked, state, service)
	}
	s.Advance(time.Minute)
	if _, _, service := request(); service != "started" || s.World.guests[103].Node == "pve3" || s.World.guests[105].Node != "pve3" {
		t.Errorf("service %s, shop on %s, db1 on %s", service, s.World.guests[103].Node, s.World.guests[105].Node)
	}
	s.Must("maintenance?node=pve3&on=0", "advance?by=2m")
	if _, state, _ := request(); state != "online" || s.World.guests[103].Node != "pve3" {
		t.Errorf("node %s, shop on %s", state, s.World.guests[103].Node)
	}
}

// Without quorum a node answers with what it knew.
func TestStale(t *testing.T) {
	s := Start(t, Lab())
	s.Must("advance?by=1m", "link?node=pve1&on=0", "advance?by=10s", "migrate?id=102&to=pve3&for=1s", "advance?by=5s")
	_, data := fetch(t, s, "pve1", "/cluster/resources")
	if g := rows(data, "vmid", "102")[0]; g["node"] != "pve2" {
		t.Errorf("the isolated node knows of a later move: %v", g)
	}
	_, data = fetch(t, s, "pve2", "/cluster/resources")
	if g := rows(data, "vmid", "102")[0]; g["node"] != "pve3" {
		t.Errorf("the majority does not know of the move: %v", g)
	}
}

// When only the qdevice's vote goes, /cluster/status keeps what it had.
func TestStaleQuorum(t *testing.T) {
	s := Start(t, Presets["qdevice"]())
	s.Must("crash?node=pve2", "advance?by=5s", "qdevice?on=0", "advance?by=5s")
	_, data := fetch(t, s, "pve1", "/cluster/status")
	old := rows(data, "type", "cluster")[0]["quorate"]
	_, data = fetch(t, s, "pve1", "/cluster/ha/status/current")
	live := rows(data, "type", "quorum")[0]["quorate"]
	if old != 1.0 || live != 0.0 {
		t.Errorf("cluster/status says %v, HA %v", old, live)
	}
}

func TestRefusals(t *testing.T) {
	config := Lab()
	config.Tokens = map[string][]Grant{Token: nil}
	s := Start(t, config)
	s.Must("crash?node=pve3")
	for path, want := range map[string]string{
		"/cluster/status":     "403 Permission check failed (/, Sys.Audit)",
		"/nodes/pve3/version": "595 No route to host",
		"/nodes/pve9/version": "500 hostname lookup 'pve9' failed",
		"/cluster/nothing":    "403",
		"/nothing":            "501 Method 'GET /nothing' not implemented",
	} {
		if status, _ := fetch(t, s, "pve1", path); !strings.HasPrefix(status, want) {
			t.Errorf("%s: %s, want %s", path, status, want)
		}
	}
	if status, _ := as(t, s, "pve1", "other", "/version"); status != "401 Authentication failed!" {
		t.Errorf("a wrong token: %s", status)
	}
	if status, data := fetch(t, s, "pve1", "/cluster/tasks"); status != "200 OK" || len(data.([]any)) != 0 {
		t.Errorf("tasks without a privilege: %s %v", status, data)
	}
	requests := s.Requests()
	if v := Violations(requests); len(v) != 2 { // both are out of reach
		t.Errorf("violations %q of %v", v, requests)
	}
}

func TestViolations(t *testing.T) {
	v := Violations([]Request{{Method: "POST", Path: "/x"}, {Method: "GET", Path: "/y"}, {Method: "GET", Path: "/nodes/n/version", Offline: true}})
	if len(v) != 2 {
		t.Errorf("%q", v)
	}
}

func TestEveryVerbComplains(t *testing.T) {
	for _, verb := range Verbs() {
		s := Start(t, Presets["two"]())
		if err := s.Do(verb + "?node=nosuch&id=nosuch&mode=nosuch&state=nosuch"); err == nil && !slices.Contains([]string{"arm", "crm", "revoke"}, verb) {
			t.Errorf("%s takes anything", verb)
		}
	}
	s := Start(t, Lab())
	for _, text := range []string{"nosuch", "advance?by=x", "advance?by=-1s", "fault?name=x", "fault?name=html&after=x", "migrate?id=105&to=pve9", "%"} {
		if err := s.Do(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
