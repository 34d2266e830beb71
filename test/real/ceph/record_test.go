//go:build real

package ceph

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// save keeps the documents of a state in the folder of NOOUT_RECORD, one a
// line, as fixtures of plugins/check_ceph: the answers of the ceph command
// without the addresses and counters that nobody reads.
func (s *site) save(name string) {
	s.t.Helper()
	if s.record == "" {
		return
	}
	var lines []string
	for _, question := range []string{"status", "quorum_status", "mgr metadata", "osd dump", "osd tree", "osd crush rule dump", "osd df tree"} {
		out, err := s.Try(20*time.Second, "ceph", append([]string{"--connect-timeout", "5", "--rados-mon-op-timeout", "5", "-f", "json"}, strings.Fields(question)...)...)
		if err != nil {
			continue
		}
		var doc any
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			s.t.Fatal(err)
		}
		raw, err := json.Marshal(trimmed(doc))
		if err != nil {
			s.t.Fatal(err)
		}
		lines = append(lines, string(raw))
	}
	if err := os.WriteFile(filepath.Join(s.record, name+".json"), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// bulk are members that nobody reads.
var bulk = []string{
	"public_addrs", "cluster_addrs", "heartbeat_back_addrs", "heartbeat_front_addrs", "cluster_addr", "heartbeat_back_addr", "heartbeat_front_addr",
	"osd_xinfo", "blocklist", "features", "servicemap", "pg_upmap_items", "erasure_code_profiles", "removed_snaps_queue", "options", "application_metadata",
	"hit_set_params", "last_pg_merge_meta", "stretch_mode", "grade_table", "pool_snaps", "uuid", "container_name", "cpu", "kernel_description", "kernel_version", "mem_total_kb",
}

func trimmed(doc any) any {
	switch d := doc.(type) {
	case map[string]any:
		for _, k := range bulk {
			delete(d, k)
		}
		for k, v := range d {
			d[k] = trimmed(v)
		}
	case []any:
		for i, v := range d {
			d[i] = trimmed(v)
		}
	}
	return doc
}
