// Package test keeps the rules of the house: who may import whom, which module
// has which door, what a plugin must bring with it.
package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/noout-monitoring/noout/"

// doors lists which package alone imports a third-party module. Tests of any
// package may import those marked so.
var doors = map[string]string{
	"github.com/olorin/nagiosplugin":             "pkg/check",
	"github.com/spf13/pflag":                     "pkg/check",
	"github.com/stmcginnis/gofish":               "pkg/bmc/redfish",
	"github.com/prometheus-community/pro-bing":   "pkg/ping",
	"gopkg.in/ini.v1":                            "tests",
	"github.com/rogpeppe/go-internal/txtar":      "pkg/check/checktest",
	"golang.org/x/tools/txtar":                   "pkg/check/checktest",
	"github.com/google/go-cmp":                   "tests",
	"pgregory.net/rapid":                         "tests",
	"github.com/rogpeppe/go-internal/testscript": "tests",
	"github.com/bougou/go-ipmi":                  "tests",
	"github.com/nicksnyder/go-i18n/v2":           "pkg/locale",
	"github.com/go-playground/locales":           "pkg/locale",
	"golang.org/x/text":                          "pkg/locale",
	"github.com/wneessen/go-mail":                "pkg/channel",
	"github.com/emersion/go-ical":                "pkg/channel",
}

// system modules of the Go project may be used where the standard library ends.
var system = []string{"golang.org/x/sys", "golang.org/x/net"}

// sources state facts. Each lists what of ours it may import.
var sources = map[string][]string{
	"pkg/hardware":       {"pkg/phrase"},
	"pkg/bmc":            {"pkg/hardware"},
	"pkg/bmc/redfish":    {"pkg/hardware", "pkg/bmc", "pkg/lenient", "pkg/transport", "pkg/secret", "pkg/state", "pkg/phrase"},
	"pkg/bmc/ipmi":       {"pkg/hardware", "pkg/bmc", "pkg/transport", "pkg/secret", "pkg/state", "pkg/phrase"},
	"pkg/bmc/controller": {"pkg/hardware", "pkg/bmc", "pkg/bmc/redfish", "pkg/bmc/ipmi", "pkg/transport", "pkg/secret", "pkg/state", "pkg/phrase"},
	"pkg/lenient":        {},
	"pkg/ceph":           {"pkg/pve", "pkg/lenient", "pkg/transport", "pkg/secret", "pkg/state", "pkg/phrase"},
	"pkg/pve":            {"pkg/hardware", "pkg/lenient", "pkg/transport", "pkg/secret", "pkg/state", "pkg/phrase"},
	"pkg/ha":             {},
	"pkg/regex":          {},
	"pkg/phrase":         {},
	"pkg/ping":           {"pkg/transport", "pkg/secret", "pkg/state", "pkg/phrase"},
	"pkg/web":            {"pkg/transport", "pkg/secret", "pkg/phrase"},
	"pkg/transport":      {"pkg/secret", "pkg/phrase"},
	"pkg/secret":         {},
	"pkg/state":          {"pkg/lenient"},
	"pkg/journal":        {"pkg/state"},
	"pkg/locale":         {},
	"pkg/customer":       {"pkg/locale", "pkg/secret"},
	"pkg/channel":        {"pkg/transport", "pkg/secret", "pkg/state", "pkg/phrase"},
	"pkg/notice":         {"pkg/customer", "pkg/journal", "pkg/locale", "pkg/state"}, // state.Clock: one rule for clocks
	"pkg/maintenance":    {"pkg/hardware", "pkg/pve", "pkg/ceph", "pkg/bmc", "pkg/fans", "pkg/phrase"},
	"pkg/contingency":    {"pkg/pve", "pkg/ceph", "pkg/ha", "pkg/maintenance", "pkg/phrase"},
	"pkg/fans":           {"pkg/bmc", "pkg/check", "pkg/phrase"},
}

// wordy packages bring templates, which end the linker's pruning. Whoever is run
// every minute does without.
var wordy = []string{"pkg/locale", "pkg/notice", "pkg/customer", "pkg/channel"}

// speakers may import them.
var speakers = []string{"plugins/report_service", "plugins/notify_customers"}

// long names the files that may have more than 300 lines, with the reason.
var long = map[string]string{}

type source struct {
	path   string // slashes, from the root
	folder string
	test   bool
	file   *ast.File
	fset   *token.FileSet
	lines  int
}

