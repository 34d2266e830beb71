package test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/hostile"
	"github.com/noout-monitoring/noout/test/sim/pve"
	"github.com/noout-monitoring/noout/test/story/room"
)

// swollen is a document of which a part is one of [hostile.Lists]: a path of an
// API, or a question to the ceph command.
type swollen struct {
	path, before, key, after string
	// spare says why all may be well without it.
	spare string
	size  int // in MiB; 15 where it is not given
}

func (s swollen) text(l hostile.List) string {
	return s.before + l.Text(cmp.Or(s.size, 15)<<20, s.key) + s.after
}

// Documents of Proxmox VE, of its Ceph, of the ceph command, and of the dashboard.
var (
	rights    = swollen{path: "/access/permissions", before: `{"data":{"/":`, key: "Sys.Audit", after: `}}`}
	members   = swollen{path: "/cluster/status", before: `{"data":`, key: "name", after: `}`}
	manager   = swollen{path: "/cluster/ha/status/manager_status", before: `{"data":{"quorum":{"quorate":"1"},"manager_status":`, key: "node_status", after: `}}`}
	resources = swollen{path: "/cluster/resources", before: `{"data":`, key: "vmid", after: `}`}
	tasks     = swollen{path: "/cluster/tasks", before: `{"data":`, key: "node", after: `}`}
	own       = swollen{path: "/nodes/pve3/qemu", before: `{"data":`, key: "vmid", after: `}`}
	cephs     = swollen{path: "/cluster/ceph/status", before: `{"data":{"health":{"status":"HEALTH_OK","checks":{}},"pgmap":{"num_pgs":33,"pgs_by_state":`, key: "count", after: `}}}`}
	cephOSDs  = swollen{path: "/ceph/osd", before: `{"data":{"root":{"children":`, key: "id", after: `}}}`}
	cephFlags = swollen{path: "/cluster/ceph/flags", before: `{"data":`, key: "name", after: `}`, spare: "health details tell the flags too"}
	cephPools = swollen{path: "/ceph/pool", before: `{"data":`, key: "pool", after: `}`}
	cephCrush = swollen{path: "/ceph/crush", before: `{"data":`, key: "rule", after: `}`}
	cephSafe  = swollen{path: "/ceph/cmd-safety", before: `{"data":{"safe":`, key: "safe", after: `}}`, spare: "it is heard when it says no; the copies are counted without it"}

	toldStatus = swollen{path: "status", before: `{"quorum_names":["a"],"osdmap":{"num_osds":0},"health":{"status":"HEALTH_OK","checks":{}},"pgmap":{"num_pgs":33,"pgs_by_state":`, key: "count", after: `}}`}
	toldMap    = swollen{path: "osd dump", before: `{"epoch":1,"flags":"","osds":`, key: "osd", after: `}`}
	toldFill   = swollen{path: "osd df tree", before: `{"summary":{},"nodes":`, key: "id", after: `}`, spare: "osd tree tells the hosts too"}
	toldRules  = swollen{path: "osd crush rule dump", key: "rule_id", spare: "ok-to-stop counts the copies"}
	toldSafe   = swollen{path: "osd ok-to-stop 4", before: `{"ok_to_stop":true,"num_ok_pgs":33,"num_not_ok_pgs":0,"osds":`, key: "osd", after: `}`}

	boardHealth = swollen{path: "/api/health/full", before: `{"health":{"status":"HEALTH_OK","checks":[]},"osd_map":{"flags":"","osds":`, key: "osd", after: `}}`, size: 39}
	boardOSDs   = swollen{path: "/api/osd", before: ``, key: "osd", spare: "how full each OSD is, is not judged where it is not told", size: 39}
	boardLogin  = swollen{path: "/api/auth", before: `{"token":`, key: "token", after: `}`}
	thermal     = swollen{path: "/Thermal", before: `{"Fans":`, key: "MemberId", after: `}`, size: 7}
)

// question is a plugin that says OK of a cluster that is well.
type question struct {
	name, plugin string
	args         []string
	behind       string // the device that is asked; empty: by the ceph command
	documents    []swollen
}

