package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// block is a file of a plugin that CONTRIBUTING.md writes: its path, some
// words, and its text.
var block = regexp.MustCompile("(?s)`(plugins/check_(?:qdevice|clock)/[a-z_/.]+)`(?:[^`]|`[^`\n]+`)*?```(?:go)?\n(.*?)```")

// TestContributing puts the plugins of CONTRIBUTING.md into a copy of the sources,
// and runs their own tests and the rules of the house over it.
func TestContributing(t *testing.T) {
	root := t.TempDir()
	for _, folder := range []string{"pkg", "test/sim"} {
		if err := os.CopyFS(filepath.Join(root, folder), os.DirFS(filepath.Join("..", folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "test/layout_test.go"} {
		lay(t, root, name, sourceOf(t, name))
	}
	lay(t, root, "README.md", "`check_qdevice` `check_clock`\n")
	files := block.FindAllStringSubmatch(sourceOf(t, "CONTRIBUTING.md"), -1)
	if len(files) != 8 {
		t.Fatalf("found %d files of the plugins in CONTRIBUTING.md, expected 8", len(files))
	}
	for _, f := range files {
		lay(t, root, f[1], f[2])
	}
	for _, args := range [][]string{
		{"vet", "./plugins/..."},
		{"test", "./plugins/..."},
		{"test", "./test", "-run", "^Test(Imports|OneVoice|Goroutines|Shape|EveryPlugin)$"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go %q: %v\n%s", args, err, out)
		}
	}
	if out, err := exec.Command("gofmt", "-l", filepath.Join(root, "plugins")).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("gofmt: %v\n%s", err, out)
	}
}

func sourceOf(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func lay(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
