package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard is what is read of Grafana's JSON.
type dashboard struct {
	UID, Title string
	Panels     []panel
	Templating struct {
		List []struct{ Name, Definition string }
	}
}

type panel struct {
	ID          int
	Type, Title string
	GridPos     struct{ H, W, X, Y int }
	Targets     []struct{ RefID, Query, Expr string }
}

func dashboardOf(t *testing.T, name string) dashboard {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../contrib/grafana", name))
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if d.Title == "" || len(d.Panels) < 20 {
		t.Fatalf("%s: title %q and %d panels", name, d.Title, len(d.Panels))
	}
	return d
}

var (
	answer = regexp.MustCompile(`(?m)^(?:OK|WARNING|CRITICAL|UNKNOWN): .* \| (.*)$`)
	datum  = regexp.MustCompile(`([A-Za-z0-9_.-]+)=[-0-9]`)
)

// recorded collects the labels of performance data that each plugin really
// printed, from its golden runs.
func recorded(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	files, err := filepath.Glob("../plugins/*/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden run found: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		plugin := filepath.Base(filepath.Dir(filepath.Dir(f)))
		for _, line := range answer.FindAllStringSubmatch(string(text), -1) {
			for _, d := range datum.FindAllStringSubmatch(line[1], -1) {
				if !slices.Contains(out[plugin], d[1]) {
					out[plugin] = append(out[plugin], d[1])
				}
			}
		}
	}
	return out
}

// selection is what a query asks for: these labels, or all but these.
type selection struct {
	plugin string
	but    bool
	labels []string
}

var (
	measurement = regexp.MustCompile(`FROM "noout-([a-z]+)"`)
	influxWhere = regexp.MustCompile(`"metric" (=|=~|!~) (?:'([^']*)'|/\^\(([^/]*)\)\$/)`)
	promSelect  = regexp.MustCompile(`noout_perfdata\{plugin="((?:check|notify)_[a-z]+)",label(=|=~|!~)"([^"]*)"`)
	promName    = regexp.MustCompile(`\bnoout_[a-z_]+`)
	quoted      = regexp.MustCompile(`"[^"]*"`)
)

func influxSelection(t *testing.T, query string) (selection, bool) {
	t.Helper()
	m := measurement.FindStringSubmatch(query)
	if m == nil {
		t.Errorf("no measurement of a noout command in %s", query)
		return selection{}, false
	}
	if strings.Contains(query, `last("state")`) {
		return selection{plugin: pluginOf(m[1]), but: true}, true // metadata of Icinga
	}
	w := influxWhere.FindStringSubmatch(query)
	if w == nil || !strings.Contains(query, `last("value")`) {
		t.Errorf("no metric named in %s", query)
		return selection{}, false
	}
	return selection{pluginOf(m[1]), w[1] == "!~", strings.Split(w[2]+w[3], "|")}, true
}

// pluginOf is the plugin of a command of Icinga.
func pluginOf(command string) string {
	if command == "tell" { // contrib/notify/icinga2.conf
		return "notify_customers"
	}
	return "check_" + command
}

func promSelection(query string) (selection, bool) {
	m := promSelect.FindStringSubmatch(query)
	if m == nil {
		return selection{}, false
	}
	return selection{m[1], m[2] == "!~", strings.Split(m[3], "|")}, true
}

// TestDashboards: every metric, label and measurement that a dashboard asks for
// is one that a plugin prints.
func TestDashboards(t *testing.T) {
	printed, metrics := recorded(t), declared(t)
	shown := map[string][]string{}
	for _, name := range []string{"noout-influxdb.json", "noout-prometheus.json"} {
		influx := name == "noout-influxdb.json"
		for _, p := range dashboardOf(t, name).Panels {
			if p.Type != "row" && len(p.Targets) == 0 {
				t.Errorf("%s: panel %q asks nothing", name, p.Title)
			}
			for _, target := range p.Targets {
				var s selection
				asks := false
				if influx {
					s, asks = influxSelection(t, target.Query)
				} else {
					s, asks = promSelection(target.Expr)
					checkFamilies(t, name+" "+p.Title, target.Expr)
				}
				if !asks {
					continue
				}
				if len(printed[s.plugin]) == 0 {
					t.Errorf("%s: %q asks for %s, which prints no performance data", name, p.Title, s.plugin)
				}
				for _, label := range s.labels {
					if !slices.Contains(printed[s.plugin], label) {
						t.Errorf("%s: %q asks for %s of %s, which does not print it", name, p.Title, label, s.plugin)
					}
					if !s.but {
						shown[name+s.plugin] = append(shown[name+s.plugin], label)
					}
				}
			}
		}
		checkShown(t, name, shown, metrics)
	}
}

// declared asks each plugin which performance data it can give.
func declared(t *testing.T) map[string][]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(build(t), "check_*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no plugin was built: %v", err)
	}
	out := map[string][]string{}
	for _, name := range names {
		for _, m := range describe(t, name).Metrics {
			out[filepath.Base(name)] = append(out[filepath.Base(name)], m.Label)
		}
	}
	return out
}

// checkShown: what a plugin declares has a panel, so that a metric that is added
// is not forgotten. Those of single fans, guests and states (*) are many.
func checkShown(t *testing.T, name string, shown, declared map[string][]string) {
	t.Helper()
	for plugin, labels := range declared {
		for _, label := range labels {
			if !strings.Contains(label, "*") && !slices.Contains(shown[name+plugin], label) {
				t.Errorf("%s shows no panel with %s of %s: make contrib adds one", name, label, plugin)
			}
		}
	}
}

// checkFamilies: the names of metrics are those that --output openmetrics writes.
func checkFamilies(t *testing.T, where, query string) {
	t.Helper()
	golden, err := os.ReadFile("../pkg/check/checktest/testdata/sample.txtar")
	if err != nil {
		t.Fatal(err)
	}
	names := promName.FindAllString(quoted.ReplaceAllString(query, ""), -1)
	if len(names) == 0 {
		t.Errorf("%s: no metric of noout in %s", where, query)
	}
	for _, n := range names {
		if !strings.Contains(string(golden), "# TYPE "+n+" gauge\n") {
			t.Errorf("%s: --output openmetrics writes no %s", where, n)
		}
	}
}

// TestDashboardsAlike: the two show the same panels, whole and in place.
func TestDashboardsAlike(t *testing.T) {
	titles := map[string][]string{}
	for _, name := range []string{"noout-influxdb.json", "noout-prometheus.json"} {
		ids := map[int]bool{}
		for _, p := range dashboardOf(t, name).Panels {
			if ids[p.ID] {
				t.Errorf("%s: two panels have the id %d", name, p.ID)
			}
			ids[p.ID] = true
			if p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
				t.Errorf("%s: panel %q does not fit: %+v", name, p.Title, p.GridPos)
			}
			if p.Title != "Age of the last run" { // InfluxDB knows the age of its points
				titles[name] = append(titles[name], p.Title)
			}
		}
	}
	if !slices.Equal(titles["noout-influxdb.json"], titles["noout-prometheus.json"]) {
		t.Errorf("the dashboards differ:\n%q\n%q", titles["noout-influxdb.json"], titles["noout-prometheus.json"])
	}
}
