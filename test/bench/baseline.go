package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// build puts the programs of packages into a folder, static and without symbols.
func build(ctx context.Context, source, into string, packages ...string) error {
	return buildNamed(ctx, source, into, append([]string{"-ldflags", "-s -w"}, packages...)...)
}

// buildNamed leaves the symbols, for a profile. HTTP/2 is left out, as in the
// plugins.
func buildNamed(ctx context.Context, source, into string, packages ...string) error {
	args := append([]string{"build", "-trimpath", "-tags", "nethttpomithttp2", "-o", into + "/"}, packages...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = source, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("building %s: %w: %.500s", strings.Join(packages, " "), err, out))
	}
	return nil
}

// install copies programs, as a package manager does. What the linker wrote
// through a mapping lies in single pages in the kernel's cache, and a process that
// is mapped from there costs a tenth more.
func install(into, from string) error { return os.CopyFS(into, os.DirFS(from)) }

// revision of a repository.
type revision struct{ repository, name string }

// build builds its plugins into a folder, as that revision builds them.
func (r revision) build(ctx context.Context, into string) error {
	return r.checkout(ctx, into, func(tree string) error {
		cmd := exec.CommandContext(ctx, "make", "-C", tree, "build")
		if out, err := cmd.CombinedOutput(); err != nil {
			return errors.Join(ctx.Err(), fmt.Errorf("make build in %s: %w: %.500s", r.name, err, out))
		}
		return install(filepath.Join(into, "bin"), filepath.Join(tree, "bin"))
	})
}

// checkout lets f use a work tree in a folder, which is gone when it returns, also
// after an interrupt.
func (r revision) checkout(ctx context.Context, into string, f func(tree string) error) (err error) {
	tree := filepath.Join(into, "tree")
	git := func(ctx context.Context, args ...string) error {
		if out, err := exec.CommandContext(ctx, "git", append([]string{"-C", r.repository, "worktree"}, args...)...).CombinedOutput(); err != nil {
			return errors.Join(ctx.Err(), fmt.Errorf("git worktree %s: %w: %.300s", args[0], err, out))
		}
		return nil
	}
	defer func() {
		if _, gone := os.Stat(tree); gone == nil {
			err = errors.Join(err, git(context.WithoutCancel(ctx), "remove", "--force", tree))
		}
	}()
	if err := git(ctx, "add", "--detach", tree, r.name); err != nil {
		return err
	}
	return f(tree)
}

// pair is a command of ours, and the same of the baseline where there is one.
func (s *session) pair(ctx context.Context, plugin string, args, env []string) ([2]command, error) {
	pair := [2]command{{args: append([]string{filepath.Join(s.bin, plugin)}, args...), env: env}, none("no baseline")}
	if s.rev == "" {
		return pair, nil
	}
	old := filepath.Join(s.dir, "baseline", "bin", plugin)
	if _, err := os.Stat(old); errors.Is(err, os.ErrNotExist) {
		pair[1] = none("not in " + s.rev)
		return pair, nil
	}
	help, err := exec.CommandContext(ctx, old, "--help").Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return pair, fmt.Errorf("help of %s in %s: %w", plugin, s.rev, err)
	}
	pair[1] = command{args: append([]string{old}, args...), env: env}
	known := strings.FieldsFunc(string(help), func(r rune) bool { return strings.ContainsRune(" \n,=[]", r) })
	for _, a := range args {
		if option, _, _ := strings.Cut(a, "="); strings.HasPrefix(option, "-") && option != "-V" && !slices.Contains(known, option) {
			pair[1] = none("not in " + s.rev + ": " + option)
		}
	}
	return pair, nil
}
