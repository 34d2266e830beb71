package ping

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Resolved is a name with its addresses.
type Resolved struct {
	Name string
	// Addrs are in the order in which this machine would use them (RFC 6724).
	Addrs []netip.Addr
	Err   error
}

// Wanted families of addresses: both when neither is set.
type Wanted struct{ IPv4, IPv6 bool }

// Network is a kind of network, ip or tcp, as package net names it.
func (w Wanted) Network(kind string) string {
	switch {
	case w.IPv4 && !w.IPv6:
		return kind + "4"
	case w.IPv6 && !w.IPv4:
		return kind + "6"
	}
	return kind
}

// takes says whether an address is of a wanted family.
func (w Wanted) takes(a netip.Addr) bool {
	return w.IPv4 == w.IPv6 || w.IPv4 == a.Is4()
}

// lookups is how many names are asked for at once.
const lookups = 16

// Resolve finds the addresses of names, in their order. An address is its own
// name and asks nobody. A name that has none says so and does not keep others
// from being found; when ctx ends, those still asked for say that.
func Resolve(ctx context.Context, names []string, want Wanted) []Resolved {
	return resolve(ctx, names, want, net.DefaultResolver.LookupNetIP)
}

type lookup func(ctx context.Context, network, name string) ([]netip.Addr, error)

func resolve(ctx context.Context, names []string, want Wanted, ask lookup) []Resolved {
	out := make([]Resolved, len(names))
	jobs := make(chan *Resolved, len(names))
	for i, name := range names {
		out[i].Name = name
		if !out[i].literal(want) {
			jobs <- &out[i]
		}
	}
	close(jobs)
	var workers sync.WaitGroup
	for range min(lookups, len(jobs)) {
		workers.Add(1)
		go func() {
			defer func() {
				workers.Done()
				_ = recover() // ask makes an error of the resolver's
			}()
			for r := range jobs {
				r.ask(ctx, want, ask)
			}
		}()
	}
	workers.Wait()
	return out
}

// literal takes a name that needs nobody to be asked, or that nobody can know.
func (r *Resolved) literal(want Wanted) bool {
	if a, err := netip.ParseAddr(r.Name); err == nil {
		if a = canonical(a); want.takes(a) {
			r.Addrs = []netip.Addr{a}
		} else {
			r.Err = errors.New("it is an address of the family that is not wanted")
		}
		return true
	}
	if _, err := netip.ParsePrefix(r.Name); err == nil {
		r.Err = errors.New("a network, expected a host")
	} else if r.Name == "" {
		r.Err = errors.New("no name")
	}
	return r.Err != nil
}

// ask asks for the addresses. A panic of the resolver becomes an error.
func (r *Resolved) ask(ctx context.Context, want Wanted, ask lookup) {
	defer func() {
		if cause := recover(); cause != nil {
			r.Addrs, r.Err = nil, fmt.Errorf("panic of the resolver: %v", cause)
		}
	}()
	if ctx.Err() != nil {
		r.Err = errors.New("no time was left to ask the DNS")
		return
	}
	found, err := ask(ctx, want.Network("ip"), r.Name)
	for _, a := range found {
		if a = canonical(a); want.takes(a) && !slices.Contains(r.Addrs, a) {
			r.Addrs = append(r.Addrs, a)
		}
	}
	switch {
	case len(r.Addrs) > 0:
	case ctx.Err() != nil:
		r.Err = errors.New("the DNS does not answer in time")
	case err != nil:
		r.Err = explain(err)
	default:
		r.Err = errors.New("it has no address of the family that is wanted")
	}
}

// explain leaves out of a resolver's error what the reader knows: the name,
// and that it was looked up.
func explain(err error) error {
	var d *net.DNSError
	if !errors.As(err, &d) {
		return err
	}
	switch {
	case d.IsNotFound:
		return errors.New("no such name")
	case d.IsTimeout:
		return errors.New("the DNS does not answer in time")
	case d.Server != "":
		return fmt.Errorf("%s (DNS server %s)", d.Err, d.Server)
	}
	return errors.New(d.Err)
}
