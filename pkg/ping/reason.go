package ping

import (
	"fmt"
	"net/netip"
)

// Unreachable is an ICMP error that came back for packets to a target.
type Unreachable struct {
	Reason string
	// By is who sent the error. It is the zero Addr when this machine knew by
	// itself (the path MTU).
	By    netip.Addr
	Count int
	// MTU of the path, when the packet was too big for it, in bytes.
	MTU int
}

func (u Unreachable) String() string {
	s := u.Reason
	if u.MTU > 0 {
		s += fmt.Sprintf(" (path MTU %d)", u.MTU)
	}
	if u.By.IsValid() {
		s += " from " + u.By.String()
	}
	return s
}

// message is the type and code of an ICMP message.
type message struct{ kind, code uint8 }

// TooBig is the reason of packets that are larger than the path takes.
const TooBig = "packet too big"

// reasons4 are those of RFC 792, RFC 1122 section 3.2.2.1 and RFC 1812 section
// 5.2.7.1.
var reasons4 = map[message]string{
	{3, 0}:  "network unreachable",
	{3, 1}:  "host unreachable",
	{3, 2}:  "protocol unreachable",
	{3, 3}:  "port unreachable",
	{3, 4}:  TooBig,
	{3, 5}:  "source route failed",
	{3, 6}:  "network unknown",
	{3, 7}:  "host unknown",
	{3, 8}:  "source host isolated",
	{3, 9}:  "network prohibited",
	{3, 10}: "host prohibited",
	{3, 11}: "network unreachable for this type of service",
	{3, 12}: "host unreachable for this type of service",
	{3, 13}: "prohibited by a filter",
	{3, 14}: "host precedence violation",
	{3, 15}: "precedence cut-off",
	{11, 0}: "TTL exceeded",
	{11, 1}: "fragments not reassembled in time",
	{12, 0}: "parameter problem",
}

// reasons6 are those of RFC 4443 and its registry.
var reasons6 = map[message]string{
	{1, 0}: "no route",
	{1, 1}: "prohibited",
	{1, 2}: "beyond the scope of the source",
	{1, 3}: "address unreachable",
	{1, 4}: "port unreachable",
	{1, 5}: "source address refused by policy",
	{1, 6}: "route rejected",
	{1, 7}: "source route failed",
	{1, 8}: "headers too long",
	{2, 0}: TooBig,
	{3, 0}: "hop limit exceeded",
	{3, 1}: "fragments not reassembled in time",
}

// isError says whether a message tells that a packet did not arrive. Kernels
// report redirections and source quenches in the same way.
func isError(f family, m message) bool {
	if f == v6 {
		return m.kind < 128
	}
	return m.kind == 3 || m.kind == 11 || m.kind == 12
}

// reason names an ICMP error, by its numbers when it has no name.
func reason(f family, m message) string {
	table := reasons4
	if f == v6 {
		table = reasons6
	}
	if name, found := table[m]; found {
		return name
	}
	return fmt.Sprintf("%s error type %d code %d", f.icmp(), m.kind, m.code)
}
