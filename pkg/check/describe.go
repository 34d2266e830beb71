package check

import (
	"encoding/json"
	"fmt"

	"github.com/alecthomas/kong"
)

// Description is what the hidden --describe prints as JSON: everything about a
// command line from which manual pages, completions and the hosts' command
// definitions are made. Hidden options are not in it.
type Description struct {
	Name     string    `json:"name"`
	Summary  string    `json:"summary"`
	Help     string    `json:"help"`
	Version  string    `json:"version"`
	Examples []Example `json:"examples"`
	Metrics  []Metric  `json:"metrics,omitempty"`
	Options  []Option  `json:"options"`
}

// Option is one option of a [Description].
type Option struct {
	Long  string `json:"long"`            // without dashes
	Short string `json:"short,omitempty"` // one letter
	// Type of one value: flag, counter, depth, duration, range, state, pattern,
	// integer, natural, number, string, section, file, directory.
	Type string `json:"type"`
	// Value says whether one follows: never ("none": a flag or a counter),
	// always ("required"), or only after an equals sign ("optional").
	Value       string   `json:"value"`
	Placeholder string   `json:"placeholder,omitempty"`
	Default     string   `json:"default,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Help        string   `json:"help"`
	Group       string   `json:"group"` // empty for the plugin's main options
	Repeatable  bool     `json:"repeatable"`
	// List options take several values with this between them too.
	Separator string `json:"separator,omitempty"`
	Required  bool   `json:"required"`
	// Once options do something, and are for people: a host that gives one does
	// it again with every poll. They carry the tag once.
	Once bool `json:"once,omitempty"`
}

func (c *commandLine) description(p Plugin) Description {
	d := Description{Name: p.Name, Summary: p.Summary, Help: p.Help, Version: release().Version, Examples: p.Examples, Metrics: p.Metrics}
	for _, f := range c.visible() {
		d.Options = append(d.Options, optionOf(f))
	}
	return d
}

func optionOf(f *kong.Flag) Option {
	o := Option{
		Long: f.Name, Type: typeOf(f), Value: "required", Placeholder: placeholder(f), Default: f.Default,
		Help: f.Help, Group: groupOf(f), Repeatable: repeatable(f), Required: f.Required, Enum: choices(f),
		Once: f.Tag.Has("once"),
	}
	if f.Short != 0 {
		o.Short = string(f.Short)
	}
	if valueOptional(f) {
		o.Value = "optional"
	}
	if k := kindOf(f); k == kindFlag || k == kindCounter {
		o.Value, o.Repeatable = "none", k == kindCounter
	}
	if f.IsSlice() && kindOf(f) != kindPattern && f.Tag.Sep != -1 {
		o.Separator = string(f.Tag.Sep)
	}
	return o
}

// typeOf is the kind of the option's value; what a text names is told by its
// placeholder.
func typeOf(f *kong.Flag) string {
	k := kindOf(f)
	if k == kindString {
		switch placeholder(f) {
		case "FILE":
			return "file"
		case "DIR":
			return "directory"
		}
	}
	return k.name
}

// visible are the options to be shown, the plugin's first.
func (c *commandLine) visible() []*kong.Flag {
	var out []*kong.Flag
	for _, f := range c.parser.Model.Flags {
		if !f.Hidden {
			out = append(out, f)
		}
	}
	return out
}

func groupOf(f *kong.Flag) string {
	if f.Group == nil {
		return ""
	}
	return f.Group.Title
}

// describe answers --describe.
func (c *commandLine) describe(p Plugin) string {
	text, err := json.MarshalIndent(c.description(p), "", "  ")
	if err != nil { // strings and booleans only
		panic(fmt.Errorf("describing the command line: %w", err))
	}
	return string(text) + "\n"
}
