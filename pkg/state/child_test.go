package state

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const nobody = 65534

// children are what the test binary does instead of testing when another test
// starts it: see child.
var children = map[string]func() error{
	"merge":     mergeChild,
	"kill":      killChild,
	"limit":     limitChild,
	"full disk": fullDiskChild,
	"update":    updateChild,
}

func TestMain(m *testing.M) {
	role, found := children[os.Getenv("STATE_TEST_CHILD")]
	if !found {
		os.Exit(m.Run())
	}
	if err := role(); err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
}

// child prepares the test binary to do one of the children's jobs in a directory.
func child(t testing.TB, role, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = []string{"STATE_TEST_CHILD=" + role, "STATE_TEST_DIR=" + dir}
	cmd.Dir = "/"
	return cmd
}

func childStore() (*Store, error) {
	return Options{Dir: os.Getenv("STATE_TEST_DIR")}.Open("check_fans")
}

// asNobody runs the calling test again as a user without privileges when it
// runs as root, and says whether that was done.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	home, err := os.MkdirTemp("", "state")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	if err := os.Chown(home, nobody, nobody); err != nil {
		t.Skip("root cannot give files away here:", err)
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = []string{"TMPDIR=" + home, "HOME=" + home}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Skip("root cannot become another user here:", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	return true
}

// onlyRoot skips what needs files of other users.
func onlyRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	probe := filepath.Join(t.TempDir(), "probe")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(probe, nobody, nobody); err != nil {
		t.Skip("root cannot give files away here:", err)
	}
}

// updateChild changes the value once.
func updateChild() error {
	s, err := childStore()
	if err != nil {
		return err
	}
	got, err := Update(s, subject, count)
	fmt.Println("count", got.Count)
	return err
}
