//go:build real

package ipmi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/test/real/machine"
)

// TestInband reads a controller through a real kernel's /dev/ipmi0: Debian's
// kernel in a virtual machine, whose KCS interface leads to ipmi_sim. The
// peers ask the same simulator over the network meanwhile. It needs the
// packages qemu-system-x86, linux-image-amd64 and busybox-static besides.
func TestInband(t *testing.T) {
	for range maxDeaths {
		vm := freePort(t, "tcp")
		s, stop := startSim(t, fmt.Sprintf("serial 15 127.0.0.1 %d codec VM\n  startcmd \"/bin/true\"\n  startnow false", vm))
		s.vm = vm
		err := readInband(t, s)
		died := s.deaths.Load() > 0
		stop()
		switch {
		case err == nil:
			return
		case !died:
			t.Fatal(err)
		}
		t.Logf("ipmi_sim died, once more: %v", err)
	}
	t.Fatalf("ipmi_sim died in each of %d runs", maxDeaths)
}

func readInband(t *testing.T, s *sim) error {
	g := boot(t, s, map[string]string{"check_fans": machine.Build(t, "../../../plugins/check_fans")})
	defer g.stop()
	if a, err := g.ask("poll"); err != nil || !strings.Contains(a.Error, "modprobe -a ipmi_si ipmi_devintf") {
		return fmt.Errorf("without modules: %q, %w", a.Error, errors.Join(err, errors.New("another error was expected")))
	}
	if err := load(g); err != nil {
		return err
	}
	if err := notPermitted(g); err != nil {
		return err
	}
	server, err := inside(g)
	if err != nil {
		return err
	}
	// ipmi_sim has a GUID on its LAN interface only.
	if server.Power != bmc.PowerOn || server.Identity.UUID != "" || server.Identity.Firmware != "9.08" {
		return fmt.Errorf("power %q, identity %+v", server.Power, server.Identity)
	}
	if err := compareSensors(s, server); err != nil {
		return err
	}
	if server, err = changeInband(s, g); err != nil {
		return err
	}
	// Two questions for a GUID, the repository, the log.
	last := server.Evidence[len(server.Evidence)-1]
	sensors := strings.Count(strings.Join(server.Evidence, "\n"), "Get Sensor Reading")
	if want := fmt.Sprintf("%d requests", 4+sensors); !strings.Contains(last, want) {
		return fmt.Errorf("%q, want %s", last, want)
	}
	return verdict(t, s, g)
}

// changeInband changes sensors and reads them from inside each time. The last
// time nothing was changed.
func changeInband(s *sim, g *guest) (server bmc.Server, err error) {
	for i, step := range [][]string{
		{"sensor_set_value 0x20 0 0x41 0x03 1", "sensor_set_bit_clr_rest 0x20 0 0x50 1 1"},
		{"sensor_set_value 0x20 0 0x41 0x38 1", "sensor_set_bit_clr_rest 0x20 0 0x50 0 1", "sensor_set_bit_clr_rest 0x20 0 0x54 1 1"},
		{},
	} {
		if err := s.set(step...); err != nil {
			return server, err
		}
		if server, err = inside(g); err != nil {
			return server, err
		}
		events := server.Logs[0].Events
		if err := errors.Join(compareSensors(s, server), compareLog(s, events, 1<<15)); err != nil {
			return server, fmt.Errorf("step %d: %w", i, err)
		}
		if (len(events) == 0) != (len(step) == 0) {
			return server, fmt.Errorf("step %d: %d events", i, len(events))
		}
	}
	return server, nil
}

// load inserts the kernel's modules.
func load(g *guest) error {
	a, err := g.ask("load /ipmi_msghandler.ko /ipmi_devintf.ko /ipmi_si.ko")
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	return err
}

var times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// verdict runs check_fans inside the machine and, on the same controller, over
// the network: the two say the same and end alike.
func verdict(t *testing.T, s *sim, g *guest) error {
	t.Helper()
	a, err := g.ask("run /bin/check_fans --via local --state off --log off -v")
	if err != nil || a.Error != "" {
		return fmt.Errorf("%+v: %w", a, errors.Join(err, errors.New("check_fans")))
	}
	auth := filepath.Join(s.dir, "auth.ini")
	if err := os.WriteFile(auth, fmt.Appendf(nil, "[*]\nusername = %s\npassword = %s\n", userName, userPassword), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(machine.Build(t, "../../../plugins/check_fans"), "-H", fmt.Sprintf("127.0.0.1:%d", s.port), "--via", "ipmi", "--auth-file", auth, "--state", "off", "--log", "off", "-v")
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		return err
	}
	if times.ReplaceAllString(a.Output, "T") != times.ReplaceAllString(string(out), "T") || a.Exit != cmd.ProcessState.ExitCode() || a.Exit != 2 {
		return fmt.Errorf("inside (exit %d):\n%s\nover the network (exit %d):\n%s", a.Exit, a.Output, cmd.ProcessState.ExitCode(), out)
	}
	t.Logf("inside and over the network:\n%s", out)
	return nil
}

// TestInbandOther: the same against the controller that QEMU brings along,
// through a BT interface. It has a GUID and no fans.
func TestInbandOther(t *testing.T) {
	g := boot(t, nil, nil)
	defer g.stop()
	if err := load(g); err != nil {
		t.Fatal(err)
	}
	server, err := inside(g)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(server.Evidence, "\n"))
	if server.Identity.UUID != machineUUID || len(server.Fans) != 0 || len(server.Logs) != 1 {
		t.Errorf("%+v", server)
	}
}

// inside polls from inside the machine.
func inside(g *guest) (bmc.Server, error) {
	a, err := g.ask("poll")
	if err == nil && (a.Error != "" || len(a.Gaps) > 0) {
		err = fmt.Errorf("%s %q\n%s", a.Error, a.Gaps, strings.Join(a.Server.Evidence, "\n"))
	}
	return a.Server, err
}

// notPermitted polls as somebody who may not: the error says what to do.
func notPermitted(g *guest) error {
	a, err := g.ask("nobody /bin/inband once")
	if err != nil {
		return err
	}
	var said answer
	if err := json.Unmarshal([]byte(a.Output), &said); err != nil {
		return fmt.Errorf("%+v: %w", a, err)
	}
	if !strings.Contains(said.Error, `KERNEL=="ipmi*"`) || !strings.Contains(said.Error, "NOPASSWD") {
		return fmt.Errorf("not permitted: %q", said.Error)
	}
	return nil
}
