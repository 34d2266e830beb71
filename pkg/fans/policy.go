// Package fans judges the fans of a server: what the controller says now, what
// is remembered of earlier polls, and what its event log tells together make
// one verdict, for everybody who asks about that server. It also turns evidence
// from both sides into episodes: a fan dropped out at one time and came back at
// another, whoever saw it.
//
// The package is pure: no clock, no file, no network.
package fans

import (
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// Options are the flags that say which fans are judged. Whoever judges the fans
// of a server takes them, so that two plugins never contradict each other about
// one fan.
type Options struct {
	Include   check.Pattern `placeholder:"REGEX" help:"Judge only fans whose name or id matches."`
	Exclude   check.Pattern `placeholder:"REGEX" help:"Do not judge fans whose name or id matches."`
	AllowZero check.Pattern `placeholder:"REGEX" help:"Fans that may stand still."`
	// ExpectFans is how many there must be at least, nil where nobody says.
	ExpectFans *int `placeholder:"N" help:"Fewer present fans than N are CRITICAL. Without it the fans that were seen once are expected."`
}

// Validate refuses what cannot be meant.
func (o Options) Validate() error {
	if n := o.ExpectFans; n != nil && (*n < 0 || *n > 1000) {
		return fmt.Errorf("--expect-fans: expected a number from 0 to 1000, got %d", *n)
	}
	return nil
}

// Expected is the number of fans there must be, -1 where nobody says.
func (o Options) Expected() int {
	if o.ExpectFans == nil {
		return -1
	}
	return *o.ExpectFans
}

// Policy is what the operator set.
type Policy struct {
	Options
	// Expect is the number of fans there must be, -1 when not given.
	Expect      int
	Window      time.Duration
	Warn, Crit  check.Range
	Log         string // auto, require, off
	Maintenance bool
}

// filter names this choice of fans.
func (o Options) filter() string {
	return fmt.Sprintf("include %q exclude %q", o.Include.String(), o.Exclude.String())
}

// Given says that any of them was.
func (o Options) Given() bool {
	return !o.everything() || o.AllowZero.IsSet() || o.ExpectFans != nil
}

// everything says that no fan is left out.
func (o Options) everything() bool { return !o.Include.IsSet() && !o.Exclude.IsSet() }

// Judges says whether the operator wants to hear of a fan.
func (o Options) Judges(id, name string) bool {
	in := func(pat check.Pattern) bool { return pat.MatchString(name) || pat.MatchString(id) }
	if o.Include.IsSet() && !in(o.Include) {
		return false
	}
	return !o.Exclude.IsSet() || !in(o.Exclude)
}

func (o Options) allowsZero(f bmc.Fan) bool {
	return o.AllowZero.IsSet() && (o.AllowZero.MatchString(f.Name) || o.AllowZero.MatchString(f.ID))
}
