package ping

import (
	"net"
	"net/netip"
	"strconv"
)

// family of addresses. Each has its own socket.
type family int

const (
	v4 family = iota
	v6
	families // how many there are
)

func (f family) String() string { return [...]string{"IPv4", "IPv6"}[f] }

func (f family) icmp() string { return [...]string{"ICMP", "ICMPv6"}[f] }

func familyOf(a netip.Addr) family {
	if a.Is4() {
		return v4
	}
	return v6
}

// canonical is the one way to write an address: an IPv4 address in IPv6's
// clothes is an IPv4 address, and a zone is a name where the interface has one.
// Only a link-local address has a zone: the kernel heeds no other's, and an
// answer from there has none.
func canonical(a netip.Addr) netip.Addr {
	if a = a.Unmap(); !a.IsLinkLocalUnicast() {
		return a.WithZone("")
	}
	if a.Zone() == "" {
		return a
	}
	number, err := strconv.Atoi(a.Zone())
	if err != nil {
		return a
	}
	card, err := net.InterfaceByIndex(number)
	if err != nil {
		return a // sending will say that there is none
	}
	return a.WithZone(card.Name)
}
