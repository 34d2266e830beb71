package main

import (
	"debug/buildinfo"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// modules is the page that says which modules are linked into which plugin, as
// go version -m tells of each.
func modules(bin string, plugins []plugin) (map[string]string, error) {
	in := map[string][]string{} // plugins by module and version
	for _, p := range plugins {
		info, err := buildinfo.ReadFile(filepath.Join(bin, p.Name))
		if err != nil {
			return nil, fmt.Errorf("modules of %s: %w", p.Name, err)
		}
		for _, m := range info.Deps {
			if m.Replace != nil {
				return nil, fmt.Errorf("modules of %s: %s is replaced by %s", p.Name, m.Path, m.Replace.Path)
			}
			name := "`" + m.Path + "` " + m.Version
			in[name] = append(in[name], p.Name)
		}
	}
	var b strings.Builder
	b.WriteString("# Modules in each plugin\n\nWritten by `make contrib`, from what `go version -m` says of the plugins. All have Go's standard library beside them,\nand nothing else: they are static. [bench.md](../bench.md) has their sizes.\n\n| module | linked into |\n|---|---|\n")
	names := make([]string, 0, len(in))
	for name := range in {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		where := strings.Join(in[name], ", ")
		if len(in[name]) == len(plugins) {
			where = "all"
		}
		fmt.Fprintf(&b, "| %s | %s |\n", name, where)
	}
	return map[string]string{"docs/modules.md": b.String()}, nil
}
