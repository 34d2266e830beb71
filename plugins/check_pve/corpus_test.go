package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// The recordings of real clusters.
const corpus = "../../../shared/corpus/proxmox"

// What is right about each recording, and a word that the answer holds. In
// those of 7.4 and 8.3 only the asked node was of that release.
var recordings = map[string]struct {
	status check.Status
	text   string
}{
	"lab-00-baseline":                           {check.UNKNOWN, "no status yet: vm105 on pve3"},
	"lab-01-maint-requested":                    {check.OK, "lab: 3 of 3 nodes online"},
	"lab-02-migrating":                          {check.OK, "pve3 in maintenance"},
	"lab-03-ha-drained-nonha-running":           {check.OK, "pve3 in maintenance"},
	"lab-05-drained":                            {check.OK, "pve3 in maintenance"},
	"lab-06-powered-off":                        {check.OK, "survives no further failure"},
	"lab-09-online-still-maintenance":           {check.OK, "pve3 in maintenance"},
	"lab-12-reintegrated":                       {check.OK, "3 of 3 votes"},
	"lab-20-healthy.v7":                         {check.WARNING, "versions differ: 7.x on pve1, 9.2.11 on pve2, pve3"},
	"lab-20-healthy.v8":                         {check.WARNING, "versions differ"},
	"lab-21-crash-5s.v9":                        {check.CRITICAL, "node pve3 is offline"},
	"lab-22-crash-75s-fencing.v8":               {check.CRITICAL, "HA state fence: vm103 on pve3"},
	"lab-24-noquorum.v9":                        {check.CRITICAL, "no quorum on pve1 (1 of 3 votes, 2 needed)"},
	"lab-26-maint-pve2-a.v8":                    {check.WARNING, "versions differ"},
	"lab-27-maint-pve2-drained.v7":              {check.WARNING, "versions differ"},
	"lab-29-pve3-link-down-seen-by-majority.v9": {check.CRITICAL, "node pve3 is offline"},
	"lab-40-token-nopriv.v9":                    {check.UNKNOWN, "this token does not see every guest"},
	"lab-60-qdevice-2node-ok.v9":                {check.CRITICAL, "HA wants it to run and it does not: vm103 on pve3"},
	"lab-62-qdevice-disconnected-peer-down.v9":  {check.CRITICAL, "no quorum on pve1 (1 of 3 votes, 2 needed)"},
}

func TestRecordings(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(corpus, "*", "cluster_resources.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Skip("no recordings at " + corpus)
	}
	for _, path := range dirs {
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			want, found := recordings[filepath.Base(dir)]
			if !found {
				t.Fatal("nobody has said what is right about this recording")
			}
			t.Setenv("NOOUT_TOKEN", sim.Token)
			memory := t.TempDir()
			if err := os.Chmod(memory, 0o700); err != nil {
				t.Fatal(err)
			}
			r := sim.Replay(t, dir)
			args := []string{"-H", r.Address, "--fingerprint", r.Fingerprint(), "--state-dir", memory}
			for range 2 { // the second run has a memory, and asks less
				before := len(r.Asked())
				var out bytes.Buffer
				code := plugin().Run(args, &out)
				checktest.Answer(t, out.Bytes(), code)
				if check.Status(code) != want.status || !strings.Contains(out.String(), want.text) {
					t.Errorf("want %s with %q, got %s", want.status, want.text, out.Bytes())
				}
				if n := len(r.Asked()) - before; before > 0 && n > 7 && want.status != check.UNKNOWN {
					t.Errorf("%d requests in a steady run, at most 7: %v", n, r.Asked()[before:])
				}
			}
			for _, asked := range r.Asked() {
				if !strings.HasPrefix(asked, "GET ") {
					t.Errorf("a write: %s", asked)
				}
				if strings.Contains(dir, "powered-off") && strings.HasPrefix(asked, "GET /nodes/pve3") {
					t.Errorf("asked a node that is off: %s", asked)
				}
			}
		})
	}
}
