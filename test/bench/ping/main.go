// Ping asks as many targets on loopback as its first argument says with as many
// packets as its second, and fails unless all are answered. It is what
// test/bench measures of pkg/ping, with nothing else in it.
package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
)

func main() {
	if err := ask(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ping:", err)
		os.Exit(1)
	}
}

func ask(args []string) error {
	var count, packets int
	if len(args) != 2 {
		return fmt.Errorf("expected targets and packets, got %q", args)
	}
	for i, into := range []*int{&count, &packets} {
		if _, err := fmt.Sscan(args[i], into); err != nil {
			return fmt.Errorf("%q: %w", args[i], err)
		}
	}
	targets := make([]ping.Target, count)
	for i := range targets {
		targets[i].Addr = netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)})
	}
	r, err := ping.Run(context.Background(), targets, ping.Options{Packets: packets, Wait: 2 * time.Second})
	if err != nil {
		return err
	}
	for _, x := range r.Targets {
		if x.Received != packets {
			return fmt.Errorf("%s: %d of %d packets answered, %v", x.Addr, x.Received, packets, r.Faults)
		}
	}
	return nil
}
