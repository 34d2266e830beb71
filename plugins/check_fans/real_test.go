package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check/checktest"
	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// built is the binary under test, made once.
var built string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "check_fans-")
	if err != nil {
		panic(err)
	}
	built = filepath.Join(dir, "check_fans")
	if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build: %v\n%s", err, out))
	}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// site is a simulator and the files that an operator has for it.
type site struct {
	sim  *bmc.Sim
	args []string
	home string
}

func newSite(t *testing.T, s bmc.Server) site {
	t.Helper()
	sim := bmc.Start(t, s)
	home := t.TempDir()
	auth := filepath.Join(home, "auth.ini")
	if err := os.WriteFile(auth, fmt.Appendf(nil, "[*]\nusername = %s\npassword = %s\n", bmc.Username, bmc.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	st := filepath.Join(home, "state")
	if err := os.Mkdir(st, 0o700); err != nil {
		t.Fatal(err)
	}
	return site{sim, []string{"-H", sim.Host, "--auth-file", auth, "--ca-file", sim.CAFile(t), "--state-dir", st}, home}
}

type outcome struct {
	code   int
	out    string
	peakKB int64
}

func (s site) command(ctx context.Context, more ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, built, append(append([]string{}, s.args...), more...)...)
	cmd.Env = []string{"HOME=" + s.home, "PATH=/usr/bin:/bin"}
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	return cmd, &out, &stderr
}

// run runs the binary; one that hangs fails the test.
func (s site) run(t *testing.T, more ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd, out, stderr := s.command(ctx, more...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	peak := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	if ctx.Err() != nil {
		t.Fatalf("hangs: %v", err)
	}
	if stderr.Len() > 0 {
		t.Errorf("standard error: %s", stderr)
	}
	if strings.Contains(out.String(), bmc.Password) {
		t.Errorf("the password is in the output: %s", out)
	}
	o := outcome{code: cmd.ProcessState.ExitCode(), out: out.String(), peakKB: peak()}
	checktest.Answer(t, out.Bytes(), o.code)
	return o
}

// watchMemory reads the peak of a process's memory until it has ended. What
// wait4 reports will not do: a process starts with the peak of the one that
// forked it, and that is this test with its simulators.
func watchMemory(pid int) (peakKB func() int64) {
	done := make(chan int64)
	go func() {
		peak := int64(0)
		for {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, after, found := strings.Cut(string(text), "VmHWM:")
			if err != nil || !found {
				done <- peak
				return
			}
			var kb int64
			if _, err := fmt.Sscan(after, &kb); err == nil {
				peak = max(peak, kb)
			}
			time.Sleep(time.Millisecond)
		}
	}()
	return func() int64 { return <-done }
}

// TestFaults: whatever the controller does, the run ends by its own deadline
// with an answer, in little memory, and never says that all is well.
func TestFaults(t *testing.T) {
	faults := []string{
		bmc.SilentAccept, bmc.SilentTLS, bmc.Hang, bmc.Reset, bmc.Truncated, bmc.TruncatedJSON, bmc.Drip, bmc.Huge, bmc.HugeDeclared,
		bmc.GzipBomb, bmc.Deep, bmc.Redirect, bmc.RedirectLoop, bmc.HTML, bmc.ErrorAs200, bmc.Empty, bmc.NotJSON,
		bmc.Status401, bmc.Status403, bmc.Status404, bmc.Status500, bmc.Status503,
	}
	paths := map[string]string{"everywhere": "", "thermal": "/redfish/v1/Chassis/1/Thermal", "chassis": "/redfish/v1/Chassis"}
	if testing.Short() {
		delete(paths, "chassis")
		delete(paths, "everywhere")
	}
	for _, fault := range faults {
		for where, path := range paths {
			if fault == bmc.SilentAccept && path != "" {
				continue
			}
			t.Run(fault+" "+where, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, bmc.Server{Vendor: bmc.Supermicro})
				s.sim.MustBreak(t, bmc.Fault{Name: fault, Path: path})
				o := s.run(t, "-t", "3s")
				if o.code != 3 {
					t.Errorf("exit code %d, want 3:\n%s", o.code, o.out)
				}
				if o.peakKB > 64<<10 {
					t.Errorf("used %d KiB, at most 64 MiB", o.peakKB)
				}
				s.clean(t)
			})
		}
	}
}

