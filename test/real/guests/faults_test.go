//go:build real

package guests

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
	"golang.org/x/sys/unix"
)

// inBothModes runs a test with raw and with datagram sockets.
func inBothModes(t *testing.T, test func(t *testing.T, user int)) {
	t.Helper()
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) { test(t, mode.user) })
	}
}

// hosts asks 10.1.0.2 and fd00:1::2, the other end of a cable.
func hosts(t *testing.T, n namespace, user int, o ping.Options) [2]seen {
	t.Helper()
	a := n.ask(question{Targets: []ping.Target{target("10.1.0.2"), target("fd00:1::2")}, Run: &o, User: user})
	if a.Cut || len(a.Targets) != 2 {
		t.Fatalf("%+v", a)
	}
	return [2]seen{{a.Targets[0], a.Faults}, {a.Targets[1], a.Faults}}
}

// seen is what was seen of a host, and of this machine.
type seen struct {
	ping.Watched
	faults []fault
}

// discarded says whether the kernel took the packets of a datagram socket for
// IPv6, discarded them and hid it, and that was found out.
func (x seen) discarded(user int) bool {
	return user != 0 && x.Addr.Is6() && len(x.Refusals) == 0 && x.Lost() > 0 &&
		slices.ContainsFunc(x.faults, func(f fault) bool { return f.Trouble == ping.Discarded && f.Count >= x.Lost() })
}

// filter of packets: echo requests of both families.
const filter = `table inet lab {
chain c {
type filter hook %s priority 0;
icmp type echo-request %s
icmpv6 type echo-request %s
}
}`

func TestLoss(t *testing.T) {
	for _, c := range []struct {
		rule string
		lost int // of 20
	}{
		{"numgen inc mod 10 9 drop", 2}, {"numgen inc mod 2 1 drop", 10}, {"drop", 20},
	} {
		t.Run(c.rule, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, user int) {
				a, b := newNamespace(t), newNamespace(t)
				pair(a, b, 1)
				b.nft(fmt.Sprintf(filter, "input", c.rule, c.rule))
				for _, x := range hosts(t, a, user, ping.Options{Packets: 20, Interval: 10 * ms, Wait: 500 * ms}) {
					if x.Sent != 20 || x.Lost() != c.lost || len(x.Errors) > 0 || len(x.Refusals) > 0 {
						t.Errorf("%s: %+v", x.Addr, factsOf(x.Reach))
					}
				}
			})
		})
	}
}

// TestRefused: what this machine does not send is neither lost nor answered,
// and the reason is known.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(n namespace)
		errno   [2]unix.Errno // IPv4, IPv6
	}{
		{"packet filter", func(n namespace) { n.nft(fmt.Sprintf(filter, "output", "drop", "drop")) }, [2]unix.Errno{unix.EPERM, unix.EPERM}},
		{"interface down", func(n namespace) { n.ip("link set v1 down") }, [2]unix.Errno{unix.ENETUNREACH, unix.ENETUNREACH}},
		{"prohibited route", func(n namespace) {
			n.ip("route add prohibit 10.1.0.2/32")
			n.ip("route add prohibit fd00:1::2/128")
		}, [2]unix.Errno{unix.EACCES, unix.EACCES}},
		{"unreachable route", func(n namespace) {
			n.ip("route add unreachable 10.1.0.2/32")
			n.ip("route add unreachable fd00:1::2/128")
		}, [2]unix.Errno{unix.EHOSTUNREACH, unix.EHOSTUNREACH}},
		{"blackhole route", func(n namespace) {
			n.ip("route add blackhole 10.1.0.2/32")
			n.ip("route add blackhole fd00:1::2/128")
		}, [2]unix.Errno{unix.EINVAL, unix.EINVAL}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, user int) {
				a, b := newNamespace(t), newNamespace(t)
				pair(a, b, 1)
				c.prepare(a)
				for i, x := range hosts(t, a, user, five) {
					if x.discarded(user) && c.errno[i] == unix.EPERM {
						continue
					}
					if x.Sent != 0 || x.Refused() != 5 || x.Refusals[0].Errno != c.errno[i] || x.Lost() != 0 || x.Alive() {
						t.Errorf("%s: %+v", x.Addr, factsOf(x.Reach))
					}
					if _, known := x.Loss(); known {
						t.Errorf("%s: a loss is known of what was not sent", x.Addr)
					}
				}
			})
		})
	}
}

