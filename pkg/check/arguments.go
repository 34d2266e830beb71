package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// noValue stands for the value of an option that has none. No argument of a
// process can hold it.
const noValue = "\x00"

// split takes the command line apart. It goes on after a mistake, of which the
// first is returned, so that -h and --output are found wherever they stand.
func (c *commandLine) split(args []string) (all []given, err error) {
	for len(args) > 0 {
		found, rest, mistake := c.next(args)
		if err == nil {
			err = mistake
			if len(all) > 0 && mistake != nil {
				err = hint(all[len(all)-1], args[0], mistake)
			}
		}
		all, args = append(all, found...), rest
	}
	return all, err
}

// hint helps who wrote --maintenance 1 instead of --maintenance=1.
func hint(last given, word string, mistake error) error {
	if strings.HasPrefix(word, "-") || !last.bare || last.kind == kindFlag {
		return mistake
	}
	return fmt.Errorf("%w (a value of --%s follows an equals sign: --%s=%s)", mistake, last.name, last.name, shorten(word, 40))
}

// next takes the options of one word, with a second word when it is a value.
// pflag gets one word at a time, because it ends at a mistake, and would take
// any second word for a value.
func (c *commandLine) next(args []string) (found []given, rest []string, err error) {
	word, rest := args[0], args[1:]
	switch {
	case word == "--" && len(rest) > 0:
		return nil, nil, fmt.Errorf("plugins take no arguments: expected only options, got %s", quote(rest[0]))
	case word == "--":
		return nil, nil, nil
	case word == "-" || !strings.HasPrefix(word, "-"):
		return nil, rest, fmt.Errorf("plugins take no arguments: expected only options, got %s", quote(word))
	}
	long, at := strings.HasPrefix(word, "--"), 1 // at is the letter whose turn it is
	err = c.flags.ParseAll(args[:1], func(f *pflag.Flag, value string) error {
		if !long && strings.HasPrefix(word[at+1:], "=") {
			return fmt.Errorf("--%s: expected a value without an equals sign after -%s, or --%s%s, got %s", f.Name, f.Shorthand, f.Name, shorten(word[at+1:], 40), quote(word))
		}
		at++
		g := given{option: optionOf(f), bare: value == noValue}
		if !g.bare {
			g.value = value
		}
		found = append(found, g)
		return nil
	})
	var bare *pflag.ValueRequiredError
	switch {
	case errors.As(err, &bare):
		last, rest, err := c.valued(optionOf(bare.GetFlag()), rest)
		return append(found, last...), rest, err
	case isUnknown(err) && long:
		name, _, _ := strings.Cut(word, "=")
		return found, rest, c.unknown(name)
	case isUnknown(err):
		letter, _ := utf8.DecodeRuneInString(word[at:])
		return found, rest, c.unknown("-" + string(letter))
	case err == nil && !long && at < len(word) && (len(found) == 0 || found[len(found)-1].bare):
		// pflag leaves out what begins with test. among letters: here that is -t.
		return append(found, given{option: c.named("t"), value: word[at+1:]}), rest, nil
	}
	return found, rest, err
}

// isUnknown reports whether pflag knows no such option.
func isUnknown(err error) bool {
	var unknown *pflag.NotExistError
	var odd *pflag.InvalidSyntaxError
	return errors.As(err, &unknown) || errors.As(err, &odd)
}

// valued takes the value of an option from the next word. A word that looks like
// an option is none: -H -w 5 is a host that was forgotten. Numbers may begin
// with a minus.
func (c *commandLine) valued(o *option, rest []string) ([]given, []string, error) {
	if o.valueOptional() {
		return []given{{option: o, bare: true}}, rest, nil
	}
	if len(rest) == 0 {
		return nil, nil, fmt.Errorf("--%s: expected %s, got nothing", o.name, o.expected())
	}
	if c.isOption(rest[0], o) {
		return nil, rest, fmt.Errorf("--%s: expected %s, got the option %s (if it is the value, write --%s=%s)",
			o.name, o.expected(), quote(rest[0]), o.name, shorten(rest[0], 40))
	}
	return []given{{option: o, value: rest[0]}}, rest[1:], nil
}

// isOption reports whether word is to be taken for an option where the value of
// o should stand.
func (c *commandLine) isOption(word string, o *option) bool {
	switch {
	case strings.HasPrefix(word, "--"):
		return true
	case len(word) < 2 || word[0] != '-':
		return false
	case word[1] >= '0' && word[1] <= '9' || word[1] == '.':
		return slices.Contains([]kind{kindString, kindState, kindPattern}, o.kind) && c.named(word[1:2]) != nil
	}
	return true
}

// unknown says which option comes near.
func (c *commandLine) unknown(name string) error {
	var names []string
	for _, f := range c.visible() {
		if strings.HasPrefix(name, "--") {
			names = append(names, "--"+f.name)
		}
	}
	if near := nearest(name, names); near != "" {
		return fmt.Errorf("unknown option %s, expected %s or another of --help", shown(name), near)
	}
	return fmt.Errorf("unknown option %s, expected one of --help", shown(name))
}

func shown(name string) string { return clean(name, 60, asOurs) }

// nearest is the name that comes next to what was typed, if any comes near: it
// begins so, or is at most two letters off.
func nearest(typed string, names []string) string {
	best, distance := "", 3
	for _, name := range names {
		d := edits(typed, name)
		if len(typed) > 3 && strings.HasPrefix(name, typed) {
			d = 1
		}
		if d < distance {
			best, distance = name, d
		}
	}
	return best
}

// edits counts the letters to insert, delete or change to make b of a.
func edits(a, b string) int {
	if len(a) > 60 { // no name is that long
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
