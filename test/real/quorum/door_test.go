//go:build real

package quorum

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

const token = "monitor@pve!noout=0f8fad5b-d9cb-469f-a165-70867728950e"

type object = map[string]any

// told are the lines of the daemon's status that Proxmox VE hands on
// (pve-cluster, API2/ClusterConfig.pm).
var told = []string{"Algorithm", "Echo reply", "Last poll call", "Model", "QNetd host", "State", "Tie-breaker"}

// device is /cluster/config/qdevice of a node: empty without a daemon.
func (l *lab) device(r *room) object {
	out := object{}
	raw, err := r.enter("corosync-qdevice-tool", "-s", "-v").Output()
	if err != nil {
		return out
	}
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		key, value, found := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if found && slices.Contains(told, key) {
			out[key] = strings.TrimSpace(value)
		}
	}
	return out
}

// documents are those of one node of Proxmox VE, made of what its corosync
// says.
func (l *lab) documents(r *room) map[string]any {
	v := l.view(r)
	status := []object{{"type": "cluster", "id": "cluster", "name": "lab", "nodes": len(l.nodes), "version": 1, "quorate": v.quorate}}
	var votes []object
	for _, n := range l.nodes {
		status = append(status, object{
			"type": "node", "name": n.name(), "nodeid": n.id, "ip": n.address(), "local": n == r,
			"online": slices.Contains(v.members, n.id),
		})
		votes = append(votes, object{"node": n.name(), "name": n.name(), "nodeid": strconv.Itoa(n.id), "quorum_votes": "1"})
	}
	all := object{"Sys.Audit": 1, "VM.Audit": 1, "Datastore.Audit": 1, "Pool.Audit": 1}
	return map[string]any{
		"/access/permissions":               object{"/": all, "/vms": all, "/nodes": all, "/storage": all, "/pool": all},
		"/cluster/status":                   status,
		"/cluster/ha/status/manager_status": object{"quorum": object{"node": r.name(), "quorate": v.quorate}, "manager_status": object{}, "lrm_status": object{}},
		"/cluster/resources":                []object{},
		"/cluster/tasks":                    []object{},
		"/cluster/config/nodes":             votes,
		"/cluster/config/qdevice":           l.device(r),
	}
}

// ask is what the project finds at the doors of all nodes that live, the first
// one first.
func (l *lab) ask(first *room) pve.Cluster {
	l.t.Helper()
	var hosts []string
	var fingerprint string
	order := append([]*room{first}, slices.DeleteFunc(l.alive(), func(r *room) bool { return r == first })...)
	for _, r := range order {
		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			document, found := l.documents(r)[strings.TrimPrefix(q.URL.Path, "/api2/json")]
			if !found {
				http.NotFound(w, q)
				return
			}
			// Whoever asked and left needs no answer.
			_ = json.NewEncoder(w).Encode(object{"data": document})
		}))
		defer s.Close()
		sum := sha256.Sum256(s.Certificate().Raw)
		fingerprint = hex.EncodeToString(sum[:])
		hosts = append(hosts, s.Listener.Addr().String())
	}
	client, err := pve.Options{
		Hosts: hosts, Port: 8006, Transport: transport.Options{Fingerprint: fingerprint}, Secret: credentials(l.t),
	}.Client()
	if err != nil {
		l.t.Fatal(err)
	}
	found, err := client.Cluster(l.t.Context(), pve.Ask{Votes: true})
	if err != nil {
		l.t.Fatal(err)
	}
	return client.Daemons(l.t.Context(), found, l.memory)
}

func credentials(t *testing.T) secret.Options {
	t.Helper()
	name := filepath.Join(t.TempDir(), "auth")
	if err := os.WriteFile(name, []byte("[*]\ntoken = "+token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return secret.Options{AuthFile: name}
}
