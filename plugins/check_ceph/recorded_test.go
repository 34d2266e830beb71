package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// TestRecordedByUs judges what our own runs of Debian's Ceph 16.2.15 recorded
// (test/real/ceph with NOOUT_RECORD), ten seconds after the OSD map last
// changed, with a memory that knows both mgrs.
func TestRecordedByUs(t *testing.T) {
	type run struct {
		declared string
		later    time.Duration
		want     string // begin of the first finding of the worst status
	}
	cases := map[string][]run{
		"healthy":       {{"", 0, "OK: nothing is wrong"}, {"node1", 0, "OK: nothing is wrong"}},
		"noout-host":    {{"", 0, "OK: noout (host node1) since"}, {"", 5 * time.Hour, "WARNING: noout (host node1) since"}},
		"noout-osds":    {{"", 0, "OK: noout (osd.0, osd.3) since"}, {"", 25 * time.Hour, "CRITICAL: noout (osd.0, osd.3) since"}},
		"noout-cluster": {{"", 0, "OK: noout (cluster) since"}},
		"host-down": {
			{"node1", 0, "OK: osd.0, osd.3 down, explained"}, {"", 0, "WARNING: node1 is down (2 OSDs), declared by nobody"},
			{"node2", 0, "CRITICAL: noout hides a failure: osd.0, osd.3 on node1"}, {"node1", 25 * time.Hour, "CRITICAL: noout (cluster) since"},
		},
		"host-down-with-daemons": {{"node1", 0, "OK: osd.0, osd.3 down, explained"}, {"", 0, "WARNING: node1 is down"}},
		"foreign-mon-lost":       {{"node1", 0, "WARNING: mon.node3 out of quorum"}},
		"foreign-osd-killed":     {{"node1", 0, "CRITICAL: "}},
		"pause":                  {{"", 0, "CRITICAL: pause is set"}},
		"frozen-osd":             {{"", 0, "WARNING: SLOW_OPS: "}},
		"full":                   {{"", 0, "CRITICAL: osd.0, osd.1, osd.2, osd.3, osd.4, osd.5, pool"}},
		"scrub-error":            {{"", 0, "CRITICAL: OSD_SCRUB_ERRORS: "}},
		"mgr-lost":               {{"", 0, "WARNING: no active mgr"}, {"node1", 0, "WARNING: no active mgr"}},
	}
	files, err := filepath.Glob("testdata/real/*.json")
	if err != nil || len(files) != len(cases) {
		t.Fatalf("%d recordings for %d states (%v)", len(files), len(cases), err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		t.Run(name, func(t *testing.T) {
			text, err := os.Open(f)
			if err != nil {
				t.Fatal(err)
			}
			c, err := ceph.Read(text)
			if closing := text.Close(); err != nil || closing != nil || len(c.Gaps) > 0 {
				t.Fatalf("%v %v %+v", err, closing, c.Gaps)
			}
			for _, r := range cases[name] {
				now := c.Map.Modified.Add(10 * time.Second)
				m := remember(memory{Mgrs: map[string]string{"node1": "node1", "node2": "node2"}}, c, time.Time{}, now)
				p := usual()
				if r.declared != "" {
					p.Declared = []string{r.declared}
				}
				got := judge(c, p, recollection{memory: m, times: times{now.Add(r.later), now.Add(r.later)}, Works: true}, now.Add(r.later))
				first := got.Status().String() + ": " + says(got, got.Status())[0]
				if !strings.HasPrefix(first, r.want) {
					t.Errorf("%q declared, %v later: %s, want %s", r.declared, r.later, findings(got), r.want)
				}
				if _, err := json.Marshal(got.Facts); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
