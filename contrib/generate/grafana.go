package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
)

// dashboard is one of the files in contrib/grafana, and what differs between
// their data sources: how a panel asks for a metric, and how that is found again.
type dashboard struct {
	path   string
	source string
	shows  *regexp.Regexp // plugin and labels
	target func(plugin, label string) map[string]any
}

func dashboards() []dashboard {
	return []dashboard{
		{"contrib/grafana/noout-influxdb.json", "influxdb",
			regexp.MustCompile(`FROM \\"noout-([a-z0-9]+)\\" WHERE \\"metric\\" =~? (?:'|/\^\()([^'/)]*)`), influxTarget},
		{"contrib/grafana/noout-prometheus.json", "prometheus",
			regexp.MustCompile(`noout_perfdata\{plugin=\\"check_([a-z0-9]+)\\",label=~?\\"([^"\\]*)\\"`), promTarget},
	}
}

func influxTarget(plugin, label string) map[string]any {
	return map[string]any{
		"rawQuery": true, "resultFormat": "time_series", "alias": "$tag_hostname $tag_metric",
		"query": fmt.Sprintf(`SELECT last("value") FROM "noout-%s" WHERE "metric" =~ /^(%s)$/ AND "hostname" =~ /^${host:regex}$/ AND $timeFilter GROUP BY time($__interval), "hostname", "metric" fill(none)`, plugin, label),
	}
}

func promTarget(plugin, label string) map[string]any {
	return map[string]any{
		"editorMode": "code", "range": true, "legendFormat": "{{target}} {{label}}",
		"expr": fmt.Sprintf(`noout_perfdata{plugin="check_%s",label=~"%s",instance=~"$instance"}`, plugin, label),
	}
}

// grafana adds a panel for each metric that a dashboard in the project's root
// does not show yet. Panels that are there stay as they are: people order them,
// and put metrics together that belong together.
func grafana(plugins []plugin, root string) (map[string]string, error) {
	files := map[string]string{}
	for _, d := range dashboards() {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(d.path)))
		if err != nil {
			return nil, fmt.Errorf("reading a dashboard: %w", err)
		}
		if files[d.path], err = d.complete(text, plugins); err != nil {
			return nil, fmt.Errorf("%s: %w", d.path, err)
		}
	}
	return files, nil
}

// endOfPanels is how a dashboard ends: its panels come last.
const endOfPanels = "\n  ]\n}\n"

func (d dashboard) complete(text []byte, plugins []plugin) (string, error) {
	id, y, err := lastPanel(text)
	if err != nil {
		return "", err
	}
	shown := map[string]bool{}
	for _, m := range d.shows.FindAllSubmatch(text, -1) {
		for label := range strings.SplitSeq(string(m[2]), "|") {
			shown[string(m[1])+" "+label] = true
		}
	}
	body, ok := strings.CutSuffix(string(text), endOfPanels)
	if !ok {
		return "", errors.New("its panels are expected at its end")
	}
	for _, p := range plugins {
		missing := slices.DeleteFunc(slices.Clone(p.Metrics), func(m check.Metric) bool {
			return strings.Contains(m.Label, "*") || shown[p.Short()+" "+m.Label]
		})
		if !strings.HasPrefix(p.Name, "check_") || len(missing) == 0 {
			continue
		}
		id++
		panels := []any{map[string]any{"id": id, "type": "row", "title": p.Summary, "collapsed": false, "gridPos": place(0, y, 24, 1), "panels": []any{}}}
		y++
		for i, m := range missing {
			id++
			panels = append(panels, d.panel(id, p, m, place(i%2*12, y+i/2*panelHeight, 12, panelHeight)))
		}
		y += (len(missing) + 1) / 2 * panelHeight
		for _, panel := range panels {
			written, err := indented(panel)
			if err != nil {
				return "", err
			}
			body += ",\n    " + written
		}
	}
	return body + endOfPanels, nil
}

const panelHeight = 7

func place(x, y, w, h int) map[string]any { return map[string]any{"x": x, "y": y, "w": w, "h": h} }

// lastPanel is the highest id that is used, and the first line that is free.
func lastPanel(text []byte) (id, y int, err error) {
	var have struct {
		Panels []struct {
			ID      int
			GridPos struct{ H, Y int }
		}
	}
	if err := json.Unmarshal(text, &have); err != nil {
		return 0, 0, err
	}
	for _, p := range have.Panels {
		id, y = max(id, p.ID), max(y, p.GridPos.Y+p.GridPos.H)
	}
	return id, y, nil
}

// panel shows one metric as the others are shown.
func (d dashboard) panel(id int, p plugin, m check.Metric, where map[string]any) map[string]any {
	unit, ok := map[string]string{"s": "s", "ms": "ms", "us": "µs", "%": "percent", "B": "bytes"}[m.Unit]
	if !ok {
		unit = "short"
	}
	source := map[string]any{"type": d.source, "uid": "${datasource}"}
	target := d.target(p.Short(), m.Label)
	target["refId"], target["datasource"] = "A", source
	return map[string]any{
		"id": id, "type": "timeseries", "title": p.Name + ": " + m.Label, "description": m.Help,
		"datasource": source, "gridPos": where, "targets": []any{target},
		"fieldConfig": map[string]any{
			"defaults": map[string]any{
				"unit": unit, "color": map[string]any{"mode": "palette-classic"},
				"custom": map[string]any{"drawStyle": "line", "lineInterpolation": "stepAfter", "lineWidth": 1, "fillOpacity": 0, "showPoints": "auto", "spanNulls": false},
			},
			"overrides": []any{},
		},
		"options": map[string]any{
			"legend":  map[string]any{"showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": []any{}},
			"tooltip": map[string]any{"mode": "multi", "sort": "none"},
		},
	}
}

func indented(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("    ", "  ")
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()), nil
}
