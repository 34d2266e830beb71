package ping

import (
	"fmt"
	"syscall"
)

// neighbourTable is what the kernel says of its table of link addresses (ARP
// for IPv4, neighbour discovery for IPv6), which all network namespaces of a
// machine share.
type neighbourTable struct {
	entries, limit int
	// full counts how often there was no room.
	full uint64
}

// tabled is a network that knows its neighbour tables. One that a test puts in
// its place need not.
type tabled interface {
	neighbours() [families]neighbourTable
}

func neighbours(n network) [families]neighbourTable {
	if t, ok := n.(tabled); ok {
		return t.neighbours()
	}
	return [families]neighbourTable{}
}

// noRoom are the errors that sending to a new neighbour returns when there is
// no room for it.
var noRoom = [families]syscall.Errno{syscall.ENOBUFS, syscall.EINVAL}

// sysctls that set the size of the tables.
var sysctls = [families]string{"net.ipv4.neigh.default.gc_thresh3", "net.ipv6.neigh.default.gc_thresh3"}

// tableFaults says that a neighbour table is full, when sending failed in the
// way it then does and the kernel counted it too. The kernel's count alone is
// a hint only: it may be another program's.
func tableFaults(reach []Reach, known []Fault, before, after [families]neighbourTable) []Fault {
	var failed [families]int
	for _, f := range known {
		if f.Trouble == Discarded { // said of no target
			failed[v6] += f.Count
		}
	}
	for _, r := range reach {
		f := familyOf(r.Addr)
		for _, refusal := range r.Refusals {
			if refusal.Errno == noRoom[f] {
				failed[f] += refusal.Count
			}
		}
	}
	var out []Fault
	for f, n := range failed {
		if n == 0 || after[f].full <= before[f].full {
			continue
		}
		out = append(out, Fault{
			Trouble: NeighbourTable, Family: family(f).String(), Count: n,
			Err: fmt.Errorf("%s: this machine's neighbour table is full (%d of at most %d entries), %d packets were not sent: raise %s",
				family(f), after[f].entries, after[f].limit, n, sysctls[f]),
		})
	}
	return out
}
