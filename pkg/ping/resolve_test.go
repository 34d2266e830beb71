package ping

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// zone answers like a resolver.
func zone(ctx context.Context, network, name string) ([]netip.Addr, error) {
	both := []netip.Addr{host6, netip.MustParseAddr("::ffff:192.0.2.1"), host4}
	switch {
	case strings.HasPrefix(name, "both"):
		switch network {
		case "ip4":
			return both[1:], nil
		case "ip6":
			return both[:1], nil
		}
		return both, nil
	case name == "hole":
		<-ctx.Done()
		return nil, ctx.Err()
	case name == "broken":
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, Server: "192.0.2.53:53"}
	case name == "crash":
		panic("index out of range")
	case name == "six" && network == "ip4":
		return []netip.Addr{host6}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func TestResolve(t *testing.T) {
	names := []string{"both", "nosuch", "192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "fe80::1%nosuch0", "10.0.0.0/8", "2001:db8::/64", "", "broken", "crash", "six"}
	for _, c := range []struct {
		want Wanted
		out  []string
	}{
		{Wanted{}, []string{
			"[2001:db8::1 192.0.2.1]", "no such name", "[192.0.2.1]", "[192.0.2.1]", "[2001:db8::1]", "[fe80::1%nosuch0]",
			"a network, expected a host", "a network, expected a host", "no name", "server misbehaving (DNS server 192.0.2.53:53)",
			"panic of the resolver: index out of range", "no such name",
		}},
		{Wanted{IPv4: true}, []string{
			"[192.0.2.1]", "no such name", "[192.0.2.1]", "[192.0.2.1]", "it is an address of the family that is not wanted", "it is an address of the family that is not wanted",
			"a network, expected a host", "a network, expected a host", "no name", "server misbehaving (DNS server 192.0.2.53:53)",
			"panic of the resolver: index out of range", "it has no address of the family that is wanted",
		}},
	} {
		var out []string
		for i, r := range resolve(t.Context(), names, c.want, zone) {
			if r.Name != names[i] || (r.Err == nil) != (len(r.Addrs) > 0) {
				t.Errorf("%+v", r)
			}
			if r.Err != nil {
				out = append(out, r.Err.Error())
			} else {
				out = append(out, fmt.Sprint(r.Addrs))
			}
		}
		if diff := cmp.Diff(c.out, out); diff != "" {
			t.Errorf("%+v: %s", c.want, diff)
		}
	}
}

// TestDNSBlackHole: names that nobody answers for do not outlive the context,
// and those that could be found are.
func TestDNSBlackHole(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	asked := make(chan struct{})
	names := []string{"both.1", "hole", "both.2"}
	for range 40 {
		names = append(names, "hole")
	}
	count := 0
	go func() {
		for range lookups { // as many as are asked for at once
			<-asked
		}
		cancel(errors.New("time is up"))
	}()
	got := resolve(ctx, names, Wanted{}, func(ctx context.Context, network, name string) ([]netip.Addr, error) {
		if name == "hole" {
			select {
			case asked <- struct{}{}:
			case <-ctx.Done():
			}
		}
		return zone(ctx, network, name)
	})
	for _, r := range got {
		switch {
		case r.Name != "hole" && len(r.Addrs) != 2:
			t.Errorf("%+v", r)
		case r.Name == "hole" && (r.Err == nil || !strings.Contains(r.Err.Error(), "DNS")):
			t.Errorf("%+v", r)
		case r.Name == "hole":
			count++
		}
	}
	if count != 41 {
		t.Errorf("%d of 41 names without an answer", count)
	}
}

// Only link-local addresses need an interface, and only their answers name it.
func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"2001:db8::1%lo": "2001:db8::1", "::1%lo": "::1", "fe80::1%lo": "fe80::1%lo", "fe80::1%1": "fe80::1%lo",
		"::ffff:192.0.2.1": "192.0.2.1", "fe80::1%nosuch": "fe80::1%nosuch", "fe80::1": "fe80::1",
	} {
		if got := canonical(netip.MustParseAddr(text)); got != netip.MustParseAddr(want) {
			t.Errorf("%s: %s, expected %s", text, got, want)
		}
	}
}
