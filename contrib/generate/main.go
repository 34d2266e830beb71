// Generate writes everything that is made of the plugins' own descriptions:
// command definitions of the monitoring hosts, manual pages, completions, the
// page of each plugin, the list of modules in them, and panels for metrics that no
// dashboard shows. It asks the binaries, so what it writes is what they do; nothing
// in it depends on the version or the day.
//
//	go run ./contrib/generate -bin bin -o .
package main

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
)

func main() {
	bin := flag.String("bin", "bin", "directory of the built plugins")
	out := flag.String("o", ".", "root of the project to write into")
	flag.Parse()
	if err := run(*bin, *out); err != nil {
		log.Fatalf("generate: %v", err)
	}
}

func run(bin, out string) error {
	plugins, err := ask(bin)
	if err != nil {
		return err
	}
	files, err := everything(plugins)
	if err != nil {
		return err
	}
	panels, err := grafana(plugins, out)
	if err != nil {
		return err
	}
	linked, err := modules(bin, plugins)
	if err != nil {
		return err
	}
	maps.Copy(files, panels)
	maps.Copy(files, linked)
	for path, text := range files {
		if err := write(filepath.Join(out, filepath.FromSlash(path)), text); err != nil {
			return fmt.Errorf("writing what was generated: %w", err)
		}
	}
	return nil
}

// everything is what there is to write, by path from the project's root.
func everything(plugins []plugin) (map[string]string, error) {
	files := map[string]string{}
	for _, make := range []func([]plugin) (map[string]string, error){nagios, nrpe, icinga, director, man, completions, pages} {
		made, err := make(plugins)
		if err != nil {
			return nil, err
		}
		for path, text := range made {
			files[path] = text
		}
	}
	return files, nil
}

func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
