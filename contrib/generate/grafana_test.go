package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/noout-monitoring/noout/pkg/check"
)

// TestGrafana: a metric that no dashboard shows gets a panel, once, and what
// people wrote stays as it is.
func TestGrafana(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "contrib/grafana"), os.DirFS("../grafana")); err != nil {
		t.Fatal(err)
	}
	before := titles(t, root)
	p := plugin{check.Description{Name: "check_sample", Summary: "Is it right?", Metrics: []check.Metric{
		{Label: "ahead", Unit: "s", Help: "by how much"}, {Label: "clock_*", Help: "one each"}, {Label: "clocks", Help: `how "many"`},
	}}}
	want := []string{"Is it right?", "check_sample: ahead", "check_sample: clocks"}
	for run := range 2 {
		files, err := grafana([]plugin{p}, root)
		if err != nil {
			t.Fatal(err)
		}
		for path, text := range files {
			if err := write(filepath.Join(root, path), text); err != nil {
				t.Fatal(err)
			}
		}
		for path, got := range titles(t, root) {
			if !slices.Equal(got, slices.Concat(before[path], want)) {
				t.Errorf("run %d, %s: %q", run, path, got)
			}
		}
	}
	for _, text := range []string{"", "[]", `{"panels": []}`} {
		if _, err := dashboards()[0].complete([]byte(text), []plugin{p}); err == nil {
			t.Errorf("%q is taken for a dashboard", text)
		}
	}
}

// titles are the panels of each dashboard; no two have an id or a place in common.
func titles(t *testing.T, root string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, d := range dashboards() {
		text, err := os.ReadFile(filepath.Join(root, d.path))
		if err != nil {
			t.Fatal(err)
		}
		var have struct {
			Panels []struct {
				ID      int
				Title   string
				GridPos struct{ X, Y int }
			}
		}
		if err := json.Unmarshal(text, &have); err != nil {
			t.Fatalf("%s: %v", d.path, err)
		}
		ids, places := map[int]bool{}, map[struct{ X, Y int }]bool{}
		for _, p := range have.Panels {
			if ids[p.ID] || places[p.GridPos] {
				t.Errorf("%s: %q has the id or the place of another", d.path, p.Title)
			}
			ids[p.ID], places[p.GridPos] = true, true
			out[d.path] = append(out[d.path], p.Title)
		}
	}
	return out
}
