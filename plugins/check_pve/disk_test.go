package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/noout-monitoring/noout/pkg/state"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

const onFullDisk = "NOOUT_TEST_FULL_DISK"

// TestFullDisk: on a disk without room the verdict is as always, the answer says
// what could not be written, and once there is room it is written, once. The
// disk is one of a few pages in a namespace of its own.
func TestFullDisk(t *testing.T) {
	if os.Getenv(onFullDisk) != "" {
		fullDisk(t)
		return
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run", "^TestFullDisk$", "-test.v")
	cmd.Env = []string{onFullDisk + "=" + t.TempDir(), "TZ=UTC", "TMPDIR=/"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case len(out) == 0 && err != nil:
		t.Skip("no namespaces of one's own here:", err)
	case strings.Contains(string(out), "no mounting here"):
		t.Skipf("no mounting in a namespace here: %s", out)
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	}
}

func fullDisk(t *testing.T) {
	root := os.Getenv(onFullDisk)
	if err := errors.Join(syscall.Mount("noout", root, "tmpfs", 0, "size=256k,mode=0755"), syscall.Chroot(root), os.Chdir("/"), os.Mkdir("/world", 0o700)); err != nil {
		t.Fatalf("no mounting here: %v", err)
	}
	var stage sim.Stage
	env := stage.Open(t, "/world")
	run := func() (int, string) {
		var out bytes.Buffer
		args := []string{"-H", env["NODES"], "--ca-file", env["CA"], "--auth-file", env["AUTH"], "--state-dir", "/state"}
		code := pluginAt(state.Wall{Now: stage.Sim.Now}).Run(args, &out)
		return code, out.String()
	}
	happens := func(script string) {
		t.Helper()
		if err := stage.Sim.Script(script); err != nil {
			t.Fatal(err)
		}
	}
	happens("advance?by=1m")
	if code, text := run(); code != 0 {
		t.Fatalf("exit %d: %s", code, text)
	}
	happens("advance?by=1m\npoweroff?node=pve3\nadvance?by=1m")
	for left := 1 << 18; left > 0; left /= 2 { // to the last byte
		filler, err := os.OpenFile("/filler", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		for err == nil {
			_, err = filler.Write(make([]byte, left))
		}
		filler.Close() // it has no more to tell
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	code, text := run()
	if code != 2 || !strings.Contains(text, "node pve3 is offline") || !strings.Contains(text, "(journal: 2 entries not written: state /state/journal/") || !strings.Contains(text, "no space left on device") {
		t.Errorf("exit %d: %s", code, text)
	}
	if err := os.Remove("/filler"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		happens("advance?by=1m")
		if again, text := run(); again != code || strings.Contains(text, "journal: ") {
			t.Errorf("exit %d with room, %d without: %s", again, code, text)
		}
	}
	months, err := filepath.Glob("/state/journal/*.jsonl")
	if err != nil || len(months) != 1 {
		t.Fatalf("%q, %v", months, err)
	}
	lines, err := os.ReadFile(months[0])
	if n := strings.Count(string(lines), `"kind":"node_offline"`); err != nil || n != 1 {
		t.Errorf("it is written %d times, %v\n%s", n, err, lines)
	}
}
