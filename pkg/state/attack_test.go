package state

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// names of the three files of a subject.
func files(s *Store) (value, lock, temporary string) {
	name := fileName(s.plugin, subject)
	return s.path + "/" + name, s.path + "/." + name + ".lock", s.path + "/." + name + ".tmp"
}

// plants are what may lie in place of a file, with the words for it. outside is a
// file that must stay as it is.
var plants = map[string]struct {
	plant func(t *testing.T, path, outside string)
	words string
}{
	"link":          {func(t *testing.T, path, outside string) { link(t, outside, path) }, "a symbolic link, expected a file"},
	"dangling link": {func(t *testing.T, path, outside string) { link(t, outside+"x", path) }, "a symbolic link, expected a file"},
	"FIFO": {func(t *testing.T, path, _ string) {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}, "expected a regular file"},
	"directory": {func(t *testing.T, path, _ string) { mkdir(t, 0o700, path) }, ""},
	"socket": {func(t *testing.T, path, _ string) {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		t.Chdir(filepath.Dir(path)) // the path of a socket may not be long
		if err := unix.Bind(fd, &unix.SockaddrUnix{Name: filepath.Base(path)}); err != nil {
			t.Fatal(err)
		}
	}, ""},
	"second name": {func(t *testing.T, path, outside string) {
		if err := os.Link(outside, path); err != nil {
			t.Fatal(err)
		}
	}, "the file has a second name elsewhere"},
	"writable for others": {func(t *testing.T, path, _ string) {
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		chmod(t, path, 0o666)
	}, "others can write it: chmod 600"},
}

// What lies in place of the value or its lock is neither followed, nor waited
// for, nor changed.
func TestPlantedFiles(t *testing.T) {
	for name, test := range plants {
		for _, where := range []string{"value", "lock"} {
			t.Run(name+" as "+where, func(t *testing.T) {
				s := store(t)
				outside := filepath.Join(t.TempDir(), "outside")
				if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
					t.Fatal(err)
				}
				path, lock, _ := files(s)
				if where == "lock" {
					path = lock
				}
				test.plant(t, path, outside)
				before, err := os.Lstat(path)
				if err != nil {
					t.Fatal(err)
				}
				got, err := Update(s, subject, count)
				if got.Count != 1 {
					t.Errorf("no value to judge: %+v", got)
				}
				says(t, err, s.Path(subject), test.words)
				if _, err := Load[memory](s, subject); where == "value" && err == nil {
					t.Error("Load believes it")
				}
				if now, err := os.ReadFile(outside); err != nil || string(now) != "precious" {
					t.Errorf("what is outside was changed: %q, %v", now, err)
				}
				if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) || before.Mode() != after.Mode() {
					t.Errorf("it was changed: %v, %v", after, err)
				}
			})
		}
	}
}

// A link in place of the temporary file is removed and not written through.
func TestPlantedTemporaryFile(t *testing.T) {
	s := store(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, temporary := files(s)
	link(t, outside, temporary)
	if got, err := Update(s, subject, count); err != nil || got.Count != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if now, err := os.ReadFile(outside); err != nil || string(now) != "precious" {
		t.Errorf("what is outside was changed: %q, %v", now, err)
	}
	mkdir(t, 0o700, temporary)
	got, err := Update(s, subject, count)
	says(t, err, "cannot remove .check_fans.", "is a directory")
	if got.Count != 2 {
		t.Errorf("no value to judge: %+v", got)
	}
}

// hold takes the lock of the subject as another process would.
func hold(t *testing.T, s *Store) {
	t.Helper()
	_, lock, _ := files(s)
	file, err := os.OpenFile(lock, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}

// Another process that hangs with the lock does not hang this one, which still
// judges on what is remembered. Without an end of the wait these tests hang.
func TestLocked(t *testing.T) {
	s := store(t)
	if _, err := Update(s, subject, count); err != nil {
		t.Fatal(err)
	}
	hold(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	got, err := UpdateContext(ctx, s, subject, count)
	says(t, err, s.Path(subject)+": locked by another process")
	if !errors.Is(err, ErrLocked) || got.Count != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Load[memory](s, subject); err != nil || got.Count != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Update(s, "another", count); err != nil || got.Count != 1 {
		t.Errorf("another subject is locked too: %+v, %v", got, err)
	}
}

func TestLockWaitEnds(t *testing.T) {
	t.Parallel() // it takes LockWait
	s := store(t)
	hold(t, s)
	if got, err := Update(s, subject, count); !errors.Is(err, ErrLocked) || got.Count != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Whoever holds a lock file that was removed holds nothing.
func TestLockFileIsRemoved(t *testing.T) {
	s := store(t)
	hold(t, s)
	_, lock, _ := files(s)
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if got, err := Update(s, subject, count); err != nil || got.Count != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestForeignFiles(t *testing.T) {
	onlyRoot(t)
	for _, where := range []string{"value", "lock"} {
		s := store(t)
		if _, err := Update(s, subject, count); err != nil {
			t.Fatal(err)
		}
		value, lock, _ := files(s)
		path := map[string]string{"value": value, "lock": lock}[where]
		chown(t, path, nobody)
		got, err := Update(s, subject, count)
		says(t, err, s.Path(subject), "belongs to ", "expected root")
		if !errors.Is(err, ErrUnsafe) || where == "value" && got.Count != 1 || where == "lock" && got.Count != 2 {
			t.Errorf("%s: %+v, %v", where, got, err)
		}
	}
}
