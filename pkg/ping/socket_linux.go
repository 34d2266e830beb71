package ping

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// socket is an ICMP socket of this machine.
//
// It makes the system calls itself: with the net package's ReadBatch and
// WriteBatch the descriptor is watched by the runtime too, which is woken for
// every packet, and that costs a fifth more.
type socket struct {
	machine *machine
	family  family
	kind    int // unix.SOCK_RAW or unix.SOCK_DGRAM
	ident   uint16
	fd      int
	in, out messages
	indexes map[string]uint32 // of interfaces by name, 0 for none
	names   map[uint32]string // of interfaces by index

	// complained: there is something in the error queue.
	complained bool
	// empty is when the socket was last found empty: nothing that is read
	// later can have come earlier.
	empty time.Duration
	// lost is what the kernel counted as dropped before we sent anything.
	lost int
	// counted is what the kernel had counted for IPv6 then.
	counted map[string]int
}

func (m *machine) openSocket(f family, want setup, kind int) (*socket, error) {
	domain, protocol := unix.AF_INET, unix.IPPROTO_ICMP
	if f == v6 {
		domain, protocol = unix.AF_INET6, unix.IPPROTO_ICMPV6
	}
	fd, err := unix.Socket(domain, kind|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, err
	}
	s := &socket{
		machine: m, family: f, kind: kind, fd: fd, indexes: map[string]uint32{}, names: map[uint32]string{},
		in: newMessages(gulp, header+want.size+1), out: newMessages(batch, 0),
	}
	if kind == unix.SOCK_RAW {
		s.ident = want.id
	}
	if err := s.prepare(want); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// prepare sets the options, and drops what came in before the filter stood: a
// raw socket receives everybody's messages from the moment it exists.
func (s *socket) prepare(want setup) error {
	if s.kind == unix.SOCK_RAW {
		if err := s.attachFilter(); err != nil {
			return err
		}
	}
	for _, o := range s.options(want) {
		if err := unix.SetsockoptInt(s.fd, o.level, o.name, o.value); err != nil {
			return fmt.Errorf("%s: %w", o.text, err)
		}
	}
	if err := s.receive(func(incoming) {}); err != nil {
		return err
	}
	if s.family == v6 {
		s.counted = snmp6()
	}
	var err error
	s.lost, err = s.drops()
	return err
}

// option of a socket.
type option struct {
	level, name, value int
	text               string
}

func (s *socket) options(want setup) []option {
	list := []option{{unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1, "time stamps"}}
	if want.roomy { // the kernel gives what net.core.rmem_max allows
		list = append(list, option{unix.SOL_SOCKET, unix.SO_RCVBUF, 4 << 20, "receive buffer"})
	}
	// With RECVERR the kernel keeps the errors that come back, and it also
	// tells of ENOBUFS, which it hides from raw sockets otherwise.
	if s.family == v4 {
		list = append(list, option{unix.IPPROTO_IP, unix.IP_RECVERR, 1, "error queue"})
		if want.dontFragment {
			list = append(list, option{unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO, "don't fragment"})
		}
		return list
	}
	list = append(list, option{unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1, "error queue"})
	if want.dontFragment {
		list = append(list, option{unix.IPPROTO_IPV6, unix.IPV6_MTU_DISCOVER, unix.IPV6_PMTUDISC_DO, "don't fragment"})
	}
	return list
}

// attachFilter lets pass only replies with our id. Errors do not come this
// way but by the error queue. Other kinds of messages are kept away before the
// kernel makes a copy of them: on loopback, our own requests.
func (s *socket) attachFilter() error {
	if err := s.attachKinds(); err != nil {
		return fmt.Errorf("filter of kinds: %w", err)
	}
	var program []bpf.Instruction
	start := bpf.Instruction(bpf.LoadMemShift{Off: 0}) // X = length of the IPv4 header
	if s.family == v6 {
		start = bpf.LoadConstant{Dst: bpf.RegX, Val: 0} // begins with ICMPv6
	}
	program = append(program, start,
		bpf.LoadIndirect{Off: 0, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(replyKind[s.family]), SkipFalse: 3},
		bpf.LoadIndirect{Off: 4, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(s.ident), SkipFalse: 1},
		bpf.RetConstant{Val: 1 << 18},
		bpf.RetConstant{Val: 0})
	raw, err := bpf.Assemble(program)
	if err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	if err := unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}); err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	return nil
}

// attachKinds lets pass only replies (icmp(7), RFC 3542 section 3.2).
func (s *socket) attachKinds() error {
	if s.family == v4 {
		return unix.SetsockoptInt(s.fd, unix.SOL_RAW, unix.ICMP_FILTER, ^(1 << replyKind[v4]))
	}
	var blocked unix.ICMPv6Filter
	for i := range blocked.Data {
		blocked.Data[i] = ^uint32(0)
	}
	blocked.Data[replyKind[v6]>>5] &^= 1 << (replyKind[v6] & 31)
	return unix.SetsockoptICMPv6Filter(s.fd, unix.SOL_ICMPV6, unix.ICMPV6_FILTER, &blocked)
}

func (s *socket) id() uint16 { return s.ident }

func (s *socket) String() string {
	kind := "datagram"
	if s.kind == unix.SOCK_RAW {
		kind = "raw"
	}
	return fmt.Sprintf("%s %s socket", s.family.icmp(), kind)
}

func (s *socket) close() error { return unix.Close(s.fd) }
