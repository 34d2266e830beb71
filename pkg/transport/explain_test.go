package transport

import (
	"context"
	"strings"
	"testing"
)

// TestLateBeforeTheFirstStep: a name server is blamed for names only. Nobody looks
// an address up, so the time was over before the device was asked at all.
func TestLateBeforeTheFirstStep(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1:8006":      "192.0.2.1:8006 was not asked: the time was over",
		"[fe80::1%eth0]:8006": "[fe80::1%eth0]:8006 was not asked: the time was over",
		"pve1.example:8006":   "pve1.example could not be resolved in time: the name server is silent",
	} {
		p := peer{address: address, over: func() error { return nil }}
		if got := p.explain(context.DeadlineExceeded, resolving).Error(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
