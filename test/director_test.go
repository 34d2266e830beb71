package test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// template is a host or a service template of the Director's basket.
type template struct {
	Name    string `json:"object_name"`
	Type    string `json:"object_type"`
	Imports []string
	Command string         `json:"check_command"`
	Active  *bool          `json:"enable_active_checks"`
	Vars    map[string]any `json:"vars"`
	Fields  []struct {
		Field json.Number `json:"datafield_id"`
	}
}

// templates are those of contrib/director/basket.json, and the names of its
// fields by their number.
func templates(t *testing.T) (hosts, services map[string]template, fields map[string]string) {
	t.Helper()
	var b struct {
		HostTemplate, ServiceTemplate map[string]template
		Datafield                     map[string]struct{ Varname string }
	}
	text, err := os.ReadFile("../contrib/director/basket.json")
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil || len(b.HostTemplate) == 0 || len(b.ServiceTemplate) == 0 {
		t.Fatalf("%d host templates, %d service templates, %v", len(b.HostTemplate), len(b.ServiceTemplate), err)
	}
	fields = map[string]string{}
	for id, f := range b.Datafield {
		fields[id] = f.Varname
	}
	return b.HostTemplate, b.ServiceTemplate, fields
}

// TestDirectorTemplates: the Director finds an object by the key it has in the
// basket, which has to be its name, and refuses one that imports what is not there.
func TestDirectorTemplates(t *testing.T) {
	hosts, services, fields := templates(t)
	for _, all := range []map[string]template{hosts, services} {
		for name, one := range all {
			if one.Name != name || one.Type != "template" {
				t.Errorf("%s is the %s %s", name, one.Type, one.Name)
			}
			for _, parent := range one.Imports {
				if _, is := all[parent]; !is {
					t.Errorf("%s imports %s, which is not there", name, parent)
				}
			}
			for _, f := range one.Fields {
				if !strings.HasPrefix(fields[f.Field.String()], "noout_") {
					t.Errorf("%s: no field %s", name, f.Field)
				}
			}
		}
	}
	bin := build(t)
	plugins, err := filepath.Glob(filepath.Join(bin, "*_*"))
	if err != nil || len(plugins) == 0 {
		t.Fatalf("no plugins: %v", err)
	}
	for _, path := range plugins {
		short := strings.TrimPrefix(filepath.Base(path), "check_")
		one, is := services["noout-"+short]
		if !is || one.Command != "noout-"+short {
			t.Errorf("%s has no service template", short)
		}
		known := []string{}
		for _, o := range describe(t, path).Options {
			known = append(known, "noout_"+short+"_"+strings.ReplaceAll(o.Long, "-", "_"))
		}
		for name := range one.Vars {
			if !slices.Contains(known, name) {
				t.Errorf("%s: %s is no option", short, name)
			}
		}
		host := "noout_" + short + "_host"
		if got, _ := json.Marshal(one.Vars[host]); slices.Contains(known, host) && !strings.Contains(string(got), `"$address$"`) {
			t.Errorf("%s asks %s unless somebody says otherwise", short, got)
		}
	}
}

var (
	applied  = regexp.MustCompile(`(?s)\napply Service ".*?\n}`)
	imported = regexp.MustCompile(`import "(.*)"`)
	command  = regexp.MustCompile(`check_command = "(.*)"`)
	variable = regexp.MustCompile(`\n  vars\.(noout_\w+) = (.*)`)
)

// TestDirectorServices: a service of the Director's template is the service of
// contrib/icinga2/services.conf. It is the same kind and sets the same variables;
// those that name a file or a way have the same value.
func TestDirectorServices(t *testing.T) {
	_, services, _ := templates(t)
	text, err := os.ReadFile("../contrib/icinga2/services.conf")
	if err != nil {
		t.Fatal(err)
	}
	rules := applied.FindAllString(string(text), -1)
	if len(rules) != 8 {
		t.Fatalf("found %d rules", len(rules))
	}
	for _, rule := range rules {
		name := command.FindStringSubmatch(rule)[1]
		one := services[name]
		if kind := imported.FindStringSubmatch(rule)[1]; !slices.Equal(one.Imports, []string{kind}) {
			t.Errorf("%s imports %q, in services.conf %s", name, one.Imports, kind)
		}
		var set []string
		for _, m := range variable.FindAllStringSubmatch(rule, -1) {
			switch {
			case strings.HasPrefix(m[2], "noout_"), m[2] == "host.vars.noout_gateway":
				// The function stands in the command; the gateway is the site's own.
				continue
			case strings.HasPrefix(m[2], `"`) && strings.HasSuffix(m[2], `"`):
				value := strings.ReplaceAll(strings.Trim(m[2], `"`), `" + host.vars.noout_node + "`, "$host.vars.noout_node$")
				if one.Vars[m[1]] != value {
					t.Errorf("%s: %s is %v, in services.conf %s", name, m[1], one.Vars[m[1]], value)
				}
			}
			set = append(set, m[1])
		}
		slices.Sort(set)
		if diff := cmp.Diff(set, slices.Sorted(maps.Keys(one.Vars))); diff != "" {
			t.Errorf("%s (-services.conf +basket)\n%s", name, diff)
		}
	}
}

// TestDirectorMaintenance: the Director's variables hold no functions, so the one
// of services.conf stands where check_pve and check_ceph take the answer.
func TestDirectorMaintenance(t *testing.T) {
	var b struct {
		Command map[string]struct {
			Arguments map[string]struct {
				Value  any
				Repeat bool `json:"repeat_key"`
			}
		}
	}
	text, err := os.ReadFile("../contrib/director/basket.json")
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, short := range []string{"pve", "ceph"} {
		a := b.Command["noout-"+short].Arguments["--maintenance"]
		value, _ := a.Value.(map[string]any)
		body, _ := value["body"].(string)
		if value["type"] != "Function" || !a.Repeat || !strings.Contains(body, `macro("$noout_`+short+`_maintenance$")`) || !strings.Contains(body, "downtime_depth") {
			t.Errorf("%s: %+v", short, a)
		}
	}
}
