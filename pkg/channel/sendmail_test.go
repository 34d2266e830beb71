package channel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/test/sim/executable"
)

// stand is a sendmail of a few lines of shell; $dir is a directory of its own.
func stand(t *testing.T, lines string) (Sender, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "sendmail")
	if err := executable.Write(path, "#!/bin/sh\ndir="+dir+"\n"+lines+"\n"); err != nil {
		t.Fatal(err)
	}
	sender, err := Options{MailFrom: "Example NOC <noc@example.net>", Sendmail: path}.Mail(secret.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return sender, dir
}

func TestSendmail(t *testing.T) {
	t.Setenv("NOOUT_PASSWORD", hush)
	t.Setenv("NOOUT_TOKEN", hush)
	sender, dir := stand(t, `cat >$dir/mail; echo "$@" >$dir/args; env >$dir/env; echo "queued, by the way" >&2`)
	outcome, err := sender.Send(t.Context(), "ops@acme.example", notice())
	if outcome != Sent || err != nil {
		t.Fatalf("%s, %v", outcome, err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if mail := read("mail"); !strings.Contains(mail, "To: <ops@acme.example>\n") || strings.Contains(mail, "\r") {
		t.Errorf("the mail is %q", mail)
	}
	if args := read("args"); args != "-oi -t -f noc@example.net\n" {
		t.Errorf("arguments %q", args)
	}
	if env := read("env"); strings.Contains(env, "NOOUT") || strings.Contains(env, hush) || !strings.Contains(env, "PATH=") {
		t.Errorf("environment %q", env)
	}
}

func TestSendmailOutcomes(t *testing.T) {
	for lines, test := range map[string]struct {
		want Outcome
		err  string
	}{
		"exit 64": {NotSent, "refused the mail (exit code 64, the command line was refused)"},
		"printf 'fatal: ops is\\nunknown\\033' >&2; exit 67": {NotSent, "(exit code 67, no such user): fatal: ops is"},
		"exit 69":                 {NotSent, "exit code 69, the mail system is unavailable"},
		"exit 75":                 {Unknown, "failed (exit code 75) and may have queued the mail"},
		"exit 1":                  {Unknown, "exit code 1"},
		"cat >/dev/null; exit 70": {Unknown, "exit code 70"},
		"kill -9 $$":              {Unknown, "failed (signal: killed)"},
		"head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 77": {NotSent, "exit code 77, no permission"},
		"yes": {Unknown, "exit code"},
	} {
		sender, _ := stand(t, strings.Replace(lines, "yes", "yes | head -c 9000000; exit 3", 1))
		outcome, err := sender.Send(t.Context(), "ops@acme.example", notice())
		if outcome != test.want {
			t.Errorf("%s: %s, expected %s", lines, outcome, test.want)
		}
		said(t, err, test.err, "\x1b")
	}
}

// TestSendmailHangs: it and its children are stopped when the time is over, and
// the mail may be queued.
func TestSendmailHangs(t *testing.T) {
	sender, dir := stand(t, "cat >/dev/null; sleep 3600 & echo $! >$dir/fifo; wait")
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	var child int
	go func() {
		defer close(read)
		text, err := os.ReadFile(fifo)
		if err != nil {
			t.Error(err)
		}
		if _, err := fmt.Sscan(string(text), &child); err != nil {
			t.Error(err)
		}
	}()
	outcome, err := sender.Send(until(t, read), "ops@acme.example", notice())
	if outcome != Unknown {
		t.Error(outcome)
	}
	said(t, err, "did not end in time and was stopped: the mail may be queued")
	// Whoever inherits it takes it away; a zombie has no command line.
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child)); err == nil && len(line) > 0 {
		t.Errorf("process %d goes on: %q", child, line)
	}
}

func TestSendmailGone(t *testing.T) {
	sender, dir := stand(t, "exit 0")
	if err := os.Remove(filepath.Join(dir, "sendmail")); err != nil {
		t.Fatal(err)
	}
	outcome, err := sender.Send(t.Context(), "ops@acme.example", notice())
	if outcome != NotSent {
		t.Error(outcome)
	}
	said(t, err, "sendmail cannot be run")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	sender, _ = stand(t, "exit 0")
	if outcome, err := sender.Send(ended, "ops@acme.example", notice()); outcome != NotSent || err == nil {
		t.Errorf("after its time: %s, %v", outcome, err)
	}
}
