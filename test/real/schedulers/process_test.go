//go:build real

package schedulers

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is a daemon that a test started.
type process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
}

// start runs a daemon in the foreground, in a process group of its own, until
// the test ends.
func start(t testing.TB, dir, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: filepath.Base(name), cmd: exec.Command(name, args...), log: filepath.Join(dir, "output"), done: make(chan struct{})}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() // the daemon has its own
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended, its state says
	}()
	t.Cleanup(p.stop)
	return p
}

// stop asks the daemon to end, and ends what is left of its group.
func (p *process) stop() {
	if !p.running() {
		p.t.Errorf("%s ended by itself: %s\n%s", p.name, p.cmd.ProcessState, p.output())
		return
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Error(err)
	}
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.t.Errorf("%s did not stop:\n%s", p.name, p.output())
	}
	// Workers may have outlived it; mostly nobody is left.
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.t.Error(err)
	}
	<-p.done
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// output is the end of what the daemon wrote.
func (p *process) output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

// await asks again and again until there is no error, and fails with the last
// one when that takes longer than anything on a busy machine.
func (p *process) await(limit time.Duration, what string, look func() error) {
	p.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		err := look()
		if err == nil {
			return
		}
		if !p.running() {
			p.t.Fatalf("%s ended while waiting for %s: %s\n%s", p.name, what, p.cmd.ProcessState, p.output())
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s: waited in vain for %s: %v\n%s", p.name, what, err, p.output())
		}
	}
}

// answer is what a command printed, and how it ended.
type answer struct {
	text string
	exit int
}

// ask runs a plugin as the daemons' user, as a shell would: with standard
// output into a pipe. Nothing may be on standard error.
func ask(t testing.TB, name string, args ...string) answer {
	t.Helper()
	r, noise := say(t, name, args...)
	if noise != "" {
		t.Fatalf("%s %q: standard error: %s", name, args, noise)
	}
	return r
}

// say runs a command that may write to standard error too.
func say(t testing.TB, name string, args ...string) (answer, string) {
	t.Helper()
	who, err := daemon()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setpgid: true}
	var out, noise bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &noise
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	return answer{out.String(), cmd.ProcessState.ExitCode()}, noise.String()
}

// port is one on 127.0.0.1 that nobody has right now.
func port(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// remains lists processes, other than this one, whose command line names our
// directory: there must be none in the end. Those that are just ending get a
// moment.
func remains() []string {
	var left []string
	for range 50 {
		left = nil
		lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			return []string{err.Error()}
		}
		for _, file := range lines {
			text, err := os.ReadFile(file)
			if err != nil || !bytes.Contains(text, []byte(home)) || strings.Contains(file, "/"+strconv.Itoa(os.Getpid())+"/") {
				continue // it may have ended meanwhile
			}
			left = append(left, strings.ReplaceAll(string(text), "\x00", " "))
		}
		if len(left) == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return left
}
