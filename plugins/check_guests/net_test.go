package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/web"
)

// fakeNet answers as a file says, in the place of pkg/ping. Each line is an
// address and what is different about it; all others answer after 0.3 ms.
//
//	192.0.2.1 lost=2            two packets have no answer
//	192.0.2.2 silent port=22:open,80:refused
//	192.0.2.2 silent tcp=pending    no time was left for its ports
//	192.0.2.2 silent tcp=EMFILE     this machine could not try them
//	192.0.2.3 silent error=host_unreachable@198.51.100.1
//	192.0.2.4 rtt=700ms
//	192.0.2.5 refused=EPERM*5
//	192.0.2.6 gap=279-320*15
//	site shop.example.net status=503 took=45ms flaw=expired_on_2026-01-01
//	site shop.example.net silent=connection_refused addr=192.0.2.103
//	site shop.example.net gap=299-349 away=2s hung=server
//	site shop.example.net own=DNS:_no_such_name
//	name shop.example.net 192.0.2.7
//	fault overflow IPv4 12
//	cut
type fakeNet struct {
	hosts map[netip.Addr]fakeHost
	names map[string]string
	sites map[string]web.Watched
	fault []ping.Fault
	cut   bool
	asked []netip.Addr
}

type fakeHost struct {
	lost, refused           int
	silent, altered, copies bool
	errno                   syscall.Errno
	rtt                     time.Duration
	strange                 netip.Addr
	err                     *ping.Unreachable
	ports                   map[int]string
	tcp                     string
	gap                     *ping.Gap
	away                    time.Duration
}

