package channel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sendmail hands mail to this machine's own relay.
type sendmail struct {
	path string
	from netmail.Address
}

// refused are the exit codes (sysexits.h) that say that nothing was queued. Any
// other but 0 does not say: with 75, EX_TEMPFAIL, some have queued the mail and
// some have not.
var refused = map[int]string{
	64: "the command line was refused", 65: "the mail was refused", 66: "no input", 67: "no such user", 68: "no such host",
	69: "the mail system is unavailable", 72: "a file of the system is missing", 73: "a file cannot be made", 77: "no permission",
	78: "the mail system's configuration has an error",
}

// reap is how long before the caller's deadline a sendmail that hangs is killed.
const reap = 200 * time.Millisecond

// Send runs "sendmail -oi -t": the customer's address stands in the mail, not in
// the list of processes.
func (s sendmail) Send(ctx context.Context, to string, m Message) (Outcome, error) {
	mail, err := compose(s.from, to, m)
	if err != nil {
		return NotSent, err
	}
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-reap))
		defer cancel()
	}
	// Sendmail wants the line ends of this machine.
	mail = bytes.ReplaceAll(mail, []byte("\r\n"), []byte("\n"))
	cmd := exec.CommandContext(ctx, s.path, "-oi", "-t", "-f", s.from.Address)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "NOOUT_") })
	cmd.Stdin = bytes.NewReader(mail)
	var said bounded
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // its children too
	cmd.WaitDelay = reap / 2
	if err := cmd.Start(); err != nil {
		return NotSent, fmt.Errorf("sendmail cannot be run: %w", err)
	}
	return s.outcome(ctx, cmd.Wait(), said)
}

// outcome tells what the end of the process means.
func (s sendmail) outcome(ctx context.Context, err error, said bounded) (Outcome, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return Sent, nil
	case ctx.Err() != nil:
		return Unknown, fmt.Errorf("%s did not end in time and was stopped: the mail may be queued", s.path)
	case errors.Is(err, exec.ErrWaitDelay): // it ended with 0; a child of it goes on
		return Sent, nil
	case !errors.As(err, &exit):
		return Unknown, fmt.Errorf("%s: %w", s.path, err)
	}
	code := exit.ExitCode()
	if text, known := refused[code]; known {
		return NotSent, fmt.Errorf("%s refused the mail (exit code %d, %s)%s", s.path, code, text, said.reason())
	}
	how := "exit code " + strconv.Itoa(code)
	if code < 0 {
		how = exit.Error() // a signal
	}
	return Unknown, fmt.Errorf("%s failed (%s) and may have queued the mail%s", s.path, how, said.reason())
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ kept []byte }

func (b *bounded) Write(text []byte) (int, error) {
	b.kept = append(b.kept, text[:min(len(text), 300-len(b.kept))]...)
	return len(text), nil
}

// reason is the first line of it.
func (b *bounded) reason() string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b.kept)), "\n")
	if line = oneLine(line); line == "" {
		return ""
	}
	return ": " + line
}
