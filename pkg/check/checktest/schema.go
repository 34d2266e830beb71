package checktest

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// schemas is where the fields of --output json are written down, a file for each
// plugin, seen from its folder.
const schemas = "../../docs/schema"

// named are the fields whose keys are names of a cluster's own.
var named = []string{"facts.map.node_flags", "facts.map.class_flags"}

// decisions are the words of every gate.
var decisions = []string{"yes", "yes-but", "no", "not-proven"}

var snake = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// schema is every field that answers for automation had, with the types of its
// values.
type schema map[string]map[string]bool

// read adds the fields of an answer, and complains of those in another style.
func (s schema) read(t *testing.T, answer []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(answer, &v); err != nil {
		t.Errorf("an answer for automation: %v\n%s", err, answer)
		return
	}
	s.value(t, "", v)
}

func (s schema) value(t *testing.T, path string, v any) {
	t.Helper()
	kind := "null"
	switch v := v.(type) {
	case map[string]any:
		kind = "object"
		for key, inner := range v {
			if slices.Contains(named, path) {
				key = "*"
			} else if !snake.MatchString(key) {
				t.Errorf("%s: the key %q is not lower_snake", path, key)
			}
			s.value(t, strings.TrimPrefix(path+"."+key, "."), inner)
		}
	case []any:
		kind = "array"
		for _, inner := range v {
			s.value(t, path+"[]", inner)
		}
	case string:
		kind = "string"
		if strings.HasSuffix(path, "decision") && !slices.Contains(decisions, v) {
			t.Errorf("%s: %q is none of %q", path, v, decisions)
		}
	case float64:
		kind = "number"
	case bool:
		kind = "boolean"
	}
	if path == "" {
		return
	}
	if s[path] == nil {
		s[path] = map[string]bool{}
	}
	s[path][kind] = true
}

func (s schema) String() string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(s)) {
		b.WriteString(path + " " + strings.Join(slices.Sorted(maps.Keys(s[path])), "|") + "\n")
	}
	return b.String()
}

// check compares with what is written down, or writes it.
func (s schema) check(t *testing.T, plugin string) {
	t.Helper()
	if only := flag.Lookup("test.run").Value.String(); len(s) == 0 || t.Failed() || strings.Contains(only, "/") {
		return // not all answers were seen
	}
	if _, err := os.Stat(filepath.Dir(schemas)); err != nil {
		return // a sample, and no plugin
	}
	path := filepath.Join(schemas, plugin+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(s.String()), 0o644); err != nil {
			t.Error(err)
		}
		return
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(string(written), s.String()); diff != "" {
		t.Errorf("%s: the fields of --output json are others (-written +now), -update writes them:\n%s", path, diff)
	}
}
