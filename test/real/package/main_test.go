//go:build real

// Package packaging builds the packages twice, compares them, looks into them,
// and installs the one for this machine as a new user would. It needs root,
// Debian, lintian, rpm and curl, and runs with
//
//	go test -tags real ./test/real/package
//
// It removes what it installed, also when it fails.
package packaging

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// root is the repository, from here.
const root = "../../.."

// built is the first build, which all tests look at.
var built build

// build is a folder with the repository and what was built there.
type build struct {
	dir     string    // the repository
	version string    // of the plugins
	date    time.Time // of the commit
}

func (b build) file(name string) string {
	return filepath.Join(b.dir, "dist", strings.ReplaceAll(name, "VERSION", b.version))
}

func TestMain(m *testing.M) {
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests install a package: expected root")
		os.Exit(1)
	}
	os.Exit(inHome(m))
}

func inHome(m *testing.M) (code int) {
	home, err := os.MkdirTemp("", "noout-package-")
	if err == nil {
		defer os.RemoveAll(home)
		built.dir = filepath.Join(home, "first")
		err = errors.Join(os.Chmod(home, 0o755), built.copy(root), built.learn(), built.dist(nil))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// copy clones a repository and puts on top what is not committed yet.
func (b build) copy(from string) error {
	if _, err := run(nil, "git", "clone", "-q", "--no-hardlinks", from, b.dir); err != nil {
		return err
	}
	changed, err := run(nil, "git", "-C", from, "ls-files", "-z", "--modified", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for path := range strings.SplitSeq(strings.TrimSuffix(changed, "\x00"), "\x00") {
		if path == "" {
			continue
		}
		if err := overlay(filepath.Join(from, path), filepath.Join(b.dir, path)); err != nil {
			return fmt.Errorf("copying %s: %w", path, err)
		}
	}
	return nil
}

func overlay(from, to string) error {
	info, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return os.RemoveAll(to)
	}
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(to, text, 0o644); err != nil {
		return err
	}
	return os.Chmod(to, info.Mode().Perm())
}

// learn asks git for the date.
func (b *build) learn() error {
	text, err := run(nil, "git", "-C", b.dir, "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	b.date = time.Unix(seconds, 0)
	return err
}

// dist builds with these variables on top of the environment, and finds the
// version out.
func (b *build) dist(env []string) error {
	if _, err := run(env, filepath.Join(b.dir, "packaging", "dist")); err != nil {
		return err
	}
	tarballs, err := filepath.Glob(filepath.Join(b.dir, "dist", "noout_*_linux_amd64.tar.gz"))
	if err != nil {
		return err
	}
	if len(tarballs) != 1 {
		return fmt.Errorf("expected one tarball for amd64, found %q", tarballs)
	}
	b.version = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(tarballs[0]), "noout_"), "_linux_amd64.tar.gz")
	return nil
}

// run runs a command for at most twenty minutes and returns its standard output.
func run(env []string, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String(), nil
}

func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := run([]string{"LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