// TestHostileAnswers: whatever stands in the answers of 15 MiB of a cluster, of a
// dashboard, of a controller or of the ceph command, no plugin takes more than was
// promised, answers otherwise than it should, or says that all is well without what
// it has to know. Each question is asked once of what is well, and is OK.
func TestHostileAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the plugins and sends them a GiB: run without -short")
	}
	y := newYard(t)
	guests := openRoom(t, true)
	guests.do("ceph set?flag=noout&host=pve3")
	for _, q := range guests.leaving() {
		q.hold(t, y, guests)
	}
	guests.do("ceph unset?flag=noout&host=pve3")
	for _, q := range guests.staying(y) {
		q.hold(t, y, guests)
	}
	empty := openRoom(t, false)
	for _, q := range empty.failing() {
		q.hold(t, y, empty)
	}
}

// place is a machine room, and what an operator has to ask it.
type place struct {
	*room.Room
	t     *testing.T
	names map[string]string
}

// openRoom opens a room without a guest under HA or on pve3, or without any.
func openRoom(t *testing.T, guests bool) place {
	t.Helper()
	return openPlace(t, func(c *room.Config) {
		all := c.PVE.Guests
		c.PVE.Guests = nil
		for _, g := range all {
			if g.HA = ""; guests && g.Node != "pve3" {
				c.PVE.Guests = append(c.PVE.Guests, g)
			}
		}
	})
}

