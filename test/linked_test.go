package test

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// templated are the plugins that may bring templates, with the reason. Elsewhere
// they are refused: text/template looks methods up by names that are not
// constant, and so the linker keeps every exported method of every type.
var templated = map[string]string{
	"notify_customers": "the messages of six languages are templates, and it runs once a minute for all hosts",
	"report_service":   "the messages of six languages and the hoster's own words are templates, and it is not polled",
}

// TestLinked links every plugin, and asks the linker for a function in it that
// looks a method up by a name that is not constant. One costs a plugin 2 to 10 MB
// and the page faults that go with them.
func TestLinked(t *testing.T) {
	if testing.Short() {
		t.Skip("links every plugin: not with -short")
	}
	folders, err := filepath.Glob("../plugins/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("found no plugins: %v", err)
	}
	for _, folder := range folders {
		name := filepath.Base(folder)
		found := culprits(t, "..", "./plugins/"+name)
		if reason := templated[name]; reason == "" {
			for _, c := range found {
				t.Errorf("%s: %s looks methods up by a name that is not constant", name, c)
			}
		} else if len(found) == 0 {
			t.Errorf("%s brings no template, but is excepted: %s", name, reason)
		}
	}
}

// TestLinkedRefuses plants both, in a program beside ours.
func TestLinkedRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"reflect":  `reflect.ValueOf(os.Stdout).MethodByName(os.Args[0])`,
		"template": `template.Must(template.New("").Parse("{{.}}")).Execute(os.Stdout, 1)`,
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			lay(t, root, "go.mod", "module planted\n")
			path := map[string]string{"reflect": "reflect", "template": "text/template"}[name]
			lay(t, root, "main.go", fmt.Sprintf("package main\n\nimport (\n\t\"os\"\n\t%q\n)\n\nfunc main() { %s }\n", path, body))
			if found := culprits(t, root, "."); len(found) == 0 {
				t.Error("is not found")
			}
		})
	}
}

// culprits are the functions that the linker marks, as -dumpdep tells.
func culprits(t *testing.T, dir, pkg string) []string {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", filepath.Join(t.TempDir(), "linked"), "-ldflags=-dumpdep", pkg)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out[:min(len(out), 2000)])
	}
	if !bytes.Contains(out, []byte(" -> main.main")) {
		t.Fatalf("the linker did not tell what is linked into %s", pkg)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		_, to, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		if function, _, marked := strings.Cut(to, " <ReflectMethod>"); marked {
			found = append(found, function)
		}
	}
	return found
}
