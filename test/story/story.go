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
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/executable"
	"github.com/noout-monitoring/noout/test/story/room"
)

// Step is one question to one plugin.
type Step struct {
	// Happens is what has just happened in the machine room; Do makes it so.
	Happens string
	Do      func(*World) error
	// Command is the command line; words that start with $ are filled in.
	Command []string
	// Exit and Line are the right answer: the exit code, and how it begins.
	Exit int
	Line string
	// Why says in one line why this is the right answer.
	Why string
	// Blackout is the guest whose silence the answer must have measured, 0 for
	// none.
	Blackout int
}

// Outcome is what a plugin answered.
type Outcome struct {
	Command string
	Output  string
	Exit    int
	// Silence is how long the guest of the step's Blackout was silent.
	Silence room.Silence
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
	case !re.MatchString(o.Output):
		return fmt.Errorf("first line %q, want %q", line, s.Line)
	case s.Blackout != 0:
		return measured(line, s.Blackout, o.Silence)
	}
	return nil
}

// World is the machine room, and the files that an operator has.
type World struct {
	// Bin holds the built plugins.
	Bin string
	// Dir holds credentials, certificates and memory.
	Dir  string
	Room *room.Room
	// Refused says why the guests cannot be pinged here; empty when they can.
	Refused string
	names   map[string]string
	// addresses are those of the guests, as options, where the cluster tells none.
	addresses string
	// back is when the fan that dropped out last returns.
	back time.Time
}

// Open opens the room and writes the operator's files.
func Open(bin, dir string) (*World, error) {
	w := &World{Bin: bin, Dir: dir, Refused: os.Getenv(refused)}
	c := room.Lab()
	c.PVE.Guests = room.Addressed(c.PVE.Guests)
	if c.Wired = w.Refused == ""; c.Wired {
		if err := room.Wired(); err != nil {
			return nil, err
		}
	}
	return w, w.open(c)
}

// Site opens the room for people who try the plugins by hand, in the network they
// are in: the guests are on loopback, where the kernel answers for them, always.
func Site(dir string) (*World, error) {
	w := &World{Dir: dir, Refused: "they are on loopback"}
	c := room.Lab()
	for _, g := range c.PVE.Guests {
		w.addresses += fmt.Sprintf("address = %d=127.0.2.%d\n", g.ID, g.ID)
	}
	return w, w.open(c)
}

func (w *World) open(c room.Config) error {
	r, err := room.Open(c)
	if err != nil {
		return err
	}
	w.Room = r
	if w.names, err = r.Files(w.Dir); err == nil {
		w.Wait(4 * time.Second)
		err = w.settings()
	}
	if err != nil {
		r.Close()
	}
	return err
}

// Settings is the file that all plugins read, for --extra-opts.
func (w *World) Settings() string { return w.names["SITE"] }

// Nodes are the addresses of the nodes, as -H takes them.
func (w *World) Nodes() string { return w.names["NODES"] }

// Wait is the deadline of the steps whose answer comes at the deadline: short for
// people who look on, long for a slow machine.
func (w *World) Wait(d time.Duration) { w.names["WAIT"] = d.String() }

// Close ends the room.
func (w *World) Close() { w.Room.Close() }

// patience is the plugins' own deadline. What the story asserts is what they
// answer, not how soon: their 8 s are not enough for all on a machine at a tenth
// of the speed.
const patience = "2m"

