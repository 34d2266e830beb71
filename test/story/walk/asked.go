package walk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"time"
)

// Asked is the program that answers with all plugins.
type Asked struct {
	Built
	cmd *exec.Cmd
	in  *json.Encoder
	out *json.Decoder
	end io.Closer
	err *bytes.Buffer
}

// question is one run of a plugin, at a time, in a network in which some are
// silent.
type question struct {
	Plugin string
	Args   []string
	Now    time.Time
	Silent []netip.Addr
}

// Answer is what a plugin answered with --output json.
type Answer struct {
	Exit     int
	Status   string
	Text     string
	Findings []Finding
	Perfdata []struct {
		Label string
		Value float64
	}
	Facts Facts
}

// Finding is one of a plugin's.
type Finding struct {
	Status, Text string
	Remembered   bool
}

// Facts are those that the table reads: of a gate its decision and checklist, of
// check_contingency its failures, of the others what they saw.
type Facts struct {
	Decision  string
	Checklist []Condition
	Failures  []Failure
	Power     string
	Quorate   *bool
	Votes     *struct{ Margin int }
	Nodes     json.RawMessage
	Guests    json.RawMessage
}

// Failure is one of check_contingency's.
type Failure struct {
	Failure    struct{ Kind, Name string }
	Conditions []Condition
}

// Condition is one line of a checklist.
type Condition struct{ Condition, Outcome, Evidence string }

// Start starts the program.
func (b Built) Start() (*Asked, error) {
	a := &Asked{Built: b, cmd: exec.Command(b.Asked), err: new(bytes.Buffer)}
	a.cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + os.TempDir()}
	a.cmd.Stderr = a.err
	in, err := a.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	a.in, a.out, a.end = json.NewEncoder(in), json.NewDecoder(out), in
	return a, a.cmd.Start()
}

// Close ends it. What a plugin wrote to standard error is an error.
func (a *Asked) Close() error {
	if err := a.end.Close(); err != nil {
		return err
	}
	if err := a.cmd.Wait(); err != nil {
		return err
	}
	if a.err.Len() > 0 {
		return fmt.Errorf("standard error: %s", a.err)
	}
	return nil
}

// ask runs a plugin. An answer that breaks the form of all answers is an error.
func (a *Asked) ask(q question) (Answer, error) {
	if err := a.in.Encode(q); err != nil {
		return Answer{}, fmt.Errorf("%s: %w: %s", q.Plugin, err, a.err)
	}
	var raw struct {
		Exit   int
		Output string
	}
	if err := a.out.Decode(&raw); err != nil {
		return Answer{}, fmt.Errorf("%s: %w: %s", q.Plugin, err, a.err)
	}
	var out Answer
	if err := json.Unmarshal([]byte(raw.Output), &out); err != nil {
		return out, fmt.Errorf("%s %q: %w: %s", q.Plugin, q.Args, err, raw.Output)
	}
	if status := []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}; raw.Exit != out.Exit || raw.Exit < 0 || raw.Exit > 3 || out.Status != status[raw.Exit] {
		return out, fmt.Errorf("%s: exit code %d, says %d and %s", q.Plugin, raw.Exit, out.Exit, out.Status)
	}
	return out, nil
}

// knows says whether there is such a plugin in that checkout.
func (b Built) knows(plugin string) bool { return slices.Contains(b.Plugins, plugin) }
