package ceph

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// node is a node of Proxmox VE with answers by path; what is not listed is
// answered with 501.
func node(t *testing.T, answers map[string]http.HandlerFunc) *API {
	t.Helper()
	t.Setenv("NOOUT_TOKEN", "a@pve!b=00000000-0000-4000-8000-000000000001")
	plain := map[string]string{
		"/access/permissions": `{"/":{"Sys.Audit":1},"/vms":{"VM.Audit":1}}`,
		"/cluster/status":     `[{"type":"cluster","name":"lab","quorate":1},{"type":"node","name":"node1","nodeid":1,"local":1,"online":1}]`,
		pathManager:           `{"manager_status":{"node_status":{"node1":"maintenance","node9":"maintenance"}},"lrm_status":{},"quorum":{"quorate":"1"}}`,
		"/cluster/resources":  `[]`, "/cluster/tasks": `[]`,
		"/cluster/ceph/status":   strings.Replace(wellStatus, `"checks":{}`, `"checks":{"OSD_FLAGS":{"severity":"HEALTH_WARN","summary":{"message":"1 OSDs"},"detail":[{"message":"host node1 has flags noout"},{"message":"osd.1 has flags nodown,noin"}]}}`, 1),
		"/cluster/ceph/flags":    `[{"name":"noout","value":0},{"name":"norecover","value":1}]`,
		"/nodes/node1/ceph/osd":  `{"flags":"sortbitwise","root":{"leaf":0,"children":[{"id":"-1","name":"default","type":"root","children":[{"id":"-2","name":"node1","type":"host","children":[{"id":0,"type":"osd","status":"up","in":"1","percent_used":"12.5"},{"id":"1","type":"osd","status":"down","in":0}]}]}]}}`,
		"/nodes/node1/ceph/pool": `[{"pool":1,"pool_name":"rbd","size":3,"min_size":2,"crush_rule_name":"replicated_rule","type":"replicated"},{"pool":2,"pool_name":"ec","size":3,"min_size":2,"type":"erasure"}]`,
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/api2/json")
		if f := answers[path]; f != nil {
			f(w, r)
			return
		}
		if text, found := plain[path]; found {
			write(w, `{"data":`+text+`}`)
			return
		}
		w.WriteHeader(http.StatusNotImplemented)
	}))
	t.Cleanup(server.Close)
	sum := sha256.Sum256(server.Certificate().Raw)
	client, err := pve.Options{Hosts: []string{strings.TrimPrefix(server.URL, "https://")}, Port: 8006, Transport: transport.Options{Fingerprint: hex.EncodeToString(sum[:])}}.Client()
	if err != nil {
		t.Fatal(err)
	}
	return &API{Client: client}
}

// TestAPI: Perl's types, flags from the words of health details, and who is in
// HA maintenance.
func TestAPI(t *testing.T) {
	c, err := node(t, nil).Poll(long(t), Ask{})
	if err != nil || len(c.Gaps) > 0 {
		t.Fatalf("%+v %v", c.Gaps, err)
	}
	if !slices.Equal(c.Maintenance, []string{"node1"}) {
		t.Errorf("in maintenance: %v", c.Maintenance)
	}
	if len(c.Map.OSDs) != 2 || c.Map.OSDs[1].Up || c.Map.OSDs[1].In || !c.Map.OSDs[0].In || c.Tree.Host(1) != "node1" || c.Fill[0].Percent != 12.5 {
		t.Errorf("%+v %+v", c.Map.OSDs, c.Fill)
	}
	if !c.Map.Flag("norecover") || c.Map.Flag("noout") || c.Map.Pools[0].RuleName != "replicated_rule" {
		t.Errorf("%+v", c.Map)
	}
	if p := c.Map.Pools; len(p) != 2 || p[0].Erasure || !p[1].Erasure {
		t.Errorf("pools: %+v", p)
	}
	if s := c.Scopes("noout"); len(s) != 1 || s[0].String() != "host node1" || len(s[0].OSDs) != 2 {
		t.Errorf("%+v", s)
	}
	if s := c.Scopes("noin"); len(s) != 1 || s[0].String() != "osd.1" {
		t.Errorf("%+v", s)
	}
}

// TestAPIRefuses: a refusal that comes at once is ours, one that took as long
// as Ceph is given is the cluster's silence.
func TestAPIRefuses(t *testing.T) {
	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	t.Run("no Ceph here", func(t *testing.T) {
		_, err := node(t, map[string]http.HandlerFunc{"/cluster/ceph/status": refuse}).Poll(long(t), Ask{})
		if err == nil || errors.As(err, new(*SilentError)) {
			t.Errorf("%v", err)
		}
	})
	t.Run("no Proxmox VE", func(t *testing.T) {
		_, err := node(t, map[string]http.HandlerFunc{"/access/permissions": refuse}).Poll(long(t), Ask{})
		if !errors.Is(err, pve.ErrUnreachable) || errors.As(err, new(*SilentError)) {
			t.Errorf("%v", err)
		}
	})
	// Three seconds: a hundred times of what is answered before.
	hang := func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // to return would answer 200
	}
	t.Run("Ceph is silent", func(t *testing.T) {
		_, err := node(t, map[string]http.HandlerFunc{"/cluster/ceph/status": hang}).Poll(within(t, 3*time.Second), Ask{})
		if !errors.As(err, new(*SilentError)) {
			t.Errorf("%v", err)
		}
	})
	t.Run("no OSDs, but flags", func(t *testing.T) {
		c, err := node(t, map[string]http.HandlerFunc{"/nodes/node1/ceph/osd": refuse}).Poll(long(t), Ask{})
		if err != nil || c.Map == nil || !c.Map.Blind || !c.Map.Flag("norecover") || len(c.Gaps) != 1 || c.Gaps[0].Waited || c.Tree != nil {
			t.Errorf("%+v %+v %v", c.Map, c.Gaps, err)
		}
	})
	t.Run("the mgr is silent", func(t *testing.T) {
		c, err := node(t, map[string]http.HandlerFunc{"/nodes/node1/ceph/osd": hang}).Poll(within(t, 3*time.Second), Ask{})
		if err != nil || !c.MgrSilent() {
			t.Errorf("%+v %v", c.Gaps, err)
		}
	})
	t.Run("an OSD neither up nor down", func(t *testing.T) {
		odd := func(w http.ResponseWriter, _ *http.Request) {
			write(w, `{"data":{"root":{"children":[{"id":0,"type":"osd"}]}}}`)
		}
		c, err := node(t, map[string]http.HandlerFunc{"/nodes/node1/ceph/osd": odd}).Poll(long(t), Ask{})
		if err != nil || c.Map != nil || len(c.Gaps) == 0 {
			t.Errorf("%+v %+v %v", c.Map, c.Gaps, err)
		}
	})
}
