package ceph

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/regex"
)

// CommandOptions are the flags of the ceph command, spelled alike in every
// plugin.
type CommandOptions struct {
	Command string `name:"ceph-command" default:"ceph" help:"The ceph command." placeholder:"FILE"`
	ID      string `name:"id" help:"Ceph user, without client." placeholder:"NAME"`
	Keyring string `name:"keyring" help:"Keyring of that user." placeholder:"FILE"`
	Conf    string `name:"conf" help:"Configuration of the cluster (default: where ceph looks)." placeholder:"FILE"`
	Socket  string `name:"mon-socket" help:"Admin socket of a monitor on this machine, asked when the cluster does not answer (default: /run/ceph/*-mon.*.asok)." placeholder:"FILE"`
}

// Validate refuses what ceph would take for another option.
func (o CommandOptions) Validate() error {
	for name, value := range map[string]string{"--ceph-command": o.Command, "--id": o.ID, "--keyring": o.Keyring, "--conf": o.Conf} {
		if strings.HasPrefix(value, "-") {
			return fmt.Errorf("%s: expected a name, not the option %q", name, value)
		}
	}
	if strings.HasPrefix(o.ID, "client.") {
		return fmt.Errorf("--id: expected a user without client., such as %s", strings.TrimPrefix(o.ID, "client."))
	}
	return nil
}

// pipe is a file that ceph may have waited for instead of monitors, empty when
// there is none.
func (o CommandOptions) pipe() string {
	for _, path := range []string{o.Keyring, o.Conf} {
		if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
			return path
		}
	}
	return ""
}

// Command asks by one process of the ceph command per poll.
type Command struct {
	Options CommandOptions
	// patience is the longest that ceph's own limits are set to, 0 for the
	// usual.
	patience time.Duration
}

// Bounds of a conversation.
const (
	// tail is what stays of the caller's time after the process is killed, for
	// a monitor's admin socket.
	tail = 400 * time.Millisecond
	// usualPatience is the longest that ceph's own limits are set to.
	usualPatience = 5 * time.Second
	// firstAnswer is how long the first document is waited for before all the
	// others are asked for anyway: a wrapper may hold back ceph's output until
	// it ends.
	firstAnswer = 2500 * time.Millisecond
	// slack is by how much ceph may miss its own limits.
	slack = 300 * time.Millisecond
)

// Poll asks: status first, then what status shows to be needed, first the mons
// and last the active mgr, which may hang by itself. Neither the exit code nor
// standard error is believed: ceph exits 0 when a command failed and complains
// beside good documents.
func (c *Command) Poll(ctx context.Context, ask Ask) (Cluster, error) {
	p, err := c.start(ctx)
	if err != nil {
		return Cluster{}, err
	}
	t := &talk{process: p, ask: ask, seen: map[string]time.Time{}, broken: map[string]bool{}}
	t.hold()
	p.end()
	t.explain()
	if _, told := t.seen[docStatus]; !told {
		return Cluster{Evidence: t.cluster.Evidence}, c.silence(ctx, t)
	}
	t.cluster.consistent()
	t.cluster.place()
	return t.cluster, nil
}

// silence tells a cluster that does not answer from a client that cannot ask,
// by time alone: without a configuration, a key or a permission ceph ends at
// once, without monitors only after its time limit.
func (c *Command) silence(ctx context.Context, t *talk) error {
	p := t.process
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", c.Options.Command, err)
	}
	if t.refused != nil && len(t.seen) == 0 {
		return fmt.Errorf("%s: %w", c.Options.Command, t.refused)
	}
	// Ceph prints nothing while it looks for monitors.
	if len(t.seen) == 0 && p.read > maxErrors {
		return fmt.Errorf("%s printed %d KiB and no answer of ceph: is it a wrapper that talks?", c.Options.Command, p.read>>10)
	}
	if len(t.seen) > 0 { // the monitors answered that
		why := ""
		if t.refused != nil {
			why = ": " + t.refused.Error()
		} else if len(t.cluster.Gaps) > 0 {
			why = ": " + t.cluster.Gaps[0].What + ": " + t.cluster.Gaps[0].Why
		}
		return fmt.Errorf("%s answered, but its status did not come or cannot be read%s", c.Options.Command, why)
	}
	if p.took < p.limit-slack {
		// To be killed before its own limit says nothing about the monitors.
		reason := p.reason()
		if p.killed.Load() {
			reason = errNoTime.Error()
		}
		return fmt.Errorf("%s: %s", c.Options.Command, reason)
	}
	if pipe := c.Options.pipe(); pipe != "" {
		return fmt.Errorf("%s gave no answer within %.0fs, and %s is a pipe: does anybody write into it?", c.Options.Command, p.took.Seconds(), pipe)
	}
	patterns := sockets
	if c.Options.Socket != "" {
		patterns = []string{c.Options.Socket}
	}
	return &SilentError{
		Reason: fmt.Sprintf("no answer from the monitors within %.0fs", p.took.Seconds()), // with ceph's own start
		Mon:    askLocalMon(ctx, patterns),
	}
}

var errNoTime = errors.New("too little time was left to ask it: -t is too short")

// hints say what to do about reasons that ceph gives in its own words. They
// are for people; nothing is decided by them.
var hints = []struct{ word, hint string }{
	{"EACCES", "the key lacks a permission: caps mon 'allow r' mgr 'allow r' are enough"},
	{"conf_read_file", "name the configuration with --conf"},
	{"unable to get monitor info", "the configuration names no monitors: name another with --conf"},
	{"(13) Permission denied", "this user may not read the keyring"},
	{"unable to find a keyring", "name the keyring with --keyring, its user with --id"},
	{"RADOS permission denied", "is the key the one of this cluster, and of this --id?"},
}

// keys look like this in keyrings. A wrapper or a debug setting may print one.
var keys = regex.Of(`\b[A-Za-z0-9+/]{36,}={1,2}`)

// hinted adds what to do to the first line that means something.
func hinted(stderr string) string {
	stderr = keys.ReplaceAllString(stderr, "***")
	var reason string
	for _, line := range strings.Split(stderr, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "dumped ") {
			continue
		}
		if reason == "" || strings.HasPrefix(line, "Error ") || strings.HasPrefix(line, "[errno") {
			reason = line
		}
	}
	if reason == "" {
		return "it ended without an answer and without a reason"
	}
	for _, h := range hints {
		if strings.Contains(stderr, h.word) {
			return phrase.Clip(reason, maxText) + " (" + h.hint + ")"
		}
	}
	return phrase.Clip(reason, maxText)
}
