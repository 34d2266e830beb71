package pve_test

import (
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/hardware"
	"github.com/noout-monitoring/noout/pkg/pve"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// asked is a client that has chosen a host of a simulated cluster.
func asked(t *testing.T, s *sim.Sim) *pve.Client {
	t.Helper()
	c := client(t, s)
	if _, err := c.Cluster(t.Context(), pve.Ask{}); err != nil {
		t.Fatal(err)
	}
	return c
}

func labels(v hardware.Inventory, k hardware.Kind) []string {
	l, _ := v.List(hardware.Node, k)
	var out []string
	for _, p := range l.Parts {
		out = append(out, p.Text(k))
	}
	return out
}

// TestHardware reads what a node is made of, on each release.
func TestHardware(t *testing.T) {
	for _, release := range []string{"7.4.16", "8.4.1", "9.2.11"} {
		config := sim.Lab()
		config.Release = release
		s := sim.Start(t, config)
		before := asked(t, s).Hardware(t.Context(), "pve3")
		for k, want := range map[hardware.Kind]string{
			hardware.Processor: "processor 1 of 2 (Intel(R) Xeon(R) Silver 4310 CPU @ 2.10GHz) processor 2 of 2 (Intel(R) Xeon(R) Silver 4310 CPU @ 2.10GHz)",
			hardware.Card:      "card ASPEED Graphics Family (slot 0000:03:00) card MT27800 Family [ConnectX-5] (slot 0000:3b:00) card SAS3008 PCI-Express Fusion-MPT SAS-3 (slot 0000:5e:00)",
		} {
			if got := strings.Join(labels(before, k), " "); got != want {
				t.Errorf("%s: %s: %s", release, k, got)
			}
		}
		disks := labels(before, hardware.Disk)
		if len(disks) != 3 || !strings.Contains(disks[1], "3.84 TB, SAMSUNG_MZ7L33T8HBLT, serial SIMD03002, osd.4") {
			t.Errorf("%s: %q", release, disks)
		}
		ports := labels(before, hardware.Port)
		if len(ports) != 3 || !strings.Contains(ports[0], "bond0") || strings.Contains(ports[0], "MAC b8:ce:f6:00:03:01") != strings.HasPrefix(release, "9") {
			t.Errorf("%s: %q", release, ports)
		}
		if d := hardware.Compare(before, asked(t, s).Hardware(t.Context(), "pve3")); len(d.Changes) > 0 {
			t.Errorf("%s: %v", release, d.Changes)
		}
	}
}

// TestHardwareChanges: what somebody pulls is found through the token alone, as
// far as a node knows of it.
func TestHardwareChanges(t *testing.T) {
	tests := []struct{ happens, want string }{
		{"part=dimm4&is=gone", "memory is 47.25 GiB, it was 63 GiB"},
		{"part=cpu2&is=gone", "processor 2 of 2 (Intel(R) Xeon(R) Silver 4310 CPU @ 2.10GHz) is missing"},
		{"part=disk2&is=gone", "disk /dev/sdb (3.84 TB, SAMSUNG_MZ7L33T8HBLT, serial SIMD03002, osd.4) is missing"},
		{"part=disk2&is=bad", "disk /dev/sdb (3.84 TB, SAMSUNG_MZ7L33T8HBLT, serial SIMD03002, osd.4) is failed, SMART says FAILED!: it was ok"},
		{"part=disk2&is=device=/dev/sdk", ""},
		{"part=disk2&is=serial=SIMNEW7", "disk was replaced"},
		{"part=card1&is=gone", "card MT27800 Family [ConnectX-5] (slot 0000:3b:00) is missing"},
		{"part=hba1&is=device=0000:5d:00", ""},
		{"part=nic3&is=gone", "nic3 (MAC ac:1f:6b:00:03:03, vmbr1) is missing"},
		{"part=nic1&is=off", ""}, // the token does not tell of a cable
		{"part=psu1&is=off", ""}, // nor of power
	}
	for _, test := range tests {
		s := sim.Start(t, sim.Lab())
		before := asked(t, s).Hardware(t.Context(), "pve3")
		s.Must("hardware?node=pve3&" + test.happens)
		d := hardware.Compare(before, asked(t, s).Hardware(t.Context(), "pve3"))
		got := ""
		for _, c := range d.Changes {
			got += c.String()
		}
		if test.want == "" && got != "" || !strings.Contains(got, test.want) || len(d.Changes) > 1 {
			t.Errorf("%s: %q", test.happens, got)
		}
	}
}

// TestHardwareFaults: whatever one document is, it hides no other, and makes
// nothing missing.
func TestHardwareFaults(t *testing.T) {
	paths := []string{"/nodes/pve3/status", "/nodes/pve3/disks/list", "/nodes/pve3/hardware/pci", "/nodes/pve3/network"}
	for _, fault := range []string{sim.Login, sim.Gateway, sim.Garbage, sim.Broken, sim.Empty, sim.NoData, sim.Wrong, sim.Refused, sim.Failing} {
		for _, path := range paths {
			s := sim.Start(t, sim.Lab())
			before := asked(t, s).Hardware(t.Context(), "pve3")
			if err := s.Break(sim.Fault{Name: fault, Path: path}); err != nil {
				t.Fatal(err)
			}
			d := hardware.Compare(before, asked(t, s).Hardware(t.Context(), "pve3"))
			if n := len(d.Of(hardware.NotCompared)); n == 0 || n != len(d.Changes) || d.Same[hardware.Disk] == 0 && d.Same[hardware.Card] == 0 {
				t.Errorf("%s of %s: %v, %v", fault, path, d.Changes, d.Same)
			}
		}
	}
	s := sim.Start(t, sim.Lab())
	before := asked(t, s).Hardware(t.Context(), "pve3")
	s.Must("hardware?node=pve3&part=api&is=empty")
	if d := hardware.Compare(before, asked(t, s).Hardware(t.Context(), "pve3")); len(d.Of(hardware.NotCompared)) != 3 || len(d.Changes) != 3 {
		t.Errorf("empty lists: %v", d.Changes)
	}
}
