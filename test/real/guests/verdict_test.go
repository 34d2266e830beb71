//go:build real

package guests

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/guests"
)

// What the plugin answers about guests and about this machine, on the wire, by
// both kinds of sockets and over both families. The other tests are about what
// pkg/ping sees; these are about what an operator reads.

// answered is how a guest behaves, and the line about it.
type answered struct {
	guest  guests.Guest
	status string
	want   string // regular expression, after the address
	// datagram is the same where the kernel shows less.
	datagram string
}

// verdicts on guests whose routers send errors of a type with each code.
func verdicts(router, stranger netip.Addr, kind uint8, reasons map[uint8]string) (list []answered) {
	add := func(status, want string, g guests.Guest) {
		list = append(list, answered{guest: g, status: status, want: want})
	}
	add("OK", `\S+$`, guests.Guest{})
	add("CRITICAL", `no answer to 5 packets`, guests.Guest{Lose: each})
	add("OK", `.*20% of 5 packets lost`, guests.Guest{Lose: every(5)})
	add("WARNING", `.*40% of 5 packets lost`, guests.Guest{Lose: every(2)})
	add("WARNING", `[3-9]\d\dms$`, guests.Guest{Delay: 300 * ms})
	add("CRITICAL", `([6-9]\d\dms|1\.\d+s)$`, guests.Guest{Delay: 600 * ms})
	add("OK", `\S+$`, guests.Guest{Jitter: []time.Duration{100 * ms, 0, 20 * ms}})
	add("OK", `\S+$`, guests.Guest{Copies: 2})
	add("WARNING", `.*40% of 5 packets lost`, guests.Guest{Copies: 2, Lose: every(2)})
	add("CRITICAL", `answers are corrupt`, guests.Guest{Corrupt: each})
	list[len(list)-1].datagram = `no answer to 5 packets`
	add("CRITICAL", `answers come from `+regexp.QuoteMeta(stranger.String()), guests.Guest{From: stranger})
	add("OK", `\d+(\.\d+)?(us|ms)$`, guests.Guest{Overwrite: 8})
	add("OK", `\d+(\.\d+)?(us|ms)$`, guests.Guest{Keep: 4})
	add("WARNING", `.*60% of 5 packets lost`, guests.Guest{PerSecond: 4})
	for _, code := range slices.Sorted(maps.Keys(reasons)) {
		reason := reasons[code]
		e := guests.Error{Type: kind, Code: code, By: router}
		add("CRITICAL", reason+` from `+router.String(), guests.Guest{Error: &e})
		stray, beside := e, e
		stray.When, beside.Too = only(2), true
		add("OK", `.*20% of 5 packets lost, `+reason, guests.Guest{Error: &stray})
		add("OK", `\S+$`, guests.Guest{Error: &beside})
	}
	return list
}

func TestPluginTruth(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		n := newNamespace(t)
		tun := n.tun(map[netip.Addr]*guests.Guest{})
		for _, x := range []struct {
			pattern, router, stranger string
			kind                      uint8
			reasons                   map[uint8]string
		}{
			{"192.0.2.%d", "192.0.2.200", "192.0.2.222", 3, map[uint8]string{0: "network unreachable", 1: "host unreachable", 13: "prohibited by a filter"}},
			{"192.0.2.1%02d", "192.0.2.200", "192.0.2.222", 11, map[uint8]string{0: "TTL exceeded"}},
			{"2001:db8::%d", "2001:db8::ff", "2001:db8::fe", 1, map[uint8]string{0: "no route", 1: "prohibited", 3: "address unreachable"}},
			{"2001:db8::1:%d", "2001:db8::ff", "2001:db8::fe", 3, map[uint8]string{0: "hop limit exceeded"}},
		} {
			// Not more at once: what ten guests have in common is told in one line.
			args, want := []string{"-v", "--max-bytes", "65536", "-t", "20s"}, map[string]string{}
			for i, a := range verdicts(netip.MustParseAddr(x.router), netip.MustParseAddr(x.stranger), x.kind, x.reasons) {
				at := target(fmt.Sprintf(x.pattern, i+1))
				tun.World().Set(at.Addr, &a.guest)
				args = append(args, "--target", at.Name)
				// For IPv6 the kernel drops corrupt answers for raw sockets too.
				if a.datagram != "" && (user != 0 || at.Addr.Is6()) {
					a.want = a.datagram
				}
				want[at.Name] = fmt.Sprintf(`(?m)^\[%s\] %s: %s`, a.status, regexp.QuoteMeta(at.Name), a.want)
			}
			r := n.check(call{user: user, args: args})
			if r.exit != 2 || !strings.HasPrefix(r.text, "CRITICAL: ") {
				t.Errorf("exit %d: %.300s", r.exit, r.text)
			}
			for name, pattern := range want {
				if !regexp.MustCompile(pattern).MatchString(r.text) {
					t.Errorf("%s: expected %s: %s", name, pattern, r.text)
				}
			}
		}
	})
}