// settings writes the ceph command and the file that all plugins read.
func (w *World) settings() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := filepath.Join(w.Dir, "ceph")
	if err := executable.Write(command, "#!/bin/sh\nexec env "+role+"="+asCeph+" "+self+" \"$@\"\n"); err != nil {
		return err
	}
	state, apart := filepath.Join(w.Dir, "state"), filepath.Join(w.Dir, "state-ipmi")
	for _, dir := range []string{state, apart} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	w.names["SITE"], w.names["BASE"] = filepath.Join(w.Dir, "noout.ini"), filepath.Join(w.Dir, "pve3.json")
	cluster := fmt.Sprintf("host = %s\nca-file = %s\nauth-file = %s\n", w.names["NODES"], w.names["CA"], w.names["AUTH"])
	storage := fmt.Sprintf("ceph-command = %s\nconf = %s\nid = nagios\nkeyring = %s\n", command, w.names["CONF"], w.names["KEYRING"])
	memory := "timeout = " + patience + "\nstate-dir = " + state + "\n"
	if err := w.post(); err != nil {
		return err
	}
	told := fmt.Sprintf("customers = %s\nmail-from = Example NOC <noc@example.net>\nsendmail = %s\n", w.names["CUSTOMERS"], w.names["SENDMAIL"])
	night := fmt.Sprintf("journal-dir = %s\ntimeout = %s\nstate-dir = %s\n", w.names["NIGHT"], patience, filepath.Join(w.Dir, "state-night"))
	var b strings.Builder
	for _, section := range []struct{ name, text string }{
		{"check_fans", fmt.Sprintf("host = %s\nca-file = %s\nauth-file = %s\n", w.names["BMC"], w.names["BMCCA"], w.names["AUTH"]) + memory},
		{"ipmi", fmt.Sprintf("host = %s\nvia = ipmi\nauth-file = %s\ntimeout = %s\nstate-dir = %s\n", w.names["IPMI"], w.names["AUTH"], patience, apart)},
		{"check_pve", cluster + memory}, {"check_guests", cluster + w.addresses + memory}, {"check_drained", cluster + "bmc-ca-file = " + w.names["BMCCA"] + "\nbmc = " + w.names["BMC"] + "\n" + memory}, {"check_ceph", storage + memory},
		{"check_contingency", cluster + storage + memory}, {"report_service", memory}, {"notify_customers", told + memory}, {"night", told + night}, {"check_serviceable", cluster + storage + "bmc-ca-file = " + w.names["BMCCA"] + "\nbmc = " + w.names["BMC"] + "\n" + memory},
		{"check_reintegrated", cluster + storage + "bmc-ca-file = " + w.names["BMCCA"] + "\nbmc = " + w.names["BMC"] + "\n" + memory},
	} {
		fmt.Fprintf(&b, "[%s]\n%s", section.name, section.text)
	}
	if err := os.WriteFile(w.names["CUSTOMERS"], []byte(customersFile), 0o600); err != nil {
		return err
	}
	return os.WriteFile(w.names["SITE"], []byte(b.String()), 0o600)
}

// happen makes something happen in the room.
func happen(lines ...string) func(*World) error {
	return func(w *World) error {
		for _, l := range lines {
			if err := w.Room.Do(l); err != nil {
				return err
			}
		}
		return nil
	}
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
		args[i] = os.Expand(a, func(name string) string { return w.names[name] })
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
	o := Outcome{Command: quote(args), Output: out.String(), Exit: cmd.ProcessState.ExitCode()}
	if s.Blackout != 0 {
		if o.Silence, err = w.Room.Silence(); err != nil {
			return o, err
		}
	}
	return o, nil
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
func Steps() []Step {
	return slices.Concat(fans(), fansOverIPMI(), before(), announced(), leaving(), allowed(), missing(), doubtful(), away(), back(), whole(), shown(), unplanned(), night(), standing())
}

// Steps are those that can be walked here: all, or all but those of the guests,
// of the report on them and of what their customers are told. What happens in the room
// when the guests are asked happens before the next question then.
func (w *World) Steps() []Step {
	if w.Refused == "" {
		return Steps()
	}
	return without(Steps())
}

// without are the steps that need no guests.
func without(steps []Step) (out []Step) {
	var happened []func(*World) error
	for _, s := range steps {
		if s.Command[0] == reportPlugin || s.Command[0] == notifyPlugin || s.Blackout != 0 {
			continue
		}
		if s.Do != nil {
			happened = append(happened, s.Do)
		}
		if s.Command[0] == guestsPlugin {
			continue
		}
		s.Do, happened = all(happened), nil
		out = append(out, s)
	}
	return out
}

// all makes several things happen, one after the other.
func all(things []func(*World) error) func(*World) error {
	return func(w *World) error {
		for _, do := range things {
			if err := do(w); err != nil {
				return err
			}
		}
		return nil
	}
}

// Plugins are those that the story asks.
func Plugins() []string {
	var out []string
	for _, s := range Steps() {
		out = append(out, s.Command[0])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Limit is when a walk that hangs is ended: far beyond what one takes at a tenth
// of the speed.
const Limit = 45 * time.Minute
