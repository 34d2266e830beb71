package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Bounds of a file with targets.
const (
	largestFile = 4 << 20
	mostTargets = 100_000
)

// named is a host as it was given, and what to call it.
type named struct{ host, name string }

// targetList reads --target and --targets, each host once.
func (o *options) targetList() ([]named, error) {
	var list []named
	for _, host := range o.Target {
		list = append(list, named{host, host})
	}
	if o.Targets != "" {
		text, err := secret.Guarded(o.Targets, largestFile)
		if err != nil {
			return nil, fmt.Errorf("--targets %w", err)
		}
		lines, err := targetLines(string(text))
		if err != nil {
			return nil, fmt.Errorf("--targets %s: %w", o.Targets, err)
		}
		list = append(list, lines...)
	}
	seen := make(map[named]bool, len(list))
	out := list[:0]
	for _, t := range list {
		if !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	switch {
	case len(out) == 0:
		return nil, fmt.Errorf("--targets %s: no host in it, expected one in each line", o.Targets)
	case len(out) > mostTargets:
		return nil, fmt.Errorf("expected at most %d targets, got %d", mostTargets, len(out))
	}
	return out, nil
}

// targetLines reads a host from each line, and what to call it from what
// follows. A # begins a comment. A line that can be no host makes all of it none
// of ours: nobody may be asked for the names of what somebody took for a list.
// It is not repeated.
func targetLines(text string) ([]named, error) {
	list := make([]named, 0, 1+strings.Count(text, "\n"))
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if !canBeHost(words[0]) {
			return nil, fmt.Errorf("line %d: expected the name or the address of a host, and behind it what to call it", number)
		}
		t := named{words[0], words[0]}
		if len(words) > 1 {
			t.name = shorten(strings.Join(words[1:], " "), 200)
		}
		list = append(list, t)
	}
	return list, nil
}

// canBeHost takes addresses and names without a port. Networks pass: they need
// no look-up, and are told as such beside the answers of the others.
func canBeHost(word string) bool {
	if _, err := netip.ParsePrefix(word); err == nil {
		return true
	}
	if _, err := netip.ParseAddr(word); err != nil && strings.ContainsAny(word, ":[]") {
		return false
	}
	_, err := transport.Address(word, 1)
	return err == nil && len(word) <= 253
}

// wanted families of addresses.
func (o *options) wanted() ping.Wanted {
	return ping.Wanted{IPv4: o.Device.Transport.IPv4, IPv6: o.Device.Transport.IPv6}
}

// targets are the subjects of --target and --targets. Names that have no
// address do not keep the others from being asked.
func (o *options) targets(ctx context.Context) ([]subject, error) {
	if len(o.Target) == 0 && o.Targets == "" {
		return nil, nil // web sites alone
	}
	list, err := o.targetList()
	if err != nil {
		return nil, err
	}
	hosts := make([]string, len(list))
	for i, t := range list {
		hosts[i] = t.host
	}
	resolving, cancel := share(ctx, 0.4)
	defer cancel()
	out := make([]subject, len(list))
	labels := make(map[string]int, len(list)) // two may be called alike
	for _, t := range list {
		labels[check.Label(t.name)]++
	}
	none, unseen := nowhere(), &ping.Watched{}
	for i, r := range o.net.resolve(resolving, hosts, o.wanted()) {
		out[i] = subject{name: list[i].name, key: check.Label(list[i].name), problem: r.Err, place: none, reach: unseen}
		if labels[out[i].key] > 1 {
			out[i].key = list[i].host
		}
		if len(r.Addrs) == 0 {
			continue
		}
		out[i].addr = r.Addrs[0]
		if err := oneHost(r.Addrs[0]); err != nil {
			out[i].addr, out[i].problem = netip.Addr{}, err
		}
	}
	return out, nil
}
