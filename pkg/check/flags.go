package check

import (
	"fmt"
	"regexp"
)

// Depth is a flag that may stand alone or carry a number: --maintenance,
// --maintenance=0. It counts as set when greater than 0, so that a macro such
// as $HOSTDOWNTIME$ of Nagios can be handed over as it is.
type Depth int

// State is the type of options that choose a status, such as --timeout-state.
// Declare them with an enum and a default. Anything but the four words, the
// zero State too, means UNKNOWN.
type State string

// Status is the chosen status.
func (s State) Status() Status {
	switch s {
	case "ok":
		return OK
	case "warning":
		return WARNING
	case "critical":
		return CRITICAL
	}
	return UNKNOWN
}

// Pattern is the type of options that take a regular expression (RE2: its time
// is linear in the text, so no pattern can stall a check). The zero Pattern is
// not set and matches nothing.
type Pattern struct{ compiled *regexp.Regexp }

// longestPattern in bytes keeps a compiled pattern small.
const longestPattern = 1000

// UnmarshalText compiles the expression.
func (p *Pattern) UnmarshalText(text []byte) error {
	const expected = "expected a regular expression such as ^FAN or (?i)psu"
	if len(text) == 0 || len(text) > longestPattern {
		return fmt.Errorf("%s of at most %d characters, got %s", expected, longestPattern, quote(string(text)))
	}
	compiled, err := regexp.Compile(string(text))
	if err != nil {
		return fmt.Errorf("%s, got %s (%w)", expected, quote(string(text)), err)
	}
	p.compiled = compiled
	return nil
}

// IsSet reports whether the pattern was given.
func (p Pattern) IsSet() bool { return p.compiled != nil }

// MatchString reports whether the pattern is found in s.
func (p Pattern) MatchString(s string) bool { return p.compiled != nil && p.compiled.MatchString(s) }

// String is the expression as it was given.
func (p Pattern) String() string {
	if p.compiled == nil {
		return ""
	}
	return p.compiled.String()
}
