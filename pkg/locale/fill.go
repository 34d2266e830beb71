package locale

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// parser takes texts apart in which {{.Name}} stands for what is filled in, and
// nothing else is a command: a month's report has thousands of them, each of which
// text/template would fill by reflection.
type parser struct{}

// Cacheable says that each text is taken apart once.
func (parser) Cacheable() bool { return true }

// Parse takes a text apart.
func (parser) Parse(text, _, _ string) (template.ParsedTemplate, error) {
	var t parts
	for {
		before, rest, more := strings.Cut(text, "{{")
		t = append(t, before)
		if !more {
			return t, nil
		}
		field, after, closed := strings.Cut(rest, "}}")
		name, named := strings.CutPrefix(field, ".")
		if !closed || !named || name == "" {
			return nil, fmt.Errorf("%q: expected {{.Name}}", text)
		}
		t, text = append(t, name), after
	}
}

// parts of a text are what stands there and names of what is filled in, in turn.
type parts []string

// filling is what is filled in.
type filling map[string]string

// Execute fills in.
func (t parts) Execute(with any) (string, error) {
	given, is := with.(filling)
	if !is {
		return "", fmt.Errorf("%T: expected what is filled in", with)
	}
	all := slices.Clone(t)
	for i := 1; i < len(t); i += 2 {
		if all[i], is = given[t[i]]; !is {
			return "", fmt.Errorf("nothing is given for {{.%s}}", t[i])
		}
	}
	return strings.Join(all, ""), nil
}