// TestEverySecondRefused: 0 % loss and OK in other tools.
func TestEverySecondRefused(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		a, b := newNamespace(t), newNamespace(t)
		pair(a, b, 1)
		a.nft(fmt.Sprintf(filter, "output", "numgen inc mod 2 1 drop", "numgen inc mod 2 1 drop"))
		for _, x := range hosts(t, a, user, ping.Options{Packets: 20, Interval: ms, Wait: time.Second}) {
			if x.discarded(user) && x.Lost() == 10 {
				continue
			}
			if x.Refused() < 9 || x.Refusals[0].Errno != unix.EPERM || x.Received != x.Sent {
				t.Errorf("%s: %+v", x.Addr, factsOf(x.Reach))
			}
		}
	})
}

// TestNobodyHome: an address of the own segment that nobody has. The system
// takes the packets and looks for the neighbour in vain.
func TestNobodyHome(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		a, b := newNamespace(t), newNamespace(t)
		pair(a, b, 1)
		r := a.ask(question{Targets: []ping.Target{target("10.1.0.77"), target("fd00:1::77")}, User: user,
			Run: &ping.Options{Packets: 5, Interval: 80 * ms, Wait: 5 * time.Second}})
		for i, x := range r.Targets {
			want := []string{"host unreachable from 10.1.0.1", "address unreachable from fd00:1::1"}[i]
			if x.Alive() || x.Lost() != 5 || len(x.Errors) != 1 || x.Errors[0].String() != want {
				t.Errorf("%s: %+v", x.Addr, factsOf(x.Reach))
			}
		}
	})
}

// TestNoCarrier: the other end of the cable is down. For up to a second the
// kernel refuses what is sent, until it looks at the link; from then on it takes
// packets and drops them without a word. Nothing is answered in either case, and
// it is no guest that is down.
func TestNoCarrier(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		a, b := newNamespace(t), newNamespace(t)
		pair(a, b, 1)
		b.ip("link set v1 down")
		for _, x := range hosts(t, a, user, five) {
			refused := !slices.ContainsFunc(x.Refusals, func(r ping.Refusal) bool { return r.Errno != unix.ENOBUFS })
			if x.Alive() || x.Refused()+x.Lost() != 5 || !refused {
				t.Errorf("%s: %+v %v", x.Addr, factsOf(x.Reach), x.faults)
			}
		}
		r := a.check(call{user: user, args: []string{"--target", "10.1.0.2", "--target", "fd00:1::2"}})
		if r.exit != 3 || !strings.HasPrefix(r.text, "UNKNOWN: ") || !strings.Contains(r.text, " reachable=0;") || strings.Contains(r.text, "pl=0%") {
			t.Errorf("exit %d: %s", r.exit, r.text)
		}
	})
}

