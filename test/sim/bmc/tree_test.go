package bmc

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// small writes a tree of three resources.
func small(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range map[string]string{
		"redfish/v1": `{"@odata.id":"/redfish/v1","Chassis":{"@odata.id":"/redfish/v1/Chassis"},
			"ProtocolFeaturesSupported":{"ExpandQuery":{"NoLinks":true,"MaxLevels":1}}}`,
		"redfish/v1/Chassis":   `{"@odata.id":"/redfish/v1/Chassis","Members":[{"@odata.id":"/redfish/v1/Chassis/1"},{"@odata.id":"/redfish/v1/Chassis/2"}]}`,
		"redfish/v1/Chassis/1": `{"@odata.id":"/redfish/v1/Chassis/1","Name":"one","HeightMm":44.0,"Fans":[{"Reading":6400.0}]}`,
	} {
		at := filepath.Join(dir, path)
		if err := os.MkdirAll(at, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at, "index.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestServeARecordedTree(t *testing.T) {
	s := Serve(t, small(t), Server{TLS: TLSNone})
	a := call{what: "GET /redfish/v1/Chassis/1/"}.send(t, s)
	if text := string(a.body); a.status != http.StatusOK || !strings.Contains(text, `"Reading":6400.0`) || !strings.Contains(text, "44.0") {
		t.Errorf("%d %s: numbers are to be as they were written", a.status, text)
	}
	if a := (call{what: "GET /redfish/v1/Chassis/2"}).send(t, s); a.status != http.StatusNotFound {
		t.Errorf("missing: %d", a.status)
	}
	if a := (call{what: "GET /redfish/v1/Chassis/1", token: "none"}).send(t, s); a.status != http.StatusUnauthorized {
		t.Errorf("without a login: %d", a.status)
	}
	members := document(t, s, "/redfish/v1/Chassis?$expand=.($levels=1)")["Members"].([]any)
	if members[0].(map[string]any)["Name"] != "one" || len(members[1].(map[string]any)) != 1 {
		t.Errorf("expanded: %v", members)
	}
	off := Serve(t, small(t), Server{TLS: TLSNone, Expand: ExpandOff, Auth: Open})
	if m := document(t, off, "/redfish/v1/Chassis?$expand=.")["Members"].([]any); len(m[0].(map[string]any)) != 1 {
		t.Errorf("$expand switched off: %v", m)
	}
	root := document(t, off, "/redfish/v1")
	if q := root["ProtocolFeaturesSupported"].(map[string]any)["ExpandQuery"].(map[string]any); q["NoLinks"] != false {
		t.Errorf("the root says %v", q)
	}
	if login(t, s, Password).status != http.StatusCreated {
		t.Error("a recorded tree has sessions too")
	}
}

func TestATreeThatIsNone(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		if _, err := Run(Server{Tree: dir}); err == nil {
			t.Errorf("%s was served", dir)
		}
	}
}

func TestServeTheCorpus(t *testing.T) {
	trees, err := filepath.Glob("../../../../shared/corpus/redfish/*/redfish")
	if err != nil || len(trees) == 0 {
		t.Skip("recorded trees are not here")
	}
	for _, tree := range trees {
		dir := filepath.Dir(tree)
		for _, e := range []Expand{ExpandAsVendor, ExpandOff, ExpandOn} {
			s := Serve(t, dir, Server{TLS: TLSNone, Expand: e})
			chassis := document(t, s, "/redfish/v1/Chassis?$expand=.($levels=1)")["Members"].([]any)
			if len(chassis) == 0 {
				t.Errorf("%s: no chassis", dir)
			}
			whole := slices.ContainsFunc(chassis, func(c any) bool { return len(c.(map[string]any)) > 1 })
			if e == ExpandOff && whole || e == ExpandOn && !whole {
				t.Errorf("%s with $expand %q: the members are whole: %v", dir, e, whole)
			}
			s.Close()
		}
	}
}
