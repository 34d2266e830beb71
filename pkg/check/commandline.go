package check

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// commandLine is what a plugin understands. The model is kong's: it is the one
// from which help, --describe, and so manual pages, completions and the hosts'
// command definitions are made. Words are taken apart here instead of by kong,
// because every mistake has to be answered by one line that names the option and
// says what was expected, and because options come from files too.
type commandLine struct {
	parser   *kong.Kong
	settings *settings
	long     map[string]*kong.Flag
	short    map[string]*kong.Flag
	target   string // what -H names
}

// newCommandLine builds the model of a plugin's options and ours. An error is a
// mistake of the plugin.
func newCommandLine(p Plugin) (*commandLine, error) {
	options := p.Options
	if options == nil {
		options = &struct{}{}
	}
	c := &commandLine{settings: &settings{Output: formatNagios, MaxBytes: sizeOfAnswer}, long: map[string]*kong.Flag{}, short: map[string]*kong.Flag{}}
	parser, err := kong.New(options, append(decoders(),
		kong.Name(p.Name), kong.NoDefaultHelp(), kong.Writers(io.Discard, io.Discard),
		kong.Exit(func(int) {}), kong.Embed(c.settings))...)
	if err != nil {
		return nil, fmt.Errorf("building the command line: %w", err)
	}
	c.parser = parser
	for _, f := range parser.Model.Flags {
		if c.long[f.Name] != nil || f.Short != 0 && c.short[string(f.Short)] != nil {
			return nil, fmt.Errorf("building the command line: two options are called --%s or -%c", f.Name, f.Short)
		}
		c.long[f.Name] = f
		if f.Short != 0 {
			c.short[string(f.Short)] = f
		}
	}
	return c, nil
}

// given is one option as it was given.
type given struct {
	flag  *kong.Flag
	alone bool // without a value
	value string
	from  string // the file and line it stands in, empty for the command line
}

// String is the option as kong reads it.
func (g given) String() string {
	if g.alone {
		return "--" + g.flag.Name
	}
	return "--" + g.flag.Name + "=" + g.value
}

// errorf names the option and where it stands.
func (g given) errorf(format string, args ...any) error {
	where := ""
	if g.from != "" {
		where = " (" + g.from + ")"
	}
	return fmt.Errorf("--%s%s: %w", g.flag.Name, where, fmt.Errorf(format, args...))
}

// check reads the value for trial, so that what is wrong is said with the place
// it stands in.
func (g given) check() error {
	if !g.alone && g.value == "" && kindOf(g.flag) != kindSection {
		return g.errorf("expected %s, got nothing", expected(g.flag))
	}
	if words := choices(g.flag); words != nil {
		for _, word := range g.words() {
			if !slices.Contains(words, word) {
				return g.errorf("expected %s, got %s", expected(g.flag), quote(word))
			}
		}
	}
	scan := kong.Scan()
	if !g.alone {
		scan.PushTyped(g.value, kong.FlagValueToken)
	}
	trial := reflect.New(g.flag.Target.Type()).Elem()
	if trial.Kind() == reflect.Pointer {
		trial.Set(reflect.New(trial.Type().Elem()))
	}
	if err := g.flag.Mapper.Decode(&kong.DecodeContext{Value: g.flag.Value, Scan: scan}, trial); err != nil {
		return g.errorf("%w", err)
	}
	return nil
}

// words are the values of a list, or the one there is.
func (g given) words() []string {
	if !g.flag.IsSlice() {
		return []string{g.value}
	}
	words := strings.Split(g.value, string(g.flag.Tag.Sep))
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	return words
}

// expected says in words what the option takes.
func expected(f *kong.Flag) string {
	if words := choices(f); words != nil {
		return "one of " + strings.Join(words, ", ")
	}
	return kindOf(f).expected
}

// choices are the words an option is limited to, nil when it is not.
func choices(f *kong.Flag) []string {
	switch {
	case f.Enum != "":
		return f.EnumSlice()
	case kindOf(f) == kindState:
		return []string{"ok", "warning", "critical", "unknown"}
	}
	return nil
}

// apply hands everything to kong and validates.
func (c *commandLine) apply(all []given) error {
	if err := duplicate(all); err != nil {
		return err
	}
	words := make([]string, 0, len(all))
	for _, g := range all {
		if err := g.check(); err != nil {
			return err
		}
		words = append(words, g.String())
	}
	ctx, err := kong.Trace(c.parser, words)
	if err = cmp.Or(err, ctx.Error); err != nil {
		return err
	}
	if err := ctx.Reset(); err != nil {
		return fmt.Errorf("default of %w", err)
	}
	if _, err := ctx.Apply(); err != nil {
		return err
	}
	if err := c.settings.validate(); err != nil {
		return placed(err, all)
	}
	for _, f := range c.parser.Model.Flags {
		if f.Required && !f.Set {
			return fmt.Errorf("--%s is required: expected %s", f.Name, usage(f))
		}
	}
	*c.settings = c.settings.normal()
	return placed(ctx.Validate(), all)
}

// placed adds the file and line to an error that names an option.
func placed(err error, all []given) error {
	if err == nil {
		return nil
	}
	for _, g := range all {
		if rest, ok := strings.CutPrefix(err.Error(), "--"+g.flag.Name+": "); ok && g.from != "" {
			return g.errorf("%s", rest)
		}
	}
	return err
}

// duplicate refuses an option with one value that is given twice: one of the two
// would be ignored.
func duplicate(all []given) error {
	seen := map[*kong.Flag]bool{}
	for _, g := range all {
		if seen[g.flag] && !repeatable(g.flag) {
			return g.errorf("expected once, got it twice")
		}
		seen[g.flag] = true
	}
	return nil
}

// parse reads the arguments and the files they name into the options. What is
// asked for besides a check, and how to answer, is known even when there is a
// mistake.
func (c *commandLine) parse(plugin string, args []string) error {
	all, err := c.words(args)
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
		if g.flag.Short == 'H' {
			targets = append(targets, g.value)
		}
		if g.check() != nil {
			continue
		}
		switch g.flag.Name {
		case "help":
			c.settings.Help = true
		case "version":
			c.settings.Version = true
		case "describe":
			c.settings.Describe = true
		case "output":
			c.settings.Output = g.value
		case "max-bytes":
			if n, err := strconv.Atoi(g.value); err == nil && n >= leastSize {
				c.settings.MaxBytes = n
			}
		}
	}
	c.target = strings.Join(targets, ",")
}
