package check

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Formats of an answer.
const (
	formatNagios      = "nagios"
	formatJSON        = "json"
	formatOpenMetrics = "openmetrics"
)

// output writes the answer: once, in one piece.
type output struct {
	to       io.Writer
	plugin   string
	target   string // what -H names
	settings settings
	written  bool
}

func newOutput(plugin string, to io.Writer) *output {
	return &output{to: to, plugin: plugin, settings: settings{Output: formatNagios, MaxBytes: sizeOfAnswer}}
}

// answer writes the result and returns the exit code.
func (o *output) answer(r Result) int {
	switch o.settings.Output {
	case formatJSON:
		return o.write(r.Status(), o.json(r, time.Now()))
	case formatOpenMetrics:
		return o.write(r.Status(), o.openMetrics(r, time.Now()))
	}
	if r.Page != "" {
		return o.write(r.Status(), []byte(r.Page))
	}
	switch size := len(r.Preview); {
	case size > o.limit():
		r.Notes = append(slices.Clip(r.Notes), fmt.Sprintf("--max-bytes %d shows all of it", size))
	case size > 0:
		return o.write(r.Status(), []byte(r.Preview))
	}
	return o.write(r.Status(), []byte(r.nagios(o.settings.Verbose, o.limit())))
}

// mistake answers a command line that is wrong in one line, the one hosts show
// to whoever wrote the command. What is too long for it stands below, whole.
func (o *output) mistake(err error) int {
	text := err.Error()
	if len(text) > 2 && text[:2] == "--" {
		text = "option " + text
	}
	if o.settings.Output != formatNagios {
		return o.answer(unknown(text))
	}
	const frame = len("UNKNOWN: ")
	text = clean(text, maxText, asOurs)
	line := UNKNOWN.line(shorten(text, min(o.limit()-len("\n"), firstLine)-frame)) + "\n"
	if len(text)+frame > firstLine {
		line += fit([]string{text}, o.limit()-len(line))
	}
	return o.write(UNKNOWN, []byte(line))
}

// lastWord answers when even answering went wrong.
func (o *output) lastWord(r Result) int {
	if o.written {
		return int(UNKNOWN)
	}
	o.settings = settings{Output: formatNagios, MaxBytes: sizeOfAnswer}
	return o.answer(r)
}

// print writes what is no answer: help, version, description. It counts as
// UNKNOWN, as the guidelines have it, so that a command with -h left in it does
// not look well.
func (o *output) print(text string) int { return o.write(UNKNOWN, []byte(text)) }

// write is the only place that writes. An answer that did not get out is not
// OK, whatever it was.
func (o *output) write(s Status, text []byte) int {
	o.written = true
	n, err := o.to.Write(text)
	if s == OK && (err != nil || n < len(text)) {
		return int(UNKNOWN)
	}
	return int(s)
}

// limit is the size of an answer in bytes. People at a terminal get everything.
// (The null device is a terminal by this measure, and nobody reads there.)
func (o *output) limit() int {
	if f, ok := o.to.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return unlimited
		}
	}
	return o.settings.MaxBytes
}
