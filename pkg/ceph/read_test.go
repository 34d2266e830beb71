package ceph

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/hostile"
)

func read4(t *testing.T, documents ...string) Cluster {
	t.Helper()
	c, err := Read(strings.NewReader(strings.Join(documents, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOdd: one odd value costs what it stands for, is a gap, and costs nothing
// else.
func TestOdd(t *testing.T) {
	if c := read4(t, wellStatus, wellMap, wellTree); len(c.Gaps) > 0 {
		t.Fatalf("%+v", c.Gaps)
	}
	for name, change := range map[string][3]string{ // where, what, by what
		"health is a list":           {"status", `{"status":"HEALTH_OK","checks":{},"mutes":[]}`, `[]`},
		"no health status":           {"status", `"status":"HEALTH_OK",`, ``},
		"the status is a number":     {"status", `"HEALTH_OK"`, `{}`},
		"a check is a number":        {"status", `"checks":{}`, `"checks":{"X":1}`},
		"no states":                  {"status", `"pgs_by_state"`, `"other"`},
		"states are text":            {"status", `[{"state_name":"active+clean","count":8}]`, `"clean"`},
		"a state is a number":        {"status", `{"state_name":"active+clean","count":8}`, `7`},
		"fewer states than PGs":      {"status", `"count":8`, `"count":7`},
		"a negative count":           {"status", `"count":8`, `"count":-8`},
		"a count that is no number":  {"status", `"count":8`, `"count":"eight"`},
		"no number of PGs":           {"status", `"num_pgs":8,`, ``},
		"no quorum":                  {"status", `"quorum_names":["a"],`, ``},
		"the quorum is an object":    {"status", `["a"]`, `{}`},
		"no number of monitors":      {"status", `"num_mons":1`, `"num_mons":"many"`},
		"no OSD counts":              {"status", `"num_osds":2,`, ``},
		"no mgrmap":                  {"status", `"mgrmap"`, `"m"`},
		"availability is not told":   {"status", `"available":true,`, ``},
		"standbys are not told":      {"status", `,"num_standbys":1`, ``},
		"no flags":                   {"map", `"flags":"sortbitwise",`, ``},
		"no OSDs":                    {"map", `"osds":[`, `"others":[`},
		"an OSD without id":          {"map", `"osd":1,`, ``},
		"an OSD that is text":        {"map", `{"osd":1,"up":1,"in":1,"state":["exists","up"]}`, `"osd.1"`},
		"an OSD neither up nor down": {"map", `"osd":1,"up":1,`, `"osd":1,`},
		"up is a word":               {"map", `"osd":1,"up":1,`, `"osd":1,"up":"maybe",`},
		"one OSD is missing":         {"map", `,{"osd":1,"up":1,"in":1,"state":["exists","up"]}`, ``},
		"another cluster":            {"map", `"fsid":"f1"`, `"fsid":"f2"`},
		"no nodes":                   {"tree", `"nodes"`, `"others"`},
		"a node is a number":         {"tree", `{"id":1,"name":"osd.1","type":"osd"}`, `1`},
		"a child is text":            {"tree", `[0,1]`, `[0,"x"]`},
		"the tree is cut":            {"tree", `"stray":[]}`, `"stray":[`},
		"the map is cut":             {"map", `"pools":[]}`, `"pools":[`},
		"the status is cut":          {"status", `"num_standbys":1}}`, `"num_standbys":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			docs := map[string]string{"status": wellStatus, "map": wellMap, "tree": wellTree}
			before := docs[change[0]]
			docs[change[0]] = strings.Replace(before, change[1], change[2], 1)
			if docs[change[0]] == before {
				t.Fatalf("%q does not stand in the document", change[1])
			}
			c := read4(t, docs["status"], docs["map"], docs["tree"])
			if !slices.ContainsFunc(c.Gaps, func(g Gap) bool { return !g.Optional }) {
				t.Errorf("no gap: %+v", c)
			}
		})
	}
}

// TestScopes: what a flag is set for, and which OSDs that covers.
func TestScopes(t *testing.T) {
	dump := strings.NewReplacer(
		`"flags":"sortbitwise"`, `"flags":"noout,sortbitwise","crush_node_flags":{"node1":["noout"],"default":["nodown","noout"]},"device_class_flags":{"ssd":["noout"]}`,
		`"osd":1,"up":1,"in":1,"state":["exists","up"]`, `"osd":1,"up":1,"in":1,"state":["exists","noout","up"]`).Replace(wellMap)
	tree := strings.Replace(wellTree, `"name":"osd.1"`, `"name":"osd.1","device_class":"ssd"`, 1)
	var got []string
	c := read4(t, wellStatus, dump, tree)
	for _, s := range c.Scopes("noout") {
		got = append(got, s.String()+": "+strings.Join(names4(s.OSDs), " "))
	}
	want := []string{"cluster: osd.0 osd.1", "bucket default: osd.0 osd.1", "host node1: osd.0 osd.1", "class ssd: osd.1", "osd.1: osd.1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if s := c.Scopes("nodown"); len(s) != 1 || s[0].Kind != ScopeBucket {
		t.Errorf("%+v", s)
	}
}

func names4(ids []int) []string {
	var out []string
	for _, id := range ids {
		out = append(out, osdName(id))
	}
	return out
}

// TestCopies: how many copies CRUSH leaves at worst.
func TestCopies(t *testing.T) {
	tree := `{"nodes":[{"id":-1,"name":"default","type":"root","children":[-10,-11]},` +
		`{"id":-10,"name":"rack1","type":"rack","children":[-2,-3]},{"id":-11,"name":"rack2","type":"rack","children":[-4]},` +
		`{"id":-2,"name":"node1","type":"host","children":[0,1]},{"id":-3,"name":"node2","type":"host","children":[2,3]},{"id":-4,"name":"node3","type":"host","children":[4,5]},` +
		`{"id":0,"type":"osd","device_class":"hdd"},{"id":1,"type":"osd","device_class":"ssd"},{"id":2,"type":"osd","device_class":"hdd"},` +
		`{"id":3,"type":"osd","device_class":"ssd"},{"id":4,"type":"osd","device_class":"hdd"},{"id":5,"type":"osd","device_class":"ssd"}],"stray":[]}`
	osd := `{"osd":%,"up":1,"in":1,"state":[]}`
	var osds []string
	for _, id := range []string{"0", "1", "2", "3", "4", "5"} {
		osds = append(osds, strings.Replace(osd, "%", id, 1))
	}
	dump := `{"flags":"sortbitwise","osds":[` + strings.Join(osds, ",") + `],"pools":[]}`
	step := func(id, root, op, kind string) string {
		return `{"rule_id":` + id + `,"rule_name":"r","steps":[{"op":"take","item":-99,"item_name":"` + root + `"},{"op":"` + op + `","num":0,"type":"` + kind + `"},{"op":"emit"}]}`
	}
	rules := `[` + strings.Join([]string{
		step("0", "default", "chooseleaf_firstn", "host"), step("1", "default~ssd", "chooseleaf_firstn", "host"),
		step("2", "default", "choose_indep", "osd"), step("3", "default", "chooseleaf_firstn", "rack"),
		strings.Replace(step("4", "default~ssd", "chooseleaf_firstn", "host"), `{"op":"emit"}`, `{"op":"emit"},{"op":"take","item":-98,"item_name":"default~hdd"},{"op":"chooseleaf_firstn","num":-1,"type":"host"},{"op":"emit"}`, 1),
		step("5", "default", "choosemsr", "host"),
	}, ",") + `]`
	c := read4(t, strings.Replace(wellStatus, `"num_osds":2`, `"num_osds":6`, 1), dump, tree, rules)
	for name, k := range map[string]struct {
		rule, size int
		gone       []int
		want       int
		exact      bool
	}{
		"a host":                        {0, 3, []int{0, 1}, 2, true},
		"two OSDs of two hosts":         {0, 3, []int{0, 2}, 1, true},
		"nothing":                       {0, 3, nil, 3, true},
		"of another class":              {1, 3, []int{0}, 3, true},
		"of the class":                  {1, 3, []int{0, 1}, 2, true},
		"each OSD may hold one":         {2, 3, []int{0, 1}, 1, true},
		"a host is part of a rack":      {3, 2, []int{0, 1}, 1, true},
		"both hosts of a rack":          {3, 2, []int{0, 1, 2, 3}, 1, true},
		"more copies than hosts":        {0, 5, []int{0, 1}, 2, true},
		"all":                           {0, 3, []int{0, 1, 2, 3, 4, 5}, 0, true},
		"ssd and hdd of one host":       {4, 3, []int{0, 1}, 1, false},
		"multi-step retry":              {5, 3, []int{0, 1}, 1, false},
		"no such rule: each OSD counts": {9, 3, []int{0, 1}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			left, exact := c.Copies(Pool{Size: k.size, Rule: k.rule}, k.gone)
			if left != k.want || exact != k.exact {
				t.Errorf("%d copies left (%v), want %d (%v)", left, exact, k.want, k.exact)
			}
		})
	}
}

// TestDaemonsPlaced: a daemon is on the host of its machine's name, of its own
// name, or of the OSDs with its address.
func TestDaemonsPlaced(t *testing.T) {
	dump := strings.Replace(wellMap, `"state":["exists","up"]}`, `"state":["exists","up"],"public_addr":"192.0.2.7:6801/2"}`, 1)
	quorum := `{"quorum_names":["a"],"monmap":{"mons":[{"name":"a","public_addr":"192.0.2.7:6789/0"},{"name":"node1","public_addr":"192.0.2.9:6789/0"},{"name":"node2","public_addr":"192.0.2.7:3300/0"},{"name":"c","addr":"[2001:db8::1]:6789/0"}]}}`
	mgrs := `[{"name":"x","hostname":"node1.example.net","addr":"192.0.2.9"},{"name":"node1","hostname":"elsewhere"}]`
	c := read4(t, wellStatus, dump, wellTree, quorum, mgrs)
	var got []string
	for _, d := range append(slices.Clone(c.Mons.Members), c.Mgr.Daemons...) {
		got = append(got, d.Name+"@"+d.Host)
	}
	want := []string{"a@node1", "node1@node1", "node2@node1", "c@", "x@node1", "node1@elsewhere"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestContradictions: what one document says and another one does not.
func TestContradictions(t *testing.T) {
	fs := `{"filesystems":[{"mdsmap":{"info":{"gid_1":{"name":"m1"}}}}],"standbys":[]}`
	if c := read4(t, wellStatus, wellMap, wellTree, fs); c.FS.Ranks != 1 {
		t.Errorf("%d ranks with an MDS that has one", c.FS.Ranks)
	}
	if c := read4(t, strings.Replace(wellStatus, `"fsmap"`, `"was"`, 1), wellMap, wellTree, fs); c.FS != nil {
		t.Errorf("%+v, and nobody told the ranks", c.FS)
	}
	both := strings.Replace(wellMap, `"flags":"sortbitwise"`, `"flags":["pause"],"flags_set":["pauserd","sortbitwise"]`, 1)
	if c := read4(t, wellStatus, both, wellTree); !c.Map.Flag("pauserd") {
		t.Errorf("flags %q", c.Map.Flags)
	}
	if c := read4(t, wellStatus, strings.Replace(wellMap, `"up":1`, `"up":"7"`, 1), wellTree); c.Map != nil {
		t.Error("an OSD is neither up nor down, and the map is believed")
	}
	if c := read4(t, wellStatus, wellMap, wellTree); !c.Map.ScopesUnknown {
		t.Error("flags of hosts are not told, and are taken for none")
	}
}

// TestNeighbours: OSDs on one machine have its address, whatever CRUSH says.
func TestNeighbours(t *testing.T) {
	at := func(dump, osd, state, addr string) string {
		return strings.Replace(dump, `"osd":`+osd+`,`, `"osd":`+osd+`,"public_addr":"`+addr+`:6801/2","was":"`+state+`",`, 1)
	}
	for name, tc := range map[string]struct {
		first, second string
		want          []int
	}{
		"one address":       {"192.0.2.7", "192.0.2.7", []int{1}},
		"two addresses":     {"192.0.2.7", "192.0.2.8", nil},
		"none":              {"0.0.0.0", "0.0.0.0", nil},
		"none of version 6": {"[::]", "[::]", nil},
	} {
		dump := at(at(wellMap, "0", "up", tc.first), "1", "up", tc.second)
		if got := read4(t, wellStatus, dump, wellTree).Neighbours([]int{0}); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v: %s", name, got, tc.want, dump)
		}
	}
}

// TestServices tells gateways from what else registers itself.
func TestServices(t *testing.T) {
	gateways := `"rgw":{"daemons":{"summary":"","4123":{"addr":"192.0.2.7:0/1","metadata":{"hostname":"node1.example.net","id":"a","zone_name":"here"}},"4124":{"addr":"192.0.2.8:0/1","metadata":{"id":"b"}}}}`
	others := `"osd":{"daemons":{"summary":"","0":{"addr":"(unrecognized address family 0)/0","metadata":{}}}}`
	status := strings.Replace(wellStatus, `{`, `{"servicemap":{"services":{`+gateways+`,`+others+`}},`, 1)
	c := read4(t, status, wellMap, wellTree)
	var got []string
	for _, d := range c.Services {
		got = append(got, d.Kind+" "+d.Name+"@"+d.Host)
	}
	if want := []string{"osd 0@", "rgw b@", "rgw here a@node1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestValues of Ceph's releases, and of Perl.
func TestValues(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-20T23:39:58.953969+0000": "2026-11-20T23:39:58Z",
		"2022-03-07T13:52:42.430153-0500": "2022-03-07T18:52:42Z",
		"2017-08-11 20:13:02.075679":      "2017-08-11T20:13:02Z",
		"0.000000":                        "0001-01-01T00:00:00Z",
		"1970-01-01T00:00:00.000000+0000": "0001-01-01T00:00:00Z",
		"":                                "0001-01-01T00:00:00Z",
	} {
		if got := stamp(textOf(text)).UTC().Truncate(time.Second).Format(time.RFC3339); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	for raw, want := range map[string]float64{`1`: 1, `"1"`: 1, `true`: 1, `false`: 0, `"0.5"`: .5, `-3`: -3, `1e3`: 1000} {
		var n number
		if err := n.UnmarshalJSON([]byte(raw)); err != nil || !n.set || n.value != want {
			t.Errorf("%s is %+v", raw, n)
		}
	}
	for _, raw := range []string{`null`, `""`, `"NaN"`, `"inf"`, `"0x10"`, `"1_0"`, `[]`, `{}`, `"x"`, `1e999`} {
		var n number
		if err := n.UnmarshalJSON([]byte(raw)); err != nil || n.set {
			t.Errorf("%s is %+v", raw, n)
		}
	}
}

func textOf(s string) text { return text(s) }

// FuzzRead: whatever comes, nothing breaks, and what did not come is a gap.
func FuzzRead(f *testing.F) {
	for _, doc := range []string{
		wellStatus, wellMap, wellTree, wellFill, "[]", "{}", "null", `{"nodes":[{"id":-1,"children":[-1]}]}`,
		`{"health":{"checks":[{"type":"A"}]},"pgmap":[]}`, `[{"rule_id":1,"steps":[{"op":"take"}]}]`, `[{"name":"x","hostname":"y"}]`,
		`{"quorum_names":["a"],"monmap":{"mons":[{"name":"a"}]}}`, `{"filesystems":[{"mdsmap":{"info":{"g":{"name":"m"}}}}],"standbys":[]}`,
		wellStatus + "\n" + wellMap + "\n" + wellTree,
	} {
		f.Add(doc)
	}
	for _, list := range [][2]string{
		{`{"epoch":1,"flags":"","osds":`, "osd"}, {`{"nodes":`, "id"}, {`{"nodes":[],"summary":{},"stray":`, "id"}, {`{"health":{"status":"HEALTH_OK","checks":`, "OSD_DOWN"},
		{`{"health":{},"pgmap":{"pgs_by_state":`, "count"}, {`{"quorum_names":[],"monmap":{"mons":`, "name"}, {`{"standbys":[],"filesystems":`, "mdsmap"}, {``, "rule_id"},
	} {
		for _, seed := range hostile.Seeds(list[0], list[1], strings.Repeat("}", strings.Count(list[0], "{")-strings.Count(list[0], "}"))) {
			f.Add(wellStatus + "\n" + seed)
		}
	}
	f.Fuzz(func(t *testing.T, doc string) {
		c, err := Read(strings.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Gaps) == 0 && (c.Health == nil || c.Map == nil || c.Tree == nil || c.PGs == nil || c.Mons == nil || c.Mgr == nil || c.Counts == nil) {
			t.Errorf("no gap in %+v", c)
		}
		c.Scopes("noout")
		for _, p := range []Pool{{Size: 3}, {Size: 3, Rule: 1}} {
			if left, _ := c.Copies(p, []int{0, 1}); left < 0 || left > 3 {
				t.Errorf("%d copies", left)
			}
		}
	})
}

// FuzzDashboard: the same of the dashboard's health.
func FuzzDashboard(f *testing.F) {
	f.Add(`{"health":{"status":"HEALTH_OK","checks":[]},"mon_status":{"quorum":[0],"monmap":{"mons":[{}]}},"pg_info":{"statuses":{"a":1}},"osd_map":{"osds":[{"in":1}]}}`)
	f.Add(`{"osd_map":{"flags":"","osds":[],"tree":{"nodes":[]},"crush":{"rules":[]}},"mgr_map":{"standbys":[]}}`)
	for _, list := range [][2]string{{`{"osd_map":{"flags":"","osds":`, "osd"}, {`{"osd_map":{"tree":{"nodes":`, "id"}, {`{"health":{"checks":`, "type"}, {`{"mon_status":{"monmap":{"mons":`, "name"}, {`{"pg_info":{"statuses":`, "a"}} {
		for _, seed := range hostile.Seeds(list[0], list[1], strings.Repeat("}", strings.Count(list[0], "{"))) {
			f.Add(seed)
		}
	}
	f.Fuzz(func(t *testing.T, doc string) {
		w, err := decode[wireDashboard]([]byte(doc))
		if err != nil {
			return
		}
		var c Cluster
		c.addDashboard(w)
		c.consistent()
		c.place()
		if len(c.Gaps) == 0 && (c.Health == nil || c.Map == nil || c.Tree == nil || c.PGs == nil || c.Mons == nil || c.Mgr == nil) {
			t.Errorf("no gap in %+v", c)
		}
	})
}
