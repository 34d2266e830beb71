//go:build !linux

package ping

import (
	"context"
	"errors"
	"syscall"
	"time"
)

// errNotLinux: the error queue, the kernel's time stamps and its counters of
// dropped messages have no like elsewhere.
var errNotLinux = errors.New("expected Linux")

// borrowed errors are told by Linux.
var borrowed = []syscall.Errno{}

type machine struct{ began time.Time }

func newMachine() *machine { return &machine{time.Now()} }

func (m *machine) now() time.Duration { return time.Since(m.began) }

func (m *machine) open(family, setup) (link, error) { return nil, errNotLinux }

func (m *machine) wait(_ []link, d time.Duration) error { time.Sleep(d); return nil }

// Connect needs Linux.
func Connect(context.Context, []Target, ConnectOptions) ([]Connection, error) {
	return nil, errNotLinux
}