func readNet(t *testing.T, dir string) *fakeNet {
	t.Helper()
	f := &fakeNet{hosts: map[netip.Addr]fakeHost{}, names: map[string]string{}, sites: map[string]web.Watched{}}
	text, err := os.ReadFile(filepath.Join(dir, "net"))
	if errors.Is(err, os.ErrNotExist) {
		return f
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if err := f.line(strings.Fields(line)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return f
}

func (f *fakeNet) line(words []string) (err error) {
	switch {
	case len(words) == 0:
		return nil
	case words[0] == "cut":
		f.cut = true
		return nil
	case words[0] == "site":
		return f.site(words[1], words[2:])
	case words[0] == "name":
		f.names[words[1]] = words[2]
		return nil
	case words[0] == "fault":
		n, err := strconv.Atoi(words[3])
		text := map[string]string{
			"overflow": "answers were dropped on this machine", "closed": "no right to send ICMP echo requests", "neighbour": "this machine's neighbour table is full",
		}[words[1]]
		trouble := map[string]ping.Trouble{"overflow": ping.Overflow, "closed": ping.Closed, "neighbour": ping.NeighbourTable}[words[1]]
		f.fault = append(f.fault, ping.Fault{Trouble: trouble, Family: words[2], Count: n, Err: errors.New(words[2] + ": " + text)})
		return err
	}
	a, err := netip.ParseAddr(words[0])
	if err != nil {
		return err
	}
	h := fakeHost{ports: map[int]string{}}
	for _, w := range words[1:] {
		if err := h.word(w); err != nil {
			return err
		}
	}
	f.hosts[a] = h
	return nil
}

func (h *fakeHost) word(w string) (err error) {
	key, value, _ := strings.Cut(w, "=")
	switch key {
	case "silent":
		h.silent = true
	case "altered":
		h.altered = true
	case "copies":
		h.copies = true
	case "lost":
		h.lost, err = strconv.Atoi(value)
	case "rtt":
		h.rtt, err = time.ParseDuration(value)
	case "away":
		h.away, err = time.ParseDuration(value)
	case "strange":
		h.strange, err = netip.ParseAddr(value)
		h.silent = true
	case "error":
		text, by, _ := strings.Cut(value, "@")
		h.err = &ping.Unreachable{Reason: strings.ReplaceAll(text, "_", " "), By: netip.MustParseAddr(by), Count: 5}
	case "refused":
		name, n, _ := strings.Cut(value, "*")
		h.errno = map[string]syscall.Errno{"EPERM": syscall.EPERM, "ENETUNREACH": syscall.ENETUNREACH, "ENOBUFS": syscall.ENOBUFS}[name]
		h.refused, err = strconv.Atoi(n)
	case "tcp":
		h.tcp = value
	case "port":
		for p := range strings.SplitSeq(value, ",") {
			number, is, _ := strings.Cut(p, ":")
			n, bad := strconv.Atoi(number)
			h.ports[n], err = is, errors.Join(err, bad)
		}
	case "gap":
		var low, high, lost int
		_, err = fmt.Sscanf(value, "%d-%d*%d", &low, &high, &lost)
		h.gap = &ping.Gap{Start: time.Second, AtLeast: time.Duration(low) * time.Millisecond, AtMost: time.Duration(high) * time.Millisecond, Lost: lost, Unbounded: high == 0}
	default:
		err = errors.New("no such word")
	}
	return err
}

func (f *fakeNet) prober() prober {
	return prober{f.run, f.watch, f.connect, f.resolve, f.visit, f.follow}
}

func (f *fakeNet) reach(t ping.Target, packets int) ping.Reach {
	f.asked = append(f.asked, t.Addr)
	h := f.hosts[t.Addr]
	r := ping.Reach{Target: t, Sent: packets - h.refused}
	r.Received = r.Sent - h.lost
	switch {
	case h.silent && f.cut:
		r.Received, r.Pending = 0, r.Sent
	case h.silent:
		r.Received = 0
	}
	for _, fault := range f.fault {
		if fault.Trouble == ping.Closed && (fault.Family == "IPv6") == t.Addr.Is6() {
			r.Sent, r.Received, r.Unsent = 0, 0, packets
		}
	}
	if h.refused > 0 {
		r.Refusals = []ping.Refusal{{Errno: h.errno, Count: h.refused}}
	}
	if h.err != nil {
		r.Errors = []ping.Unreachable{*h.err}
	}
	if h.strange.IsValid() {
		r.Strange, r.Stranger = r.Sent, h.strange
	}
	if h.altered {
		r.Altered = r.Received
	}
	if h.copies {
		r.Duplicates = r.Received
	}
	if r.Received > 0 {
		r.Avg = max(h.rtt, 300*time.Microsecond)
		r.Min, r.Max = r.Avg, r.Avg
	}
	return r
}

func (f *fakeNet) run(_ context.Context, targets []ping.Target, o ping.Options) (ping.Report, error) {
	r := ping.Report{Faults: f.fault, Cut: f.cut, Evidence: []string{fmt.Sprintf("fake: %d addresses", len(targets))}}
	for _, t := range targets {
		r.Targets = append(r.Targets, f.reach(t, o.Packets))
	}
	return r, nil
}

func (f *fakeNet) watch(_ context.Context, targets []ping.Target, o ping.WatchOptions) (ping.WatchReport, error) {
	r := ping.WatchReport{Faults: f.fault, Cut: f.cut, Spacing: o.Interval}
	for _, t := range targets {
		w := ping.Watched{Reach: f.reach(t, int(o.Duration/o.Interval)), Away: f.hosts[t.Addr].away}
		if g := f.hosts[t.Addr].gap; g != nil {
			w.Gaps, w.Longest = 1, *g
			w.Received -= g.Lost
		}
		r.Targets = append(r.Targets, w)
	}
	return r, nil
}

func (f *fakeNet) connect(_ context.Context, targets []ping.Target, o ping.ConnectOptions) ([]ping.Connection, error) {
	var out []ping.Connection
	for _, t := range targets {
		c := ping.Connection{Target: t, Reason: "no answer"}
		switch f.hosts[t.Addr].tcp {
		case "pending":
			c.Pending, c.Reason = true, ""
		case "EMFILE":
			c.Refusals, c.Reason = []ping.Refusal{{Errno: syscall.EMFILE, Count: 1}}, ""
		}
		for _, port := range o.Ports {
			if is := f.hosts[t.Addr].ports[port]; is != "" && !c.Answered {
				c.Answered, c.Port, c.Refused, c.Reason = true, port, is == "refused", ""
			}
		}
		out = append(out, c)
	}
	return out, nil
}

func (f *fakeNet) resolve(_ context.Context, names []string, want ping.Wanted) []ping.Resolved {
	out := make([]ping.Resolved, len(names))
	for i, name := range names {
		out[i].Name = name
		if a, err := netip.ParseAddr(name); err == nil {
			out[i].Addrs = []netip.Addr{a}
		} else if _, err := netip.ParsePrefix(name); err == nil {
			out[i].Err = errors.New("a network, expected a host")
		} else if a := f.names[name]; a != "" {
			out[i].Addrs = []netip.Addr{netip.MustParseAddr(a)}
		} else {
			out[i].Err = errors.New("no such name")
		}
	}
	return out
}
