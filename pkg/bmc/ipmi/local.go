package ipmi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// link carries requests to one controller, whichever way. An error of type
// code is the controller's own answer; every other one means that there was no
// answer.
type link interface {
	send(ctx context.Context, r request) (data []byte, err error)
}

// local is the controller of the host that we run on.
type local struct {
	paths []string
}

// devices are the names that udev, devfs and the oldest kernels gave.
var devices = []string{"/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0"}

// Local is the host's own controller, reached through the kernel's
// ipmi_devintf. There are no accounts: whoever may open the device may do
// everything, so that it belongs to root.
func Local(opts Options) bmc.Source {
	if opts.Device != "" {
		return &local{paths: []string{opts.Device}}
	}
	return &local{paths: devices}
}

// Poll reads the controller. The host is on, since we run on it.
func (l *local) Poll(ctx context.Context, ask bmc.Ask) (bmc.Server, error) {
	d, err := l.open()
	if err != nil {
		return bmc.Server{}, err
	}
	defer d.close()
	server, err := read(ctx, d, d.path, ask)
	server.Evidence = append(server.Evidence, fmt.Sprintf("close %s: %d requests in all", d.path, d.sent))
	return server, err
}

// read polls the controller behind a device.
func read(ctx context.Context, device link, path string, ask bmc.Ask) (bmc.Server, error) {
	p := poll{link: device, ask: ask, memory: recall(ask.Memory), now: time.Now()}
	p.note("open %s", path)
	guid, err := p.systemGUID(ctx)
	if err != nil {
		return bmc.Server{Evidence: p.server.Evidence}, &OpenError{Cause: CauseDevice, Address: path, Text: "the controller behind it does not answer", Err: err}
	}
	p.memory.belongs(guid)
	p.server.Power = bmc.PowerOn
	return p.run(ctx)
}

// explain says what to do about a device that cannot be opened.
func (l *local) explain(path string, err error) error {
	failure := &OpenError{Cause: CauseDevice, Address: path, Text: "cannot open it", Err: err}
	switch {
	case errors.Is(err, fs.ErrPermission):
		failure.Next = `it belongs to root: run this one command under sudo ("nagios ALL=(root) NOPASSWD: /usr/lib/nagios/plugins/check_fans --via local"), ` +
			`or give it to a group with the udev rule KERNEL=="ipmi*", GROUP="ipmi", MODE="0660" (whoever is in that group can also switch the host off)`
	case errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		failure.Next = "the modules are loaded but found no controller"
	case errors.Is(err, syscall.EBUSY):
		failure.Next = "another program holds the controller"
	}
	return failure
}
