//go:build real

package schedulers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// home holds all that the tests make; the user of the daemons can read it.
var home string

const root = "../../.." // of the checkout

func TestMain(m *testing.M) {
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests become the user nagios: expected root")
		os.Exit(1)
	}
	os.Exit(inHome(m))
}

func inHome(m *testing.M) (code int) {
	var err error
	home, err = os.MkdirTemp("", "noout-schedulers")
	if err == nil {
		err = os.Chmod(home, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		left := remains()
		for _, line := range left {
			fmt.Fprintln(os.Stderr, "still running:", line)
		}
		if err := os.RemoveAll(home); err != nil || len(left) > 0 {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	return m.Run()
}

// plugins are all there are, built once, in a directory as a package leaves
// it: check_guests has the right to ping.
var plugins = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(home, "plugins")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	return dir, errors.Join(
		build(dir+"/", "./plugins/..."),
		build(filepath.Join(dir, "ceph"), "./test/sim/ceph/cmd/ceph"),
		combined("setcap", "cap_net_raw+ep", filepath.Join(dir, "check_guests")))
})

func build(to, what string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-o", to, what)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w: %s", what, err, out)
	}
	return nil
}

func combined(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// built is the directory of the plugins.
func built(t testing.TB) string {
	t.Helper()
	dir, err := plugins()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// daemon is the user that the daemons and the plugins run as.
func daemon() (*syscall.Credential, error) {
	account, err := user.Lookup("nagios")
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
}

// folder makes a directory below home that belongs to the daemons.
func folder(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp(home, name+"-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	give(t, dir)
	return dir
}

// give makes a directory and all below it the daemons' own.
func give(t testing.TB, dir string) {
	t.Helper()
	who, err := daemon()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(who.Uid), int(who.Gid))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// write writes a file for the daemons; only they and root can read it.
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	give(t, path)
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// contrib is the path of a file as it is shipped.
func contrib(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "contrib", name))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// readIfThere reads a file that a daemon may not have written yet.
func readIfThere(path string) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}
