package main

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/noout-monitoring/noout/pkg/ping"
)

// What was given with --target is a host in every sentence.
func TestHosts(t *testing.T) {
	refused := &ping.Watched{Reach: ping.Reach{Refusals: []ping.Refusal{{Errno: syscall.ENOBUFS, Count: 5}}}}
	f := facts{now: evening}
	for _, name := range []string{"a", "b"} {
		f.subjects = append(f.subjects, subject{name: name, addr: netip.MustParseAddr("192.0.2.1"), place: &place{}, asked: true, reach: refused})
	}
	f.subjects = append(f.subjects, subject{name: "c", addr: netip.MustParseAddr("192.0.2.3"), place: &place{}, asked: true,
		reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5, Altered: 5, Duplicates: 1}}})
	r := judge(f, policy{})
	text := fmt.Sprint(r.Summary, r.Notes, r.Findings)
	for _, want := range []string{"2 hosts not asked", "1 of 3 hosts answer", "1 host changes the data", "1 host answers more than once"} {
		if !strings.Contains(text, want) {
			t.Errorf("expected %q: %s", want, text)
		}
	}
	if strings.Contains(text, "guest") {
		t.Error(text)
	}
}
