package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/state"
)

// Options are the flags, spelled alike in every plugin that writes.
type Options struct {
	Mode string        `name:"journal" enum:"on,off" default:"on" placeholder:"MODE" help:"Write down what happened, beside the memory: on, off."`
	Keep time.Duration `name:"journal-keep" default:"400d" help:"Months of the journal older than this are removed."`
}

// leastKeep is the shortest time to keep: a report of last month is possible.
const leastKeep = 62 * 24 * time.Hour

// Validate returns an error that names the option and what was expected.
func (o Options) Validate() error {
	if o.Keep != 0 && o.Keep < leastKeep {
		return errors.New("--journal-keep: expected at least 62d")
	}
	return nil
}

// Off says that nothing is written.
func (o Options) Off() bool { return o.Mode == "off" }

// folder is the directory of the journal in that of the memory.
const folder = "journal"

// maxFile bounds a month, in bytes.
const maxFile = 256 << 20

// tail is what of a file's end is read before a line is added.
const tail = 64 << 10

// Witness is who saw it, and when.
type Witness struct {
	Plugin string
	Now    time.Time
}

// batch is how many entries are written at once. The first look of a month at fifty
// thousand guests is more: as one text it would be as much as the guests.
const batch = 5000

// Write appends the entries to the file of the month, in one write unless they are
// thousands, and returns when they are on the disk. Without entries it does
// nothing at all. The error says how many are lost, what is wrong and what to do;
// whoever gets it says it and judges as always. A plugin without a memory (the
// store is nil) writes nothing.
func (o Options) Write(s *state.Store, by Witness, entries []Entry) error {
	if o.Off() || s == nil || len(entries) == 0 {
		return nil
	}
	f, err := s.Folder(folder)
	if err == nil {
		for part := range slices.Chunk(entries, batch) {
			if err = o.write(f, by, part); err != nil {
				break
			}
			entries = entries[len(part):]
		}
		f.Close() // what was appended is on the disk already
	}
	switch {
	case err == nil:
		return nil
	case len(entries) == 1:
		return fmt.Errorf("journal: 1 entry not written: %w", err)
	}
	return fmt.Errorf("journal: %d entries not written: %w", len(entries), err)
}

func (o Options) write(f *state.Folder, by Witness, entries []Entry) error {
	names, err := f.Names()
	if err != nil {
		return err
	}
	name := fileOf(by.Now)
	year, month, _ := by.Now.UTC().Date()
	if next := fileOf(time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)); slices.Contains(names, next) {
		name = next // by a clock that was ahead: lines stay in the order in which they were written
	}
	err = f.Append(context.Background(), name, state.Bounds{Tail: tail, Most: maxFile}, func(end []byte) ([]byte, error) {
		return lines(end, by, entries)
	})
	if err != nil || slices.Contains(names, name) {
		return err
	}
	return o.removeOld(f, names, by.Now)
}

// usual is the length of most lines.
const usual = 256

// lines are the entries as they are to be appended to a file that ends in end.
func lines(end []byte, by Witness, entries []Entry) ([]byte, error) {
	var out []byte
	if n := len(end); n > 0 && end[n-1] != '\n' {
		out = append(out, '\n') // a line that was torn: close it
	}
	known := recall(end)
	seen := by.Now.Round(time.Millisecond)
	if known.last.After(seen) {
		seen = known.last // our clock went back
	}
	before := len(out)
	if len(entries) > 100 {
		out = slices.Grow(out, usual*len(entries))
	}
	for _, e := range entries {
		e.By, e.Seen = by.Plugin, seen
		e.At, e.Since = e.At.UTC(), e.Since.UTC()
		e.Seen = e.Seen.UTC()
		e, err := e.identified()
		if err != nil {
			return nil, err
		}
		if known.holds(e) {
			continue
		}
		line, err := e.line()
		if err != nil {
			return nil, err
		}
		out = append(out, line...)
		known.add(e)
	}
	if len(out) == before {
		return nil, nil
	}
	return out, nil
}

// recent is what was written last. A first look writes a line for each guest, of
// tens of thousands: they are found by their names.
type recent struct {
	ids   map[string]bool
	asked []Entry   // of gates, in the order in which they were written
	last  time.Time // when the last was seen
}

// recall are the entries at the end of a file. The first line may be cut.
func recall(end []byte) recent {
	known := recent{ids: map[string]bool{}}
	var q quick
	for line := range bytes.Lines(end) {
		if e, err := q.parse(line); err == nil {
			known.add(e)
		}
	}
	return known
}

func (r *recent) add(e Entry) {
	r.ids[e.ID], r.last = true, e.Seen
	if _, is := e.Fact.(*Asked); is {
		r.asked = append(r.asked, e)
	}
}

// again is for how long the same answer to the same question is no news.
const again = time.Hour

// holds says that an entry has been written already, as far as the end of the
// file tells: the same thing, or the same answer of a gate.
func (r *recent) holds(e Entry) bool {
	if r.ids[e.ID] {
		return true
	}
	now, is := e.Fact.(*Asked)
	if !is {
		return false
	}
	for _, k := range slices.Backward(r.asked) {
		before, is := k.Fact.(*Asked)
		if !is || before.Gate != now.Gate || k.Cluster != e.Cluster || !slices.Equal(before.Nodes, now.Nodes) {
			continue
		}
		age := e.At.Sub(k.At)
		return before.Answer == now.Answer && slices.Equal(before.Reasons, now.Reasons) && age >= 0 && age < again
	}
	return false
}

// fileOf is the name of the file of a time's month, in UTC.
func fileOf(t time.Time) string { return t.UTC().Format(month) + ending }

const (
	month  = "2006-01"
	ending = ".jsonl"
)

// monthOf is the first moment of a file's month.
func monthOf(name string) (time.Time, bool) {
	text, is := strings.CutSuffix(name, ending)
	t, err := time.Parse(month, text)
	return t, is && err == nil
}

// removeOld removes months that are older than is to be kept. A clock that
// leaps ahead must not cost the past: as many files stay as there are months to
// keep, however old they seem.
func (o Options) removeOld(f *state.Folder, names []string, now time.Time) error {
	keep := o.Keep
	if keep == 0 {
		keep = 400 * 24 * time.Hour
	}
	names = slices.DeleteFunc(names, func(name string) bool { _, is := monthOf(name); return !is })
	spare := len(names) - int(keep/(28*24*time.Hour)) - 1
	for _, name := range names[:max(spare, 0)] {
		began, _ := monthOf(name)
		if now.Sub(began.AddDate(0, 1, 0)) <= keep {
			continue
		}
		if err := f.Remove(name); err != nil {
			return err
		}
	}
	return nil
}
