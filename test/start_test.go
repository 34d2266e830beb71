package test

import (
	"go/ast"
	"go/constant"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// mostAllocated is how many allocations our packages may need to be initialized,
// in all: every run pays for them, whatever it does.
const mostAllocated = 100

// TestStart counts what each plugin allocates before its main begins.
func TestStart(t *testing.T) {
	plugins, err := filepath.Glob(filepath.Join(build(t), "*"))
	if err != nil || len(plugins) == 0 {
		t.Fatalf("found no plugins: %v", err)
	}
	inits := regexp.MustCompile(`(?m)^init (main|` + regexp.QuoteMeta(module) + `\S+) .* (\d+) allocs$`)
	for _, plugin := range plugins {
		cmd := exec.Command(plugin, "-V")
		cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
		out, _ := cmd.CombinedOutput() // -V ends with 3
		if !strings.Contains(string(out), "init runtime ") {
			t.Fatalf("%s does not tell what it initializes:\n%s", filepath.Base(plugin), out)
		}
		sum, told := 0, ""
		for _, m := range inits.FindAllStringSubmatch(string(out), -1) {
			n, err := strconv.Atoi(m[2])
			if err != nil {
				t.Fatal(err)
			}
			sum, told = sum+n, told+"\n"+m[0]
		}
		if sum > mostAllocated {
			t.Errorf("%s: %d allocations before main, expected at most %d:%s", filepath.Base(plugin), sum, mostAllocated, told)
		}
	}
}

// TestShapePatterns: an expression of a package is compiled when it is asked, and
// none is wrong.
func TestShapePatterns(t *testing.T) {
	found := 0
	for _, s := range parse(t) {
		if s.test || s.tool() || within(s.folder, "pkg/check/checktest") {
			continue
		}
		for _, d := range s.file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				ast.Inspect(g, func(n ast.Node) bool {
					call, ok := n.(*ast.CallExpr)
					if !ok {
						return true
					}
					switch called(call) {
					case "regexp.MustCompile":
						t.Errorf("%s: every run compiles this, expected regex.Of", s.at(call))
					case "regex.Of":
						found++
						text, ok := literal(call.Args[0])
						if _, err := regexp.Compile(text); !ok || err != nil {
							t.Errorf("%s: expected an expression, got %q: %v", s.at(call), text, err)
						}
					}
					return true
				})
			}
		}
	}
	if found == 0 {
		t.Error("found no expression")
	}
}

func called(call *ast.CallExpr) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	pkg, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return pkg.Name + "." + sel.Sel.Name
}

// literal is the text of a constant that is written down.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		v := constant.MakeFromLiteral(e.Value, e.Kind, 0)
		return constant.StringVal(v), v.Kind() == constant.String
	case *ast.BinaryExpr:
		x, okX := literal(e.X)
		y, okY := literal(e.Y)
		return x + y, okX && okY && e.Op == token.ADD
	case *ast.ParenExpr:
		return literal(e.X)
	}
	return "", false
}