// TestRouterSays: what a real router says of a guest behind it.
func TestRouterSays(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(guest, router namespace)
		want    [2]string
	}{
		{"no route", func(_, r namespace) {},
			[2]string{"network unreachable from 10.1.0.2", "no route from fd00:1::2"}},
		{"prohibited route", func(_, r namespace) {
			r.ip("route add prohibit 10.7.0.0/24")
			r.ip("route add prohibit fd00:7::/64")
		}, [2]string{"prohibited by a filter from 10.1.0.2", "prohibited from fd00:1::2"}},
		{"filter", func(_, r namespace) {
			r.ip("route add 10.7.0.0/24 via 10.2.0.1")
			r.ip("route add fd00:7::/64 via fd00:2::1")
			r.nft(fmt.Sprintf(filter, "forward", "reject with icmp type admin-prohibited", "reject with icmpv6 type admin-prohibited"))
		}, [2]string{"prohibited by a filter from 10.1.0.2", "prohibited from fd00:1::2"}},
		{"loop", func(g, r namespace) { // the guest sends everything back to the router
			for i, n := range []namespace{r, g} {
				n.sysctl("net.ipv4.ip_forward", "1")
				n.sysctl("net.ipv6.conf.all.forwarding", "1")
				n.sysctl("net.ipv4.conf.all.send_redirects", "0")
				n.sysctl("net.ipv4.conf.v2.send_redirects", "0")
				n.sysctl("net.ipv4.icmp_ratelimit", "0")
				n.sysctl("net.ipv6.icmp.ratelimit", "0")
				n.ip(fmt.Sprintf("route replace 10.7.0.1/32 via 10.2.0.%d", 1+i))
				n.ip(fmt.Sprintf("route replace fd00:7::1/128 via fd00:2::%d", 1+i))
			}
		}, [2]string{"TTL exceeded from ", "hop limit exceeded from "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, user int) {
				a, g, r := routed(t)
				c.prepare(g, r)
				got := a.ask(question{Targets: []ping.Target{target("10.7.0.1"), target("fd00:7::1")}, Run: &five, User: user})
				for i, x := range got.Targets {
					if x.Alive() || x.Lost() != 5 || len(x.Errors) == 0 || !strings.HasPrefix(x.Errors[0].String(), c.want[i]) {
						t.Errorf("%s: %+v, expected %q", x.Addr, factsOf(x.Reach), c.want[i])
					}
				}
			})
		})
	}
}

// routed is a monitor, a guest at 10.2.0.1 and fd00:2::1, and a router between
// them that sends as many errors as it wants.
func routed(t *testing.T) (monitor, guest, router namespace) {
	monitor, guest, router = newNamespace(t), newNamespace(t), newNamespace(t)
	pair(monitor, router, 1)
	pair(guest, router, 2)
	router.sysctl("net.ipv4.ip_forward", "1")
	router.sysctl("net.ipv6.conf.all.forwarding", "1")
	for _, n := range []namespace{monitor, router} {
		n.sysctl("net.ipv4.icmp_ratelimit", "0")
		n.sysctl("net.ipv6.icmp.ratelimit", "0")
	}
	monitor.ip("route add default via 10.1.0.2")
	monitor.ip("-6 route add default via fd00:1::2")
	guest.ip("route add default via 10.2.0.2")
	guest.ip("-6 route add default via fd00:2::2")
	return monitor, guest, router
}

// TestPathMTU: the first packet teaches the size that the path takes, and is
// not lost for it. Where fragments are forbidden, that is said.
func TestPathMTU(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		for _, dont := range []bool{false, true} {
			a, g, r := routed(t)
			g.ip("link set v2 mtu 1400")
			r.ip("link set v2 mtu 1400")
			o := five
			o.Size, o.DontFragment = 1440, dont
			got := a.ask(question{Targets: []ping.Target{target("10.2.0.1"), target("fd00:2::1")}, Run: &o, User: user})
			for _, x := range got.Targets {
				switch {
				case !dont && (x.Received != 5 || x.Lost() > 0 || len(x.Refusals) > 0):
					t.Errorf("%s: %+v", x.Addr, factsOf(x.Reach))
				case dont && (x.Alive() || x.Lost() != 5 || len(x.Refusals) > 0 || len(x.Errors) == 0 || !strings.HasPrefix(x.Errors[0].String(), "packet too big (path MTU 1400)")):
					t.Errorf("%s, not to be fragmented: %+v", x.Addr, factsOf(x.Reach))
				}
			}
		}
	})
}

