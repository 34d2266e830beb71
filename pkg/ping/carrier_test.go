package ping

import (
	"net/netip"
	"syscall"
	"testing"
)

// cables is a network that knows where its cables are out.
type cables struct {
	network
	out map[netip.Addr]bool
}

func (c cables) unplugged(to []netip.Addr) []bool {
	list := make([]bool, len(to))
	for i, a := range to {
		list[i] = c.out[a]
	}
	return list
}

// What was handed to an interface without carrier was not sent.
func TestUnplug(t *testing.T) {
	a, b, c := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("2001:db8::3")
	reach := []Reach{
		{Target: Target{Addr: a}, Sent: 3, Pending: 1, Refusals: []Refusal{{syscall.ENOBUFS, 2}}}, // it was noticed in the course of the run
		{Target: Target{Addr: b}, Sent: 5},
		{Target: Target{Addr: c}, Sent: 5, Received: 1},
	}
	unplug(cables{out: map[netip.Addr]bool{a: true, c: true}}, reach)
	if r := reach[0]; r.Sent != 0 || r.Lost() != 0 || r.Pending != 0 || len(r.Refusals) != 1 || r.Refusals[0] != (Refusal{syscall.ENOBUFS, 5}) {
		t.Errorf("%+v", r)
	}
	if r := reach[1]; r.Lost() != 5 || r.Refused() != 0 {
		t.Errorf("another interface: %+v", r)
	}
	if r := reach[2]; r.Lost() != 4 || r.Refused() != 0 {
		t.Errorf("it answered: %+v", r)
	}
}
