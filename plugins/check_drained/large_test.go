package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// large answers as a cluster of two nodes, with all guests on pve2 and under HA.
func large(guests int) http.Handler {
	type object = map[string]any
	now := time.Now().Unix()
	resources, own, services := []object{}, []object{}, object{}
	for _, n := range []string{"pve1", "pve2"} {
		resources = append(resources, object{"type": "node", "node": n, "status": "online", "uptime": 3600})
	}
	for id := 1000; id < 1000+guests; id++ {
		g := object{"type": "qemu", "vmid": id, "node": "pve2", "status": "running", "name": fmt.Sprintf("customer-%d", id)}
		resources, own = append(resources, g), append(own, g)
		services[fmt.Sprintf("vm:%d", id)] = object{"node": "pve2", "state": "started", "running": 1}
	}
	lrm := object{"mode": "active", "state": "active", "timestamp": now}
	documents := map[string]any{
		"/access/permissions": object{"/": object{"Sys.Audit": 1}, "/vms": object{"VM.Audit": 1}},
		"/cluster/status": []object{
			{"type": "cluster", "name": "large", "quorate": 1, "nodes": 2},
			{"type": "node", "name": "pve1", "nodeid": 1, "online": 1, "local": 1},
			{"type": "node", "name": "pve2", "nodeid": 2, "online": 1},
		},
		"/cluster/ha/status/manager_status": object{
			"manager_status": object{"master_node": "pve1", "timestamp": now, "node_status": object{"pve1": "online", "pve2": "maintenance"}, "service_status": services},
			"lrm_status":     object{"pve1": lrm, "pve2": lrm}, "quorum": object{"quorate": "1"},
		},
		"/cluster/resources": resources, "/cluster/tasks": []object{}, "/nodes/pve2/qemu": own, "/nodes/pve2/lxc": []object{},
	}
	bodies := map[string][]byte{}
	for path, data := range documents {
		bodies["/api2/json"+path], _ = json.Marshal(object{"data": data}) // of plain values: it cannot fail
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, found := bodies[r.URL.Path]
		if !found {
			body = []byte(`{"data":{}}`) // a configuration
		}
		_, _ = w.Write(body) // who asked may have gone
	})
}

// Of fifty thousand guests every one is named, or the time was over and nobody
// can say; it is never a yes.
func TestLarge(t *testing.T) {
	t.Setenv("NOOUT_TOKEN", sim.Token)
	const guests = 50_000
	server := httptest.NewTLSServer(large(guests))
	defer server.Close()
	pin := sha256.Sum256(server.Certificate().Raw)
	memory := filepath.Join(t.TempDir(), "state")
	for range 2 { // the second run remembers
		var out bytes.Buffer
		code := check.Status(plugin().Run([]string{"-H", strings.TrimPrefix(server.URL, "https://"), "--fingerprint", fmt.Sprintf("%x", pin),
			"--node", "pve2", "-t", "5", "--output", "json", "--state-dir", memory}, &out))
		var got struct {
			Facts struct{ Left []struct{} }
		}
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v: %.500s", err, out.Bytes())
		}
		if n := len(got.Facts.Left); code != check.UNKNOWN && (code != check.CRITICAL || n != guests) {
			t.Errorf("%s, %d guests left: %.500s", code, n, out.Bytes())
		}
		t.Logf("%s, %d guests left", code, len(got.Facts.Left))
	}
}
