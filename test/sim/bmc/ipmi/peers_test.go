package ipmi

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const password = "horse-battery-staple"

// started is a controller of four fans with one account of a user and one of
// an administrator.
func started(t *testing.T, c Config, w world.Config) (*Server, *world.World) {
	t.Helper()
	w.Clock = world.Still(noon)
	w.Identity = world.Identity{UUID: "4c4c4544-0044-4810-8031-b5c04f4e4f31", Serial: "SIM0001", Manufacturer: "Acme", Model: "Box 1", Firmware: "v2.41"}
	if w.Fans == nil {
		for i := range 4 {
			w.Fans = append(w.Fans, world.Fan{
				ID: strconv.Itoa(i), Name: fmt.Sprintf("FAN%d", i+1), Sensor: 0x41 + i, Speed: 6000, Unit: world.RPM,
				LowerCritical: 500, LowerFatal: 300,
			})
		}
	}
	c.World = world.New(w)
	c.Accounts = []Account{{"monitor", password, User}, {"root", password, Admin}}
	s, err := Serve(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, c.World
}

func do(t *testing.T, w *world.World, text string) {
	t.Helper()
	a, err := world.Parse(text)
	if err == nil {
		err = w.Do(a)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tool runs a program of Debian against the controller.
func tool(t *testing.T, s *Server, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if path = "/usr/sbin/" + name; !executable(path) {
			t.Skipf("%s is not installed", name)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{"IPMI_PASSWORD=" + password, "IPMI_KGKEY=" + s.config.Kg, "HOME=" + t.TempDir(), "PATH=/usr/bin:/usr/sbin", "TZ=UTC"}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return out.String()
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o111 != 0
}

func port(t *testing.T, s *Server) string {
	t.Helper()
	_, p, err := net.SplitHostPort(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestIpmitool: every line about fans, as ipmitool reads it.
func TestIpmitool(t *testing.T) {
	for _, suite := range []byte{3, 17} {
		for _, kg := range []string{"", "key of the box"} {
			t.Run(fmt.Sprint(suite, kg), func(t *testing.T) {
				s, w := started(t, Config{Vendor: Generic, Suites: []byte{suite}, Kg: kg}, world.Config{Levels: []world.Level{world.LowerCritical, world.LowerFatal}})
				args := []string{"-I", "lanplus", "-H", "127.0.0.1", "-p", port(t, s), "-U", "monitor", "-L", "USER", "-E", "-C", strconv.Itoa(int(suite))}
				if kg != "" {
					args = append(args, "-K")
				}
				do(t, w, "drop?fan=2&for=11s")
				do(t, w, "drop?fan=3&shape=null")
				got := tool(t, s, "ipmitool", append(args, "sdr", "type", "Fan")...)
				want := []string{
					"FAN1             | 41h | ok  | 29.1 | 6000 RPM",
					"FAN2             | 42h | lnr | 29.2 | 0 RPM",
					"FAN3             | 43h | ns  | 29.3 | No Reading",
					"FAN4             | 44h | ok  | 29.4 | 6000 RPM",
					"Fan Present      | D0h | ok  | 29.1 | Device Present",
					"Fan Redundancy   | 75h | ok  | 30.1 | Redundancy Lost",
				}
				if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(got), "\n")); diff != "" {
					t.Error(diff)
				}
				w.Clock().Advance(time.Minute)
				got = tool(t, s, "ipmitool", append(args, "sel", "elist")...)
				for _, want := range []string{
					"Fan FAN2 | Lower Critical going low  | Asserted | Reading 0 < Threshold 500 RPM",
					"Fan FAN2 | Lower Non-recoverable going low  | Deasserted | Reading 6000 > Threshold 300 RPM",
					"Fan Fan Redundancy | Redundancy Lost | Asserted",
					"Fan Fan Redundancy | Fully Redundant | Asserted",
				} {
					if !strings.Contains(got, want) {
						t.Errorf("the log has no %q:\n%s", want, got)
					}
				}
				if got := tool(t, s, "ipmitool", append(args, "fru", "print", "0")...); !strings.Contains(got, "Product Serial        : SIM0001") {
					t.Errorf("inventory:\n%s", got)
				}
				quiet(t, s)
			})
		}
	}
}

// quiet asserts what a client that only reads leaves behind.
func quiet(t *testing.T, s *Server) {
	t.Helper()
	if got := s.Stats(); got.Sessions != 0 || len(got.Violations) > 0 || got.Forged > 0 {
		t.Errorf("%+v", got)
	}
}

// TestFreeIPMI reads the same with the other implementation there is.
func TestFreeIPMI(t *testing.T) {
	for _, suite := range []string{"3", "17"} {
		s, w := started(t, Config{Vendor: Generic}, world.Config{})
		do(t, w, "drop?fan=2")
		do(t, w, "drop?fan=4&shape=gone")
		got := tool(t, s, "ipmi-sensors", "-D", "LAN_2_0", "-h", s.Address, "-u", "monitor", "-p", password, "-l", "USER",
			"-I", suite, "-W", "nochecksumcheck", "--shared-sensors", "--quiet-cache", "-t", "Fan", "--no-header-output", "--comma-separated-output")
		var rows []string
		for line := range strings.Lines(got) {
			if fields := strings.Split(strings.TrimSpace(line), ","); len(fields) == 6 {
				rows = append(rows, strings.Join(strings.Fields(strings.Join(append(fields[1:2], fields[3:]...), " ")), " "))
			}
		}
		want := []string{
			"FAN1 6000.00 RPM 'OK'",
			"FAN2 0.00 RPM 'At or Below (<=) Lower Non-Recoverable Threshold'",
			"FAN3 6000.00 RPM 'OK'",
			"FAN4 N/A RPM N/A",
			"Fan Present 1 N/A N/A 'Device Inserted/Device Present'",
			"Fan Present 2 N/A N/A 'Device Inserted/Device Present'",
			"Fan Present 3 N/A N/A 'Device Inserted/Device Present'",
			"Fan Present 4 N/A N/A 'Device Removed/Device Absent'",
			"Fan Redundancy N/A N/A 'Redundancy Lost'",
		}
		if diff := cmp.Diff(want, rows); diff != "" {
			t.Errorf("suite %s: %s\n%s", suite, diff, got)
		}
		quiet(t, s)
	}
}
