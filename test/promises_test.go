package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named is a test as SECURITY.md names it: its folder and its function.
var named = regexp.MustCompile("`([a-z_/]+)` `((?:Test|Fuzz)[A-Za-z0-9]+)`")

// TestPromises: each promise of SECURITY.md names tests, and they are there.
func TestPromises(t *testing.T) {
	_, table, found := strings.Cut(sourceOf(t, "SECURITY.md"), "| promise | held by |\n|---|---|\n")
	if !found {
		t.Fatal("SECURITY.md has no table of promises")
	}
	rows := 0
	for row := range strings.Lines(table) {
		if !strings.HasPrefix(row, "|") {
			break
		}
		rows++
		tests := named.FindAllStringSubmatch(row, -1)
		if len(tests) == 0 || len(tests) != strings.Count(row, "`Test")+strings.Count(row, "`Fuzz") {
			t.Errorf("expected the folder before each test: %s", row)
		}
		for _, test := range tests {
			if !declares(t, filepath.Join("..", test[1]), test[2]) {
				t.Errorf("%s has no %s", test[1], test[2])
			}
		}
	}
	if rows < 10 {
		t.Errorf("%d promises", rows)
	}
}

// declares says whether a folder has a test of that name.
func declares(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}
