package secret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestGuarded(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "customers.ini")
	if err := os.WriteFile(path, []byte("[acme]\nname = Acme\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if found, err := GuardedSections(path); err != nil || len(found) != 1 || found[0].Name != "acme" {
		t.Errorf("%+v, %v", found, err)
	}
	if text, err := Guarded(path, maxFile); err != nil || string(text) != "[acme]\nname = Acme\n" {
		t.Errorf("%q, %v", text, err)
	}
	refused := func(path, want string) {
		t.Helper()
		_, first := GuardedSections(path)
		_, second := Guarded(path, maxFile)
		for _, err := range []error{first, second} {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Acme") {
				t.Errorf("%s: %v, expected %q", path, err, want)
			}
		}
	}
	if err := os.Chmod(path, 0o664); err != nil {
		t.Fatal(err)
	}
	refused(path, "has mode 0664, expected that nobody else can write it")
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(fifo, "expected a regular file, this is a pipe")
	refused(dir, "expected a regular file, this is a directory")
	refused(filepath.Join(dir, "none"), "no such file")
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(large, "larger than 1 MiB")
	if os.Geteuid() != 0 {
		t.Log("not root: a file of somebody else is not tried")
		return
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	refused(path, "belongs to ")
}

func TestGuardedLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(path, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := Guarded(path, 2<<20); err != nil || len(text) != 2<<20 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if _, err := Guarded(path, 1<<20); err == nil || !strings.HasSuffix(err.Error(), path+": larger than 1 MiB") {
		t.Errorf("%v", err)
	}
	if _, err := Guarded(path+".none", 1<<20); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestWaitIsBounded: what calls itself a file and has nothing to read, as /proc/kmsg
// does, is not waited for. A pipe stands for it: its kind is told from the file's own.
func TestWaitIsBounded(t *testing.T) {
	silent, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	defer other.Close()
	bound(silent, time.Now().Add(-time.Second)) // its time is over
	if _, err := whole(silent, maxFile); err == nil || !strings.HasSuffix(err.Error(), ": nothing to read within 2s, expected a regular file") {
		t.Error(err)
	}
}
