package test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMap: the map of folders in CONTRIBUTING.md is the tree's.
func TestMap(t *testing.T) {
	text, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "## Where things are")
	rows, _, ends := strings.Cut(rest, "`test/layout_test.go`")
	if !found || !ends {
		t.Fatal("CONTRIBUTING.md has no map of folders")
	}
	mapped := map[string]bool{}
	for line := range strings.Lines(rows) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		for _, name := range regexp.MustCompile("`([a-z/_]+)`").FindAllStringSubmatch(cell, -1) {
			mapped[name[1]] = true
			if _, err := os.Stat(filepath.Join("..", name[1])); err != nil {
				t.Errorf("the map names %s: %v", name[1], err)
			}
		}
	}
	for _, s := range parse(t) {
		if within(s.folder, "pkg") && !mapped[s.folder] {
			t.Errorf("the map does not name %s", s.folder)
			mapped[s.folder] = true
		}
	}
}
