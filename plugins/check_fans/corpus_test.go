package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// corpus holds recorded Redfish trees beside the checkout. They are not part
// of the project.
const corpus = "../../../shared/corpus/redfish"

// TestRecordedTrees judges every recorded tree as its expected.json accepts,
// with $expand and without.
func TestRecordedTrees(t *testing.T) {
	files, err := filepath.Glob(corpus + "/*/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("no recorded trees in %s", corpus)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		if _, err := os.Stat(filepath.Join(dir, "redfish")); err != nil {
			continue // excerpts of a log, no tree
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			Accept               []string
			ExpectFans           *int     `json:"expect_fans"`
			AcceptWithExpectFans []string `json:"accept_with_expect_fans"`
			Why                  string
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, expand := range []bmc.Expand{bmc.ExpandAsVendor, bmc.ExpandOff, bmc.ExpandOn} {
			t.Run(filepath.Base(dir)+string(expand), func(t *testing.T) {
				accepts(t, dir, expand, want.Accept, want.Why)
				if want.ExpectFans != nil {
					accepts(t, dir, expand, want.AcceptWithExpectFans, want.Why, "--expect-fans", strconv.Itoa(*want.ExpectFans))
				}
			})
		}
	}
}

func accepts(t *testing.T, dir string, expand bmc.Expand, accept []string, why string, args ...string) {
	t.Helper()
	sim := bmc.Serve(t, dir, bmc.Server{Expand: expand, Auth: bmc.Open})
	t.Setenv("NOOUT_USERNAME", "monitor")
	t.Setenv("NOOUT_PASSWORD", "x")
	args = append([]string{"-H", sim.Host, "--fingerprint", sim.Fingerprint(), "--state", "off", "-vv"}, args...)
	var out bytes.Buffer
	code := plugin().Run(args, &out)
	checktest.Answer(t, out.Bytes(), code)
	if got := check.Status(code).String(); !slices.Contains(accept, got) {
		t.Errorf("%s with %v, accepted is %v: %s\n%s", got, args[6:], accept, why, out.String())
	}
	if v := sim.Stats().Violations; len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
}
