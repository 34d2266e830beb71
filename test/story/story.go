// Package story walks through the service of one server with the built
// binaries against simulators: what happens, what the operator asks, what the
// plugin answers, and why that is right. The test asserts every line; make demo
// shows the same walk to people.
package story

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Step is one question to one plugin.
type Step struct {
	// Happens is what has just happened in the machine room; Do makes it so.
	Happens string
	Do      func(*World) error
	// Command is the command line; words that start with $ are filled in.
	Command []string
	// Exit and Line are the right answer: the exit code and the first line.
	Exit int
	Line string
	// Why says in one line why this is the right answer.
	Why string
}

// Outcome is what a plugin answered.
type Outcome struct {
	Command string
	Output  string
	Exit    int
}

// Wrong says how the outcome differs from the right answer; nil when it does
// not.
func (s Step) Wrong(o Outcome) error {
	line, _, _ := strings.Cut(o.Output, "\n")
	re, err := regexp.Compile("^" + s.Line)
	switch {
	case err != nil:
		return fmt.Errorf("the step's own line: %w", err)
	case o.Exit != s.Exit:
		return fmt.Errorf("exit code %d, want %d: %s", o.Exit, s.Exit, line)
	case !re.MatchString(line):
		return fmt.Errorf("first line %q, want %q", line, s.Line)
	}
	return nil
}

// World is the machine room: simulators, and the files that an operator has.
type World struct {
	// Bin holds the built plugins.
	Bin string
	// Dir holds credentials, certificates and memory.
	Dir   string
	names map[string]string
	close []func()
	BMC   *controller
}

// Open starts the simulators.
func Open(bin, dir string) (*World, error) {
	w := &World{Bin: bin, Dir: dir, names: map[string]string{}}
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		return nil, err
	}
	w.names["$STATE"] = filepath.Join(dir, "state")
	if err := w.openBMC(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Close stops the simulators.
func (w *World) Close() error {
	for _, c := range w.close {
		c()
	}
	return nil
}

// file writes one of the operator's files and names it.
func (w *World) file(name, base, text string) error {
	path := filepath.Join(w.Dir, base)
	w.names[name] = path
	return os.WriteFile(path, []byte(text), 0o600)
}

// Run does a step and returns what the plugin answered.
func (w *World) Run(ctx context.Context, s Step) (Outcome, error) {
	if s.Do != nil {
		if err := s.Do(w); err != nil {
			return Outcome{}, fmt.Errorf("%s: %w", s.Happens, err)
		}
	}
	args := make([]string, len(s.Command))
	for i, a := range s.Command {
		args[i] = os.Expand(a, func(name string) string { return w.names["$"+name] })
	}
	cmd := exec.CommandContext(ctx, filepath.Join(w.Bin, args[0]), args[1:]...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + w.Dir}
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Outcome{}, fmt.Errorf("start %s: %w", args[0], err)
	}
	if stderr.Len() > 0 {
		return Outcome{}, fmt.Errorf("%s wrote to standard error: %s", args[0], stderr.String())
	}
	return Outcome{Command: quote(args), Output: out.String(), Exit: cmd.ProcessState.ExitCode()}, nil
}

// quote writes a command line as a shell takes it.
func quote(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if strings.ContainsAny(a, " '\"$&;|<>*?") {
			out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}

// Steps is the whole story in order.
func Steps() []Step { return fans() }

// Limit is the longest a whole walk may take.
const Limit = time.Minute
