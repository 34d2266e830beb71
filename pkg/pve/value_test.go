package pve

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/noout-monitoring/noout/test/sim/hostile"
)

func TestNumber(t *testing.T) {
	for raw, want := range map[string]number{
		`1`: {1, true}, `"1"`: {1, true}, `1.0`: {1, true}, `"1.0"`: {1, true}, `true`: {1, true}, `"true"`: {1, true},
		`false`: {0, true}, `0`: {0, true}, `"0"`: {0, true}, `null`: {}, `""`: {}, `" 7 "`: {7, true}, `1.5e9`: {1500000000, true},
		`"744189952"`: {744189952, true}, `-3`: {-3, true}, `1795217715.25`: {1795217715, true},
	} {
		var got number
		if err := json.Unmarshal([]byte(raw), &got); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", raw, got, err, want)
		}
	}
	for _, raw := range []string{`"NaN"`, `"Inf"`, `"0x10"`, `"1_000"`, `"abc"`, `{}`, `[1]`, `1e300`, `"1e300"`, `"1 2"`, `"--1"`, `"e"`} {
		var got number
		if err := json.Unmarshal([]byte(raw), &got); err == nil {
			t.Errorf("%s is taken for %+v", raw, got)
		}
	}
}

func TestFlagAndText(t *testing.T) {
	for raw, want := range map[string]flag{`1`: true, `"1"`: true, `true`: true, `0`: false, `""`: false, `null`: false, `"0"`: false, `2`: true} {
		got := !want
		if err := json.Unmarshal([]byte(raw), &got); err != nil || got != want {
			t.Errorf("%s: %v, %v", raw, got, err)
		}
	}
	for raw, want := range map[string]text{`"a"`: "a", `1`: "1", `null`: "", `true`: "true", `" x "`: "x"} {
		got := text("before")
		if err := json.Unmarshal([]byte(raw), &got); err != nil || got != want {
			t.Errorf("%s: %q, %v", raw, got, err)
		}
	}
	var long text
	if err := json.Unmarshal([]byte(`"`+strings.Repeat("ä", 400)+`"`), &long); err != nil || len(long) != maxText || len(long.name()) != maxName || !utf8.ValidString(long.name()) {
		t.Errorf("%d and %d bytes, %v", len(long), len(long.name()), err)
	}
}

// One odd row loses neither the others nor itself unsaid.
func TestRows(t *testing.T) {
	got, err := rows[voteRow](json.RawMessage(`[{"node":"a","quorum_votes":"1"},{"node":{}},{"node":"b","quorum_votes":2}]`))
	if len(got) != 2 || got[1].Votes.value != 2 || err == nil || !strings.Contains(err.Error(), "1 of 3 rows") {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := rows[voteRow](json.RawMessage(`{"a":1}`)); err == nil {
		t.Error("an object is taken for a list")
	}
	if got, err := rows[voteRow](json.RawMessage(`null`)); err == nil {
		t.Errorf("null is taken for an empty list: %v", got)
	}
	if got, err := rows[voteRow](json.RawMessage(`[]`)); err != nil || len(got) != 0 {
		t.Errorf("an empty list: %v, %v", got, err)
	}
}

func TestTable(t *testing.T) {
	for raw, want := range map[string]int{`{"a":"1","b":2}`: 2, `[]`: 0, `null`: 0, `""`: 0, `{}`: 0} {
		var got table[number]
		if err := json.Unmarshal([]byte(raw), &got); err != nil || len(got) != want {
			t.Errorf("%s: %v, %v", raw, got, err)
		}
	}
	var got table[number]
	if err := json.Unmarshal([]byte(`[1]`), &got); err == nil {
		t.Error("a list is taken for a table")
	}
}

// Where a document leaves out what it always tells, that is no good news.
func TestUntold(t *testing.T) {
	for _, tc := range []struct{ path, raw, want string }{
		{pathTasks, `null`, "not a list"},
		{pathTasks, `[null]`, "null"},
		{pathResources, `[{"vmid":105,"node":"pve3","status":"running"}]`, "type"},
		{pathResources, `[{"type":"other","vmid":105,"node":"pve3"}]`, "type"},
		{pathResources, `[{"type":"sdn","node":"pve3"},{"type":"network","node":"pve3"}]`, ""},
		{pathVotes, `[]`, "no node"},
		{pathStatus, `[{"type":"cluster","name":"lab"},{"type":"node","name":"pve1","online":1}]`, "does not tell the quorum"},
		{pathStatus, `[{"type":"cluster","name":"lab","quorate":1,"nodes":2},{"type":"node","name":"pve1","online":1}]`, "1 of 2 nodes"},
		{pathManager, `{"quorum":{"quorate":"1"},"lrm_status":{}}`, "what HA manages"},
		{pathManager, `{"quorum":{"quorate":"1"},"manager_status":null}`, "what HA manages"},
		{pathManager, `{"quorum":{"quorate":"1"},"manager_status":{"master_node":"pve1","node_status":{}}}`, "what HA manages"},
		{pathManager, `{"quorum":{"quorate":"1"},"manager_status":{"master_node":"pve1","node_status":{},"service_status":[]}}`, ""},
		{pathManager, `{"quorum":{"quorate":"1"},"manager_status":{}}`, ""},
	} {
		for _, d := range documents(Ask{Votes: true}) {
			if d.path != tc.path {
				continue
			}
			err := d.add(new(Cluster), json.RawMessage(tc.raw))
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s %s: %v, want %q", tc.path, tc.raw, err, tc.want)
			}
		}
	}
}

