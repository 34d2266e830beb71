package test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

// promised is what check_pve, check_ceph and check_guests may take, whatever they
// are sent, in KiB. check_fans has a test of its own, for 64 MiB.
const promised = 128 << 10

// swollen are documents that are small for what they make of themselves.
var swollen = map[string]func() string{
	"nothing":        func() string { return repeat(`{"data":[`, `null,`, `null]}`) },
	"empty objects":  func() string { return repeat(`{"data":[`, `{},`, `{}]}`) },
	"a long number":  func() string { return `{"data":[{"vmid":` + strings.Repeat("9", 1_000_000) + `,"type":"qemu"}]}` },
	"deep nesting":   func() string { return repeat(`{"data":`, `[`, ``) },
	"a long key":     func() string { return repeat(`{"data":[{"`, `k`, `":1}]}`) },
	"a long text":    func() string { return repeat(`{"data":[{"type":"`, `t`, `"}]}`) },
	"contradictions": func() string { return repeat(`{"data":[{"type":"qemu","type":"lxc"}`, `,{"vmid":1,"vmid":2}`, `]}`) },
}

func repeat(before, unit, after string) string {
	return before + strings.Repeat(unit, (15<<20)/len(unit)) + after
}

// yard is where plugins are built once and run.
type yard struct{ bin, auth string }

func newYard(t *testing.T) yard {
	t.Helper()
	y := yard{bin: t.TempDir(), auth: filepath.Join(t.TempDir(), "auth.ini")}
	if out, err := exec.Command("go", "build", "-o", y.bin, "../plugins/check_pve", "../plugins/check_guests", "../plugins/check_ceph").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(y.auth, []byte("[*]\ntoken = "+pve.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return y
}

// closed is a directory for memories.
func closed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil { // or nothing is remembered
		t.Fatal(err)
	}
	return dir
}

// run runs a plugin that has no memory, and holds it to what was promised.
func (y yard) run(t *testing.T, plugin string, args ...string) (out string, code int) {
	t.Helper()
	return y.again(t, plugin, append(args, "--state-dir", closed(t))...)
}

// again runs a plugin.
func (y yard) again(t *testing.T, plugin string, args ...string) (out string, code int) {
	t.Helper()
	out, code, peak := peakOf(t, exec.CommandContext(t.Context(), filepath.Join(y.bin, plugin), append(args, "-t", "60s")...))
	t.Logf("%s: %d KiB, exit code %d: %.120s", plugin, peak, code, out)
	if peak > promised {
		t.Errorf("%s: %d KiB, at most %d", plugin, peak, promised)
	}
	return out, code
}

// TestMemory: a run of check_pve, check_guests and check_ceph takes no more than was
// promised, of a cluster with 50,000 guests, and of one that sends what
// swells; and that is never OK. It is the peak of the process itself.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("builds three plugins and sends them hundreds of MiB: run without -short")
	}
	y := newYard(t)
	s := pve.Start(t, pve.Presets["plain"]())
	t.Run("fifty thousand guests", func(t *testing.T) { y.manyGuests(t, s) })
	status := ceph.New(ceph.Config{}).Ask("status", "mon mgr").Document
	for name, body := range swollen {
		t.Run(name, func(t *testing.T) {
			text := body()
			for _, path := range []string{"/cluster/resources", "/cluster/tasks", "/access/permissions"} {
				front := inFront(t, s, path, text)
				for _, plugin := range []string{"check_pve", "check_guests"} {
					if out, code := y.run(t, plugin, append([]string{"--auth-file", y.auth}, front...)...); code == 0 && path == "/cluster/resources" {
						t.Errorf("%s, %s: %s", plugin, path, out)
					}
				}
			}
			osds := strings.Replace(strings.Replace(text, `{"data":`, `{"epoch":1,"flags":"","osds":`, 1), "vmid", "osd", -1)
			for _, documents := range []string{osds, status + "\n" + osds} {
				if out, code := y.run(t, "check_ceph", "--ceph-command", printing(t, documents)); code == 0 {
					t.Errorf("check_ceph: %s", out)
				}
			}
			front := inFront(t, s, "/cluster/ceph/status", text)
			if out, code := y.run(t, "check_ceph", append([]string{"--via", "pve", "--auth-file", y.auth}, front...)...); code == 0 {
				t.Errorf("check_ceph --via pve: %s", out)
			}
		})
	}
}

// printing is a ceph command that prints a text.
func printing(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	stub := filepath.Join(dir, "ceph")
	for name, body := range map[string]string{stub: "#!/bin/sh\ncat " + dir + "/documents\n", dir + "/documents": text} {
		if err := os.WriteFile(name, []byte(body), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return stub
}

// inFront is a node that answers one path itself, and everything else as the
// simulated cluster behind it.
func inFront(t *testing.T, s *pve.Sim, path, body string) (args []string) {
	t.Helper()
	return inFrontWith(t, s, func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, path) {
			_, _ = io.WriteString(w, body) // it may have read enough
			return true
		}
		return false
	})
}

// inFrontWith is the same with what it answers itself in a function, which says
// whether it did.
func inFrontWith(t *testing.T, s *pve.Sim, own func(http.ResponseWriter, *http.Request) bool) (args []string) {
	t.Helper()
	behind, _, _ := strings.Cut(s.Addresses(), ",")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if own(w, r) {
			return
		}
		request, err := http.NewRequestWithContext(r.Context(), r.Method, "https://"+behind+r.URL.RequestURI(), nil)
		if err != nil {
			t.Error(err)
			return
		}
		request.Header = r.Header.Clone()
		response, err := client.Do(request)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer response.Body.Close()
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body)
	}))
	t.Cleanup(front.Close)
	sum := sha256.Sum256(front.Certificate().Raw)
	return []string{"-H", strings.TrimPrefix(front.URL, "https://"), "--fingerprint", hex.EncodeToString(sum[:])}
}

// peakOf runs a command and reads the peak of its memory until it has ended. What
// wait4 reports will not do: a process starts with the peak of the one that forked
// it, and that is this test.
func peakOf(t *testing.T, cmd *exec.Cmd) (text string, code int, peakKB int64) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case <-done: // the exit code says the rest
			return out.String(), cmd.ProcessState.ExitCode(), peakKB
		case <-time.After(time.Millisecond):
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		_, after, found := strings.Cut(string(status), "VmHWM:")
		var kb int64
		if _, bad := fmt.Sscan(after, &kb); err == nil && found && bad == nil {
			peakKB = max(peakKB, kb)
		}
	}
}
