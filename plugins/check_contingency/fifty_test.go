package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/pve"
)

type object = map[string]any

// crowd answers as a cluster of sixteen nodes with all these guests under HA,
// each with a backup.
func crowd(guests int) http.Handler {
	now := time.Now().Unix()
	lrm := object{"mode": "active", "state": "active", "timestamp": now}
	status := []object{{"type": "cluster", "name": "crowd", "quorate": 1, "nodes": 16}}
	resources, services, managed, backups := []object{}, object{}, []object{}, []object{}
	votes, states, lrms := []object{}, object{}, object{}
	for i := range 16 {
		n := fmt.Sprintf("pve%d", i+1)
		status = append(status, object{"type": "node", "name": n, "nodeid": i + 1, "online": 1, "local": 1 - min(1, i)})
		resources = append(resources, object{"type": "node", "node": n, "status": "online", "uptime": 3600, "maxcpu": 256, "maxmem": 16 << 40, "mem": 4 << 40})
		for storage, content := range map[string]string{"ceph": "images", "pbs": "backup"} {
			resources = append(resources, object{"type": "storage", "node": n, "storage": storage, "shared": 1, "status": "available", "content": content})
		}
		votes = append(votes, object{"node": n, "nodeid": i + 1, "quorum_votes": 1})
		states[n], lrms[n] = "online", lrm
	}
	for i := range guests {
		id, node := 1000+i, fmt.Sprintf("pve%d", i%16+1)
		sid := fmt.Sprintf("vm:%d", id)
		resources = append(resources, object{"type": "qemu", "vmid": id, "node": node, "status": "running", "name": fmt.Sprintf("customer-%d", id),
			"maxmem": 2 << 30, "mem": 1 << 30, "maxcpu": 2, "uptime": 3600, "pool": "hosting", "tags": "prod;web"})
		services[sid] = object{"node": node, "state": "started", "running": 1}
		managed = append(managed, object{"sid": sid, "state": "started", "type": "vm"})
		backups = append(backups, object{"vmid": id, "ctime": now - 7200, "volid": fmt.Sprintf("pbs:backup/vm/%d/1", id), "content": "backup"})
	}
	documents := map[string]any{
		"/access/permissions": object{"/": object{"Sys.Audit": 1, "Datastore.Audit": 1, "VM.Audit": 1}, "/vms": object{"VM.Audit": 1, "VM.Backup": 1},
			"/storage": object{"Datastore.Audit": 1, "Datastore.AllocateSpace": 1}},
		"/cluster/status": status, "/cluster/config/nodes": votes, "/cluster/resources": resources, "/cluster/tasks": []object{},
		"/cluster/ha/status/manager_status": object{
			"manager_status": object{"master_node": "pve1", "timestamp": now, "node_status": states, "service_status": services},
			"lrm_status":     lrms, "quorum": object{"quorate": "1"},
		},
		"/cluster/ha/resources": managed, "/cluster/ha/rules": []object{},
		"/nodes/pve1/apt/versions":           []object{{"Package": "pve-ha-manager", "OldVersion": "5.2.0", "CurrentState": "Installed"}},
		"/cluster/backup-info/not-backed-up": []object{}, "/cluster/replication": []object{},
	}
	bodies := map[string][]byte{}
	for path, data := range documents {
		bodies["/api2/json"+path], _ = json.Marshal(object{"data": data}) // of plain values: it cannot fail
	}
	content, _ := json.Marshal(object{"data": backups})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, found := bodies[r.URL.Path]
		switch {
		case strings.HasSuffix(r.URL.Path, "/content"):
			body = content
		case strings.HasSuffix(r.URL.Path, "/config"):
			body = []byte(`{"data":{"scsi0":"ceph:vm-1-disk-0,size=32G","net0":"virtio=BC:24:11:00:00:64,bridge=vmbr0,ip=192.0.2.1/24"}}`)
		case !found:
			body = []byte(`{"data":{}}`)
		}
		_, _ = w.Write(body) // who asked may have gone
	})
}

// learn puts into the memory of one run what hundreds would learn: the disks of
// every guest, of twenty makes, each read at another time.
func learn(t *testing.T, dir string, guests int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "check_contingency*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	type shape struct {
		Disks []object      `json:"disks"`
		Read  map[int]int64 `json:"read"`
	}
	var file object
	var known struct{ Value struct{ Shapes []shape } }
	if err := errors.Join(json.Unmarshal(raw, &file), json.Unmarshal(raw, &known)); err != nil {
		t.Fatal(err)
	}
	value, is := file["value"].(object)
	if !is || len(known.Value.Shapes) != 1 || known.Value.Shapes[0].Read[1000] == 0 {
		t.Fatalf("one make was expected, which vm1000 is of: %.300s", raw)
	}
	one := known.Value.Shapes[0]
	shapes := make([]shape, 20)
	for i := range shapes {
		shapes[i].Read = map[int]int64{}
		for k := range i + 1 {
			disk := maps.Clone(one.Disks[0])
			disk["slot"] = fmt.Sprintf("scsi%d", k)
			shapes[i].Disks = append(shapes[i].Disks, disk)
		}
	}
	for i := range guests {
		shapes[i*len(shapes)/guests].Read[1000+i] = one.Read[1000] - int64(i%800)
	}
	value["shapes"] = shapes
	if raw, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	t.Logf("the memory has %d KiB", len(raw)>>10)
	if err := os.WriteFile(files[0], raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mostMemory of a run about fifty thousand guests, in KiB.
const mostMemory = 256 << 10

// TestFiftyThousand: what the process takes at its peak, also when it knows the
// disks of all of them.
func TestFiftyThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("memory of fifty thousand guests, of which the race detector takes several times: run without -short")
	}
	const guests = 50_000
	server := httptest.NewTLSServer(crowd(guests))
	defer server.Close()
	t.Setenv("NOOUT_TOKEN", pve.Token)
	dir := filepath.Join(t.TempDir(), "state")
	pin := sha256.Sum256(server.Certificate().Raw)
	args := []string{"-H", strings.TrimPrefix(server.URL, "https://"), "--fingerprint", fmt.Sprintf("%x", pin), "--ceph", "none", "--state-dir", dir, "-t", "120", "--output", "json"}
	for run := range 3 {
		a := ask(t, time.Now(), args)
		if a.peak > mostMemory || len(a.Facts.Failures) != 16 {
			t.Errorf("%d KiB, expected at most %d: %s %s", a.peak, mostMemory, a.Status, a.Text)
		}
		switch {
		case run == 0:
			learn(t, dir, guests)
		case a.Status != "OK":
			t.Errorf("%s %s", a.Status, a.Text)
		}
	}
}
