package check

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// commandLine is what a plugin understands. Words are taken apart by pflag; what
// the options are is told by [option]. Every mistake is answered by one line that
// names the option and says what was expected.
type commandLine struct {
	flags    *pflag.FlagSet
	options  []*option // the plugin's first
	settings *settings
	checks   []validator
	target   string // what -H names
}

// validator is a struct of options that refuses what cannot be meant.
type validator interface{ Validate() error }

// newCommandLine builds the model of a plugin's options and ours. An error is a
// mistake of the plugin.
func newCommandLine(p Plugin) (*commandLine, error) {
	c := &commandLine{
		flags:    pflag.NewFlagSet(p.Name, pflag.ContinueOnError),
		settings: &settings{Output: formatNagios, MaxBytes: sizeOfAnswer},
	}
	c.flags.SetOutput(io.Discard)
	for _, options := range []any{p.Options, c.settings} {
		v := reflect.ValueOf(options)
		switch {
		case options == nil:
			continue
		case v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct:
			return nil, fmt.Errorf("building the command line: expected a pointer to a struct, got %s", v.Type())
		}
		if err := c.declare(v.Elem(), ""); err != nil {
			return nil, fmt.Errorf("building the command line: %w", err)
		}
	}
	return c, nil
}

// declare adds the fields of a struct, and of those it embeds, which belong to
// its group where they name none.
func (c *commandLine) declare(v reflect.Value, group string) error {
	if v.CanInterface() {
		if check, ok := v.Addr().Interface().(validator); ok {
			c.checks = append(c.checks, check)
		}
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		_, embedded := field.Tag.Lookup("embed")
		switch {
		case embedded || field.Anonymous:
			inner := group
			if own, ok := field.Tag.Lookup("group"); ok {
				inner = own
			}
			if err := c.declare(v.Field(i), inner); err != nil {
				return err
			}
			continue
		case !field.IsExported():
			continue
		}
		o, err := newOption(field, v.Field(i))
		if err != nil {
			return err
		}
		if o.group == "" {
			o.group = group
		}
		if err := c.add(o); err != nil {
			return err
		}
	}
	return nil
}

// add makes the option known to pflag, which panics where a name is taken.
func (c *commandLine) add(o *option) error {
	if len(o.short) > 1 {
		return fmt.Errorf("--%s: expected one letter, got %q", o.name, o.short)
	}
	if c.named(o.name) != nil || c.named(o.short) != nil {
		return fmt.Errorf("two options are called --%s or -%s", o.name, o.short)
	}
	f := c.flags.VarPF(o, o.name, o.short, o.help)
	if o.valueOptional() {
		f.NoOptDefVal = noValue
	}
	c.options = append(c.options, o)
	return nil
}

// named finds an option by its long name, or by its letter.
func (c *commandLine) named(name string) *option {
	f := c.flags.Lookup(name)
	if f == nil && len(name) == 1 {
		f = c.flags.ShorthandLookup(name)
	}
	if f == nil {
		return nil
	}
	return optionOf(f)
}

func optionOf(f *pflag.Flag) *option {
	o, _ := f.Value.(*option) // there are no others
	return o
}

// given is one option as it was given.
type given struct {
	*option
	bare  bool // without a value
	value string
	from  string // the file and line it stands in, empty for the command line
}

// errorf names the option and where it stands.
func (g given) errorf(format string, args ...any) error {
	where := ""
	if g.from != "" {
		where = " (" + g.from + ")"
	}
	return fmt.Errorf("--%s%s: %w", g.name, where, fmt.Errorf(format, args...))
}

// apply sets the option.
func (g given) apply() error {
	set := g.alone
	if !g.bare {
		set = func() error { return g.Set(g.value) }
	}
	err := set()
	if err != nil && g.from != "" {
		err = errors.New(unquoted(err.Error()))
	}
	if err != nil {
		return g.errorf("%w", err)
	}
	return nil
}

// apply sets all options and validates.
func (c *commandLine) apply(all []given) error {
	if err := duplicate(all); err != nil {
		return err
	}
	for _, o := range c.options {
		if err := o.start(); err != nil {
			return err
		}
	}
	for _, g := range all {
		if err := g.apply(); err != nil {
			return err
		}
	}
	if err := c.settings.validate(); err != nil {
		return placed(err, all)
	}
	for _, o := range c.options {
		if o.required && o.fresh {
			return fmt.Errorf("--%s is required: expected %s", o.name, usage(o))
		}
	}
	for _, check := range c.checks {
		if err := check.Validate(); err != nil {
			return placed(err, all)
		}
	}
	return nil
}

// placed adds the file and line to an error that names an option, and takes out
// what it quotes from there.
func placed(err error, all []given) error {
	if err == nil {
		return nil
	}
	for _, g := range all {
		if rest, ok := strings.CutPrefix(err.Error(), "--"+g.name+": "); ok && g.from != "" {
			return g.errorf("%s", unquoted(rest))
		}
	}
	return err
}

// unquoted is an error without what it quotes from a file, which may be none of
// ours: its line says enough.
func unquoted(text string) string {
	const marks = "\"`" // backquotes are the regexp package's
	first, last := strings.IndexAny(text, marks), strings.LastIndexAny(text, marks)
	if first == last {
		return text
	}
	rest := text[last+1:]
	if rest == ")" { // of a reason that began between the quotes
		rest = ""
	}
	return text[:first] + "something else" + rest
}

// duplicate refuses an option with one value that is given twice: one of the two
// would be ignored.
func duplicate(all []given) error {
	seen := map[*option]bool{}
	for _, g := range all {
		if seen[g.option] && !g.repeatable() {
			return g.errorf("expected once, got it twice")
		}
		seen[g.option] = true
	}
	return nil
}

// parse reads the arguments and the files they name into the options. What is
// asked for besides a check, and how to answer, is known even when there is a
// mistake.
func (c *commandLine) parse(plugin string, args []string) error {
	all, err := c.split(args)
	c.preview(all)
	if err != nil {
		return err
	}
	if c.settings.Help || c.settings.Version || c.settings.Describe {
		return nil
	}
	if all, err = c.withFiles(plugin, all); err != nil {
		return err
	}
	c.preview(all)
	answer := *c.settings
	if err := c.apply(all); err != nil {
		*c.settings = answer
		return err
	}
	return nil
}

// preview takes over what an answer needs, before everything is known to be right.
func (c *commandLine) preview(all []given) {
	var targets []string
	for _, g := range all {
		before := *c.settings
		switch {
		case g.short == "H":
			targets = append(targets, g.value)
		case !slices.Contains([]string{"help", "version", "describe", "output", "max-bytes"}, g.name):
		case g.apply() != nil || c.settings.MaxBytes < leastSize:
			*c.settings = before
		}
	}
	c.target = strings.Join(targets, ",")
}
