package test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/story/room"
)

// TestManyOSDs: 10,000 OSDs on 200 hosts, told as Ceph tells them, are judged by
// every road within what was promised: all is well, and the one that is down is
// named. The dashboard sends 3 KiB of each.
func TestManyOSDs(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the plugins and sends them a hundred MiB: run without -short")
	}
	y := newYard(t)
	s := s10000(t)
	ask := []string{"--auth-file", s.names["AUTH"]}
	known := slices.Clone(ask)
	for i := range 197 {
		known = append(known, "--ceph-host", elsewhere(i+3)+"="+elsewhere(i+3))
	}
	nodes := append(known, "-H", s.names["NODES"], "--ca-file", s.names["CA"], "--ceph", "command")
	away := append(nodes[:len(nodes):len(nodes)], "--node", "pve3")
	for _, tt := range []struct {
		before, plugin, behind string
		args                   []string
		code                   int
		says                   string
	}{
		{"ceph set?flag=noout&host=pve3", "check_serviceable", "", away, 0, "YES, switch pve3 off"},
		{"", "check_serviceable", s.names["PVE1"], append(known[:len(known):len(known)], "--node", "pve3"), 0, "YES, switch pve3 off"},
		{"ceph unset?flag=noout&host=pve3", "check_contingency", "", append(nodes[:len(nodes):len(nodes)], "--fail", "node"), 0, "any 1 of 3 nodes may fail"},
		{"", "check_contingency", s.names["PVE1"], append(known[:len(known):len(known)], "--fail", "node"), 0, "any 1 of 3 nodes may fail"},
		{"", "check_ceph", "", nil, 0, "10000 of 10000 OSDs up"},
		{"", "check_ceph", s.names["PVE1"], append(ask, "--via", "pve"), 0, "10000 of 10000 OSDs up"},
		{"", "check_ceph", s.Ceph.Dashboards[0], []string{"--via", "dashboard", "--auth-file", s.names["MGRAUTH"]}, 0, "10000 of 10000 OSDs up"},
		{"ceph stop?osd=4999", "check_ceph", "", nil, 1, "osd.4999 on " + elsewhere(99) + " down"},
		{"", "check_ceph", s.names["PVE1"], append(ask, "--via", "pve"), 1, "osd.4999 on " + elsewhere(99) + " down"},
	} {
		if tt.before != "" {
			s.do(tt.before)
		}
		args := append(tt.args[:len(tt.args):len(tt.args)], patient)
		if tt.behind == "" {
			var l liar
			args = append(args, "--ceph-command", l.command(t, s.Ceph.World))
		} else {
			address, fingerprint := front(t, tt.behind, s.real(tt.behind))
			args = append(args, "-H", address, "--fingerprint", fingerprint)
		}
		if out, code := y.run(t, tt.plugin, args...); code != tt.code || !strings.Contains(out, tt.says) {
			t.Errorf("%s of %.40q: exit code %d, expected %d and %q:\n%s", tt.plugin, args, code, tt.code, tt.says, out)
		}
	}
}

// elsewhere is a machine that is no node of Proxmox VE.
func elsewhere(i int) string {
	return fmt.Sprintf("storage-%03d-with-a-name-as-long-as-a-label-of-dns-may-be-%03d", i, i)
}

// s10000 are three nodes among two hundred hosts with 50 OSDs each, and pools with
// long names.
func s10000(t *testing.T) place {
	t.Helper()
	return openPlace(t, func(c *room.Config) {
		c.PVE.Guests, c.Ceph.Hosts = nil, nil
		for i := range 200 {
			h := ceph.Host{Name: elsewhere(i), OSDs: 50}
			if i < 3 {
				h.Name = fmt.Sprintf("pve%d", i+1)
			}
			if i < 6 { // the simulator draws from few for each PG
				h.Class = "ssd"
			}
			c.Ceph.Hosts = append(c.Ceph.Hosts, h)
		}
		for i := range 2 {
			c.Ceph.Pools = append(c.Ceph.Pools, ceph.Pool{Name: fmt.Sprintf("%s%02d", strings.Repeat("pool", 20), i), Size: 3, MinSize: 2, PGs: 32, Class: "ssd"})
		}
	})
}

