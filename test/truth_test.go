package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTruth: every test that docs/truth.md names is there.
func TestTruth(t *testing.T) {
	raw, err := os.ReadFile("../docs/truth.md")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for line := range strings.Lines(string(raw)) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, claim := range regexp.MustCompile("((?:`Test[A-Za-z]+`(?:, )?)+) in ([a-z_/]+)").FindAllStringSubmatch(cells[len(cells)-2], -1) {
			for _, name := range regexp.MustCompile("Test[A-Za-z]+").FindAllString(claim[1], -1) {
				if named++; !defined(t, claim[2], name) {
					t.Errorf("%s in %s is not there", name, claim[2])
				}
			}
		}
	}
	if named < 15 {
		t.Errorf("%d tests are named: the page is read wrongly", named)
	}
}

// defined says whether a package has a test of that name.
func defined(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
