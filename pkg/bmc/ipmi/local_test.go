package ipmi

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// inside reaches the board as the kernel does: no session, no packets.
type inside struct {
	board *board
	sent  int
}

func (i *inside) send(ctx context.Context, r request) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	i.sent++
	answer := i.board.command(asked{r.netFn, r.lun, r.cmd, r.data})
	if answer == nil {
		return nil, errSilent
	}
	if answer[0] != 0 {
		return nil, code(answer[0])
	}
	return answer[1:], nil
}

// TestInsideAndOutside: both ways lead to the same facts.
func TestInsideAndOutside(t *testing.T) {
	b := rack(t)
	outside := poll1(t, b.client(), bmc.Ask{Logs: true})
	device := &inside{board: b}
	server, err := read(t.Context(), device, "/dev/ipmi0", bmc.Ask{Logs: true})
	if err != nil {
		t.Fatal(err)
	}
	if server.Power != bmc.PowerOn || b.count("00/01") != 1 {
		t.Errorf("power %q, asked %d times: we run on the host", server.Power, b.count("00/01"))
	}
	for _, s := range []*bmc.Server{&outside, &server} {
		s.Evidence, s.Memory, s.Logs[0].Clock = nil, nil, nil
	}
	if diff := cmp.Diff(outside, server); diff != "" {
		t.Error(diff)
	}
}

// A steady run from inside: GUID, repository, log, and the sensors.
func TestInsideBudget(t *testing.T) {
	b := rack(t)
	device := &inside{board: b}
	server, err := read(t.Context(), device, "/dev/ipmi0", bmc.Ask{Logs: true})
	if err != nil {
		t.Fatal(err)
	}
	device.sent = 0
	server, err = read(t.Context(), device, "/dev/ipmi0", bmc.Ask{Logs: true, Memory: server.Memory})
	if err != nil || device.sent != 3+9 || len(server.Gaps) > 0 {
		t.Errorf("%d requests, %v %v", device.sent, err, server.Gaps)
	}
}

func TestInsideWithoutGUID(t *testing.T) {
	b := rack(t)
	b.intercept = func(c asked) ([]byte, bool) { return []byte{0xc1}, c.netFn == netApp && c.cmd != 1 }
	b.inventory = boardInventory
	server, err := read(t.Context(), &inside{board: b}, "/dev/ipmi0", bmc.Ask{})
	if err != nil || server.Identity.UUID != "" || server.Identity.Serial != "SN-0042" {
		t.Errorf("%+v %v", server.Identity, err)
	}
	b.intercept = func(c asked) ([]byte, bool) { return nil, true }
	failure := (*OpenError)(nil)
	if _, err = read(t.Context(), &inside{board: b}, "/dev/ipmi0", bmc.Ask{}); !errors.As(err, &failure) || failure.Cause != CauseDevice {
		t.Errorf("a dead controller: %v", err)
	}
}

// TestDeviceErrors name what to do.
func TestDeviceErrors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the device is Linux only")
	}
	missing := filepath.Join(t.TempDir(), "ipmi0")
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := &local{paths: []string{missing}}
	tests := []struct {
		name string
		err  error
		says []string
	}{
		{"missing", poll2(t, l), []string{missing, "ipmi_si", "ipmi_devintf", "no such device"}},
		{"not permitted", l.explain("/dev/ipmi0", &fs.PathError{Op: "open", Path: "/dev/ipmi0", Err: fs.ErrPermission}),
			[]string{`KERNEL=="ipmi*"`, "NOPASSWD", "check_fans --via local"}},
		{"not a device", poll2(t, &local{paths: []string{plain}}), []string{plain, "handing it to the kernel"}},
		{"null", poll2(t, &local{paths: []string{missing, "/dev/null"}}), []string{"/dev/null"}},
	}
	for _, tt := range tests {
		failure := (*OpenError)(nil)
		if !errors.As(tt.err, &failure) || failure.Cause != CauseDevice {
			t.Errorf("%s: %v", tt.name, tt.err)
			continue
		}
		for _, says := range tt.says {
			if !strings.Contains(tt.err.Error(), says) {
				t.Errorf("%s: %v does not say %q", tt.name, tt.err, says)
			}
		}
		if strings.ContainsAny(tt.err.Error(), ";|") {
			t.Errorf("%s: %v", tt.name, tt.err)
		}
	}
}

func poll2(t *testing.T, l *local) error {
	t.Helper()
	_, err := l.Poll(t.Context(), bmc.Ask{})
	return err
}

func TestLocalOptions(t *testing.T) {
	if l := Local(Options{Device: "/dev/ipmi3"}).(*local); len(l.paths) != 1 || l.paths[0] != "/dev/ipmi3" {
		t.Errorf("%v", l.paths)
	}
	if l := Local(Options{}).(*local); len(l.paths) != 3 {
		t.Errorf("%v", l.paths)
	}
	for _, o := range []Options{{Port: 0}, {Port: 70000}, {Port: 623, Privilege: "root"}} {
		if o.Validate() == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	for _, level := range []string{"", "user", "operator", "admin"} {
		if err := (Options{Port: 623, Privilege: level}).Validate(); err != nil {
			t.Error(err)
		}
	}
}
