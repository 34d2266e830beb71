package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain: the simulators of a bench are its own program.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == asSimulator {
		fail(beSimulator(os.Args[2], os.Args[3]))
		return
	}
	os.Exit(m.Run())
}

// repository makes one with two revisions: in the second a plugin is new, and an
// option.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.net"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const plugin = "package main\n\nfunc main() { println(`--old`) }\n"
	write("go.mod", "module example.net/m\n\ngo 1.26\n")
	write("plugins/check_a/main.go", strings.Replace(plugin, "println", "print", 1))
	write("Makefile", "build:\n\tgo build -o bin/ ./plugins/...\n")
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	write("plugins/check_b/main.go", plugin)
	git("add", ".")
	git("commit", "-q", "-m", "two")
	return dir
}

// trees are the work trees of a repository.
func trees(t *testing.T, dir string) int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", dir, "worktree", "list").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(out), "\n")
}

func TestBaseline(t *testing.T) {
	dir := repository(t)
	s := &session{rev: "HEAD~1", dir: t.TempDir()}
	into := filepath.Join(s.dir, "baseline")
	if err := (revision{dir, s.rev}).build(t.Context(), into); err != nil {
		t.Fatal(err)
	}
	if n := trees(t, dir); n != 1 {
		t.Errorf("%d work trees, expected 1", n)
	}
	for _, c := range []struct{ plugin, option, want string }{
		{"check_b", "--old", "not in HEAD~1"},
		{"check_a", "--new=3", "not in HEAD~1: --new"},
		{"check_a", "--ol", "not in HEAD~1: --ol"},
	} {
		pair, err := s.pair(t.Context(), c.plugin, []string{c.option}, nil)
		if err != nil || pair[1].unknown != c.want {
			t.Errorf("%s %s: %q, %v, expected %q", c.plugin, c.option, pair[1].unknown, err, c.want)
		}
	}
}

// TestInterrupted: a work tree is gone after an interrupt too, and after a
// revision that cannot be built.
func TestInterrupted(t *testing.T) {
	dir := repository(t)
	ctx, stop := context.WithCancel(t.Context())
	into := t.TempDir()
	seen := 0
	err := revision{dir, "HEAD"}.checkout(ctx, into, func(string) error {
		seen = trees(t, dir)
		stop()
		return build(ctx, dir, into, "./plugins/...")
	})
	if err == nil || ctx.Err() == nil || seen != 2 {
		t.Errorf("%v with %d work trees, expected an error with 2", err, seen)
	}
	if n := trees(t, dir); n != 1 {
		t.Errorf("%d work trees afterwards, expected 1", n)
	}
	if err := (revision{dir, "no-such-revision"}).build(t.Context(), into); err == nil || trees(t, dir) != 1 {
		t.Errorf("%v, expected an error and one work tree", err)
	}
}

func TestRatio(t *testing.T) {
	var as, bs []figures
	for _, x := range []int64{10, 20, 30, 40, 50} { // the machine drifts
		as, bs = append(as, figures{faults: x}), append(bs, figures{faults: 2 * x})
	}
	if got, want := ratio(as, bs, faults), "0.50 (0.50–0.50)"; got != want {
		t.Errorf("%s, expected %s", got, want)
	}
	as[0].faults, as[1].faults = 20, 80
	if got, want := ratio(as, bs, faults), "0.50 (0.50–1.00)"; got != want {
		t.Errorf("%s, expected %s", got, want)
	}
}

// TestOneRun measures check_pve once, and what it does on the wire: its second
// run makes no full handshake.
func TestOneRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a plugin: not with -short")
	}
	s := &session{dir: t.TempDir(), bin: t.TempDir(), runs: 1}
	if err := build(t.Context(), "../..", s.bin, "./plugins/check_ceph", "./plugins/check_pve"); err != nil {
		t.Fatal(err)
	}
	if err := build(t.Context(), "../..", s.dir, "./test/bench/starter"); err != nil {
		t.Fatal(err)
	}
	if err := s.clusters(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := s.text()
	for _, want := range []string{"| check_ceph, dashboard | 1 | 0 | 1 |", "| check_pve | 1 | 0 | 1 |"} {
		if !strings.Contains(text, want) {
			t.Errorf("expected %q:\n%s", want, text)
		}
	}
	for _, r := range s.pairs {
		if r[4] != "0" {
			t.Errorf("%s ended with %s, expected 0", r[0], r[4])
		}
	}
}