func (s source) at(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	return s.path + ":" + strconv.Itoa(p.Line)
}

// tool says that this runs for us, never under a scheduler.
func (s source) tool() bool {
	return within(s.folder, "test") || within(s.folder, "contrib") || within(s.folder, "packaging")
}

func parse(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git" || d.Name() == "bin" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))
		test := strings.HasSuffix(path, "_test.go") || strings.HasPrefix(rel, "pkg/check/checktest/")
		out = append(out, source{rel, filepath.ToSlash(filepath.Dir(rel)), test, file, fset, strings.Count(string(text), "\n")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("only %d Go files found", len(out))
	}
	return out
}

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

func TestImports(t *testing.T) {
	for _, s := range parse(t) {
		for _, imp := range s.file.Imports {
			path, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if ours, ok := strings.CutPrefix(path, module); ok {
				checkOurs(t, s, imp, ours)
			} else if strings.Contains(strings.SplitN(path, "/", 2)[0], ".") {
				checkDoor(t, s, imp, path)
			}
		}
	}
}

func checkOurs(t *testing.T, s source, imp ast.Node, ours string) {
	t.Helper()
	if strings.HasPrefix(ours, "plugins/") {
		t.Errorf("%s: nobody imports a plugin", s.at(imp))
	}
	if within(s.folder, "test/sim") && !strings.HasPrefix(ours, "test/sim") {
		t.Errorf("%s: simulators import nothing of ours, so they cannot share our misunderstandings", s.at(imp))
	}
	allowed, isSource := sources[s.folder]
	if !isSource || s.test || within(ours, s.folder) || ours == "pkg/regex" {
		return
	}
	if !slices.Contains(allowed, ours) {
		t.Errorf("%s: %s states facts, it may import %v of ours and not %s", s.at(imp), s.folder, allowed, ours)
	}
}

func checkDoor(t *testing.T, s source, imp ast.Node, path string) {
	t.Helper()
	if slices.ContainsFunc(system, func(m string) bool { return within(path, m) }) {
		return
	}
	for mod, door := range doors {
		if !within(path, mod) {
			continue
		}
		if s.test || s.folder == door {
			return
		}
		t.Errorf("%s: %s has one door, %s", s.at(imp), mod, door)
		return
	}
	t.Errorf("%s: %s is not one of the chosen modules: say in doors why it is needed and where", s.at(imp), path)
}

// TestOneVoice: only pkg/check prints and ends the process, and only judges
// and pkg/check name a status.
func TestOneVoice(t *testing.T) {
	statuses := []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}
	for _, s := range parse(t) {
		if s.test || s.tool() || within(s.folder, "pkg/check") {
			continue
		}
		judge := s.folder == "pkg/gate" || within(s.folder, "plugins") && strings.HasPrefix(filepath.Base(s.path), "judge")
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := pkg.Name + "." + sel.Sel.Name
			switch {
			case pkg.Name == "check" && slices.Contains(statuses, sel.Sel.Name) && !judge:
				t.Errorf("%s: %s: statuses are named in judge files only", s.at(n), name)
			case slices.Contains([]string{"os.Exit", "os.Stdout", "os.Stderr", "fmt.Print", "fmt.Println", "fmt.Printf", "log.Fatal", "log.Print", "log.Printf", "log.Println"}, name):
				t.Errorf("%s: %s: only pkg/check prints and exits", s.at(n), name)
			}
			return true
		})
	}
}

// TestGoroutines: a panic in a goroutine cannot be caught from outside and
// exits 2, which every monitoring host reads as CRITICAL.
func TestGoroutines(t *testing.T) {
	for _, s := range parse(t) {
		if s.test || s.tool() || within(s.folder, "pkg/check") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			g, ok := n.(*ast.GoStmt)
			if !ok {
				return true
			}
			if lit, ok := g.Call.Fun.(*ast.FuncLit); ok && len(lit.Body.List) > 0 {
				if _, ok := lit.Body.List[0].(*ast.DeferStmt); ok {
					return true
				}
			}
			t.Errorf("%s: a goroutine starts with a deferred recover", s.at(n))
			return true
		})
	}
}

