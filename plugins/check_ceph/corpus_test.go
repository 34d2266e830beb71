package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/state"
	"github.com/noout-monitoring/noout/test/sim/executable"
)

// recordings are real answers that are not part of the project.
const recordings = "../../../shared/corpus/ceph"

// replay is a ceph command that answers from the recordings of one state, and
// is silent as the recorded one was.
const replay = `#!/bin/sh
dir="$(cat "$(dirname "$0")/state")"
while read -r a b c d; do
	case "$a $b $c" in
	"status  ") f=status ;;
	"osd dump ") f=osd_dump ;;
	"osd tree ") f=osd_tree ;;
	"osd df tree") f=osd_df_tree ;;
	"health detail ") f=health_detail ;;
	"quorum_status  ") f=quorum_status ;;
	"mgr metadata ") f=none; cat "$(dirname "$0")/mgrs" ;;
	"osd crush rule") f=none; cat "$(dirname "$0")/rules" ;;
	*) f=none ;;
	esac
	[ -s "$dir/$f.json" ] && { cat "$dir/$f.json"; echo; }
done
exit 0
`

// TestRecordedStates judges every recorded state as it was seen within seconds,
// with a memory that knows both mgrs, and then again with other declarations,
// or later.
func TestRecordedStates(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(recordings, "*", "status.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Skip("no recordings here")
	}
	type run struct {
		args  string
		later time.Duration
		want  string // begin of the first line
	}
	const healthy = "OK: 6 of 6 OSDs up, 33 PGs clean"
	cases := map[string][]run{
		"01-healthy": {{want: healthy}, {args: "--maintenance node1", want: "OK: maintenance of node1"}},
		"02-noout-set": {
			{want: healthy},
			{later: 3 * time.Hour, want: healthy},
			{later: 4 * time.Hour, want: "WARNING: noout (cluster) since"},
			{later: 24 * time.Hour, want: "CRITICAL: noout (cluster) since"},
			{args: "--state off", want: "WARNING: noout (cluster), age unknown"},
		},
		"03-noout-group-host": {
			{want: "OK: maintenance of node1"},
			{later: 5 * time.Hour, want: "WARNING: noout (host node1) since"},
			{later: 5 * time.Hour, args: "--maintenance node1", want: "WARNING: noout (host node1) since"},
		},
		"03b-noout-group-osds": {{want: "OK: maintenance of osd.0, osd.3"}},
		"03c-noout-group-osds-host-down": {
			{want: "WARNING: 11 of 33 PGs not settled for 0s: 11 stale+active+clean"},
			{later: 31 * time.Second, want: "CRITICAL: 11 of 33 PGs not settled for 31s"},
		},
		"04-noout-host-down": {
			{args: "--maintenance node1", want: "OK: maintenance of node1, 4 of 6 OSDs up (noout (cluster) for 2s, at most 4h, one more failure on another host stops I/O in pool device_health_metrics, rbd)"},
			{want: "WARNING: (1) node1 is down (2 OSDs), declared by nobody"},
			{args: "--maintenance node2", want: "CRITICAL: noout hides a failure: osd.0, osd.3 on node1"},
			{args: "--maintenance node1=0", want: "WARNING: (1) node1 is down (2 OSDs), declared by nobody"},
			{args: "--maintenance pve1 --ceph-host pve1=node1", want: "OK: maintenance of node1"},
		},
		"05-noout-host-down-plus-failure": {
			{args: "--maintenance node1", want: "CRITICAL: (1) 17 of 33 PGs inactive, I/O on them has stopped: 17 undersized+degraded+peered and 1 more"},
			{want: "CRITICAL: (1) 17 of 33 PGs inactive"},
		},
		"06-noout-forgotten": {{later: 25 * time.Hour, want: "CRITICAL: noout (cluster) since"}},
		"07-host-down-no-noout": {
			{want: "CRITICAL: node1 is down (2 OSDs) without noout"},
			{args: "--maintenance node1", want: "WARNING: (1) 11 of 33 PGs not settled for 0s: 10 peering, 1 stale+active+clean (2) set noout: osd.0, osd.3"},
		},
		"07b-host-out": {
			{want: "CRITICAL: node1 is down (2 OSDs) without noout"},
			{args: "--maintenance node1", want: "WARNING: osd.0, osd.3 under maintenance marked out"},
		},
		"09-norebalance-nobackfill-norecover": {{want: "WARNING: (1) norecover is set (cluster) (2) nobackfill is set (cluster) (3) norebalance is set (cluster) - "}},
		"09b-nodown-noscrub":                  {{want: "WARNING: (1) nodown is set (cluster) (2) noscrub, nodeep-scrub set - "}},
		"10-noout-muted": {
			{want: healthy},
			{later: 3 * time.Hour, want: healthy},
			{later: 4*time.Hour + time.Minute, want: "WARNING: noout (cluster) since 2026-11-20T23:39:58Z (4h1m): muted until 2026-11-21T03:39:58Z"},
			{later: 25 * time.Hour, want: "CRITICAL: noout (cluster)"},
		},
		"11-nearfull": {{want: "WARNING: (1) OSD_NEARFULL: 6 nearfull osd(s) (2) POOL_NEARFULL"}},
		"11c-full":    {{want: "CRITICAL: osd.1, osd.2, osd.3, osd.4, osd.5, pool device_health_metrics, rbd full: writes are stopped, also WARNING: OSD_BACKFILLFULL"}},
		"12-too-few-pgs": {
			{want: "WARNING: TOO_FEW_PGS"},
			{args: "--ignore TOO_FEW_PGS", want: "OK: 6 of 6"},
		},
		"13-mon-down": {
			{want: "WARNING: mon.node3 out of quorum (2 of 3 in quorum, one more lost stops the cluster)"},
			{args: "--maintenance node3", want: "OK: maintenance of node3"},
		},
		"14-mgr-down":                   {{want: "WARNING: no active mgr: the numbers"}, {args: "--maintenance node1", want: "WARNING: no active mgr"}},
		"16-osd-up-but-out-backfilling": {{want: "WARNING: osd.0 up but out"}},
		"17-recent-crash":               {{want: "WARNING: (1) 26 of 33 PGs have too few copies"}},
		"18-size2-minsize2":             {{want: "OK: 6 of 6"}, {args: "--maintenance node1", want: "OK: maintenance of node1, 6 of 6 OSDs up, 41 PGs clean, 3 of 3 monitors in quorum, 33% used (taking node1 down stops I/O in pool p2)"}},
	}
	for _, f := range found {
		state := filepath.Base(filepath.Dir(f))
		t.Run(state, func(t *testing.T) {
			runs := cases[state]
			if len(runs) == 0 {
				t.Fatal("nothing is expected of this state")
			}
			for _, r := range runs {
				site := newReplay(t, filepath.Dir(f))
				first := site.run(t, r.args, 0)
				line := first
				if r.later > 0 {
					line = site.run(t, r.args, r.later)
				}
				if !strings.HasPrefix(line, r.want) {
					t.Errorf("%q after %v:\n got %s\nwant %s", r.args, r.later, line, r.want)
				}
			}
		})
	}
}

