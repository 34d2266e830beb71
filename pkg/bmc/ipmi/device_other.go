//go:build !linux

package ipmi

import (
	"context"
	"errors"
	"strings"
)

// device does not exist outside Linux.
type device struct {
	path string
	sent int
}

func (l *local) open() (*device, error) {
	return nil, &OpenError{Cause: CauseDevice, Address: strings.Join(l.paths, ", "), Text: "there is no IPMI device on this system",
		Next: "only Linux is supported from inside the host, ask the controller over the network"}
}

func (d *device) close() {}

func (d *device) send(context.Context, request) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
