package ping

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// gulp is how many messages are read at once.
	gulp = 32
	// ancillary is room for a time stamp (SCM_TIMESTAMPNS).
	ancillary = 64
	// header is the longest of IPv4, which raw sockets deliver.
	header = 60
)

// header of one of several messages, struct mmsghdr of sendmmsg(2).
type mmsghdr struct {
	unix.Msghdr
	length uint32
}

// messages are handed to the kernel, or taken from it, with one system call.
// The kernel writes through their pointers, so they stay where they are made.
type messages struct {
	headers []mmsghdr
	vectors []unix.Iovec
	peers   []unix.RawSockaddrInet6 // or RawSockaddrInet4 in the same place
	buffers [][]byte
	extra   [][]byte
}

// newMessages has room for n messages of a size each, or none of its own.
func newMessages(n, size int) messages {
	m := messages{
		headers: make([]mmsghdr, n), vectors: make([]unix.Iovec, n), peers: make([]unix.RawSockaddrInet6, n),
		buffers: make([][]byte, n), extra: make([][]byte, n),
	}
	for i := range m.headers {
		h := &m.headers[i]
		h.Name = (*byte)(unsafe.Pointer(&m.peers[i]))
		h.Iov = &m.vectors[i]
		h.SetIovlen(1)
		if size == 0 {
			continue
		}
		m.buffers[i], m.extra[i] = make([]byte, size), make([]byte, ancillary)
		m.vectors[i].Base = &m.buffers[i][0]
		m.vectors[i].SetLen(size)
		h.Control = &m.extra[i][0]
	}
	return m
}

// put makes a message the i-th to be sent.
func (m *messages) put(i int, o outgoing, zone uint32) {
	h := &m.headers[i]
	m.vectors[i].Base = &o.message[0]
	m.vectors[i].SetLen(len(o.message))
	if o.to.Is4() {
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(&m.peers[i])) = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: o.to.As4()}
		h.Namelen = unix.SizeofSockaddrInet4
		return
	}
	m.peers[i] = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: o.to.As16(), Scope_id: zone}
	h.Namelen = unix.SizeofSockaddrInet6
}

// send sends the first n and returns how many were taken.
func (m *messages) send(fd, n int) (int, error) {
	return m.call(unix.SYS_SENDMMSG, fd, n)
}

// receive reads what there is.
func (m *messages) receive(fd int) (int, error) {
	for i := range m.headers {
		h := &m.headers[i]
		h.Namelen = unix.SizeofSockaddrInet6
		h.SetControllen(ancillary)
	}
	return m.call(unix.SYS_RECVMMSG, fd, len(m.headers))
}

func (m *messages) call(number uintptr, fd, n int) (int, error) {
	done, _, errno := unix.Syscall6(number, uintptr(fd), uintptr(unsafe.Pointer(&m.headers[0])), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(done), nil
}

// data of the i-th message that was read.
func (m *messages) data(i int) []byte {
	return m.buffers[i][:min(int(m.headers[i].length), len(m.buffers[i]))]
}

// ancillary data of the i-th message.
func (m *messages) ancillary(i int) []byte {
	return m.extra[i][:min(int(m.headers[i].Controllen), ancillary)]
}

// cut says whether the i-th message was longer than there was room.
func (m *messages) cut(i int) bool { return m.headers[i].Flags&unix.MSG_TRUNC != 0 }

// address that the i-th message came from, with the index of its zone.
func (m *messages) address(i int) (from netip.Addr, zone uint32) {
	p := &m.peers[i]
	switch {
	case p.Family == unix.AF_INET && m.headers[i].Namelen >= unix.SizeofSockaddrInet4:
		return netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(p)).Addr), 0
	case p.Family == unix.AF_INET6 && m.headers[i].Namelen >= unix.SizeofSockaddrInet6:
		return netip.AddrFrom16(p.Addr).Unmap(), p.Scope_id
	}
	return netip.Addr{}, 0
}

// offender reads a struct sockaddr_in or sockaddr_in6.
func offender(b []byte) netip.Addr {
	switch {
	case len(b) >= 8 && binary.NativeEndian.Uint16(b) == unix.AF_INET:
		return netip.AddrFrom4([4]byte(b[4:8]))
	case len(b) >= 24 && binary.NativeEndian.Uint16(b) == unix.AF_INET6:
		return netip.AddrFrom16([16]byte(b[8:24])).Unmap()
	}
	return netip.Addr{}
}
