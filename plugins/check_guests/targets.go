package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
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
		text, err := readBounded(o.Targets)
		if err != nil {
			return nil, fmt.Errorf("--targets: %w", err)
		}
		list = append(list, targetLines(text)...)
	}
	seen := map[named]bool{}
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

func readBounded(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(file, largestFile+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	if len(text) > largestFile {
		return "", fmt.Errorf("%s is larger than %d MiB", path, largestFile>>20)
	}
	return string(text), nil
}

// targetLines reads a host from each line, and what to call it from what
// follows. A # begins a comment.
func targetLines(text string) []named {
	var list []named
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		t := named{shorten(words[0], 253), shorten(words[0], 253)}
		if len(words) > 1 {
			t.name = shorten(strings.Join(words[1:], " "), 200)
		}
		list = append(list, t)
	}
	return list
}

// wanted families of addresses.
func (o *options) wanted() ping.Wanted {
	return ping.Wanted{IPv4: o.Device.Transport.IPv4, IPv6: o.Device.Transport.IPv6}
}

// targets are the subjects of --target and --targets. Names that have no
// address do not keep the others from being asked.
func (o *options) targets(ctx context.Context) ([]subject, error) {
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
	labels := map[string]int{} // two may be called alike
	for _, t := range list {
		labels[check.Label(t.name)]++
	}
	nowhere, unseen := &place{}, &ping.Watched{}
	for i, r := range o.net.resolve(resolving, hosts, o.wanted()) {
		out[i] = subject{name: list[i].name, key: check.Label(list[i].name), problem: r.Err, place: nowhere, reach: unseen}
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
