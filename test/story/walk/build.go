package walk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// plugins are those that a walk asks.
var plugins = []string{"check_ceph", "check_contingency", "check_drained", "check_fans", "check_guests", "check_pve", "check_reintegrated", "check_serviceable"}

// Built is what a walk starts: the program that answers with all plugins, the
// ceph command, and the plugins that the program knows.
type Built struct {
	Asked, Ceph string
	Plugins     []string
}

const module = "github.com/noout-monitoring/noout/"

// Build makes them in dir from the checkout at root. A plugin is a program of
// its own and nobody can import it: the go command is told of a package beside
// each, made of the same files, so that a walk of thousands of questions starts
// no process for each. Today is this checkout, which has the rest of it.
func Build(ctx context.Context, today, root, dir string) (Built, error) {
	b := Built{Asked: filepath.Join(dir, "asked"), Ceph: filepath.Join(dir, "ceph")}
	o := overlay{root: root, dir: dir, templates: filepath.Join(today, "test/story/walk/testdata"), Replace: map[string]string{}}
	var imports, rows bytes.Buffer
	for _, name := range plugins {
		folder := filepath.Join(root, "plugins", name)
		if _, err := os.Stat(folder); err != nil {
			continue // that checkout has none
		}
		if err := o.plugin(folder); err != nil {
			return b, fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(&imports, "import %s %q\n", name, module+virtual+name)
		fmt.Fprintf(&rows, "\tplugins[%q] = %s.At\n", name, name)
		b.Plugins = append(b.Plugins, name)
	}
	if len(b.Plugins) == 0 {
		return b, fmt.Errorf("%s has none of the plugins %q", root, plugins)
	}
	if err := o.file("main.go", "main/main.go", "main"); err != nil {
		return b, err
	}
	if err := o.write("main/plugins.go", "package main\n\n"+imports.String()+"\nfunc init() {\n"+rows.String()+"}\n"); err != nil {
		return b, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return b, err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, text, 0o600); err != nil {
		return b, err
	}
	if err := build(ctx, root, "-overlay", list, "-o", b.Asked, "./"+virtual+"main"); err != nil {
		return b, err
	}
	return b, build(ctx, today, "-o", b.Ceph, "./test/sim/ceph/cmd/ceph")
}

func build(ctx context.Context, root string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build"}, args...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", args[len(args)-1], err, out)
	}
	return nil
}

// virtual is where the go command believes the packages to be.
const virtual = "test/story/walk/asked/"

// overlay is the go command's list of files that are elsewhere.
type overlay struct {
	root, dir, templates string
	Replace              map[string]string
}

// plugin makes a package of a program.
func (o overlay) plugin(folder string) error {
	name := filepath.Base(folder)
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	template := name + ".go"
	for _, f := range files {
		path := filepath.Join(folder, f.Name())
		if f.IsDir() || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch {
		case bytes.Contains(text, []byte("func pluginAt(now func() time.Time)")):
			template = "plugin.go"
		case bytes.Contains(text, []byte("func pluginAt(clock state.Wall)")):
			template = "wall.go"
		}
		if err := o.write(name+"/"+f.Name(), renamed(string(text), name)); err != nil {
			return err
		}
	}
	return o.file(template, name+"/at.go", name)
}

// file puts one of our own files there.
func (o overlay) file(template, at, name string) error {
	text, err := os.ReadFile(filepath.Join(o.templates, template))
	if err != nil {
		return err
	}
	return o.write(at, renamed(string(text), name))
}

func renamed(text, name string) string {
	text = "\n" + text
	return strings.Replace(text, "\npackage main\n", "\npackage "+name+"\n", 1)
}

func (o overlay) write(at, text string) error {
	real := filepath.Join(o.dir, "files", at)
	if err := os.MkdirAll(filepath.Dir(real), 0o700); err != nil {
		return err
	}
	o.Replace[filepath.Join(o.root, virtual+at)] = real
	return os.WriteFile(real, []byte(text), 0o600)
}
