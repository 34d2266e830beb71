package state

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// What lies in place of the value or its lock is neither followed, nor waited
// for, nor changed.
func TestPlantedFiles(t *testing.T) {
	plants := map[string]struct {
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

// nobodys is a directory of nobody and the options of root who acts for it.
func nobodys(t *testing.T) (*Store, string) {
	t.Helper()
	onlyRoot(t)
	if _, err := ownerNamed("nobody"); err != nil {
		t.Skip("this machine has no user nobody:", err)
	}
	top, err := os.MkdirTemp("", "state") // t.TempDir is closed to nobody
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	chmod(t, top, 0o755)
	dir := filepath.Join(top, "nobody")
	_, err = Options{Dir: dir, AsUser: "nobody"}.Open("check_fans")
	says(t, err, "is missing: make it with install -d -m 700 -o nobody "+dir)
	chown(t, mkdir(t, 0o700, dir), nobody)
	s, err := Options{Dir: dir, AsUser: "nobody"}.Open("check_fans")
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// nobodyRuns updates the value as nobody.
func nobodyRuns(t *testing.T, dir, want string) {
	t.Helper()
	cmd := child(t, "update", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

// Root and the poller change one value in turns, whoever begins.
func TestAsUser(t *testing.T) {
	s, dir := nobodys(t)
	if got, err := Update(s, subject, count); err != nil || got.Count != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	nobodyRuns(t, dir, "count 2")
	if got, err := Update(s, subject, count); err != nil || got.Count != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	put(t, s, "damaged")
	if _, err := Update(s, subject, count); !errors.Is(err, ErrCorrupt) {
		t.Fatal(err)
	}
	nobodyRuns(t, dir, "count 2")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if uid := info.Sys().(*syscall.Stat_t).Uid; uid != nobody {
			t.Errorf("%s belongs to %d", entry.Name(), uid)
		}
	}
}

// Root who acts for a user is not tricked into giving away or changing what is
// not that user's.
func TestAsUserIsNotTricked(t *testing.T) {
	s, dir := nobodys(t)
	value, lock, temporary := files(s)
	outside := filepath.Join(filepath.Dir(dir), "outside")
	for _, path := range []string{value, lock, temporary} {
		if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, plant := range map[string]func() error{
			"link":      func() error { return os.Symlink(outside, path) },
			"hard link": func() error { return os.Link(outside, path) },
			"moved":     func() error { return os.WriteFile(path, []byte("precious"), 0o600) },
		} {
			if err := plant(); err != nil {
				t.Fatal(err)
			}
			planted, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := Update(s, subject, count); got.Count != 1 {
				t.Errorf("%s at %s: no value to judge: %+v", name, path, got)
			}
			for _, found := range []string{outside, path, path + ".corrupt"} {
				info, err := os.Lstat(found)
				if err == nil && os.SameFile(info, planted) && info.Sys().(*syscall.Stat_t).Uid != 0 {
					t.Errorf("%s at %s: a file of root was given away", name, path)
				}
			}
			if text, err := os.ReadFile(outside); err != nil || string(text) != "precious" {
				t.Errorf("%s at %s: %q, %v", name, path, text, err)
			}
			for _, path := range []string{value, lock, temporary, value + ".corrupt"} {
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	chown(t, dir, 1)
	_, err := Options{Dir: dir, AsUser: "nobody"}.Open("check_fans")
	says(t, err, "it belongs to ", "expected nobody")
}
