package ping

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// carrierless are the interfaces of this machine that are up and have no
// carrier, by their index.
func carrierless() map[int]bool {
	out := map[int]bool{}
	cards, err := net.Interfaces()
	if err != nil {
		return out // then nothing is concluded
	}
	for _, c := range cards {
		if c.Flags&net.FlagUp != 0 && c.Flags&net.FlagRunning == 0 {
			out[c.Index] = true
		}
	}
	return out
}

// unplugged says which addresses this machine would send to by an interface
// that has no carrier.
func (m *machine) unplugged(to []netip.Addr) []bool {
	out := make([]bool, len(to))
	dead := carrierless()
	if len(dead) == 0 {
		return out
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return out
	}
	// The kernel answers before sendto(2) returns: it is never waited for.
	for i, a := range to {
		index, err := way(fd, a)
		out[i] = err == nil && dead[index]
	}
	if unix.Close(fd) != nil {
		return make([]bool, len(to))
	}
	return out
}

// Layout of RTM_GETROUTE, linux/rtnetlink.h.
const (
	routeHeader    = unix.SizeofNlMsghdr + unix.SizeofRtMsg
	attributeStart = 4
)

// way is the index of the interface by which this machine sends to an address.
func way(fd int, to netip.Addr) (int, error) {
	if name := to.Zone(); name != "" {
		card, err := net.InterfaceByName(name)
		if err != nil {
			return 0, err
		}
		return card.Index, nil
	}
	address, kind := to.AsSlice(), byte(unix.AF_INET)
	if to.Is6() {
		kind = unix.AF_INET6
	}
	b := make([]byte, routeHeader+attributeStart+len(address))
	native := binary.NativeEndian
	native.PutUint32(b, uint32(len(b)))
	native.PutUint16(b[4:], unix.RTM_GETROUTE)
	native.PutUint16(b[6:], unix.NLM_F_REQUEST)
	b[unix.SizeofNlMsghdr], b[unix.SizeofNlMsghdr+1] = kind, byte(len(address)*8)
	native.PutUint16(b[routeHeader:], uint16(attributeStart+len(address)))
	native.PutUint16(b[routeHeader+2:], unix.RTA_DST)
	copy(b[routeHeader+attributeStart:], address)
	if err := unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, unix.MSG_DONTWAIT)
	if err != nil {
		return 0, err
	}
	return interfaceOf(answer[:n])
}

var errNoRoute = errors.New("the kernel tells no route")

// interfaceOf reads the interface from a route.
func interfaceOf(b []byte) (int, error) {
	if len(b) < routeHeader || binary.NativeEndian.Uint16(b[4:]) != unix.RTM_NEWROUTE {
		return 0, errNoRoute
	}
	for b = b[routeHeader:]; len(b) >= attributeStart; {
		size, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if size < attributeStart || size > len(b) {
			break
		}
		if data := b[attributeStart:size]; kind == unix.RTA_OIF && len(data) >= 4 {
			return int(binary.NativeEndian.Uint32(data)), nil
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return 0, errNoRoute
}
