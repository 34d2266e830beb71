package check

import (
	"encoding/json"
	"fmt"
	"slices"
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
	// integer, string, section, file, directory.
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
	for _, o := range c.visible() {
		d.Options = append(d.Options, o.described())
	}
	return d
}

func (o *option) described() Option {
	d := Option{
		Long: o.name, Short: o.short, Type: o.kind.name, Value: "required", Placeholder: placeholder(o), Default: o.standard,
		Help: o.help, Group: o.group, Repeatable: o.repeatable(), Required: o.required, Enum: o.enum, Once: o.once, Separator: o.separator,
	}
	switch {
	case o.kind == kindString && d.Placeholder == "FILE": // what a text names is told by its placeholder
		d.Type = "file"
	case o.kind == kindString && d.Placeholder == "DIR":
		d.Type = "directory"
	case o.kind == kindFlag, o.kind == kindCounter:
		d.Value, d.Repeatable = "none", o.kind == kindCounter
	case o.valueOptional():
		d.Value = "optional"
	}
	return d
}

// visible are the options to be shown, the plugin's first.
func (c *commandLine) visible() []*option {
	return slices.DeleteFunc(slices.Clone(c.options), func(o *option) bool { return o.hidden })
}

// describe answers --describe.
func (c *commandLine) describe(p Plugin) string {
	text, err := json.MarshalIndent(c.description(p), "", "  ")
	if err != nil { // strings and booleans only
		panic(fmt.Errorf("describing the command line: %w", err))
	}
	return string(text) + "\n"
}