// openPlace opens the laboratory as it is furnished.
func openPlace(t *testing.T, furnish func(*room.Config)) place {
	t.Helper()
	c := room.Lab()
	furnish(&c)
	r, err := room.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	names, err := r.Files(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	auth := fmt.Sprintf("[*]\ntoken = %s\nusername = %s\npassword = %s\n", pve.Token, ceph.Username, ceph.Password)
	names["MGRAUTH"] = filepath.Join(t.TempDir(), "mgr.ini")
	if err := os.WriteFile(names["MGRAUTH"], []byte(auth), 0o600); err != nil {
		t.Fatal(err)
	}
	return place{r, t, names}
}

func (s place) do(line string) {
	s.t.Helper()
	if err := s.Do(line); err != nil {
		s.t.Fatal(err)
	}
}

// leaving are the questions about pve3 when noout is set for it.
func (s place) leaving() []question {
	node := []string{"--auth-file", s.names["AUTH"], "--node", "pve3"}
	return []question{
		{"check_drained", "check_drained", node, s.names["PVE1"], []swollen{resources, rights, members, manager, tasks, own}},
		{"check_serviceable", "check_serviceable", node, s.names["PVE1"], []swollen{cephOSDs, cephs, cephPools, cephCrush, cephSafe, members}},
		{"check_serviceable by the command", "check_serviceable", append(node, "-H", s.names["NODES"], "--ca-file", s.names["CA"], "--ceph", "command"), "", []swollen{toldMap, toldStatus, toldRules, toldSafe, toldFill}},
	}
}

// staying are the questions when nothing is announced.
func (s place) staying(y yard) []question {
	ask := []string{"--auth-file", s.names["AUTH"]}
	controller := []string{"--bmc", s.names["BMC"], "--bmc-ca-file", s.names["BMCCA"]}
	back := func(baseline string, more ...string) []string {
		return slices.Concat(ask, []string{"--node", "pve3", "--baseline", baseline}, more)
	}
	var at []string
	for _, g := range []string{"100=127.1.0.1", "102=127.1.0.2", "200=127.1.0.3"} {
		at = append(at, "--address", g)
	}
	pools := cephPools
	pools.spare = "how many copies a pool needs is told beside, HEALTH_OK says that it has them"
	return []question{
		{"check_reintegrated", "check_reintegrated", back(s.saved(y)), s.names["PVE1"], []swollen{resources, cephOSDs, cephs, manager, cephFlags}},
		{"check_reintegrated and its controller", "check_reintegrated", back(s.saved(y, controller...), "-H", s.names["NODES"], "--ca-file", s.names["CA"]), s.names["BMC"], []swollen{thermal}},
		{"check_pve", "check_pve", ask, s.names["PVE1"], []swollen{resources, rights, members, manager, tasks}},
		{"check_guests", "check_guests", slices.Concat(ask, at, []string{"--packets", "1"}), s.names["PVE1"], []swollen{resources, rights, members, tasks}},
		{"check_ceph by the command", "check_ceph", nil, "", []swollen{toldMap, toldStatus, toldFill}},
		{"check_ceph by Proxmox VE", "check_ceph", append(ask, "--via", "pve"), s.names["PVE1"], []swollen{cephOSDs, cephs, pools}},
		{"check_ceph by the dashboard", "check_ceph", []string{"--via", "dashboard", "--auth-file", s.names["MGRAUTH"]}, s.Ceph.Dashboards[0], []swollen{boardHealth, boardLogin, boardOSDs}},
	}
}

// saved is a baseline of pve3 from before the nodes were started.
func (s place) saved(y yard, controller ...string) (path string) {
	s.t.Helper()
	path = filepath.Join(s.t.TempDir(), "baseline.json")
	args := append(controller, "-H", s.names["NODES"], "--auth-file", s.names["AUTH"], "--ca-file", s.names["CA"], "--node", "pve3", "--save", path)
	if out, code := y.run(s.t, "check_drained", args...); code != 0 {
		s.t.Fatal(out)
	}
	text, err := os.ReadFile(path)
	var all map[string]any
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	all["saved"] = time.Now().Add(-2 * time.Hour)
	if text, err = json.Marshal(all); err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return path
}

// failing are the questions about what any one failure takes.
func (s place) failing() []question {
	ask := []string{"--auth-file", s.names["AUTH"]}
	return []question{
		{"check_contingency", "check_contingency", ask, s.names["PVE1"], []swollen{resources, cephOSDs, cephs, cephCrush, rights, manager}},
		{"check_contingency by the command", "check_contingency", append(ask, "-H", s.names["NODES"], "--ca-file", s.names["CA"], "--ceph", "command"), "", []swollen{toldMap, toldStatus, toldSafe}},
	}
}

// ask gives the plugin more time than a busy machine takes, or its own. One document
// may take half of that, and where that was too little, no answer may be well, and
// then it gets more.
func (q question) ask(t *testing.T, y yard, args []string, own bool) (out string, code int) {
	t.Helper()
	if own {
		began := time.Now()
		out, code = y.run(t, q.plugin, args...)
		if took := time.Since(began); took < 3*time.Second || code == 0 {
			return out, code
		}
		t.Log("its own time is too short here")
	}
	return y.run(t, q.plugin, append(args[:len(args):len(args)], patient)...)
}

// hold asks when all is well, and then with each document swollen in two ways, of
// which all documents together take all there are.
func (q question) hold(t *testing.T, y yard, s place) {
	t.Helper()
	t.Run(q.name, func(t *testing.T) {
		var l liar
		args := append([]string(nil), q.args...)
		switch {
		case q.behind == "":
			args = append(args, "--ceph-command", l.command(t, s.Ceph.World))
		case q.behind == s.names["BMC"]:
			address, fingerprint := front(t, q.behind, l.answer)
			args = append(args, "--bmc", address, "--bmc-fingerprint", fingerprint)
		default:
			address, fingerprint := front(t, q.behind, l.answer)
			args = append(args, "-H", address, "--fingerprint", fingerprint)
		}
		out, code := y.run(t, q.plugin, append(args, patient)...)
		pinged(t, out)
		if code != 0 {
			t.Fatalf("all is well: %s", out)
		}
		for i, d := range q.documents {
			for j := range 2 {
				list, own := hostile.Lists[(len(q.name)+2*i+7*j)%len(hostile.Lists)], i+j == 0
				if own {
					list = hostile.Lists[0]
				}
				l.tell(t, d.path, d.text(list))
				out, code := q.ask(t, y, args, own)
				t.Logf("%s of %s", list.Name, d.path)
				if code == 0 && d.spare == "" || own && !strings.Contains(out, " elements") {
					t.Errorf("%s of %s: exit code %d: %s", list.Name, d.path, code, out)
				}
				if !l.was() {
					t.Errorf("%s: nobody asked for it: %s", d.path, out)
				}
			}
		}
	})
}
