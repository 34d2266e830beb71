package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// words takes the command line apart. It goes on after a mistake, of which the
// first is returned, so that -h and --output are found wherever they stand.
func (c *commandLine) words(args []string) (all []given, err error) {
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
	if strings.HasPrefix(word, "-") || !last.alone || kindOf(last.flag) == kindFlag {
		return mistake
	}
	return fmt.Errorf("%w (a value of --%s follows an equals sign: --%s=%s)", mistake, last.flag.Name, last.flag.Name, shorten(word, 40))
}

// next takes the options of one word, with a second word when it is a value.
func (c *commandLine) next(args []string) (found []given, rest []string, err error) {
	word, rest := args[0], args[1:]
	switch {
	case word == "--":
		if len(rest) > 0 {
			return nil, nil, fmt.Errorf("plugins take no arguments: expected only options, got %s", quote(rest[0]))
		}
		return nil, nil, nil
	case strings.HasPrefix(word, "--"):
		return c.nextLong(word, rest)
	case strings.HasPrefix(word, "-") && word != "-":
		return c.nextShort(word, rest)
	}
	return nil, rest, fmt.Errorf("plugins take no arguments: expected only options, got %s", quote(word))
}

func (c *commandLine) nextLong(word string, rest []string) ([]given, []string, error) {
	name, value, equals := strings.Cut(strings.TrimPrefix(word, "--"), "=")
	flag := c.long[name]
	if flag == nil {
		return nil, rest, c.unknown("--" + name)
	}
	if equals {
		return []given{{flag: flag, value: value}}, rest, nil
	}
	return c.valued(flag, rest)
}

// nextShort takes a cluster: -v, -vv, -4v, -w5, -vw 5.
func (c *commandLine) nextShort(word string, rest []string) (found []given, _ []string, err error) {
	for i, letter := range word {
		if i == 0 {
			continue
		}
		flag := c.short[string(letter)]
		if flag == nil {
			return found, rest, c.unknown("-" + string(letter))
		}
		tail := word[i+len(string(letter)):]
		switch {
		case strings.HasPrefix(tail, "="):
			return found, rest, fmt.Errorf("--%s: expected a value without an equals sign after -%c, or --%s%s, got %s", flag.Name, letter, flag.Name, shorten(tail, 40), quote(word))
		case valueOptional(flag):
			found = append(found, given{flag: flag, alone: true})
		case tail != "":
			return append(found, given{flag: flag, value: tail}), rest, nil
		default:
			last, rest, err := c.valued(flag, rest)
			return append(found, last...), rest, err
		}
	}
	return found, rest, nil
}

// valued takes the value of an option from the next word. A word that looks like
// an option is none: -H -w 5 is a host that was forgotten. Numbers may begin
// with a minus.
func (c *commandLine) valued(flag *kong.Flag, rest []string) ([]given, []string, error) {
	if valueOptional(flag) {
		return []given{{flag: flag, alone: true}}, rest, nil
	}
	if len(rest) == 0 {
		return nil, nil, fmt.Errorf("--%s: expected %s, got nothing", flag.Name, expected(flag))
	}
	if c.option(rest[0], flag) {
		return nil, rest, fmt.Errorf("--%s: expected %s, got the option %s (if it is the value, write --%s=%s)",
			flag.Name, expected(flag), quote(rest[0]), flag.Name, shorten(rest[0], 40))
	}
	return []given{{flag: flag, value: rest[0]}}, rest[1:], nil
}

// option reports whether word is to be taken for an option where the value of
// flag should stand.
func (c *commandLine) option(word string, flag *kong.Flag) bool {
	switch {
	case strings.HasPrefix(word, "--"):
		return true
	case len(word) < 2 || word[0] != '-':
		return false
	case word[1] >= '0' && word[1] <= '9' || word[1] == '.':
		k := kindOf(flag)
		return (k == kindString || k == kindState || k == kindPattern) && c.short[word[1:2]] != nil
	}
	return true
}

// unknown says which option comes near.
func (c *commandLine) unknown(name string) error {
	var names []string
	for _, f := range c.visible() {
		if strings.HasPrefix(name, "--") {
			names = append(names, "--"+f.Name)
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
			row[j+1] = slices.Min([]int{change, row[j] + 1, row[j+1] + 1})
		}
	}
	return row[len(b)]
}
