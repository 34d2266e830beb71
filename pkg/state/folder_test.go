package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func init() { children["append"] = appendChild }

func openedFolder(t testing.TB) *Folder {
	t.Helper()
	f, err := store(t).Folder("journal")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func add(text string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(text), nil }
}

func whole(t testing.TB, f *Folder, name string) string {
	t.Helper()
	file, err := f.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFolderGrows(t *testing.T) {
	f := openedFolder(t)
	var ends []string
	for _, text := range []string{"one\n", "two\n", ""} {
		err := f.Append(t.Context(), "a", Bounds{6, 100}, func(end []byte) ([]byte, error) {
			ends = append(ends, string(end))
			return []byte(text), nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := whole(t, f, "a"); got != "one\ntwo\n" {
		t.Errorf("the file is %q", got)
	}
	if got := strings.Join(ends, "|"); got != "|one\n|e\ntwo\n" {
		t.Errorf("the ends were %q", got)
	}
	says(t, f.Append(t.Context(), "a", Bounds{0, 10}, add("three\n")), f.Path("a"), "it has reached 0 MiB")
	if names, err := f.Names(); err != nil || len(names) != 1 || names[0] != "a" {
		t.Errorf("names %q, %v", names, err)
	}
	for path, mode := range map[string]os.FileMode{f.s.path: 0o700, f.Path("a"): 0o600, f.Path(".lock"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if err := f.Remove("a"); err != nil {
		t.Error(err)
	}
	if _, err := f.Open("a"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
}

func TestFolderIsNotTricked(t *testing.T) {
	for name, test := range plants {
		for _, as := range []string{"a", ".lock"} {
			t.Run(name+" as "+as, func(t *testing.T) {
				f := openedFolder(t)
				outside := filepath.Join(t.TempDir(), "outside")
				if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
					t.Fatal(err)
				}
				test.plant(t, f.Path(as), outside)
				says(t, f.Append(t.Context(), "a", Bounds{10, 100}, add("x")), f.Path("a"), test.words)
				if now, err := os.ReadFile(outside); err != nil || string(now) != "precious" {
					t.Errorf("what is outside was changed: %q, %v", now, err)
				}
			})
		}
	}
	s := store(t)
	link(t, t.TempDir(), s.path+"/journal")
	_, err := s.Folder("journal")
	says(t, err, "expected a directory")
	s = store(t)
	mkdir(t, 0o755, s.path+"/journal")
	_, err = s.Folder("journal")
	says(t, err, "it has mode 0755, expected 0700")
}

func TestForeignFolder(t *testing.T) {
	dir := t.TempDir()
	chmod(t, dir, 0o755)
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	chmod(t, dir, 0o775)
	_, err = OpenFolder(dir)
	says(t, err, dir, "others can write it, it has mode 0775")
	_, err = OpenFolder(dir + "/none")
	says(t, err, dir+"/none", "no such file")
}

// A limit on file sizes stops a write in the middle, as a full disk does: no
// half line stays.
func TestFolderOnFullDisk(t *testing.T) {
	f := openedFolder(t)
	if err := f.Append(t.Context(), "a", Bounds{0, 1 << 20}, add("one\n")); err != nil {
		t.Fatal(err)
	}
	out, err := child(t, "append", filepath.Dir(f.s.path)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := whole(t, f, "a"); got != "one\n" {
		t.Errorf("%d bytes: %.20q", len(got), got)
	}
}

func appendChild() error {
	limit := syscall.Rlimit{Cur: 8192, Max: 8192}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	s, err := childStore()
	if err != nil {
		return err
	}
	f, err := s.Folder("journal")
	if err != nil {
		return err
	}
	err = f.Append(context.Background(), "a", Bounds{0, 1 << 20}, func([]byte) ([]byte, error) { return bytes.Repeat([]byte("x"), 9000), nil })
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "raise the limit on file sizes") {
		return fmt.Errorf("got %w", err)
	}
	return nil
}
