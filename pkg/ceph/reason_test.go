package ceph

import (
	"strings"
	"testing"
)

// TestReason: what ceph complains of is shown, the key in it never.
func TestReason(t *testing.T) {
	const key = "AQA0000000000000000000000000000000000w=="
	for stderr, want := range map[string]string{
		"failed to decode key: '" + key + "'":         "failed to decode key: '***'",
		"key = " + key + "\nError EACCES: " + key:     "Error EACCES: ***",
		"no keyring at /etc/ceph/ceph.client.keyring": "no keyring at /etc/ceph/ceph.client.keyring",
	} {
		if got := hinted(stderr); !strings.HasPrefix(got, want) || strings.Contains(got, key) {
			t.Errorf("%q: %q", stderr, got)
		}
	}
}
