package ipmi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Structures of the kernel's <linux/ipmi.h>, with C's int as int32 and long as
// int, so that they have the kernel's layout on 64-bit and on 32-bit machines.
type (
	kernelMessage struct {
		netFn  uint8
		cmd    uint8
		length uint16
		data   *byte
	}
	kernelRequest struct {
		address       *kernelAddress
		addressLength uint32
		id            int
		message       kernelMessage
	}
	kernelReceived struct {
		kind          int32
		address       *byte
		addressLength uint32
		id            int
		message       kernelMessage
	}
	// kernelAddress is struct ipmi_system_interface_addr: the controller
	// itself.
	kernelAddress struct {
		kind    int32
		channel int16
		lun     uint8
	}
)

const (
	systemInterface = 0x0c
	ownChannel      = 0x0f
	answerKind      = 1 // IPMI_RESPONSE_RECV_TYPE

	maxAddress = 64  // more than struct ipmi_addr
	maxMessage = 272 // IPMI_MAX_MSG_LENGTH
)

// ioctl numbers: direction, size, 'i', number (<asm-generic/ioctl.h>, as on
// amd64 and arm64).
const (
	sendCommand     = 2<<30 | unsafe.Sizeof(kernelRequest{})<<16 | 'i'<<8 | 13
	receiveTruncate = 3<<30 | unsafe.Sizeof(kernelReceived{})<<16 | 'i'<<8 | 11
)

// device is an open /dev/ipmi0. It is used by one goroutine.
type device struct {
	fd   int
	path string
	id   int // of the last request
	sent int
}

// open opens the first device that is there.
func (l *local) open() (*device, error) {
	for _, path := range l.paths {
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err == nil {
			return &device{fd: fd, path: path}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, l.explain(path, err)
		}
	}
	return nil, &OpenError{Cause: CauseDevice, Address: strings.Join(l.paths, ", "), Text: "no such device",
		Next: "load the kernel's modules: modprobe -a ipmi_si ipmi_devintf (ipmi_ssif where the controller sits on SMBus), and list them in /etc/modules-load.d/ipmi.conf, unless this machine has no controller"}
}

func (d *device) close() { _ = unix.Close(d.fd) } // nothing was written that could be lost

// send carries one request through the kernel, which repeats it and keeps its
// own time limits; a controller that is dead answers with a completion code in
// the end.
func (d *device) send(ctx context.Context, r request) ([]byte, error) {
	d.id++
	d.sent++
	if err := d.submit(r); err != nil {
		return nil, fmt.Errorf("%s: handing it to the kernel: %w", r.name, err)
	}
	for {
		if err := d.wait(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		data, ok, err := d.receive(r)
		if err != nil {
			return nil, fmt.Errorf("%s: reading the answer: %w", r.name, err)
		}
		if !ok {
			continue // an event, or the answer to a request given up
		}
		if c := code(data[0]); c != 0 {
			return nil, fmt.Errorf("%s: %w", r.name, c)
		}
		return data[1:], nil
	}
}

func (d *device) submit(r request) error {
	address := &kernelAddress{kind: systemInterface, channel: ownChannel, lun: r.lun}
	data := append([]byte(nil), r.data...)
	message := kernelMessage{netFn: r.netFn, cmd: r.cmd, length: uint16(len(data))}
	if len(data) > 0 {
		message.data = &data[0]
	}
	return d.ioctl(sendCommand, unsafe.Pointer(&kernelRequest{
		address: address, addressLength: uint32(unsafe.Sizeof(*address)), id: d.id, message: message,
	}))
}

// receive takes one message from the kernel; ok is false when it is not the
// answer to r.
func (d *device) receive(r request) (data []byte, ok bool, err error) {
	address := new([maxAddress]byte)
	buffer := new([maxMessage]byte)
	received := &kernelReceived{
		address: &address[0], addressLength: maxAddress,
		message: kernelMessage{data: &buffer[0], length: maxMessage},
	}
	err = d.ioctl(receiveTruncate, unsafe.Pointer(received))
	switch {
	case errors.Is(err, unix.EMSGSIZE): // longer than any answer, cut
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	m := received.message
	if received.kind != answerKind || received.id != d.id || m.netFn != r.netFn|1 || m.cmd != r.cmd ||
		m.length < 1 || m.length > maxMessage {
		return nil, false, nil
	}
	return buffer[:m.length], true, nil
}

// ioctl calls the kernel with a structure that points to others: they are
// pinned so that the kernel sees them where they are.
func (d *device) ioctl(number uintptr, argument unsafe.Pointer) error {
	var pinner runtime.Pinner
	defer pinner.Unpin()
	pinner.Pin(argument)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(d.fd), number, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}

// wait blocks until the kernel has a message or ctx ends.
func (d *device) wait(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(d.fd), Events: unix.POLLIN}}, int(slice.Milliseconds()))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("waiting for the kernel: %w", err)
		}
		if n > 0 {
			return nil
		}
	}
}
