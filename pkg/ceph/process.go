package ceph

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Bounds of what a process may say, in bytes, and of one document: the map of 10,000
// OSDs has 15 MB.
const (
	maxOutput = 64 << 20
	maxLine   = 24 << 20
	maxErrors = 16 << 10
)

// process is one run of the ceph command.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *os.File
	errors bounded
	// forget ends the watch over the caller's context.
	forget   func() bool
	cancel   context.CancelFunc
	started  time.Time
	took     time.Duration
	limit    time.Duration // that ceph itself was told
	until    time.Time     // when it is killed
	killed   atomic.Bool
	read     int
	pending  []byte
	searched int   // bytes of what is pending, for the end of the line
	skipping bool  // to the end of a line that is too long
	refused  error // why a document that nobody can name was not read
	// ended says that there will be no more output.
	ended bool
}

// start runs ceph, which takes questions on its standard input when it is given none.
// It is killed with its whole process group tail before the caller's time is up, or as
// soon as the caller gives up.
func (c *Command) start(ctx context.Context, question ...string) (*process, error) {
	o := c.Options
	path, err := exec.LookPath(o.Command)
	if err != nil {
		var found *exec.Error
		if errors.As(err, &found) {
			err = found.Err // the name stands in front already
		}
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return nil, fmt.Errorf("no command %s (%w): install ceph-common on this machine, or ask another way than by the ceph command", o.Command, err)
	}
	p := &process{started: time.Now()}
	patience := cmp.Or(c.patience, usualPatience)
	p.until = p.started.Add(2 * patience)
	if end, bound := ctx.Deadline(); bound {
		p.until = end.Add(-tail)
	}
	// Ceph takes whole seconds, and its start takes some hundred milliseconds.
	p.limit = min(patience, (time.Until(p.until) - slack).Truncate(time.Second))
	p.limit = max(p.limit, time.Second)
	p.cmd = exec.Command(path, append(p.arguments(o), question...)...)
	// Python holds back what it prints into a pipe until it ends. Of a process
	// that is killed we would see nothing.
	p.cmd.Env = append(foreign(os.Environ()), "PYTHONUNBUFFERED=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Stderr = &p.errors
	p.cmd.WaitDelay = tail / 2
	if err := p.run(); err != nil {
		return nil, fmt.Errorf("running %s: %w", o.Command, err)
	}
	watched, cancel := context.WithDeadline(ctx, p.until)
	p.cancel, p.forget = cancel, context.AfterFunc(watched, func() {
		defer func() { _ = recover() }() // the deadline of the whole run is left
		p.kill()
	})
	return p, nil
}

// foreign is the environment without what is ours alone: NOOUT_PASSWORD and its
// like are nothing that ceph, or a wrapper around it, has to see.
func foreign(environment []string) []string {
	return slices.DeleteFunc(environment, func(v string) bool { return strings.HasPrefix(v, "NOOUT_") })
}

func (p *process) arguments(o CommandOptions) []string {
	seconds := strconv.Itoa(int(p.limit / time.Second))
	args := []string{"-f", "json", "--connect-timeout", seconds, "--rados-mon-op-timeout", seconds}
	for _, f := range []struct{ flag, value string }{{"--id", o.ID}, {"--keyring", o.Keyring}, {"--conf", o.Conf}} {
		if f.value != "" {
			args = append(args, f.flag, f.value)
		}
	}
	return args
}

// run starts the process with pipes to talk through.
func (p *process) run() error {
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, write, err := os.Pipe()
	if err != nil {
		return err
	}
	p.in, p.out, p.cmd.Stdout = in, out, write
	err = errors.Join(p.cmd.Start(), write.Close())
	if err != nil {
		return errors.Join(err, out.Close())
	}
	return nil
}

// kill ends the whole process group: a wrapper's children too.
func (p *process) kill() {
	p.killed.Store(true)
	// it may have ended by itself in this moment
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
}

// line returns the next line of the output that is not empty; false at its end,
// or when until has passed.
func (p *process) line(until time.Time) ([]byte, bool) {
	if p.out.SetReadDeadline(until) != nil {
		return nil, false
	}
	chunk := make([]byte, 64<<10)
	for {
		if line, found := p.cut(); found {
			if len(line) > 0 {
				return line, true
			}
			continue
		}
		if p.ended = p.ended || p.read > maxOutput; p.ended {
			return nil, false
		}
		n, err := p.out.Read(chunk)
		p.read += n
		p.pending = append(p.pending, chunk[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, false
		}
		if err != nil {
			p.ended = true
			p.pending = append(p.pending, '\n')
			last, _ := p.cut()
			return last, len(last) > 0
		}
	}
}

// cut takes the first line of what is pending, if its end is there. Of one that is
// too long nothing is kept.
func (p *process) cut() ([]byte, bool) {
	n := bytes.IndexByte(p.pending[p.searched:], '\n')
	found := n >= 0
	if found {
		p.searched += n
	} else {
		p.searched = len(p.pending)
	}
	if p.searched > maxLine {
		p.refused = fmt.Errorf("it printed a document of more than %d MiB", maxLine>>20)
		p.skipping = true
	}
	if !found {
		if p.skipping {
			p.pending, p.searched = p.pending[:0], 0
		}
		return nil, false
	}
	line := bytes.TrimSpace(p.pending[:p.searched])
	p.pending, p.searched = p.pending[p.searched+1:], 0
	if p.skipping {
		line, p.skipping = nil, false
	}
	return line, true
}

// end waits for the process, which is killed when its time is up or when it
// goes on after its output has ended.
func (p *process) end() {
	if time.Now().After(p.until) || p.read > maxOutput {
		p.kill()
	}
	// The exit code proves nothing: it is 0 when a command failed.
	_ = p.cmd.Wait()
	p.forget()
	p.cancel()
	// It was only read from.
	_ = p.out.Close()
	p.took = time.Since(p.started)
}

// reason is why something did not come: a document was not read, or what ceph said
// on standard error.
func (p *process) reason() string {
	if p.refused != nil {
		return p.refused.Error()
	}
	return hinted(p.errors.String())
}

// shape tells a document that came, of which nothing has been decoded yet.
func (p *process) shape(raw []byte) string {
	if err := excess(raw); err != nil {
		p.refused = err
		return ""
	}
	return shapeOf(raw)
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	mu   sync.Mutex
	kept []byte
}

func (b *bounded) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, text[:min(len(text), maxErrors-len(b.kept))]...)
	return len(text), nil
}

func (b *bounded) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.kept)
}
