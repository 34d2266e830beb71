package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestTemplateOfThePage: the template that the documentation shows is taken, and it
// names every field that there is.
func TestTemplateOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/report_service.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "## The hoster's own words\n")
	chapter, _, _ := strings.Cut(rest, "\n## ")
	_, rest, _ = strings.Cut(chapter, "```\n")
	example, _, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatal("the page shows no template")
	}
	path := filepath.Join(t.TempDir(), "own.txt")
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := readOwn(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := o.of("en", fields{Customer: "Acme", Servers: 3, Moved: 2, LongestGap: "324 ms"})
	if err != nil || len(w.intro) != 2 || !strings.HasSuffix(w.intro[1], "took 324 ms.") || len(w.closing) != 1 {
		t.Errorf("%q %q %v", w.intro, w.closing, err)
	}
	for f := range reflect.TypeFor[fields]().Fields() {
		if !strings.Contains(chapter, "`."+f.Name+"`") {
			t.Errorf("the page does not name .%s", f.Name)
		}
	}
}

// TestTemplateWithout: what is said of a file without a block can be written as it
// is read, because quotation marks of an answer are others.
func TestTemplateWithout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.txt")
	if err := os.WriteFile(path, []byte("Dear customer,"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readOwn(path); err == nil || strings.ContainsAny(err.Error(), "\"'`") || !strings.Contains(err.Error(), "intro or closing") {
		t.Error(err)
	}
}
