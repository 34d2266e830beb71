package test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// renderers are the folders of pkg/ that may name a status; those that state
// facts or hold rules stand in sources. One that stands in neither is refused.
var renderers = []string{"pkg/check", "pkg/check/checktest", "pkg/check/oneproc", "pkg/gate"}

// pure packages are arithmetic on facts, as the judge files of the plugins are.
var pure = []string{"pkg/bmc", "pkg/fans", "pkg/ha", "pkg/hardware", "pkg/maintenance", "pkg/contingency", "pkg/phrase", "pkg/notice", "pkg/lenient"}

// impure are what they do not import, and what they do not call.
var (
	impureImports = []string{"os", "os/exec", "os/user", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "syscall", "golang.org/x/sys/unix"}
	impureCalls   = []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker"}
)

// stamps are printed by pkg/phrase, in the poller's zone; elsewhere times are
// written for machines, or by the customer's clock, with the reason.
var stamps = map[string]string{
	"pkg/phrase/phrase.go":             "the one place",
	"pkg/locale/formats.go":            "words to customers, by the customer's clock",
	"pkg/journal/write.go":             "names of files",
	"pkg/channel/feed.go":              "for machines: a feed has its own format",
	"pkg/channel/pages.go":             "customers' pages: their zone is not ours, so UTC",
	"plugins/check_guests/compact.go":  "a file between runs",
	"plugins/check_guests/journal.go":  "the name of an entry, for machines",
	"pkg/bmc/ipmi/log.go":              "evidence: the device's own clock, as it came",
	"pkg/bmc/ipmi/repository.go":       "evidence: the device's own clock, as it came",
	"plugins/report_service/page.go":   "compares days",
	"plugins/report_service/period.go": "names of files",
}

// rule says what is wrong with a file.
type rule func(s source) []string

var rules = map[string]rule{"room": rowOfItsOwn, "pure": impure, "goroutine": unguardedGoroutines, "stamp": strayStamps, "words": wordsElsewhere}

// TestLayoutRules holds what CONTRIBUTING says against every file.
func TestLayoutRules(t *testing.T) {
	for _, s := range parse(t) {
		for _, r := range rules {
			for _, complaint := range r(s) {
				t.Error(complaint)
			}
		}
	}
}

// TestLayoutRefuses: each rule refuses a violation that was planted for it. The
// first two lines of a planted file say where it would stand, and what is said.
func TestLayoutRefuses(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing is planted: %v", err)
	}
	planted := map[string]bool{}
	for _, name := range files {
		kind, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(name), ".go"), "_")
		planted[kind] = true
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitN(string(text), "\n", 3)
		where, want := strings.TrimPrefix(lines[0], "// "), strings.TrimPrefix(lines[1], "// ")
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		r := rules[kind]
		if r == nil {
			t.Fatalf("%s: there is no rule %q", name, kind)
		}
		found := r(source{path: where, folder: filepath.ToSlash(filepath.Dir(where)), file: file, fset: fset})
		if !strings.Contains(strings.Join(found, "\n"), want) {
			t.Errorf("%s: want %q, found %q", name, want, found)
		}
	}
	for kind := range rules {
		if !planted[kind] {
			t.Errorf("no violation is planted for the rule %q", kind)
		}
	}
}

// rowOfItsOwn: every folder of pkg/ stands in the table of the import rules.
func rowOfItsOwn(s source) []string {
	_, known := sources[s.folder]
	if !within(s.folder, "pkg") || known || slices.Contains(renderers, s.folder) || strings.Contains(s.folder, "/internal/") {
		return nil
	}
	return []string{s.path + ": " + s.folder + " stands in no table: say in sources or renderers what it may import"}
}

// names are what a file calls the packages that it imports.
func names(s source) map[string]string {
	out := map[string]string{}
	for _, imp := range s.file.Imports {
		path, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if imp.Name != nil {
			name = imp.Name.Name
		}
		out[name] = path
	}
	return out
}

// meant is the package and the name of what a selector means, such as
// time.Now, under whatever name the package was imported.
func meant(n ast.Node, imported map[string]string) string {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok || imported[x.Name] == "" {
		return ""
	}
	return imported[x.Name] + "." + sel.Sel.Name
}

// impure: judges and rules read no clock, file, network or chance.
func impure(s source) (complaints []string) {
	judge := within(s.folder, "plugins") && strings.HasPrefix(filepath.Base(s.path), "judge")
	if s.test || !judge && !slices.Contains(pure, s.folder) {
		return nil
	}
	imported := names(s)
	for _, imp := range s.file.Imports {
		if path := strings.Trim(imp.Path.Value, `"`); slices.Contains(impureImports, path) {
			complaints = append(complaints, fmt.Sprintf("%s: judges and rules do not import %s", s.at(imp), path))
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if name := meant(n, imported); slices.Contains(impureCalls, name) {
			complaints = append(complaints, fmt.Sprintf("%s: judges and rules do not use %s", s.at(n), name))
		}
		return true
	})
	return complaints
}

// unguardedGoroutines: a panic that nobody recovers exits 2, which every host
// reads as CRITICAL. WaitGroup.Go and AfterFunc start goroutines too.
func unguardedGoroutines(s source) (complaints []string) {
	if s.test || s.tool() || within(s.folder, "pkg/check") {
		return nil
	}
	imported := names(s)
	ast.Inspect(s.file, func(n ast.Node) bool {
		var begun ast.Expr
		switch n := n.(type) {
		case *ast.GoStmt:
			begun = n.Call.Fun
		case *ast.CallExpr:
			name := meant(n.Fun, imported)
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if ok && len(n.Args) > 0 && (name == "time.AfterFunc" || name == "context.AfterFunc" || sel.Sel.Name == "Go" && name == "") {
				begun = n.Args[len(n.Args)-1]
			}
		}
		if begun != nil && !recovers(begun) {
			complaints = append(complaints, s.at(n)+": a goroutine starts with a deferred function that recovers")
		}
		return true
	})
	return complaints
}

// recovers says whether a function defers, before anything else, one that
// recovers.
func recovers(f ast.Expr) bool {
	lit, ok := f.(*ast.FuncLit)
	if !ok {
		return false
	}
	for _, statement := range lit.Body.List {
		deferred, ok := statement.(*ast.DeferStmt)
		if !ok {
			return false
		}
		found := false
		ast.Inspect(deferred, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok {
				name, ok := call.Fun.(*ast.Ident)
				found = found || ok && name.Name == "recover"
			}
			return true
		})
		if found {
			return true
		}
	}
	return false
}

// strayStamps: times are told by pkg/phrase, one way, in the poller's zone.
func strayStamps(s source) (complaints []string) {
	if s.test || s.tool() || stamps[s.path] != "" {
		return nil
	}
	imported := names(s)
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if ok && meant(sel, imported) == "" && (sel.Sel.Name == "Format" || sel.Sel.Name == "AppendFormat") {
			complaints = append(complaints, s.at(n)+": times are told by pkg/phrase")
		}
		return true
	})
	return complaints
}

// wordsElsewhere: templates end the linker's pruning. Whoever is run every
// minute does without.
func wordsElsewhere(s source) (complaints []string) {
	for _, imp := range s.file.Imports {
		ours, _ := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), module)
		if slices.Contains(wordy, ours) && !s.test && !slices.Contains(speakers, s.folder) && !slices.Contains(wordy, s.folder) {
			complaints = append(complaints, fmt.Sprintf("%s: %s brings templates: only %v import it", s.at(imp), ours, speakers))
		}
	}
	return complaints
}