// site is a recorded cluster that can be asked.
type site struct {
	dir  string
	seen time.Time // when it was recorded
}

func newReplay(t *testing.T, state string) *site {
	t.Helper()
	state, err := filepath.Abs(state)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: t.TempDir()}
	for name, text := range map[string]string{
		"ceph": replay, "state": state,
		"mgrs": `[{"name":"node1","hostname":"node1"},{"name":"node2","hostname":"node2"}]` + "\n",
		"rules": `[{"rule_id":0,"rule_name":"replicated_rule","steps":[{"op":"take","item":-1,"item_name":"default"},` +
			`{"op":"chooseleaf_firstn","num":0,"type":"host"},{"op":"emit"}]}]` + "\n",
	} {
		if err := executable.Write(filepath.Join(s.dir, name), text); err != nil {
			t.Fatal(err)
		}
	}
	var dump struct{ Modified, LastUpChange string }
	raw, err := os.ReadFile(filepath.Join(state, "osd_dump.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &dump); err != nil {
		t.Fatal(err)
	}
	s.seen, err = time.Parse("2006-01-02T15:04:05.999999Z0700", dump.Modified)
	if err != nil {
		t.Fatal(err)
	}
	s.seen = s.seen.Add(2 * time.Second)
	return s
}

// run asks and returns the first line without performance data.
func (s *site) run(t *testing.T, args string, later time.Duration) string {
	t.Helper()
	zone := time.Local
	time.Local = time.UTC
	defer func() { time.Local = zone }()
	p := pluginAt(state.Wall{Now: func() time.Time { return s.seen.Add(later) }})
	words := append(strings.Fields(args), "--ceph-command", filepath.Join(s.dir, "ceph"))
	if !strings.Contains(args, "--state ") {
		words = append(words, "--state-dir", filepath.Join(s.dir, "memory"))
	}
	var out strings.Builder
	code := p.Run(words, &out)
	line, _, _ := strings.Cut(out.String(), "\n")
	line, _, _ = strings.Cut(line, " | ")
	if !strings.HasPrefix(line, check.Status(code).String()) {
		t.Errorf("exit %d beside %q", code, line)
	}
	return line
}
