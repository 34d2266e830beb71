// Package checktest holds the tests that every plugin passes: that its answers
// keep the contract of package check ([Answer]), that its command line is as
// strict and as helpful as all others ([CommandLine]), and that recorded runs
// still answer what they answered ([Golden]).
package checktest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/noout-monitoring/noout/pkg/check"
)

// run calls the plugin as its process would be called and checks that nothing
// goes to standard error, which Icinga 2 puts in front of an answer.
func run(t *testing.T, p check.Plugin, args ...string) (stdout []byte, code int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stderr")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	own := os.Stderr
	os.Stderr = file
	var out bytes.Buffer
	code = p.Run(args, &out)
	os.Stderr = own
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	noise, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(noise) > 0 {
		t.Errorf("%q wrote to standard error: %s", args, noise)
	}
	return out.Bytes(), code
}
