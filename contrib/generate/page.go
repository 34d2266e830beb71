package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
)

// page is a plugin as it is shown to people, beside the others.
type page struct {
	plugin
	All []plugin
}

// group of options under one heading.
type group struct {
	Title   string
	Options []check.Option
}

// Groups are the headings in the order of their first option.
func (p plugin) Groups() []group {
	var out []group
	place := map[string]int{}
	for _, o := range p.Options {
		title := o.Group
		if title == "" {
			title = "Options"
		}
		if _, ok := place[title]; !ok {
			place[title] = len(out)
			out = append(out, group{Title: title})
		}
		out[place[title]].Options = append(out[place[title]].Options, o)
	}
	return out
}

// verdict is a paragraph of a plugin's help: what a status means, or a remark.
type verdict struct{ Status, Text string }

// Verdicts are the paragraphs of the help.
func (p plugin) Verdicts() []verdict {
	var out []verdict
	for l := range strings.Lines(strings.TrimSpace(p.Help)) {
		l = strings.TrimSpace(l)
		status, text, _ := strings.Cut(l, ": ")
		switch status {
		case "OK", "WARNING", "CRITICAL", "UNKNOWN":
			out = append(out, verdict{status, text})
		default:
			out = append(out, verdict{"", l})
		}
	}
	return out
}

// Remembers says whether the plugin keeps a memory.
func (p plugin) Remembers() bool {
	_, ok := p.Option("state-dir")
	return ok
}

// ways to write an option: letter and long name, each with its value.
func ways(o check.Option) []string {
	var out []string
	value := ""
	if o.Value != "none" {
		value = o.Placeholder
	}
	if o.Short != "" && o.Value == "required" {
		out = append(out, "-"+o.Short+" "+value)
	} else if o.Short != "" {
		out = append(out, "-"+o.Short)
	}
	switch o.Value {
	case "required":
		out = append(out, "--"+o.Long+"="+value)
	case "optional":
		out = append(out, "--"+o.Long+"[="+value+"]")
	default:
		out = append(out, "--"+o.Long)
	}
	return out
}

// answers are the first lines of what the examples answer, by command. The file
// is what a test records and runs again.
func answers() (map[string]string, error) {
	recorded, err := templates.ReadFile("examples.txt")
	if err != nil {
		return nil, fmt.Errorf("reading what the examples answered: %w", err)
	}
	out := map[string]string{}
	command := ""
	for l := range strings.Lines(string(recorded)) {
		l = strings.TrimRight(l, "\n")
		if c, ok := strings.CutPrefix(l, "$ "); ok {
			command = c
		} else if command != "" && l != "" {
			out[command], command = l, ""
		}
	}
	return out, nil
}

// pages writes the page of each plugin.
func pages(plugins []plugin) (map[string]string, error) {
	type shown struct {
		check.Example
		Answer string
	}
	known, err := answers()
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, p := range plugins {
		var list []shown
		for _, e := range p.Examples {
			answer, ok := known[e.Command]
			if !ok {
				return nil, fmt.Errorf("no answer is recorded of %q: go test ./test -run TestExamples -record", e.Command)
			}
			list = append(list, shown{e, answer})
		}
		chapter, err := chapterOf(p.Name)
		if err != nil {
			return nil, err
		}
		text, err := fill("page.md", struct {
			page
			Shown    []shown
			Commands []nagiosCommand
			Chapter  string
		}{page{p, plugins}, list, nagiosCommands(p), chapter})
		if err != nil {
			return nil, err
		}
		files["docs/"+p.Name+".md"] = text
	}
	return files, nil
}

// chapterOf is what was written by hand about a plugin, empty when nothing was.
func chapterOf(name string) (string, error) {
	text, err := templates.ReadFile("templates/chapters/" + name + ".md")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// markdown is text that means nothing in Markdown, nor ends a cell of a table.
func markdown(text string) string {
	var b strings.Builder
	for _, r := range line(text) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*_{}[]|#~$!", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// code is text as code in a cell of a table. What has a backquote, or a backslash
// that would meet a bar, is no code.
func code(text string) string {
	text = line(text)
	if strings.ContainsAny(text, "`\\") || text == "" {
		return markdown(text)
	}
	return "`" + strings.ReplaceAll(text, "|", `\|`) + "`"
}
