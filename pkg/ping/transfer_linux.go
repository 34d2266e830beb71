package ping

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// most gulps and errors that are read at once, so that a flood does not keep
// us from sending.
const most = 64

// send hands messages over with one system call.
func (s *socket) send(out []outgoing) (int, error) {
	n := 0
	for i, o := range out[:min(len(out), batch)] {
		zone := uint32(0)
		if name := o.to.Zone(); name != "" {
			if zone = s.index(name); zone == 0 {
				if i == 0 {
					return 0, unix.ENODEV
				}
				break
			}
		}
		s.out.put(i, o, zone)
		n++
	}
	n, err := s.out.send(s.fd, n)
	s.complained = s.complained || err != nil && !errors.Is(err, unix.EAGAIN)
	return n, err
}

// index of an interface by its name, 0 for none.
func (s *socket) index(name string) uint32 {
	n, found := s.indexes[name]
	if !found {
		if card, err := net.InterfaceByName(name); err == nil {
			n = uint32(card.Index)
		}
		s.indexes[name] = n
	}
	return n
}

// zone is the name of an interface, its number when it has none.
func (s *socket) zone(index uint32) string {
	name, found := s.names[index]
	if !found {
		name = strconv.FormatUint(uint64(index), 10)
		if card, err := net.InterfaceByIndex(int(index)); err == nil {
			name = card.Name
		}
		s.names[index] = name
	}
	return name
}

// receive reads until the socket is empty.
func (s *socket) receive(got func(incoming)) error {
	for range most {
		began := s.machine.now()
		n, err := s.in.receive(s.fd)
		switch {
		case err == nil:
		case errors.Is(err, unix.EAGAIN):
			s.empty = began
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		default:
			s.complained = true // the error of a packet that was sent earlier
			continue
		}
		now := time.Now()
		for i := range n {
			if m, ok := s.incoming(i, now); ok {
				got(m)
			}
		}
		if n < gulp {
			s.empty = began
			return nil
		}
	}
	return nil
}

// incoming takes the i-th message out of what was read. Raw IPv4 sockets
// deliver the IP header too, and do not look at the checksum. Of ICMPv6, and
// for datagram sockets, the kernel checks it and drops what is wrong.
func (s *socket) incoming(i int, now time.Time) (m incoming, ok bool) {
	b := s.in.data(i)
	raw := s.kind == unix.SOCK_RAW && s.family == v4
	if raw {
		if len(b) < 20 || len(b) < int(b[0]&15)*4 {
			return incoming{}, false
		}
		b = b[int(b[0]&15)*4:]
	}
	from, zone := s.in.address(i)
	if !from.IsValid() {
		return incoming{}, false
	}
	if zone != 0 {
		from = from.WithZone(s.zone(zone))
	}
	m = incoming{message: b, from: from, at: s.arrival(s.in.ancillary(i), now)}
	// What is longer than was sent is cut, and cannot be summed up.
	m.corrupt = raw && !s.in.cut(i) && sum(b) != 0xffff
	return m, true
}

// arrival is when the kernel received a message. Its stamp is of the wall
// clock, so only its age is taken, and not believed beyond what can be true: a
// clock that was set must not move an answer.
func (s *socket) arrival(oob []byte, now time.Time) time.Duration {
	at := now.Sub(s.machine.began)
	stamp, ok := stampOf(oob)
	if !ok {
		return at
	}
	age := time.Duration(now.UnixNano() - stamp)
	return min(max(at-age, s.empty), at)
}

// stampOf reads a struct timespec in nanoseconds since 1970.
func stampOf(oob []byte) (int64, bool) {
	if len(oob) < unix.SizeofCmsghdr {
		return 0, false
	}
	h, data, _, err := unix.ParseOneSocketControlMessage(oob)
	if err != nil || h.Level != unix.SOL_SOCKET || h.Type != unix.SCM_TIMESTAMPNS {
		return 0, false
	}
	switch {
	case len(data) >= 16:
		return int64(binary.NativeEndian.Uint64(data))*1e9 + int64(binary.NativeEndian.Uint64(data[8:])), true
	case len(data) >= 8: // 32-bit machines
		return int64(int32(binary.NativeEndian.Uint32(data)))*1e9 + int64(binary.NativeEndian.Uint32(data[4:])), true
	}
	return 0, false
}

// complaints empties the error queue.
func (s *socket) complaints(got func(complaint)) error {
	if !s.complained {
		return nil
	}
	s.complained = false
	var quoted, oob [512]byte
	for range most * gulp {
		n, oobn, _, to, err := unix.Recvmsg(s.fd, quoted[:], oob[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		switch {
		case err == nil:
		case errors.Is(err, unix.EAGAIN):
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		default:
			return err
		}
		if c, ok := complaintOf(oob[:oobn]); ok {
			c.to, c.quoted = s.peer(to), quoted[:n]
			got(c)
		}
	}
	s.complained = true // there may be more
	return nil
}

// complaintOf reads a struct sock_extended_err and the address after it.
func complaintOf(oob []byte) (complaint, bool) {
	list, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return complaint{}, false
	}
	for _, m := range list {
		is := m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_RECVERR ||
			m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if !is || len(m.Data) < 16 {
			continue
		}
		errno, origin := binary.NativeEndian.Uint32(m.Data), m.Data[4]
		c := complaint{message: message{m.Data[5], m.Data[6]}}
		if errno == uint32(unix.EMSGSIZE) {
			c.mtu = int(binary.NativeEndian.Uint32(m.Data[8:]))
		}
		switch {
		case origin == unix.SO_EE_ORIGIN_ICMP || origin == unix.SO_EE_ORIGIN_ICMP6:
			c.by = offender(m.Data[16:])
			return c, c.by.IsValid()
		case origin == unix.SO_EE_ORIGIN_LOCAL && c.mtu > 0:
			return c, true
		}
	}
	return complaint{}, false
}

func (s *socket) peer(to unix.Sockaddr) netip.Addr {
	switch a := to.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(a.Addr)
	case *unix.SockaddrInet6:
		if a.ZoneId == 0 {
			return netip.AddrFrom16(a.Addr)
		}
		return netip.AddrFrom16(a.Addr).WithZone(s.zone(a.ZoneId))
	}
	return netip.Addr{}
}
