// Command sbom makes one bill of materials of a package from those of its
// binaries, as cyclonedx-gomod writes them:
//
//	sbom -name noout -version 0.1.0 -purl pkg:deb/noout@0.1.0 check_fans.json check_ceph.json
//
// Each binary is a component that depends on the modules linked into it, each
// module is listed once. What differs from one run to the next, the time and the
// checksum of the generator, is left out: the same binaries give the same text.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

// document is the part of CycloneDX 1.5 that is needed here.
type document struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Tools      []tool     `json:"tools,omitempty"`
	Component  component  `json:"component"`
	Properties []property `json:"properties,omitempty"`
}

type tool struct {
	Vendor  string `json:"vendor"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

type component struct {
	Ref        string          `json:"bom-ref"`
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Version    string          `json:"version"`
	Scope      string          `json:"scope,omitempty"`
	Hashes     []hash          `json:"hashes,omitempty"`
	PURL       string          `json:"purl,omitempty"`
	References json.RawMessage `json:"externalReferences,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn,omitempty"`
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	f := flag.NewFlagSet("sbom", flag.ContinueOnError)
	whole := component{Type: "application"}
	f.StringVar(&whole.Name, "name", "", "name of the package")
	f.StringVar(&whole.Version, "version", "", "version of the package")
	f.StringVar(&whole.PURL, "purl", "", "package URL")
	if err := f.Parse(args); err != nil {
		return err
	}
	if whole.Name == "" || whole.Version == "" || whole.PURL == "" || f.NArg() == 0 {
		return errors.New("expected -name, -version, -purl and the documents of the binaries")
	}
	whole.Ref = whole.PURL
	var parts []document
	for _, path := range f.Args() {
		part, err := read(path)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		parts = append(parts, part)
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(join(whole, parts))
}

func read(path string) (document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return document{}, err
	}
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return document{}, err
	}
	if d.Format != "CycloneDX" || d.Metadata.Component.Ref == "" {
		return document{}, errors.New("expected a CycloneDX document of one binary")
	}
	return d, nil
}

// join needs at least one part.
func join(whole component, parts []document) document {
	out := document{
		Schema: parts[0].Schema, Format: parts[0].Format, Spec: parts[0].Spec, Version: 1,
		Metadata: metadata{Tools: parts[0].Metadata.Tools, Component: whole},
	}
	modules := map[string]component{}
	top := dependency{Ref: whole.Ref}
	for _, p := range parts {
		b := binary(p)
		out.Components = append(out.Components, b)
		top.On = append(top.On, b.Ref)
		on := dependency{Ref: b.Ref}
		for _, c := range p.Components {
			modules[c.Ref] = c
			on.On = append(on.On, c.Ref)
		}
		slices.Sort(on.On)
		out.Dependencies = append(out.Dependencies, on)
	}
	for _, c := range modules {
		out.Components = append(out.Components, c)
		out.Dependencies = append(out.Dependencies, dependency{Ref: c.Ref})
	}
	slices.Sort(top.On)
	out.Dependencies = append(out.Dependencies, top)
	slices.SortFunc(out.Components, func(a, b component) int { return cmp.Compare(a.Ref, b.Ref) })
	slices.SortFunc(out.Dependencies, func(a, b dependency) int { return cmp.Compare(a.Ref, b.Ref) })
	return out
}

// binary is the component for a binary, under its own name and with its own
// checksum: cyclonedx-gomod calls it by its module.
func binary(d document) component {
	c := d.Metadata.Component
	for _, p := range d.Metadata.Properties {
		switch p.Name {
		case "cdx:gomod:binary:name":
			c.Name = p.Value
		case "cdx:gomod:binary:hash:SHA-256":
			c.Hashes = []hash{{"SHA-256", p.Value}}
		}
	}
	return c
}
