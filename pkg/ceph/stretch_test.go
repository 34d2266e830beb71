package ceph

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// document puts a cluster together from documents of one line each.
func document(t *testing.T, lines ...string) Cluster {
	t.Helper()
	c, err := Read(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sites is a cluster in stretch mode: two data centres of two hosts with one
// OSD each, four copies, two in each.
func sites(t *testing.T, peering string) Cluster {
	tree := `{"nodes":[{"id":-1,"name":"default","type":"root","type_id":11,"children":[-2,-3]},` +
		`{"id":-2,"name":"dc1","type":"datacenter","type_id":8,"children":[-4,-5]},{"id":-3,"name":"dc2","type":"datacenter","type_id":8,"children":[-6,-7]}`
	var osds []string
	for i := range 4 {
		tree += fmt.Sprintf(`,{"id":%d,"name":"node%d","type":"host","type_id":1,"children":[%d]},{"id":%d,"name":"osd.%d","type":"osd","type_id":0}`, -4-i, i+1, i, i, i)
		osds = append(osds, fmt.Sprintf(`{"osd":%d,"up":1,"in":1,"weight":1,"state":["exists","up"]}`, i))
	}
	return document(t, tree+`],"stray":[]}`,
		`{"fsid":"f","flags":"sortbitwise","osds":[`+strings.Join(osds, ",")+`],"stretch_mode":{"stretch_mode_enabled":true,"degraded_stretch_mode":0,"stretch_mode_bucket":8},`+
			`"pools":[{"pool":1,"pool_name":"rbd","type":1,"size":4,"min_size":2,"pg_num":32,"crush_rule":1,`+peering+`}]}`,
		`[{"rule_id":1,"rule_name":"stretch","steps":[{"op":"take","item":-1,"item_name":"default"},{"op":"choose_firstn","num":0,"type":"datacenter"},{"op":"chooseleaf_firstn","num":2,"type":"host"},{"op":"emit"}]}]`)
}

// TestPeers: what was measured on 16.2.15. ok-to-stop says yes to all of these
// but the last.
func TestPeers(t *testing.T) {
	const two = `"peering_crush_bucket_count":2,"peering_crush_bucket_target":2,"peering_crush_bucket_barrier":8,"peering_crush_bucket_mandatory_member":2147483647`
	const degraded = `"peering_crush_bucket_count":1,"peering_crush_bucket_target":2,"peering_crush_bucket_barrier":8,"peering_crush_bucket_mandatory_member":-2`
	const none = `"peering_crush_bucket_count":0,"peering_crush_bucket_target":0,"peering_crush_bucket_barrier":0`
	for _, tc := range []struct {
		name, peering  string
		gone           []int
		sure, possible bool
	}{
		{"nothing goes", two, nil, true, true},
		{"one host", two, []int{0}, true, true},
		{"one host of each site", two, []int{0, 2}, true, true},
		{"a whole site", two, []int{2, 3}, false, false},
		{"degraded, the site that is gone", degraded, []int{2, 3}, true, true},
		{"degraded, the site that is left", degraded, []int{0, 1}, false, false},
		{"no stretch mode", none, []int{2, 3}, true, true},
		{"everything", two, []int{0, 1, 2, 3}, false, false},
	} {
		c := sites(t, tc.peering)
		if sure, possible := c.Peers(c.Map.Pools[0], tc.gone); sure != tc.sure || possible != tc.possible {
			t.Errorf("%s: sure %v, possible %v", tc.name, sure, possible)
		}
	}
	c := sites(t, two)
	if !c.Map.Stretch || c.Map.Degraded {
		t.Errorf("%+v", c.Map)
	}
	c.Rules = nil
	if sure, possible := c.Peers(c.Map.Pools[0], []int{0}); sure || !possible {
		t.Error("certain without the rules")
	}
	c.Tree = nil
	if sure, _ := c.Peers(c.Map.Pools[0], nil); sure {
		t.Error("certain without the tree")
	}
}

// TestStranded: what was seen on 16.2.15. OSDs of a site without a monitor in
// quorum try the others for ever, whose quorum is well.
func TestStranded(t *testing.T) {
	const two = `"peering_crush_bucket_count":2,"peering_crush_bucket_target":2,"peering_crush_bucket_barrier":8`
	c := sites(t, two)
	if doc := c.add([]byte(`{"quorum_names":["a","b","c"],"monmap":{"mons":[{"name":"a","crush_location":"{datacenter=dc1}"},` +
		`{"name":"b","crush_location":"{root=default, datacenter=dc2}"},{"name":"c","crush_location":"{datacenter=dc3}"},{"name":"d","crush_location":"{}"}]}}`)); doc != docQuorum {
		t.Fatal(doc)
	}
	a, b, tie := c.Mons.Members[0], c.Mons.Members[1], c.Mons.Members[2]
	if !a.Placed() || c.Mons.Members[3].Placed() || b.Site("datacenter") != "dc2" || b.Site("rack") != "" {
		t.Errorf("%+v", c.Mons.Members)
	}
	for _, tc := range []struct {
		name   string
		quorum []Daemon
		gone   []int
		want   string
	}{
		{"all", []Daemon{a, b, tie}, nil, "[]"},
		{"that of dc1 is away", []Daemon{b, tie}, []int{0}, "[dc1]"},
		{"with all of its OSDs", []Daemon{b, tie}, []int{0, 1}, "[]"},
		{"the tiebreaker alone", []Daemon{tie}, nil, "[dc1 dc2]"},
	} {
		if got := fmt.Sprint(c.Stranded(tc.quorum, tc.gone)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	for _, tc := range []struct {
		live []Daemon
		gone []int
		want bool
	}{
		{[]Daemon{a, tie}, []int{2, 3}, false}, {[]Daemon{a, b, tie}, []int{2, 3}, true}, {[]Daemon{a, b, tie}, []int{2}, false},
	} {
		if got := c.Outlived(tc.live, tc.gone); got != tc.want {
			t.Errorf("%v without %v: %v", tc.live, tc.gone, got)
		}
	}
	if !c.Emptied("datacenter", []int{0, 1}) || c.Emptied("datacenter", []int{0, 2}) {
		t.Error("a site that loses its last OSD, or not")
	}
	c.Map.Stretch = false
	if c.Outlived([]Daemon{b}, []int{2, 3}) {
		t.Error("outlived without stretch mode")
	}
	if got := c.Stranded(nil, nil); got != nil {
		t.Errorf("without stretch mode: %s", got)
	}
}

// TestRanks: who has which rank, and who is dead although Ceph says HEALTH_OK.
func TestRanks(t *testing.T) {
	row := func(fs, rank int, name, status string) string {
		return fmt.Sprintf(`{"filesystem_id":%d,"rank":%d,"name":%q,"status":%q}`, fs, rank, name, status)
	}
	for _, tc := range []struct {
		name string
		rows []string
		want string
	}{
		{"active", []string{row(1, 0, "a", "up:active")}, "1.0=a"},
		{"active and standby-replay", []string{row(1, 0, "a", "up:active"), row(1, 0, "b", "up:standby-replay")}, "1.0=a+b"},
		{"the only one is dead", []string{row(1, 0, "b", "up:active(laggy or crashed)")}, "1.0=b dead"},
		{"one of two ranks is dead", []string{row(1, 0, "a", "up:active"), row(1, 1, "b", "up:active(laggy or crashed)")}, "1.0=a 1.1=b dead"},
		{"another takes over", []string{row(1, 0, "a", "up:active(laggy or crashed)"), row(1, 0, "b", "up:replay")}, "1.0=b"},
		{"a dead standby-replay follows nobody", []string{row(1, 0, "a", "up:active"), row(1, 0, "b", "up:standby-replay(laggy or crashed)")}, "1.0=a"},
		{"a follower of another file system", []string{row(2, 0, "c", "up:standby-replay"), row(2, 0, "a", "up:active"), row(1, 0, "b", "up:active(laggy or crashed)")}, "1.0=b dead 2.0=a+c"},
		{"two rows without numbers", []string{`{"name":"a","status":"up:active"}`, `{"name":"b","status":"up:active"}`}, "0.-2=b 0.-1=a"},
	} {
		c := document(t, `{"health":{"status":"HEALTH_OK"},"pgmap":{},"fsmap":{"by_rank":[`+strings.Join(tc.rows, ",")+`],"up:standby":0}}`)
		if got := ranks(c.FS); got != tc.want || c.FS.Ranks != strings.Count(tc.want, "=") {
			t.Errorf("%s: %d ranks, %s, want %s", tc.name, c.FS.Ranks, got, tc.want)
		}
	}
}

func ranks(f *FS) string {
	var out []string
	for _, r := range f.Held {
		text := fmt.Sprintf("%d.%d=%s", r.FS, r.Rank, strings.Join(append([]string{r.Holder}, r.Followers...), "+"))
		if r.Dead {
			text += " dead"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

// TestRecordedRanks: recordings of 16.2.15, by status and by fs dump.
func TestRecordedRanks(t *testing.T) {
	for state, want := range map[string]string{
		"04-mds-active-standby-replay":           "1.0=a+b",
		"06-mds-two-fs-standby-replay-of-one":    "1.0=b 2.0=a+cc",
		"07-mds-fs-lost-standby-replay-of-other": "1.0=b dead 2.0=a+cc",
		"08-mds-dead-only-one":                   "1.0=b dead",
		"09-mds-two-ranks-no-standby":            "1.0=a 1.1=b",
		"10-mds-one-of-two-ranks-dead":           "1.0=a 1.1=b dead",
	} {
		var c Cluster
		c.add(read(t, "ceph-stretch-mds", state, "status.json"))
		if got := ranks(c.FS); got != want {
			t.Errorf("%s: %s, want %s", state, got, want)
		}
		c.FS.Held = nil // as if only fs dump told
		c.add(read(t, "ceph-stretch-mds", state, "fs_dump.json"))
		if got := ranks(c.FS); got != want {
			t.Errorf("%s by fs dump: %s, want %s", state, got, want)
		}
	}
}

// TestRecordedStretch: the sites of a real cluster in stretch mode.
func TestRecordedStretch(t *testing.T) {
	for state, want := range map[string][2]bool{"01-stretch-healthy": {false, false}, "03-stretch-degraded": {true, true}} {
		var c Cluster
		for _, name := range []string{"osd_dump", "osd_tree", "osd_crush_rule_dump"} {
			c.add(read(t, "ceph-stretch-mds", state, name+".json"))
		}
		if !c.Map.Stretch || c.Map.Degraded != want[0] {
			t.Errorf("%s: %+v", state, c.Map)
		}
		for _, p := range c.Map.Pools {
			if _, possible := c.Peers(p, []int{2, 3}); possible != want[1] {
				t.Errorf("%s, pool %s without dc2: possible %v", state, p.Name, possible)
			}
			if sure, _ := c.Peers(p, []int{0}); !sure && !c.Map.Degraded {
				t.Errorf("%s, pool %s without one host: not sure", state, p.Name)
			}
		}
	}
}

// TestBareNumbers: Ceph prints nan and inf as they are, which is no JSON.
func TestBareNumbers(t *testing.T) {
	fill := `{"nodes":[{"id":-1,"name":"default","type":"root","children":[0,1],"utilization":-nan,"pgs":0},` +
		`{"id":0,"name":"osd.0","type":"osd","utilization":12.5,"var":inf,"pgs":3},{"id":1,"name":"osd.1: nan,","type":"osd","utilization":nan,"var":-inf,"pgs":4}],"stray":[],"summary":{"list":[nan,nan,inf,-inf]}}`
	var c Cluster
	if name := c.add([]byte(fill)); name != docFill || len(c.Fill) != 1 || c.Placed[1] != 4 || c.Tree == nil {
		t.Errorf("%q, %+v", name, c)
	}
	if broken([]byte(fill)) != "" || broken([]byte(fill[:len(fill)-9])) != docFill || broken([]byte("{broken")) != "" {
		t.Error("which document is broken")
	}
	if got := readable([]byte("{\"a\": -nan\n,\"b\":[\n\tinf,\n\tnan\r\n]}")); !json.Valid(got) {
		t.Errorf("over several lines: %s", got)
	}
	if got := string(readable([]byte(`{"a":"x:nan,","b":1}`))); got != `{"a":"x:nan,","b":1}` {
		t.Errorf("a document that is one was changed: %s", got)
	}
}

// TestNeverStarted: an OSD that was created and never started holds nothing.
func TestNeverStarted(t *testing.T) {
	c := document(t, `{"flags":"x","osds":[{"osd":6,"up":0,"in":1,"weight":1,"up_from":0,"state":["exists","new"]},`+
		`{"osd":7,"up":0,"in":1,"up_from":9,"state":["exists","new"]},{"osd":8,"up":1,"in":1,"up_from":0,"state":["exists","up","new"]},{"osd":9,"up":0,"in":1,"state":["exists","new"]}]}`)
	for id, want := range map[int]bool{6: true, 7: false, 8: false, 9: false} {
		if o, _ := c.Map.OSD(id); o.New != want {
			t.Errorf("osd.%d: never started %v", id, o.New)
		}
	}
}

// TestMachines: node ls names the machine of a monitor that is away, in any
// order of the documents.
func TestMachines(t *testing.T) {
	nodes := `{"mon":{"node1":["a"],"tie":["c"]},"osd":{},"mds":{"node9":["m"]},"mgr":{}}`
	rest := []string{
		`{"health":{"status":"HEALTH_OK"},"pgmap":{},"fsmap":{"by_rank":[],"up:standby":1}}`, `{"nodes":[{"id":-4,"name":"node1","type":"host","children":[]}]}`,
		`{"quorum_names":["a"],"monmap":{"mons":[{"name":"a"},{"name":"c"}]}}`, `{"filesystems":[],"standbys":[{"name":"m"}]}`,
	}
	if got := shapeOf([]byte(`{"mon":{"node1":["node1"]},"osd":{"node1":[0]},"mgr":{"node1":["node1"]}}`)); got != docNodes {
		t.Errorf("node ls of a cluster without MDS is taken for %q", got)
	}
	for _, lines := range [][]string{append([]string{nodes}, rest...), append(rest, nodes)} {
		c := document(t, lines...)
		if c.Mons.Members[0].Host != "node1" || c.Mons.Members[1].Machine() != "tie" || c.FS.Daemons[0].Host != "node9" {
			t.Errorf("%+v %+v", c.Mons, c.FS)
		}
	}
}

// TestSlowStart: a ceph that takes longer than the first wait is asked for all
// that is wanted, while there is time.
func TestSlowStart(t *testing.T) {
	c, ctx := patient(t, "sleep 3\ntee -a asked | "+loop)
	if _, err := c.Poll(ctx, Ask{Rules: true, Monitors: true, Daemons: func(string, int) bool { return true }}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(filepath.Dir(c.Options.Command), "asked"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{docMap, docTree, docQuorum, docNodes, docRules, docMgrs, docFS, docFill} {
		if !strings.Contains(string(raw), want+"\n") {
			t.Errorf("%s was not asked for: %q", want, raw)
		}
	}
}
