package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
)

// plugin is what one binary says of itself.
type plugin struct{ check.Description }

// Short is the name without check_: hosts prefix their own names with it.
func (p plugin) Short() string { return strings.TrimPrefix(p.Name, "check_") }

// Option finds an option by its long name.
func (p plugin) Option(long string) (check.Option, bool) {
	i := slices.IndexFunc(p.Options, func(o check.Option) bool { return o.Long == long })
	if i < 0 {
		return check.Option{}, false
	}
	return p.Options[i], true
}

// byHand are options that answer a person, and the format of answers, of which
// hosts read one only.
var byHand = []string{"help", "version", "output"}

// ForHosts are the options that a command definition of a host offers. What is
// to be done once is not among them: a host would do it with every poll.
func (p plugin) ForHosts() []check.Option {
	return slices.DeleteFunc(slices.Clone(p.Options), func(o check.Option) bool {
		return o.Once || slices.Contains(byHand, o.Long)
	})
}

// ask runs every plugin in the directory with --describe, in the order of names.
func ask(bin string) ([]plugin, error) {
	paths, err := filepath.Glob(filepath.Join(bin, "*_*")) // check_fans, report_service
	if err != nil {
		return nil, fmt.Errorf("looking for plugins: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("no plugin in %s: build them first", bin)
	}
	var out []plugin
	for _, path := range paths {
		p, err := describe(path)
		if err != nil {
			return nil, fmt.Errorf("asking %s to describe itself: %w", path, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// describeExit is the exit code of a plugin that was asked for anything but a
// check: hosts read it as UNKNOWN.
const describeExit = 3

func describe(path string) (plugin, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return plugin{}, err
	}
	text, err := exec.Command(absolute, "--describe").Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != describeExit {
		return plugin{}, fmt.Errorf("expected exit code %d, got: %v", describeExit, err)
	}
	var p plugin
	if err := json.Unmarshal(text, &p.Description); err != nil {
		return plugin{}, fmt.Errorf("reading the description: %w", err)
	}
	return p, p.valid(filepath.Base(path))
}

var (
	pluginName = regexp.MustCompile(`^(check|report|notify)_[a-z0-9]+$`)
	optionName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	secretName = regexp.MustCompile(`(?i)passw|secret|token|community`)
)

// valid refuses names that would mean something else in one of the formats, and
// options that put a secret on a command line.
func (p plugin) valid(file string) error {
	if p.Name != file || !pluginName.MatchString(p.Name) {
		return fmt.Errorf("it calls itself %q", p.Name)
	}
	for _, o := range p.Options {
		switch {
		case !optionName.MatchString(o.Long) || len(o.Short) > 1:
			return fmt.Errorf("an option is called %q or %q", o.Long, o.Short)
		case secretName.MatchString(o.Long):
			return fmt.Errorf("--%s: secrets are read from files, never from a command line", o.Long)
		case o.Help == "":
			return fmt.Errorf("--%s has no help", o.Long)
		}
	}
	return nil
}