// No document, however odd, ends in a panic, and none without quorum in it in
// a quorum.
func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{
		`[{"type":"cluster","name":"lab","quorate":1},{"type":"node","name":"pve1","nodeid":"1","online":1,"local":1}]`,
		`{"quorum":{"quorate":"1"},"manager_status":{"node_status":{"pve1":"online"},"node_request":{"pve1":{"maintenance":1}},"service_status":{"vm:100":{"node":"pve1","state":"started"}},"timestamp":"1795217715"},"lrm_status":{"pve1":{"timestamp":1795217715,"mode":"active"}}}`,
		`[{"type":"qemu","vmid":"100","node":"pve1","status":"running","tags":"a;b"},{"type":"node","node":"pve1","status":"online","maxmem":"5","mem":3}]`,
		`[{"upid":"UPID:x","node":"pve1","type":"qmigrate","id":100,"starttime":1795217715}]`,
		`{"State":"Connected","Algorithm":"Fifty-Fifty split"}`, `{"/":{"Sys.Audit":1},"/vms":{"VM.Audit":"1"}}`, `[]`, `null`, `"x"`,
	} {
		f.Add([]byte(seed))
	}
	for _, list := range [][2]string{{"", "vmid"}, {"", "node"}, {`{"quorum":{"quorate":"1"},"manager_status":{"node_status":`, "pve1"}, {`{"/":`, "Sys.Audit"}} {
		for _, seed := range hostile.Seeds(list[0], list[1], strings.Repeat("}", strings.Count(list[0], "{"))) {
			f.Add([]byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, d := range documents(Ask{Votes: true}) {
			var c Cluster
			err := d.add(&c, raw)
			if c.Lost && c.Quorate {
				t.Errorf("%s: both quorum and none", d.path)
			}
			if err == nil && d.path == pathStatus && len(c.Nodes) == 0 {
				t.Error("a cluster without nodes")
			}
			for _, g := range c.Guests {
				if g.ID <= 0 || g.Node == "" || g.Status == "" || len(g.Name) > maxName {
					t.Errorf("guest %+v", g)
				}
			}
			c.conclude()
			_, _, _ = c.Hidden(), c.Subject(), c.Index()
			_ = Memory{}.After(Look{Cluster: c})
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"scsi0":"local-lvm:vm-1-disk-0,size=1G","ide2":"none,media=cdrom","net0":"virtio=BC:24:11:00:00:01,bridge=vmbr0","ipconfig0":"ip=192.0.2.1/24,ip6=auto","hostpci0":"01:00","onboot":1,"agent":"enabled=1"}`))
	f.Add([]byte(`{"rootfs":"local:1/x.raw","mp0":"/srv,mp=/srv","net0":"name=eth0,hwaddr=BC:24:11:00:00:02,ip=192.0.2.2/24"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var values map[string]json.RawMessage
		if json.Unmarshal(raw, &values) != nil {
			return
		}
		c := configOf(values)
		for _, n := range c.NICs {
			if n.MAC != "" && len(n.MAC) != 17 {
				t.Errorf("NIC %+v", n)
			}
		}
		if _, disks := (Cluster{}).Index().Local(Guest{}, c); len(disks) > len(c.Disks) {
			t.Error("more local disks than disks")
		}
	})
}