// TestPrivilege: a user who may not send is told what would help.
func TestPrivilege(t *testing.T) {
	n := newNamespace(t)
	n.sysctl("net.ipv4.ping_group_range", "1 0")
	for _, c := range []struct {
		name          string
		frozen, bound bool
		want          string
	}{
		{"plain", false, false, "setcap cap_net_raw+ep"},
		{"NoNewPrivileges", true, false, "NoNewPrivileges is set"},
		{"empty bounding set", false, true, "CapabilityBoundingSet"},
	} {
		a := n.ask(question{Targets: []ping.Target{target("127.0.0.1"), target("::1")}, Run: &five, User: nobody, Frozen: c.frozen, Bound: c.bound})
		if len(a.Faults) != 2 {
			t.Fatalf("%s: %+v", c.name, a.Faults)
		}
		for _, f := range a.Faults {
			if !f.Privilege || f.Trouble != ping.Closed || !strings.Contains(f.Text, c.want) || !strings.Contains(f.Text, "net.ipv4.ping_group_range is 1 0") {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
		for _, x := range a.Targets {
			if x.Unsent != 5 || x.Lost() != 0 {
				t.Errorf("%s: %+v", c.name, x)
			}
		}
	}
}

// TestZones: link-local addresses, by the name and by the number of their
// interface, and of an interface that is not there.
func TestZones(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		a, b := newNamespace(t), newNamespace(t)
		pair(a, b, 1)
		b.ip("addr add fe80::77/64 dev v1 nodad")
		a.ip("addr add fe80::1/64 dev v1 nodad")
		number := strings.TrimSpace(run(t, "ip", "netns", "exec", a.name, "cat", "/sys/class/net/v1/ifindex"))
		got := a.ask(question{Targets: []ping.Target{target("fe80::77%v1"), target("fe80::77%" + number), target("fe80::77%nosuch0"), target("fe80::78%v1")}, Run: &five, User: user})
		if x := got.Targets[0]; x.Received != 5 {
			t.Errorf("%+v", factsOf(x.Reach))
		}
		if x := got.Targets[1]; x.Received != 5 {
			t.Errorf("by number: %+v", factsOf(x.Reach))
		}
		if x := got.Targets[2]; x.Refused() != 5 || x.Refusals[0].Errno != unix.ENODEV {
			t.Errorf("no interface: %+v", factsOf(x.Reach))
		}
		if x := got.Targets[3]; x.Alive() || x.Lost() != 5 {
			t.Errorf("nobody there: %+v", factsOf(x.Reach))
		}
	})
}

// TestDNSBlackHole: a name server that does not answer does not take longer
// than it may, and addresses need none.
func TestDNSBlackHole(t *testing.T) {
	a, b := newNamespace(t), newNamespace(t)
	pair(a, b, 1)
	b.nft("table inet lab {\nchain c {\ntype filter hook input priority 0;\nudp dport 53 drop\n}\n}")
	a.nameserver("10.1.0.2")
	got := a.ask(question{Resolve: []string{"192.0.2.1", "db1.example.net", "10.0.0.0/8", "fe80::1%lo"}, Limit: time.Second})
	var out []string
	for _, r := range got.Names {
		out = append(out, fmt.Sprint(r.Addrs, r.Err))
	}
	want := "[[192.0.2.1] []the DNS does not answer in time []a network, expected a host [fe80::1%lo]]"
	if text := fmt.Sprint(out); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// TestTCP: a guest that drops pings and has a port, open or not.
func TestTCP(t *testing.T) {
	a, _, r := routed(t)
	r.nft("table inet lab {\nchain c {\ntype filter hook forward priority 0;\nicmp type echo-request drop\nicmpv6 type echo-request drop\ntcp dport 81 drop\ntcp dport 82 reject with icmpx type host-unreachable\n}\n}")
	targets := []ping.Target{target("10.2.0.1"), target("fd00:2::1")}
	for _, x := range a.ask(question{Targets: targets, Run: &ping.Options{Packets: 2, Wait: 200 * ms}}).Targets {
		if x.Alive() {
			t.Errorf("%+v", factsOf(x.Reach))
		}
	}
	for _, c := range []struct {
		ports    []int
		answered bool
		reason   string
	}{{[]int{80}, true, ""}, {[]int{81}, false, "no answer"}, {[]int{82}, false, "no route to host"}, {[]int{81, 80}, true, ""}} {
		got := a.ask(question{Targets: targets, Connect: &ping.ConnectOptions{Ports: c.ports, Wait: 500 * ms}, User: nobody})
		for _, x := range got.Connections {
			if x.Answered != c.answered || x.Reason != c.reason || x.Refused != c.answered {
				t.Errorf("ports %v, %s: %+v", c.ports, x.Addr, x)
			}
		}
	}
}
