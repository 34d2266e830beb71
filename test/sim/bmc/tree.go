package bmc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/noout-monitoring/noout/test/sim/bmc/redfish"
)

// said are a vendor's resources with another answer about $expand.
type said struct {
	resources
	expand Expand
}

// Get answers a request.
func (s said) Get(where string, query url.Values) (map[string]any, *redfish.Refusal) {
	o, refused := s.resources.Get(where, query)
	if where == "/redfish/v1" && refused == nil {
		s.expand.say(o)
	}
	return o, refused
}

// say changes what a service root says about $expand.
func (e Expand) say(root map[string]any) {
	if e == ExpandAsVendor {
		return
	}
	features, ok := root["ProtocolFeaturesSupported"].(map[string]any)
	if !ok {
		features = map[string]any{}
		root["ProtocolFeaturesSupported"] = features
	}
	features["ExpandQuery"] = map[string]any{
		"ExpandAll": e == ExpandOn, "Levels": e == ExpandOn, "Links": false, "MaxLevels": 1, "NoLinks": e == ExpandOn,
	}
}

// recording is a recorded tree: the text of each resource by its path.
type recording struct {
	texts  map[string][]byte
	expand Expand
	query  redfish.Query
}

// readTree reads a directory with one index.json for each resource.
func readTree(dir string, e Expand) (*recording, error) {
	rec := &recording{texts: map[string][]byte{}, expand: e}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() != "index.json" {
			return err
		}
		text, err := fs.ReadFile(root, name)
		rec.texts["/"+path.Dir(name)] = text
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the recorded tree: %w", err)
	}
	service, ok := rec.find("/redfish/v1")
	if !ok {
		return nil, fmt.Errorf("the recorded tree %s has no /redfish/v1/index.json", dir)
	}
	if e == ExpandOn || e == ExpandAsVendor && expands(service) {
		rec.query.Expand = 2
	}
	return rec, nil
}

// expands says whether a service root offers $expand.
func expands(root map[string]any) bool {
	features, _ := root["ProtocolFeaturesSupported"].(map[string]any)
	query, _ := features["ExpandQuery"].(map[string]any)
	return query["NoLinks"] == true
}

// find decodes a resource, keeping numbers as they were written.
func (r *recording) find(where string) (map[string]any, bool) {
	text, ok := r.texts[path.Clean(where)]
	if !ok {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var o map[string]any
	err := d.Decode(&o)
	return o, err == nil && o != nil
}

// Get answers a request.
func (r *recording) Get(where string, query url.Values) (map[string]any, *redfish.Refusal) {
	o, ok := r.find(where)
	if !ok {
		return nil, &redfish.Refusal{Status: http.StatusNotFound, MessageID: "Base.1.8.ResourceMissingAtURI",
			Message: "There is no resource at " + strings.ToValidUTF8(where, "?") + "."}
	}
	if where == "/redfish/v1" {
		r.expand.say(o)
	}
	return r.query.Apply(o, query, r.find)
}
