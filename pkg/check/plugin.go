package check

import (
	"context"
	"io"
	"os"
	"time"
)

// Plugin is one binary.
type Plugin struct {
	Name    string
	Summary string // one line: what it answers
	Help    string // how the verdict comes about
	// Examples are command lines; the first is the one to start with.
	Examples []Example
	// Metrics are all items of performance data there can be.
	Metrics []Metric
	// Options is a pointer to a struct of options, which tags describe (see [option]), fresh for every run. The
	// struct, and each one embedded in it, may have a method Validate() error
	// whose error names the option and says what was expected.
	Options any
	// Memory is how much the process may take before it collects garbage at every
	// turn, in MiB: outside text is bounded, what comes of it on the way is not. 0
	// leaves it to the runtime.
	Memory int64
	// Check acquires and judges. What it gathered by the end of ctx it judges
	// and returns; an error becomes a finding beside the result's own: of
	// --timeout-state when it is context.DeadlineExceeded, else UNKNOWN. It is
	// called in a goroutine of its own, and its panic ends in an UNKNOWN answer.
	Check func(ctx context.Context) (Result, error)
}

// Example is a command line with one line why.
type Example struct {
	Command string `json:"command"`
	Why     string `json:"why"`
}

// Run is the testable whole: it parses the arguments, checks, writes one answer
// to stdout and returns the exit code, always 0 to 3. It neither listens to
// signals nor ends the process; [Main] does.
func (p Plugin) Run(args []string, stdout io.Writer) int {
	return p.run(args, stdout, func() <-chan os.Signal { return nil })
}

// run answers once, whatever happens. Signals that end a check are listened to when
// there is one.
func (p Plugin) run(args []string, stdout io.Writer, listen func() <-chan os.Signal) (code int) {
	started := time.Now()
	out := newOutput(p.Name, stdout)
	defer func() {
		if cause := recover(); cause != nil {
			code = out.lastWord(crash(cause))
		}
	}()
	line, err := newCommandLine(p)
	if err != nil {
		return out.mistake(err)
	}
	err = line.parse(p.Name, args)
	out.settings, out.target = *line.settings, line.target
	switch {
	case out.settings.Help:
		return out.print(line.help(p))
	case out.settings.Version:
		return out.print(versionLine(p.Name))
	case out.settings.Describe:
		return out.print(line.describe(p))
	case err != nil:
		return out.mistake(err)
	}
	return out.answer(p.conduct(out.settings, started, listen()))
}
