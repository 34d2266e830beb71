package main

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"unicode"

	"github.com/noout-monitoring/noout/pkg/check"
)

//go:embed templates examples.txt
var templates embed.FS

// fill executes the template of a file.
func fill(name string, data any) (string, error) {
	t, err := template.New(name).Funcs(template.FuncMap{
		"comment": comment, "dsl": dsl, "description": description,
		"roff": roff, "ways": ways, "join": strings.Join, "upper": strings.ToUpper, "lead": lead,
		"markdown": markdown, "code": code, "line": line,
		"literal": literal, "fish": fishLiteral, "zsh": zshSpec,
	}).ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", fmt.Errorf("reading the template of %s: %w", name, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("filling the template of %s: %w", name, err)
	}
	return b.String(), nil
}

// line is text without line ends and control characters, in one line.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.Join(strings.Fields(text), " ")
}

// lead is text that leads to what stands after it: a sentence, with a colon at
// its end unless it is a question.
func lead(text string) string {
	r := []rune(line(text))
	if len(r) == 0 {
		return ""
	}
	if r[len(r)-1] != '?' {
		r = append(r, ':')
	}
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

// comment is text that ends with its line: in Nagios' files a backslash at the
// end would draw the next line into the comment.
func comment(text string) string { return strings.TrimRight(line(text), `\ `) }

// dsl is text as a string of Icinga's language.
func dsl(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(line(text)) + `"`
}

// macro is text as a string in which Icinga resolves macros, and finds none.
func macro(text string) string { return strings.ReplaceAll(line(text), "$", "$$") }

// description is the help of an option with what else is to be known about it.
func description(o check.Option) string {
	var extra []string
	if len(o.Enum) > 0 {
		extra = append(extra, strings.Join(o.Enum, ", "))
	}
	if o.Default != "" {
		extra = append(extra, "default "+o.Default)
	}
	if o.Repeatable && o.Value == "required" {
		extra = append(extra, "repeatable")
	}
	if len(extra) == 0 {
		return o.Help
	}
	return o.Help + " [" + strings.Join(extra, "; ") + "]"
}