// TestPluginOwnFaults: what goes wrong on this machine is UNKNOWN, with its
// reason. It is no guest that is down, and it is no loss of 0 %.
func TestPluginOwnFaults(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(a, b namespace)
		targets []string
		want    string
		partly  bool // something was answered
	}{
		{name: "packet filter", prepare: func(a, _ namespace) { a.nft(fmt.Sprintf(filter, "output", "drop", "drop")) }, want: "not permitted"},
		{name: "packet filter, every second", prepare: func(a, _ namespace) {
			a.nft(fmt.Sprintf(filter, "output", "numgen inc mod 2 1 drop", "numgen inc mod 2 1 drop"))
		}, want: "not permitted", partly: true},
		{name: "interface down", prepare: func(a, _ namespace) { a.ip("link set v1 down") }, want: "network is unreachable"},
		{name: "no route", prepare: func(a, _ namespace) {}, targets: []string{"10.77.0.1", "fd00:77::1"}, want: "network is unreachable"},
		{name: "prohibited route", prepare: func(a, _ namespace) {
			a.ip("route add prohibit 10.1.0.2/32")
			a.ip("route add prohibit fd00:1::2/128")
		}, want: "permission denied"},
		{name: "unreachable route", prepare: func(a, _ namespace) {
			a.ip("route add unreachable 10.1.0.2/32")
			a.ip("route add unreachable fd00:1::2/128")
		}, want: "no route to host"},
		{name: "blackhole route", prepare: func(a, _ namespace) {
			a.ip("route add blackhole 10.1.0.2/32")
			a.ip("route add blackhole fd00:1::2/128")
		}, want: "invalid argument"},
		{name: "DNS black hole", prepare: func(a, b namespace) {
			b.nft("table inet lab {\nchain c {\ntype filter hook input priority 0;\nudp dport 53 drop\n}\n}")
			a.nameserver("10.1.0.2")
		}, targets: []string{"10.1.0.2", "db1.example.net", "fd00:1::2"}, want: "no address: db1.example.net (the DNS does not answer in time)", partly: true},
		{name: "unknown name", prepare: func(a, _ namespace) { a.nameserver("10.1.0.1") }, targets: []string{"10.1.0.2", "10.1.0.2", "a..b", "10.0.0.0/8"}, want: "no address: ", partly: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, user int) {
				a, b := newNamespace(t), newNamespace(t)
				pair(a, b, 1)
				c.prepare(a, b)
				args := []string{"-t", "6s", "-v"}
				if c.targets == nil {
					c.targets = []string{"10.1.0.2", "fd00:1::2"}
				}
				for _, x := range c.targets {
					args = append(args, "--target", x)
				}
				r := a.check(call{user: user, args: args})
				if r.exit != 3 || !strings.HasPrefix(r.text, "UNKNOWN: ") || !strings.Contains(r.text, c.want) || strings.Contains(r.text, "[CRITICAL]") || strings.Contains(r.text, "[WARNING]") {
					t.Errorf("exit %d: %s", r.exit, r.text)
				}
				if !c.partly && (strings.Contains(r.text, "0% lost") || strings.Contains(r.text, "pl=0%") || strings.Contains(r.text, "rta=")) {
					t.Errorf("nothing was asked, and something is known: %s", r.text)
				}
				t.Logf("%s", r.text)
			})
		})
	}
}

// TestPluginGone: guests that are gone from the own segment, and from one
// behind a router. Who looks for them in vain says so, and that is CRITICAL.
func TestPluginGone(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		a, _, _ := routed(t)
		want := map[string]string{
			"10.1.0.77": "host unreachable from 10.1.0.1", "fd00:1::77": "address unreachable from fd00:1::1",
			"10.2.0.77": "host unreachable from 10.1.0.2", "fd00:2::77": "address unreachable from fd00:1::2",
		}
		// The kernel gives a neighbour up after three seconds.
		args := []string{"-v", "--packets", "5", "--interval", "900ms", "-t", "20s"}
		for addr := range want {
			args = append(args, "--target", addr)
		}
		r := a.check(call{user: user, args: args})
		if r.exit != 2 || !strings.HasPrefix(r.text, "CRITICAL: ") {
			t.Errorf("exit %d: %s", r.exit, r.text)
		}
		for addr, reason := range want {
			if !strings.Contains(r.text, "[CRITICAL] "+addr+": "+reason) {
				t.Errorf("%s, expected %s: %s", addr, reason, r.text)
			}
		}
	})
}

