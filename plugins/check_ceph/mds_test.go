package main

import (
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
)

// read puts a cluster together from documents.
func read(t *testing.T, lines ...string) ceph.Cluster {
	t.Helper()
	c, err := ceph.Read(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func status(checks, ranks string) string {
	return `{"fsid":"f","health":{"status":"HEALTH_OK","checks":{` + checks + `},"mutes":[]},"quorum_names":["a"],"monmap":{"num_mons":1},` +
		`"osdmap":{"num_osds":2,"num_up_osds":1,"num_in_osds":2},"pgmap":{"pgs_by_state":[{"state_name":"active+clean","count":8}],"num_pgs":8,"bytes_used":1,"bytes_total":10},` +
		`"fsmap":{"by_rank":[` + ranks + `],"up:standby":0},"mgrmap":{"available":true,"num_standbys":1}}`
}

const (
	osds = `{"fsid":"f","flags":"sortbitwise","crush_node_flags":{"node1":["noout"]},"device_class_flags":{},"pools":[],` +
		`"osds":[{"osd":0,"up":1,"in":1,"state":["exists","up"]},{"osd":6,"up":0,"in":1,"up_from":0,"state":["exists","new"]}]}`
	tree = `{"nodes":[{"id":-1,"name":"default","type":"root","children":[-2]},{"id":-2,"name":"node1","type":"host","children":[0]},{"id":0,"name":"osd.0","type":"osd"}],"stray":[{"id":6,"name":"osd.6","type":"osd"}]}`
)

// worst is the status of the finding that has the words in it.
func worst(r check.Result, words string) (check.Status, bool) {
	for _, f := range r.Findings {
		if strings.Contains(f.Text, words) {
			return f.Status, true
		}
	}
	return check.OK, false
}

// TestDeadMDS: Ceph says HEALTH_OK while the clients of a dead MDS hang, with
// and without a maintenance, unless another one serves the rank.
func TestDeadMDS(t *testing.T) {
	const dead = `{"filesystem_id":1,"rank":0,"name":"b","status":"up:active(laggy or crashed)"}`
	for _, declared := range [][]string{nil, {"node1"}} {
		p := policy{Declared: declared}
		r := judge(read(t, status("", dead), osds, tree), p, recollection{}, time.Unix(1<<31, 0))
		if s, found := worst(r, "mds.b, laggy or crashed"); !found || s != check.CRITICAL {
			t.Errorf("declared %v: %+v", declared, r.Findings)
		}
		r = judge(read(t, status("", dead+`,{"filesystem_id":1,"rank":0,"name":"c","status":"up:replay"}`), osds, tree), p, recollection{}, time.Unix(1<<31, 0))
		if s, found := worst(r, "its clients hang"); found {
			t.Errorf("another one serves: %v %+v", s, r.Findings)
		}
	}
}

// TestNeverStarted: an OSD that never started hides no failure, although noout
// is set for a host: it holds nothing.
func TestNeverStarted(t *testing.T) {
	r := judge(read(t, status("", ""), osds, tree), policy{}, recollection{}, time.Unix(1<<31, 0))
	if s, found := worst(r, "never started: osd.6"); !found || s != check.WARNING {
		t.Errorf("%+v", r.Findings)
	}
	if _, found := worst(r, "osd.6 down"); found {
		t.Errorf("%+v", r.Findings)
	}
}

// TestHostInMaintenance: cephadm's word is explained when each host it names
// was declared.
func TestHostInMaintenance(t *testing.T) {
	const code = `"HOST_IN_MAINTENANCE":{"severity":"HEALTH_WARN","summary":{"message":"%"},"muted":false,"detail":[`
	for detail, want := range map[string]check.Status{
		`{"message":"node1 is in maintenance"}`:                                       check.OK,
		`{"message":"node1 is in maintenance"},{"message":"node2 is in maintenance"}`: check.WARNING,
		`{"message":"node1"}`: check.WARNING,
		``:                    check.WARNING,
	} {
		c := read(t, status(code+detail+`]}`, ""), osds, tree)
		r := judge(c, policy{Declared: []string{"node1"}}, recollection{}, time.Unix(1<<31, 0))
		if s, found := worst(r, "HOST_IN_MAINTENANCE"); !found || s != want {
			t.Errorf("%s: %v, want %v", detail, s, want)
		}
	}
}
