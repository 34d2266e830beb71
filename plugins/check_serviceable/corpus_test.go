package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/survey"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

// The recordings of real clusters, with what is right about each of them.
const corpus = "../../../shared/corpus/proxmox"

// TestRecordings asks about real clusters, of which none has a Ceph that may be
// looked at.
func TestRecordings(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus, "*", "expect.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no recordings at " + corpus)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		var want struct {
			Node  string
			Right string `json:"poweroff_pve_side"`
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if answers[want.Right] == nil {
			continue // not about this question
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Setenv("NOOUT_TOKEN", pve.Token)
			r := pve.Replay(t, dir)
			asker := survey.Survey{Now: time.Now, Options: survey.Options{Node: []string{want.Node}, Ceph: "none"}}
			asker.Options.PVE.Hosts, asker.Options.PVE.Transport.Fingerprint = []string{r.Address}, r.Fingerprint()
			asker.Options.State.Mode = "off"
			f, err := asker.Ask(t.Context())
			got := "not-proven"
			var list maintenance.Checklist
			if err == nil {
				f.PVE.Cluster.Time = time.Time{} // the recording is old
				list = maintenance.Serviceable(f.Evidence)
				got = list.Decision()
			}
			if !answers[want.Right][got] {
				t.Errorf("%s, right is %s: %q %v", got, want.Right, list, err)
			}
		})
	}
}

// answers that agree with what is right.
var answers = map[string]map[string]bool{
	"SAFE":    {"yes": true, "yes-but": true},
	"UNSAFE":  {"no": true},
	"UNKNOWN": {"not-proven": true},
}