// clean asserts what must never happen.
func (s site) clean(t *testing.T) {
	t.Helper()
	stats := s.sim.Stats()
	if stats.Sessions != 0 || len(stats.Violations) > 0 || stats.WrongPasswords > 1 {
		t.Errorf("%d sessions left, violations %v, %d wrong passwords", stats.Sessions, stats.Violations, stats.WrongPasswords)
	}
	for _, v := range s.sim.Elsewhere().Visits() {
		t.Errorf("another host was asked: %+v", v)
	}
}

// TestLogFaults: a log that cannot be read is said in the first line, or is
// UNKNOWN when it is required; the fans are judged in any case.
func TestLogFaults(t *testing.T) {
	for _, fault := range []string{bmc.Hang, bmc.Truncated, bmc.Drip, bmc.Huge, bmc.Redirect, bmc.HTML, bmc.ErrorAs200, bmc.Empty, bmc.NotJSON, bmc.Status403, bmc.Status404, bmc.Status500, bmc.Status503} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, bmc.Server{Vendor: bmc.Supermicro})
			s.sim.MustBreak(t, bmc.Fault{Name: fault, Path: "/redfish/v1/Systems/1/LogServices/Log1/Entries"})
			if o := s.run(t, "-t", "12s", "--via", "redfish"); o.code != 0 || !strings.Contains(o.out, "not read") {
				t.Errorf("exit code %d, want 0 and a note:\n%s", o.code, o.out)
			}
			if o := s.run(t, "-t", "12s", "--via", "redfish", "--log", "require"); o.code != 3 {
				t.Errorf("--log require: exit code %d, want 3:\n%s", o.code, o.out)
			}
			if err := s.sim.Do("drop?fan=3&for=1h&shape=zero"); err != nil {
				t.Fatal(err)
			}
			if o := s.run(t, "-t", "12s", "--via", "redfish", "--log", "require"); o.code != 2 || !strings.Contains(o.out, "FAN3 stands still") {
				t.Errorf("fan 3 stands still: exit code %d, want 2:\n%s", o.code, o.out)
			}
			s.clean(t)
		})
	}
}

// TestWrongPassword: it is tried once. Controllers lock accounts.
func TestWrongPassword(t *testing.T) {
	for _, auth := range []bmc.Auth{bmc.AnyAuth, bmc.SessionsOnly, bmc.BasicOnly} {
		s := newSite(t, bmc.Server{Vendor: bmc.HPE, Auth: auth})
		wrong := filepath.Join(s.home, "wrong.ini")
		if err := os.WriteFile(wrong, []byte("[*]\nusername = monitor\npassword = 0b5cure-and-wr0ng\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.args = append(s.args, "--auth-file", wrong)
		s.args = append(s.args[:2], s.args[4:]...) // one --auth-file
		o := s.run(t)
		if o.code != 3 || strings.Contains(o.out, "0b5cure") {
			t.Errorf("%q: exit code %d:\n%s", auth, o.code, o.out)
		}
		if n := s.sim.Stats().WrongPasswords; n != 1 {
			t.Errorf("%q: the wrong password was tried %d times, want once", auth, n)
		}
	}
}

// TestBudget counts the requests of a steady run.
func TestBudget(t *testing.T) {
	for _, tt := range []struct {
		vendor bmc.Vendor
		expand bmc.Expand
		most   int
	}{
		{bmc.Dell, "", 4}, {bmc.HPE, "", 4}, {bmc.Lenovo, "", 4}, {bmc.Supermicro, "", 4},
		{bmc.Dell, bmc.ExpandOff, 6}, {bmc.HPE, bmc.ExpandOff, 6}, {bmc.Lenovo, bmc.ExpandOff, 6}, {bmc.Supermicro, bmc.ExpandOff, 6},
	} {
		s := newSite(t, bmc.Server{Vendor: tt.vendor, Expand: tt.expand})
		for range 2 {
			if o := s.run(t); o.code != 0 {
				t.Fatalf("%s: exit code %d:\n%s", tt.vendor, o.code, o.out)
			}
		}
		s.sim.Forget()
		o := s.run(t, "-vv")
		if n := s.sim.Stats().Count; n > tt.most {
			t.Errorf("%s, expand %q: %d requests, at most %d\n%s", tt.vendor, tt.expand, n, tt.most, o.out)
		}
		s.clean(t)
	}
}