// real answers as the device behind it does, with all that the real one tells of an
// OSD.
func (s place) real(behind string) func(http.ResponseWriter, *http.Request) bool {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/ceph/osd") && !strings.HasPrefix(r.URL.Path, "/api/health/") && r.URL.Path != "/api/osd" {
			return false
		}
		request, err := http.NewRequestWithContext(r.Context(), r.Method, "https://"+behind+r.URL.RequestURI(), nil)
		if err != nil {
			s.t.Error(err)
			return true
		}
		request.Header = r.Header.Clone()
		request.Header.Del("Accept-Encoding")
		response, err := client.Do(request)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return false
		}
		w.Header().Set("Date", response.Header.Get("Date"))
		w.WriteHeader(response.StatusCode)
		text := whole(s.t, body)
		s.t.Logf("%s: %d KiB", r.URL.Path, len(text)>>10)
		_, _ = w.Write(text) // it may have read enough
		return true
	}
}

// whole adds to a document of the simulator what the real one has and nobody reads.
func whole(t *testing.T, document []byte) []byte {
	t.Helper()
	var all any
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		return document // a refusal
	}
	out, err := json.Marshal(wholeValue(all))
	if err != nil {
		t.Error(err)
	}
	return out
}

// addresses are a daemon's, of both versions of the protocol.
func addresses(at string) any {
	at, _, _ = strings.Cut(at, "/")
	one := func(version string) any {
		return map[string]any{"type": version, "addr": at, "nonce": 2678912345}
	}
	return map[string]any{"addrvec": []any{one("v2"), one("v1")}}
}

func wholeValue(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = wholeValue(v[i])
		}
	case map[string]any:
		_, dumped := v["up"]
		_, maps := v["osds"]
		switch {
		case dumped && v["osd"] != nil:
			v["uuid"] = "6a7f98c5-ed31-41b5-9cbd-aa1f12c4a6ae"
			at, _ := v["public_addr"].(string)
			for _, k := range []string{"public", "cluster", "heartbeat_back", "heartbeat_front"} {
				v[k+"_addrs"], v[k+"_addr"] = addresses(at), at
			}
			for _, k := range []string{"primary_affinity", "last_clean_begin", "last_clean_end", "up_from", "up_thru", "down_at", "lost_at"} {
				v[k] = 123456
			}
		case v["type"] == "osd":
			for _, k := range []string{"pool_weights", "crush_weight", "depth", "kb", "kb_used", "kb_used_data", "kb_used_omap", "kb_used_meta", "kb_avail", "var", "total_space", "bytes_used", "apply_latency_ms", "commit_latency_ms"} {
				v[k] = 1234567890
			}
			v["ceph_version"] = "ceph version 19.2.3 (c92aebb279828e9c3c1f5d24613efca272649e62) squid (stable)"
		}
		for k := range v {
			v[k] = wholeValue(v[k])
		}
		if maps {
			whatElse(v)
		}
	}
	return v
}

// whatElse is beside the OSDs in their map: a row each of xinfo, and in that of the
// dashboard of metadata.
func whatElse(v map[string]any) {
	rows, _ := v["osds"].([]any)
	var xinfo, metadata []any
	for i := range rows {
		xinfo = append(xinfo, map[string]any{"osd": i, "down_stamp": "0.000000", "laggy_probability": 0, "laggy_interval": 0, "features": 4540138322906710015, "old_weight": 0, "last_purged_snaps_scrub": "2026-11-20T23:39:58.953969+0000", "dead_epoch": 0})
		metadata = append(metadata, map[string]any{"id": i, "rest": strings.Repeat("metadata ", 180)})
	}
	v["osd_xinfo"] = xinfo
	if v["tree"] != nil {
		v["osd_metadata"] = metadata
	}
}
