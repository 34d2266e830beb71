package ping

import (
	"net/netip"
	"syscall"
)

// plugged is a network that knows its interfaces. One that a test puts in its
// place need not.
type plugged interface {
	// unplugged says of each address whether it is reached by an interface
	// without carrier.
	unplugged(to []netip.Addr) []bool
}

// unplug takes back that packets were sent by an interface without carrier:
// from a second after it was lost the kernel takes what is sent and drops it
// without a word, and the guests would be called silent.
func unplug(n network, reach []Reach) {
	p, ok := n.(plugged)
	if !ok {
		return
	}
	var to []netip.Addr
	var which []int
	for i, r := range reach {
		if r.Sent > 0 && !r.Alive() {
			to = append(to, r.Addr)
			which = append(which, i)
		}
	}
	if len(to) == 0 {
		return
	}
	for k, dead := range p.unplugged(to) {
		if r := &reach[which[k]]; dead {
			for range r.Sent { // with the error that the kernel had before
				r.Refusals = addRefusal(r.Refusals, syscall.ENOBUFS)
			}
			r.Sent, r.Pending = 0, 0
		}
	}
}
