package ping

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
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

// batcher sends and receives several messages with one system call each.
type batcher interface {
	ReadBatch([]ipv4.Message, int) (int, error)
	WriteBatch([]ipv4.Message, int) (int, error)
}

// socket is an ICMP socket of this machine.
type socket struct {
	machine *machine
	family  family
	kind    int // unix.SOCK_RAW or unix.SOCK_DGRAM
	ident   uint16

	// fd is for what the net package does not do. conn is its duplicate.
	fd    int
	conn  net.PacketConn
	batch batcher

	in  []ipv4.Message
	out [batch]ipv4.Message
	ip  [batch]net.IPAddr  // where to, for a raw socket
	udp [batch]net.UDPAddr // the same for a datagram socket

	zones map[string]bool // interfaces by name, whether there is one
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
	s := &socket{machine: m, family: f, kind: kind, fd: fd, zones: map[string]bool{}}
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
	if err := s.connect(); err != nil {
		return err
	}
	s.in = make([]ipv4.Message, gulp)
	for i := range s.in {
		s.in[i].Buffers = [][]byte{make([]byte, header+want.size+1)}
		s.in[i].OOB = make([]byte, ancillary)
	}
	for i := range s.out {
		s.out[i].Buffers = make([][]byte, 1)
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

// connect makes what sends and receives in batches. The net package wants a
// file, and gives its own duplicate of the descriptor.
func (s *socket) connect() error {
	duplicate, err := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(duplicate), "icmp")
	s.conn, err = net.FilePacketConn(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if s.family == v4 {
		s.batch = ipv4.NewPacketConn(s.conn)
	} else {
		s.batch = ipv6.NewPacketConn(s.conn)
	}
	return nil
}

// option of a socket.
type option struct {
	level, name, value int
	text               string
}

func (s *socket) options(want setup) []option {
	list := []option{{unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1, "time stamps"}}
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
// way but by the error queue.
func (s *socket) attachFilter() error {
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

func (s *socket) id() uint16 { return s.ident }

func (s *socket) String() string {
	kind := "datagram"
	if s.kind == unix.SOCK_RAW {
		kind = "raw"
	}
	return fmt.Sprintf("%s %s socket", s.family.icmp(), kind)
}

func (s *socket) close() error {
	var err error
	if s.conn != nil {
		err = s.conn.Close()
	}
	return errors.Join(err, unix.Close(s.fd))
}
