package check

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDescribe(t *testing.T) {
	p := Plugin{
		Name: "check_sample", Summary: "is the sample well?", Help: "How.", Options: &everything{},
		Examples: []Example{{"check_sample -H sample1", "the usual service"}},
		Metrics:  []Metric{{Label: "fans", Help: "fans that turn"}},
	}
	var out bytes.Buffer
	if code := p.Run([]string{"--describe"}, &out); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	var got Description
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	byName := map[string]Option{}
	for _, o := range got.Options {
		byName[o.Long] = o
	}
	want := map[string]Option{
		"hostname":    {Long: "hostname", Short: "H", Type: "string", Value: "required", Placeholder: "HOST", Help: "Devices to ask.", Repeatable: true, Separator: ","},
		"warning":     {Long: "warning", Short: "w", Type: "range", Value: "required", Placeholder: "RANGE", Default: "10", Help: "Warn outside of this."},
		"critical":    {Long: "critical", Short: "c", Type: "range", Value: "required", Placeholder: "RANGE", Help: "Alarm outside of this."},
		"window":      {Long: "window", Type: "duration", Value: "required", Placeholder: "DURATION", Default: "24h", Help: "How far to look back."},
		"maintenance": {Long: "maintenance", Type: "depth", Value: "optional", Placeholder: "N", Help: "Under maintenance."},
		"include":     {Long: "include", Type: "pattern", Value: "required", Placeholder: "REGEX", Help: "Only these.", Repeatable: true},
		"raw":         {Long: "raw", Type: "string", Value: "required", Placeholder: "TEXT", Help: "Not split.", Repeatable: true},
		"ages":        {Long: "ages", Type: "duration", Value: "required", Placeholder: "DURATION", Repeatable: true, Separator: ","},
		"via":         {Long: "via", Type: "string", Value: "required", Placeholder: "auto|redfish", Default: "auto", Enum: []string{"auto", "redfish"}, Help: "How to ask."},
		"miss-state":  {Long: "miss-state", Type: "state", Value: "required", Placeholder: "STATE", Default: "warning", Enum: []string{"ok", "warning", "critical", "unknown"}, Help: "Status of what is missing."},
		"port":        {Long: "port", Short: "p", Type: "integer", Value: "required", Placeholder: "N", Help: "Port."},
		"deep":        {Long: "deep", Type: "integer", Value: "required", Placeholder: "N", Help: "A number, or none."},
		"insecure":    {Long: "insecure", Short: "k", Type: "flag", Value: "none", Help: "Verify nothing."},
		"file":        {Long: "file", Type: "file", Value: "required", Placeholder: "FILE", Help: "A file.", Group: "Connection"},
	}
	for name, option := range want {
		if diff := cmp.Diff(option, byName[name]); diff != "" {
			t.Errorf("--%s (-want +got)\n%s", name, diff)
		}
	}
	for name, kind := range map[string]string{"timeout": "duration", "verbose": "counter", "extra-opts": "section", "timeout-state": "state"} {
		if o := byName[name]; o.Type != kind || o.Group == "" || o.Help == "" {
			t.Errorf("--%s is described as %+v", name, o)
		}
	}
	if o, ok := byName["describe"]; ok {
		t.Errorf("a hidden option is described: %+v", o)
	}
	got.Options = nil
	if diff := cmp.Diff(Description{Name: p.Name, Summary: p.Summary, Help: p.Help, Version: release().Version, Examples: p.Examples, Metrics: p.Metrics}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		declared, unit string
		label, with    string
		want           bool
	}{
		{"osds", "", "osds", "", true},
		{"osds", "", "osds_up", "", false},
		{"usage", "%", "usage", "%", true},
		{"usage", "%", "usage", "", false},
		{"ha_*", "", "ha_error", "", true},
		{"*_rta", "ms", "vm103_rta", "ms", true},
		{"*_rta", "ms", "rta", "ms", false},
		{"*", "", "fan_0x41", "%", true},
	} {
		if got := (Metric{Label: c.declared, Unit: c.unit}).Matches(c.label, c.with); got != c.want {
			t.Errorf("metric %s in %q and item %s in %q: %v", c.declared, c.unit, c.label, c.with, got)
		}
	}
}

func TestVersionLine(t *testing.T) {
	defer func(saved string) { version = saved }(version)
	for _, set := range []string{"", "1.2.3"} {
		version = set
		line := versionLine("check_sample")
		if !strings.HasPrefix(line, "check_sample "+release().Version+" (noout, ") || !strings.HasSuffix(line, runtime.Version()+")\n") {
			t.Errorf("%q is shown as %q", set, line)
		}
		if release().Version == "" || set != "" && release().Version != set {
			t.Errorf("the version is %q, the linker set %q", release().Version, set)
		}
	}
}
