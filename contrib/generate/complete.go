package main

import (
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
)

// completions writes what the shells complete.
func completions(plugins []plugin) (map[string]string, error) {
	files := map[string]string{}
	for _, p := range plugins {
		for path, name := range map[string]string{
			"contrib/completions/bash/" + p.Name:           "complete.bash",
			"contrib/completions/zsh/_" + p.Name:           "complete.zsh",
			"contrib/completions/fish/" + p.Name + ".fish": "complete.fish",
		} {
			text, err := fill(name, p)
			if err != nil {
				return nil, err
			}
			files[path] = text
		}
	}
	return files, nil
}

// Words are all options as they are typed.
func (p plugin) Words() string {
	var out []string
	for _, o := range p.Options {
		if o.Short != "" {
			out = append(out, "-"+o.Short)
		}
		out = append(out, "--"+o.Long)
	}
	return strings.Join(out, " ")
}

// Valued are the options whose value follows as a word of its own.
func (p plugin) Valued() []check.Option {
	var out []check.Option
	for _, o := range p.Options {
		if o.Value == "required" {
			out = append(out, o)
		}
	}
	return out
}

// literal is text in single quotes, as sh, bash and zsh read it.
func literal(text string) string {
	return "'" + strings.ReplaceAll(line(text), "'", `'\''`) + "'"
}

// fishLiteral is text in single quotes of fish, where a backslash quotes.
func fishLiteral(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(line(text)) + "'"
}

// zshText is text inside an option specification of _arguments, which ends at
// brackets and colons.
func zshText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `:`, `\:`).Replace(line(text))
}

// zshSpec is an option as _arguments wants it, in quotes. Letters and long name
// exclude each other, unless the option may be repeated.
func zshSpec(o check.Option) []string {
	names := []string{"--" + o.Long}
	if o.Short != "" {
		names = append([]string{"-" + o.Short}, names...)
	}
	head := "(" + strings.Join(names, " ") + ")"
	if o.Repeatable {
		head = "*"
	}
	var out []string
	for _, name := range names {
		out = append(out, literal(head+name+zshSuffix(o, name)+"["+zshText(o.Help)+"]"+zshAction(o, name)))
	}
	return out
}

// zshSuffix says how the value follows: after - it stands in the same word or in
// the next, with =- only in the same.
func zshSuffix(o check.Option, name string) string {
	long := strings.HasPrefix(name, "--")
	switch {
	case o.Value == "required" && long:
		return "="
	case o.Value == "required":
		return "+"
	case o.Value == "optional" && long:
		return "=-"
	}
	return ""
}

func zshAction(o check.Option, name string) string {
	switch {
	case o.Value == "none", o.Value == "optional" && !strings.HasPrefix(name, "--"):
		return ""
	case o.Value == "optional":
		return "::" + zshText(o.Placeholder) + ": "
	case len(o.Enum) > 0:
		return ":" + zshText(o.Placeholder) + ":(" + strings.Join(o.Enum, " ") + ")"
	case o.Type == "file":
		return ":" + zshText(o.Placeholder) + ":_files"
	case o.Type == "directory":
		return ":" + zshText(o.Placeholder) + ":_files -/"
	}
	return ":" + zshText(o.Placeholder) + ": "
}
