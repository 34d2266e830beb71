package check

import (
	"fmt"
	"time"
)

// settings are the options that every plugin has.
type settings struct {
	Timeout      time.Duration `short:"t" default:"8s" placeholder:"SECONDS" group:"Answer" help:"Time for the whole run. Must be less than the host allows (check_nrpe: 10s)."`
	TimeoutState State         `default:"unknown" enum:"warning,critical,unknown" group:"Answer" help:"Status when the time is up."`
	Verbose      int           `short:"v" type:"counter" group:"Answer" help:"More: -v all findings, -vv with evidence, -vvv with raw values."`
	Output       string        `default:"nagios" enum:"nagios,json,openmetrics" placeholder:"FORMAT" group:"Answer" help:"How to answer."`
	MaxBytes     int           `default:"4096" placeholder:"BYTES" group:"Answer" help:"Longest answer (old NRPE: 1024)."`
	ExtraOpts    sections      `group:"Answer" help:"Read options from a section of an INI file. Without a value: the section named like the plugin in /etc/noout/noout.ini."`
	Version      bool          `short:"V" group:"Answer" help:"Show the version."`
	Help         bool          `short:"h" group:"Answer" help:"Show this help."`
	Describe     bool          `hidden:"" help:"Describe the command line as JSON."`
}

// sections are the values of --extra-opts.
type sections []string

// Bounds of --timeout: time enough to answer, and an end.
const (
	shortestTimeout = time.Second // exclusive
	longestTimeout  = time.Hour
)

// validate says which option is wrong and what was expected.
func (s settings) validate() error {
	if s.Timeout <= shortestTimeout || s.Timeout > longestTimeout {
		return fmt.Errorf("--timeout: expected more than %s and at most %s, got %s", DurationText(shortestTimeout), DurationText(longestTimeout), DurationText(s.Timeout))
	}
	if s.MaxBytes < leastSize || s.MaxBytes > unlimited {
		return fmt.Errorf("--max-bytes: expected at least %d, got %d", leastSize, s.MaxBytes)
	}
	return nil
}
