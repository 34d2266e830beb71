package test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// programs are the folders that start one, and which.
var programs = map[string]string{"pkg/ceph": "ceph", "pkg/channel": "sendmail"}

// TestOutside: only two packages start another program, none does it with a shell,
// and nobody listens.
func TestOutside(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range parse(t) {
		if s.test || s.tool() || within(s.folder, "findings") {
			continue
		}
		for _, i := range s.file.Imports {
			if i.Path.Value != `"os/exec"` {
				continue
			}
			if seen[s.folder] = true; programs[s.folder] == "" {
				t.Errorf("%s starts programs", s.path)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.BasicLit:
				if strings.HasSuffix(strings.Trim(x.Value, "\"`"), "bin/sh") || x.Value == `"sh"` || x.Value == `"bash"` {
					t.Errorf("%s names a shell: %s", s.path, x.Value)
				}
			case *ast.SelectorExpr:
				if pkg, is := x.X.(*ast.Ident); is && (pkg.Name == "net" || pkg.Name == "http" || pkg.Name == "tls") && regexp.MustCompile(`^(Listen(TCP|Unix|AndServe.*)?|Serve(TLS)?|NewListener)$`).MatchString(x.Sel.Name) {
					t.Errorf("%s listens: %s.%s", s.path, pkg.Name, x.Sel.Name)
				}
			}
			return true
		})
	}
	if len(seen) != len(programs) {
		t.Errorf("%v start programs, expected %v", seen, programs)
	}
}

// TestNoSecretOption: what is secret comes from a file or the environment; no option
// takes one.
func TestNoSecretOption(t *testing.T) {
	secret := regexp.MustCompile(`(?i)pass|token|secret|(^|-)key(-|$)|credential`)
	options := 0
	bin := build(t)
	plugins, err := os.ReadDir("../plugins")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plugins {
		for _, o := range describe(t, filepath.Join(bin, p.Name())).Options {
			if options++; secret.MatchString(o.Long) {
				t.Errorf("%s: --%s", p.Name(), o.Long)
			}
		}
	}
	if options < 100 {
		t.Errorf("%d options were looked at", options)
	}
}
