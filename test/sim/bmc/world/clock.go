package world

import (
	"sync"
	"time"
)

// Clock is the true time of a world: the machine's, shifted by hand, or one
// that stands still until it is advanced.
type Clock struct {
	mu    sync.Mutex
	still bool
	base  time.Time // of a still clock
	shift time.Duration
}

// Running is a clock that follows the machine's.
func Running() *Clock { return new(Clock) }

// Still is a clock that only [Clock.Advance] moves.
func Still(start time.Time) *Clock { return &Clock{still: true, base: start} }

// Now returns the true time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.still {
		return c.base.Add(c.shift)
	}
	return time.Now().Add(c.shift)
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shift += d
}
