package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

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
