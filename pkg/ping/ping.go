// Package ping asks many guests whether they answer, from one goroutine and
// one socket for each address family.
//
// It states what was seen: how many echo requests left this machine, how many
// were answered, how fast, what routers said of the others, and what went
// wrong on this side. The last matters most. A tool that cannot tell its own
// dropped packets from a silent guest calls healthy guests dead (more than 256
// targets at once overflow the receive buffer of every tool that sends a whole
// round before it reads), or dead ones healthy (sends that fail are not
// counted as lost). Here a request that this machine refused to send is
// [Refusal], an answer that our socket dropped is [Overflow], and neither is
// ever counted as lost by the guest.
//
// Sending goes in small batches, and after each batch everything that has
// arrived is read before the next one is sent, so the sender cannot outrun the
// reader: 10,000 targets need no more than the default socket buffer.
package ping

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Target is one address to ask.
type Target struct {
	// Name is what the target is called, for the report only.
	Name string
	// Addr may have a zone, by name or by number: fe80::1%eth0.
	Addr netip.Addr
}

// Options of a run.
type Options struct {
	// Packets to each target, at least 1.
	Packets int
	// Interval between two packets to one target, at least. With many targets
	// it is longer, because a round takes longer to send.
	Interval time.Duration
	// Wait for the answer to the last packet, at most.
	Wait time.Duration
	// Size of an echo request's data in bytes, from 16 to 65000, 0 for 56. 28
	// bytes of headers come before it with IPv4, 48 with IPv6.
	Size int
	// DontFragment forbids this machine and the routers to fragment a request.
	DontFragment bool
	// Rate is the most packets in a second, 0 for as fast as it goes.
	Rate int
	// roomy is what only a watch wants, see [setup].
	roomy bool
}

const (
	defaultSize = 56 // as ping(8)
	longestSize = 65000
	// mostProbes bounds the memory of a run, 9 bytes for each packet.
	mostProbes = 4 << 20
)

// validate returns what the engine cannot work with.
func (o Options) validate(targets int) error {
	switch {
	case o.Packets < 1:
		return fmt.Errorf("expected at least 1 packet, got %d", o.Packets)
	case o.Packets > mostProbes/max(targets, 1):
		return fmt.Errorf("expected at most %d packets in all, got %d to each of %d targets", mostProbes, o.Packets, targets)
	case o.Interval < 0 || o.Wait < 0 || o.Rate < 0:
		return errors.New("expected no negative interval, wait or rate")
	case o.Size != 0 && (o.Size < tagSize || o.Size > longestSize):
		return fmt.Errorf("expected a size from %d to %d bytes, got %d", tagSize, longestSize, o.Size)
	}
	return nil
}

// validateTargets refuses what no single host can have as its address: the
// answers would come from others.
func validateTargets(targets []Target) error {
	for _, t := range targets {
		if a := t.Addr.Unmap(); !a.IsValid() || a.IsUnspecified() || a.IsMulticast() {
			return fmt.Errorf("target %s %s: expected the address of one host", t.Name, t.Addr)
		}
	}
	return nil
}

// Report of a run.
type Report struct {
	// Targets are in the order they were given. Those of one address were
	// asked once and say the same.
	Targets []Reach
	// Faults of this machine that concern no single target.
	Faults []Fault
	// Cut runs ended before their time, with the context: see [Reach.Pending].
	Cut     bool
	Elapsed time.Duration
	// Evidence says in a few lines what was done.
	Evidence []string
}

// Reach is what was seen of one target.
type Reach struct {
	Target
	// Sent packets left this machine, each of them one time.
	Sent int
	// Received counts packets that were answered, duplicates not.
	Received int
	// Pending packets were not answered and not waited for to the end either.
	// They are not lost.
	Pending int
	// Unsent packets were planned, and the time was over before their turn.
	Unsent int
	// Duplicates are further answers to a packet.
	Duplicates int
	// Altered answers carried other data than was sent.
	Altered int
	// Corrupt answers had a wrong checksum. They count as no answer.
	Corrupt int
	// Strange answers to our packets came from another address, the last from
	// Stranger. They count as no answer.
	Strange  int
	Stranger netip.Addr
	// Min, Avg and Max are round-trip times, 0 without an answer. They are
	// from the system's hand-over of a packet to the arrival of the answer as
	// the kernel stamped it.
	Min, Avg, Max time.Duration
	// Errors are what routers, the target or the path said instead of an
	// answer. A target can be well in spite of them.
	Errors []Unreachable
	// Refusals are sends that failed on this machine. They are not in Sent.
	Refusals []Refusal
	// Gap is the longest time in a run in which packets had no answer and after
	// which one had, of none if every packet is not accounted for. Spacing is the
	// longest time between two packets then.
	Gap     Gap
	Spacing time.Duration
}

// Lost is the number of packets that left and were waited for in vain.
func (r Reach) Lost() int { return r.Sent - r.Received - r.Pending }

// Refused is the number of packets this machine did not send.
func (r Reach) Refused() int {
	n := 0
	for _, f := range r.Refusals {
		n += f.Count
	}
	return n
}

// Alive says whether the target answered at all.
func (r Reach) Alive() bool { return r.Received > 0 }

// Loss is the part of the packets that was lost, from 0 to 1. Packets that
// were not sent or not waited for are left out of the sum, so the part of them
// that is known is 0 of 0, not 0: then known is false.
func (r Reach) Loss() (loss float64, known bool) {
	whole := r.Sent - r.Pending
	if whole <= 0 {
		return 0, false
	}
	return float64(r.Lost()) / float64(whole), true
}