// vague names say nothing of the field. Manager is one of its terms (Redfish,
// Proxmox HA, Ceph), so it is refused only as the name of a type of ours.
var (
	vague     = regexp.MustCompile(`(?i)(helper|util)s?$|^Get[A-Z]`)
	vagueType = regexp.MustCompile(`(?i)([a-z]manager|helper|util)s?$`)
)

// TestShape: names of the field, short functions and files.
func TestShape(t *testing.T) {
	for _, s := range parse(t) {
		if s.lines > 300 && !s.test && long[s.path] == "" {
			t.Errorf("%s has %d lines: split it, or give the reason in this test", s.path, s.lines)
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				checkFunction(t, s, d)
			case *ast.GenDecl:
				checkDeclaration(t, s, d)
			}
		}
	}
	for path, reason := range long {
		if _, err := os.Stat(filepath.Join("..", path)); err != nil || reason == "" {
			t.Errorf("long[%q]: no such file, or no reason", path)
		}
	}
}

func checkFunction(t *testing.T, s source, d *ast.FuncDecl) {
	t.Helper()
	if s.test {
		return
	}
	if vague.MatchString(d.Name.Name) {
		t.Errorf("%s: %s says nothing of the field", s.at(d), d.Name.Name)
	}
	if n := d.Type.Params.NumFields(); n > 4 {
		t.Errorf("%s: %s has %d parameters, at most 4", s.at(d), d.Name.Name, n)
	}
	if d.Body == nil {
		return
	}
	if n := s.fset.Position(d.Body.End()).Line - s.fset.Position(d.Pos()).Line + 1; n >= 60 {
		t.Errorf("%s: %s has %d lines, under 60", s.at(d), d.Name.Name, n)
	}
}

// checkDeclaration allows package variables that are tables, errors and
// compiled expressions: everything else is state that tests share.
func checkDeclaration(t *testing.T, s source, d *ast.GenDecl) {
	t.Helper()
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if vagueType.MatchString(spec.Name.Name) {
				t.Errorf("%s: %s says nothing of the field", s.at(spec), spec.Name.Name)
			}
		case *ast.ValueSpec:
			if d.Tok != token.VAR || s.test {
				continue
			}
			for i, name := range spec.Names {
				if name.Name == "_" || i < len(spec.Values) && constantValue(spec.Values[i]) || stamped[s.path+" "+name.Name] {
					continue
				}
				t.Errorf("%s: package variable %s is neither a table nor an error", s.at(spec), name.Name)
			}
		}
	}
}

// stamped lists the package variables that must be: what the linker writes.
var stamped = map[string]bool{
	"pkg/check/version.go version": true,
	// what go:embed writes
	"contrib/generate/text.go templates": true, "pkg/locale/locale.go messages": true,
	"plugins/report_service/html.go pages": true,
}

func constantValue(v ast.Expr) bool {
	switch v := v.(type) {
	case *ast.CompositeLit:
		return true
	case *ast.UnaryExpr:
		return constantValue(v.X)
	case *ast.CallExpr:
		text := ""
		switch f := v.Fun.(type) {
		case *ast.SelectorExpr:
			if x, ok := f.X.(*ast.Ident); ok {
				text = x.Name + "." + f.Sel.Name
			}
		case *ast.ArrayType:
			return true // []byte("...")
		}
		return slices.Contains([]string{"errors.New", "fmt.Errorf", "regexp.MustCompile", "regex.Of", "netip.MustParsePrefix", "strings.NewReplacer", "slices.Concat"}, text) ||
			strings.HasPrefix(text, "reflect.")
	case *ast.IndexExpr:
		return constantValue(v.X)
	}
	return false
}

// TestEveryPlugin: one folder per binary, with its judge, its golden runs and
// its row in the README.
func TestEveryPlugin(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob("../plugins/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no plugin found: %v", err)
	}
	for _, folder := range folders {
		name := filepath.Base(folder)
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README.md has no row for %s: the table on top wants `%[1]s` with its question", name)
		}
		wants := []string{"main.go", "testdata/*.txtar"}
		if main, err := os.ReadFile(filepath.Join(folder, "main.go")); err != nil || !strings.Contains(string(main), module+"pkg/gate\"") {
			wants = append(wants, "judge.go") // the gates have one judge
		}
		for _, want := range wants {
			if found, err := filepath.Glob(filepath.Join(folder, want)); err != nil || len(found) == 0 {
				t.Errorf("plugins/%s has no %s", name, want)
			}
		}
	}
}
