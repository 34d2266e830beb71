package check

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/secret"
)

// optionsFile is read by --extra-opts when no file is named.
const optionsFile = "/etc/noout/noout.ini"

// withFiles adds the options of the sections that --extra-opts names, the
// convention of the Monitoring Plugins: NRPE as Debian builds it passes no
// arguments. The command line wins over files, a later section over an earlier
// one. Secrets have a file of their own, so no option here can be one.
func (c *commandLine) withFiles(plugin string, line []given) ([]given, error) {
	var fromFiles []given
	for _, g := range line {
		if g.kind != kindSection {
			continue
		}
		fresh, err := c.section(g.value, plugin)
		if err != nil {
			return nil, g.errorf("%w", err)
		}
		if err := duplicate(fresh); err != nil {
			return nil, err
		}
		fromFiles = append(without(fromFiles, fresh), fresh...)
	}
	return append(without(fromFiles, line), line...), nil
}

// reference splits [SECTION][@FILE].
func reference(value, plugin string) (section, file string, err error) {
	section, file, at := strings.Cut(value, "@")
	if at && file == "" {
		return "", "", fmt.Errorf("expected [SECTION][@FILE], got %s", quote(value))
	}
	return cmp.Or(section, plugin), cmp.Or(file, optionsFile), nil
}

// section reads the options of all sections of the name that value refers to.
func (c *commandLine) section(value, plugin string) ([]given, error) {
	name, file, err := reference(value, plugin)
	if err != nil {
		return nil, err
	}
	sections, err := secret.GuardedSections(file)
	if err != nil {
		return nil, err
	}
	var out []given
	found := false
	for _, s := range sections {
		if s.Name != name {
			continue
		}
		found = true
		for _, key := range s.Keys {
			o := c.named(key.Name)
			where := file + " line " + strconv.Itoa(key.Line)
			if o == nil {
				return nil, fmt.Errorf("%s: %w", where, c.unknownKey(key.Name))
			}
			if commandLineOnly(o) {
				return nil, fmt.Errorf("%s: expected %s on the command line only, because every run reads this file", where, clean(key.Name, 100, asOurs))
			}
			out = append(out, given{option: o, bare: key.Bare && o.valueOptional(), value: key.Value, from: where})
		}
	}
	if !found {
		return nil, fmt.Errorf("%s: expected a section [%s], there is none", file, clean(name, 100, asOurs))
	}
	return out, nil
}

// unknownKey does not repeat the name: the file may be none of ours, and the
// line a password.
func (c *commandLine) unknownKey(name string) error {
	var names []string
	for _, o := range c.visible() {
		if !commandLineOnly(o) {
			names = append(names, o.name)
		}
	}
	if near := nearest(name, names); near != "" {
		return fmt.Errorf("unknown option, expected %s or another long name of --help", near)
	}
	return errors.New("unknown option, expected a long name of --help such as timeout")
}

// commandLineOnly options make no sense in a file, or are a person's deed: an
// --acknowledge there would close every drop-out as soon as it is seen.
func commandLineOnly(o *option) bool {
	return o.once || slices.Contains([]string{"extra-opts", "help", "version", "describe"}, o.name)
}

// without is list without the options that others give too.
func without(list, others []given) []given {
	return slices.DeleteFunc(list, func(g given) bool {
		return slices.ContainsFunc(others, func(o given) bool { return o.option == g.option })
	})
}
