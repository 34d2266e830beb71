package ping

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// borrowed are the errors that an ICMP error for an earlier packet leaves on
// the socket, where the next send fails with it (ip(7), IP_RECVERR). EPERM and
// ENOBUFS never come that way: they are about the packet itself.
var borrowed = []syscall.Errno{
	unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ECONNREFUSED, unix.EMSGSIZE, unix.EPROTO,
	unix.ENOPROTOOPT, unix.EOPNOTSUPP, unix.EHOSTDOWN, unix.ENONET, unix.EACCES,
}

// machine is the network of this machine.
type machine struct{ began time.Time }

func newMachine() *machine { return &machine{time.Now()} }

// now is monotonic: time.Since does not follow the wall clock.
func (m *machine) now() time.Duration { return time.Since(m.began) }

// open makes a raw socket where that is allowed, else a datagram socket of
// ICMP, which any user in net.ipv4.ping_group_range may have (icmp(7)). Raw
// comes first because the kernel then checks nothing for us: what is wrong
// with an answer can be told.
func (m *machine) open(f family, want setup) (link, error) {
	raw, err := m.openSocket(f, want, unix.SOCK_RAW)
	if err == nil {
		return raw, nil
	}
	if !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES) {
		return nil, fmt.Errorf("raw socket: %w", err)
	}
	datagram, other := m.openSocket(f, want, unix.SOCK_DGRAM)
	switch {
	case other == nil:
		return datagram, nil
	case errors.Is(other, unix.EACCES) || errors.Is(other, unix.EPERM):
		return nil, privilege(readRights(), err, other)
	}
	return nil, fmt.Errorf("datagram socket: %w", other)
}

// wait sleeps until a socket can be read or has an error.
func (m *machine) wait(links []link, d time.Duration) error {
	fds := make([]unix.PollFd, 0, families)
	for _, l := range links {
		if s, ok := l.(*socket); ok {
			fds = append(fds, unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN})
		}
	}
	limit := unix.NsecToTimespec(max(int64(d), 0))
	if _, err := unix.Ppoll(fds, &limit, nil); err != nil {
		return err
	}
	for i, fd := range fds {
		if fd.Revents&unix.POLLERR != 0 {
			links[i].(*socket).complained = true
		}
	}
	return nil
}
