package ping

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Refusal counts the packets to a target that this machine did not send, by
// the error that sending returned.
type Refusal struct {
	Errno syscall.Errno
	Count int
}

// refusals say what an error of sendmsg(2) means for an echo request.
var refusals = map[syscall.Errno]string{
	syscall.EPERM:         "refused by this machine's packet filter",
	syscall.EACCES:        "a route of this machine prohibits it, or it is a broadcast address",
	syscall.EINVAL:        "a route of this machine discards it, or its neighbour table is full",
	syscall.ENETUNREACH:   "this machine has no route",
	syscall.EHOSTUNREACH:  "a route of this machine makes it unreachable",
	syscall.ENETDOWN:      "this machine's interface is down",
	syscall.ENODEV:        "this machine has no such interface",
	syscall.EADDRNOTAVAIL: "this machine has no address to send from",
	syscall.ENOBUFS:       "link without carrier, or no room to send: queue or neighbour table full",
	syscall.EAGAIN:        "the send buffer stays full",
	syscall.ENOMEM:        "out of memory",
}

// String says why, in words and with the error's name in the C library's text.
func (r Refusal) String() string {
	if text, known := refusals[r.Errno]; known {
		return text + " (" + r.Errno.Error() + ")"
	}
	return r.Errno.Error()
}

// Trouble is a kind of fault of this machine.
type Trouble string

// What can be wrong on this side of the wire.
const (
	// Closed: there is no socket for a family of addresses.
	Closed Trouble = "closed"
	// Overflow: answers were dropped because this program did not read them in
	// time.
	Overflow Trouble = "overflow"
	// Discarded: packets were taken for sending and then discarded, by this
	// machine. Of datagram sockets for IPv6 the kernel does not say which.
	Discarded Trouble = "discarded"
	// NeighbourTable: there is no room for the link addresses of so many
	// hosts on the own segment.
	NeighbourTable Trouble = "neighbour table"
)

// Fault is something wrong on this machine that concerns no single target.
type Fault struct {
	Trouble Trouble
	// Family is IPv4 or IPv6.
	Family string
	// Count of the targets not asked (Closed), or of packets.
	Count int
	Err   error
}

func (f Fault) String() string { return f.Err.Error() }

// ErrPrivilege means that this user may not send echo requests. The error that
// holds it says what would allow it.
var ErrPrivilege = errors.New("no right to send ICMP echo requests")

// closed is the fault of a family without a socket.
func closed(f family, targets int, err error) Fault {
	return Fault{Trouble: Closed, Family: f.String(), Count: targets, Err: fmt.Errorf("%s: %w", f, err)}
}

// faults closes the link and says what it lost. unanswered is how many packets
// of the family have no answer.
func (s *side) faults(unanswered int) []Fault {
	l, err := s.link.losses()
	if err = errors.Join(err, s.link.close()); err != nil {
		return []Fault{{Overflow, s.family.String(), 0, fmt.Errorf("%s socket: %w", s.family, err)}}
	}
	var out []Fault
	if l.in > 0 {
		out = append(out, Fault{Overflow, s.family.String(), l.in,
			fmt.Errorf("%s: %d answers were dropped on this machine, its receive buffer was full", s.family, l.in)})
	}
	// Discarded packets may be other programs'. They explain what is
	// unanswered only when there are enough of them.
	if unanswered > 0 && l.out >= unanswered {
		out = append(out, Fault{Discarded, s.family.String(), l.out,
			fmt.Errorf("%s: this machine discarded %d packets on their way out (packet filter, neighbour table or link)", s.family, l.out)})
	}
	return out
}

// rights are what decides whether a process may send echo requests.
type rights struct {
	groups string // net.ipv4.ping_group_range
	// bound: CAP_NET_RAW is not in the bounding set, so nothing can give it.
	bound bool
	// frozen: no_new_privs is set, so the capabilities of files are ignored.
	frozen bool
}

// privilege is the error of a process that may do neither, with what helps.
func privilege(r rights, raw, datagram error) error {
	var help []string
	if r.groups != "" {
		help = append(help, "net.ipv4.ping_group_range is "+r.groups+" and holds no group of this user: the line net.ipv4.ping_group_range = 0 2147483647 in /etc/sysctl.d helps")
	}
	switch {
	case r.bound:
		help = append(help, "cap_net_raw is not in the bounding set of this service, so setcap cannot help: give it with CapabilityBoundingSet and AmbientCapabilities=CAP_NET_RAW")
	case r.frozen:
		help = append(help, "NoNewPrivileges is set, so setcap on the plugin has no effect here: give AmbientCapabilities=CAP_NET_RAW instead")
	default:
		help = append(help, "or setcap cap_net_raw+ep on the plugin")
	}
	return fmt.Errorf("%w (raw socket: %w, datagram socket: %w): %s", ErrPrivilege, raw, datagram, strings.Join(help, ", "))
}

// readRights reads what the kernel says of this process, as far as it does.
func readRights() rights {
	var r rights
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ping_group_range"); err == nil {
		r.groups = strings.Join(strings.Fields(string(text)), " ")
	}
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return r
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch name {
		case "NoNewPrivs":
			r.frozen = value == "1"
		case "CapBnd":
			const netRaw = 13 // capabilities(7)
			var set uint64
			if _, err := fmt.Sscanf(value, "%x", &set); err == nil {
				r.bound = set&(1<<netRaw) == 0
			}
		}
	}
	return r
}