// TestPluginPath: what is between this machine and the guests.
func TestPluginPath(t *testing.T) {
	both := []string{"--target", "10.2.0.1", "--target", "fd00:2::1"}
	narrow := func(_, g, r namespace) {
		g.ip("link set v2 mtu 1400")
		r.ip("link set v2 mtu 1400")
	}
	noPing := func(_, _, r namespace) { r.nft(fmt.Sprintf(filter, "forward", "drop", "drop")) }
	dead := func(_, _, r namespace) {
		noPing(namespace{}, namespace{}, r)
		r.nft(strings.Replace(fmt.Sprintf(filter, "input", "drop", "drop"), "chain c", "chain own", 1))
	}
	for _, c := range []struct {
		name    string
		prepare func(a, g, r namespace)
		args    []string
		exit    int
		want    []string
	}{
		{"narrow", narrow, []string{"--size", "1440"}, 0, []string{"OK: 2 of 2 hosts answer", "0% lost"}},
		{"narrow, no fragments", narrow, []string{"--size", "1440", "--dont-fragment"}, 2, []string{"10.2.0.1: packet too big (path MTU 1400)", "fd00:2::1: packet too big (path MTU 1400)"}},
		{"no pings", noPing, nil, 2, []string{"10.2.0.1: no answer to 5 packets", "fd00:2::1: no answer to 5 packets"}},
		{"no pings, but TCP", noPing, []string{"--tcp", "80"}, 0, []string{"OK: 2 of 2 hosts answer", "2 by TCP"}},
		{"no pings, gateway answers", noPing, []string{"--parent", "10.1.0.2"}, 2, []string{"10.2.0.1: no answer to 5 packets"}},
		{"gateway dead", dead, []string{"--parent", "10.1.0.2"}, 3, []string{"UNKNOWN: path to 10.1.0.2 is down", "2 hosts not judged"}},
		{"gateway dead, as is said", dead, []string{"--parent", "10.1.0.2", "--parent-state", "critical"}, 2, []string{"CRITICAL: path to 10.1.0.2 is down", "2 hosts not judged"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, user int) {
				a, g, r := routed(t)
				c.prepare(a, g, r)
				got := a.check(call{user: user, args: append(append([]string{"-t", "20s"}, both...), c.args...)})
				for _, want := range c.want {
					if !strings.Contains(got.text, want) {
						t.Errorf("expected %q: %s", want, got.text)
					}
				}
				if got.exit != c.exit {
					t.Errorf("exit %d, expected %d: %s", got.exit, c.exit, got.text)
				}
			})
		})
	}
}

// TestPluginRouted: every one of 10,000 guests behind a router answers. On a
// wire the answers come in bursts, and other tools call those dead that come
// after the first 256.
func TestPluginRouted(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		a, b := newNamespace(t), newNamespace(t)
		pair(a, b, 1)
		b.sysctl("net.ipv4.icmp_ratelimit", "0")
		b.ip("route add local 10.6.0.0/16 dev lo")
		a.ip("route add 10.6.0.0/16 via 10.1.0.2")
		r := a.check(call{user: user, args: []string{"--targets", hostFile(t, 10_000, "10.6.%d.%d"), "--rate", "0", "--interval", "0s", "-t", "30s"}})
		if r.exit != 0 || !strings.HasPrefix(r.text, "OK: 10000 of 10000 hosts answer") || !strings.Contains(r.text, " pl=0%") {
			t.Errorf("exit %d: %.300s", r.exit, r.text)
		}
		t.Logf("%s", r.taken)
	})
}

// TestPluginOwnSegment: more guests on the own segment than the kernel's table
// of neighbours holds. None of them is down. Nothing else may run meanwhile.
func TestPluginOwnSegment(t *testing.T) {
	inBothModes(t, func(t *testing.T, user int) {
		a, b := newNamespace(t), newNamespace(t)
		pair(a, b, 1)
		a.ip("addr add 10.5.255.254/16 dev v1")
		b.ip("route add local 10.5.0.0/20 dev lo")
		b.ip("route add 10.5.255.254/32 dev v1")
		r := a.check(call{user: user, args: []string{"--targets", hostFile(t, 2000, "10.5.%d.%d"), "--packets", "3", "--interval", "300ms", "-t", "30s"}})
		if r.exit != 3 || !strings.HasPrefix(r.text, "UNKNOWN: ") || !strings.Contains(r.text, "net.ipv4.neigh.default.gc_thresh3") || strings.Contains(r.text, "CRITICAL") {
			t.Errorf("exit %d: %.600s", r.exit, r.text)
		}
	})
}
