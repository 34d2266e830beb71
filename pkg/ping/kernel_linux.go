package ping

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// drops is how many messages the kernel dropped at this socket since it was
// made (SO_MEMINFO). SO_RXQ_OVFL would not do: it is not reported for datagram
// sockets of ICMP.
func (s *socket) drops() (int, error) {
	var info [9]uint32 // up to SK_MEMINFO_DROPS, linux/sock_diag.h
	size := uint32(len(info) * 4)
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(s.fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno == unix.ENOPROTOOPT { // before Linux 4.12
		return 0, nil
	}
	if errno != 0 {
		return 0, errno
	}
	return int(info[len(info)-1]), nil
}

// Counters of /proc/net/snmp6.
const (
	wrongSums    = "Icmp6InCsumErrors"
	discardedOut = "Ip6OutDiscards"
)

// losses leaves out what the kernel dropped for a wrong checksum, which it
// counts in the same place for raw ICMPv6 sockets. What it discards on the way
// out of a datagram socket it hides (ping_v6_sendmsg), and counts.
func (s *socket) losses() (losses, error) {
	drops, err := s.drops()
	l := losses{in: drops - s.lost}
	if err != nil || s.family == v4 {
		return l, err
	}
	now := snmp6()
	if s.kind == unix.SOCK_RAW {
		l.in = max(0, l.in-(now[wrongSums]-s.counted[wrongSums]))
	} else {
		l.out = now[discardedOut] - s.counted[discardedOut]
	}
	return l, nil
}

// snmp6 reads the kernel's counters for IPv6, as far as they can be read.
func snmp6() map[string]int {
	counters := map[string]int{}
	text, err := os.ReadFile("/proc/net/snmp6")
	if err != nil {
		return counters
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, " ")
		if n, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
			counters[name] = n
		}
	}
	return counters
}

// Attributes of a neighbour table, linux/neighbour.h.
const (
	attributeLimit  = 4 // NDTA_THRESH3
	attributeConfig = 5 // NDTA_CONFIG, struct ndt_config
	attributeStats  = 7 // NDTA_STATS, struct ndt_stats
	offsetEntries   = 4
	offsetFull      = 80 // ndts_table_fulls, the eleventh of 64 bits
)

// neighbours asks the kernel for its neighbour tables. Files under /proc tell
// the same, but not in a container. What cannot be read stays zero: then
// nothing is concluded.
func (m *machine) neighbours() (tables [families]neighbourTable) {
	answer, err := syscall.NetlinkRIB(unix.RTM_GETNEIGHTBL, unix.AF_UNSPEC)
	if err != nil {
		return tables
	}
	messages, err := syscall.ParseNetlinkMessage(answer)
	if err != nil {
		return tables
	}
	for _, m := range messages {
		if len(m.Data) < 4 || m.Header.Type != unix.RTM_NEWNEIGHTBL {
			continue
		}
		f := v4
		switch m.Data[0] {
		case unix.AF_INET:
		case unix.AF_INET6:
			f = v6
		default:
			continue
		}
		tables[f].add(m.Data[4:])
	}
	return tables
}

// add takes the attributes of one message about a table; there is one more for
// each interface, without them.
func (t *neighbourTable) add(b []byte) {
	for len(b) >= 4 {
		size, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if size < 4 || size > len(b) {
			return
		}
		data := b[4:size]
		switch {
		case kind == attributeLimit && len(data) >= 4:
			t.limit = int(binary.NativeEndian.Uint32(data))
		case kind == attributeConfig && len(data) >= offsetEntries+4:
			t.entries = int(binary.NativeEndian.Uint32(data[offsetEntries:]))
		case kind == attributeStats && len(data) >= offsetFull+8:
			t.full = binary.NativeEndian.Uint64(data[offsetFull:])
		}
		b = b[min(len(b), (size+3)&^3):]
	}
}
