package pve

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/noout-monitoring/noout/pkg/hardware"
)

// TestPortNames tells ports of a server from virtual functions and the
// controller's own card.
func TestPortNames(t *testing.T) {
	for name, want := range map[string]bool{
		"nic0": true, "eno1": true, "enp65s0f0np0": true, "ens3f1": true, "eth0": true, "enxac1f6b000001": true, "enp1s0f0v3": false,
		"idrac": false, "usb0": false, "enp0s20f0u8u3c2": false, "enxb03af2b6059f": false, "enx02ab12cd34ef": false,
	} {
		rows := []portRow{{Name: text(name), Type: "eth", Exists: true}}
		if got := len(portsOf(rows)) == 1; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestDiskWords: what smartctl says that is no yes is a failure, but for that it cannot
// tell.
func TestDiskWords(t *testing.T) {
	for word, want := range map[string]hardware.State{"PASSED": hardware.Good, "OK": hardware.Good, "UNKNOWN": hardware.Untold, "": hardware.Untold,
		"UNKNOWN!": hardware.Untold, "SMART Disabled": hardware.Untold,
		"FAILED!": hardware.Failed, "FAILURE PREDICTION THRESHOLD EXCEEDED": hardware.Failed} {
		if got, _ := health(word); got != want {
			t.Errorf("%q: %s", word, got)
		}
	}
	two := []diskRow{
		{Path: "/dev/sda", Serial: "S", WWN: "w", Size: number{1, true}}, {Path: "/dev/sdb", Serial: "S", WWN: "w", Size: number{1, true}},
		{Path: "/dev/nvme0n1", Serial: "unknown", WWN: "unknown", Size: number{1, true}, OSDs: json.RawMessage(`["3",4]`)},
	}
	got := disksOf(two)
	if len(got) != 2 || got[1].Serial != "" || got[1].Use != "osd.3, osd.4" || !slices.ContainsFunc(got, func(p hardware.Part) bool { return p.ID == "/dev/sda" }) {
		t.Errorf("%+v", got)
	}
}
