package test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/noout-monitoring/noout/test/sim/pve"
)

// promised is what a plugin may take, whatever it is sent, in KiB. check_fans has a
// test of its own, for 64 MiB.
const promised = 128 << 10

// yard is where plugins are built once and run.
type yard struct{ bin, auth string }

func newYard(t *testing.T) yard {
	t.Helper()
	y := yard{bin: build(t), auth: filepath.Join(t.TempDir(), "auth.ini")}
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

// run runs a plugin that has no memory, with the time that it takes by itself, and
// holds it to what was promised.
func (y yard) run(t *testing.T, plugin string, args ...string) (out string, code int) {
	t.Helper()
	return y.again(t, plugin, append(args, "--state-dir", closed(t))...)
}

// again runs a plugin that has one.
func (y yard) again(t *testing.T, plugin string, args ...string) (out string, code int) {
	t.Helper()
	out, code, peak := peakOf(t, exec.CommandContext(t.Context(), filepath.Join(y.bin, plugin), args...))
	first, _, _ := strings.Cut(out, "\n")
	text, _, _ := strings.Cut(first, " | ")
	t.Logf("%s: %d KiB, exit code %d: %.120s", plugin, peak, code, text)
	if peak > promised {
		t.Errorf("%s: %d KiB, at most %d", plugin, peak, promised)
	}
	if code < 0 || code > 3 || utf8.RuneCountInString(text) > 160 || len(out) > 4096 || out == "" {
		t.Errorf("%s: exit code %d, %d bytes, %d in the first line before the performance data:\n%s", plugin, code, len(out), len(text), out)
	}
	return out, code
}

// patient is more time than a busy machine takes.
const patient = "--timeout=3m"

// TestMemory: a run of check_pve and check_guests takes no more than was promised
// of a cluster with 50,000 guests. It is the peak of the process itself.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the plugins and sends them a hundred MiB: run without -short")
	}
	newYard(t).manyGuests(t, pve.Start(t, pve.Presets["plain"]()))
}

// front is a device that answers what it is told to itself, and everything else as
// the simulated one behind it.
func front(t *testing.T, behind string, own func(http.ResponseWriter, *http.Request) bool) (address, fingerprint string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if own(w, r) {
			return
		}
		request, err := http.NewRequestWithContext(r.Context(), r.Method, "https://"+behind+r.URL.RequestURI(), r.Body)
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
		maps.Copy(w.Header(), response.Header)
		w.WriteHeader(response.StatusCode)
		_, _ = io.Copy(w, response.Body) // it may have gone
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of those who break off
	server.StartTLS()
	t.Cleanup(server.Close)
	sum := sha256.Sum256(server.Certificate().Raw)
	return strings.TrimPrefix(server.URL, "https://"), hex.EncodeToString(sum[:])
}

// peakOf runs a command and reads the peak of its memory until it has ended. What
// wait4 reports will not do: a process starts with the peak of the one that forked
// it, and that is this test.
func peakOf(t *testing.T, cmd *exec.Cmd) (text string, code int, peakKB int64) {
	t.Helper()
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case <-done: // the exit code says the rest
			if errors.Len() > 0 {
				t.Errorf("on standard error: %s", errors.String())
			}
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
