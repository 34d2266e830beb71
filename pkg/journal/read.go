package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/state"
)

// Period is a time: From belongs to it, Until does not.
type Period struct{ From, Until time.Time }

// Contains says whether t is in the period.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.From) && t.Before(p.Until) }

// History is what was read.
type History struct {
	// Entries of the period, by the time at which they happened. Each is there
	// once, however many saw it. Observed ones are there when their time touches
	// the period.
	Entries []Entry
	// Files is how many months were read.
	Files int
	// Torn lines are none; Newer ones were written by a newer version; Ahead
	// ones happened after now, so a clock was wrong.
	Torn, Newer, Ahead int
	// Missing are directories without a journal.
	Missing []string
}

// Flaws are what is wrong with the lines, for people.
func (h History) Flaws() []string {
	var out []string
	for _, part := range []struct {
		n    int
		what string
	}{{h.Torn, "cannot be read"}, {h.Newer, "were written by a newer version"}, {h.Ahead, "are ahead of this machine's clock"}} {
		if part.n > 0 {
			out = append(out, fmt.Sprintf("%d lines of the journal %s", part.n, part.what))
		}
	}
	return out
}

// Source is a directory with a journal.
type Source struct {
	Name   string
	folder *state.Folder
}

// Sources are the journals in directories, of other pollers or copies; without any
// it is that in the memory of a user.
func Sources(dirs []string, memory *state.Store) ([]Source, error) {
	if len(dirs) == 0 {
		own, err := of(memory)
		return []Source{own}, err
	}
	var out []Source
	for _, path := range dirs {
		f, err := state.OpenFolder(path)
		if err != nil {
			return nil, fmt.Errorf("--journal-dir %w", err)
		}
		out = append(out, Source{path, f})
	}
	return out, nil
}

// of is the journal in a memory.
func of(s *state.Store) (Source, error) {
	if s == nil {
		return Source{}, errors.New("journal: expected a memory, not --state off")
	}
	f, err := s.Folder(folder)
	if err != nil {
		return Source{}, fmt.Errorf("journal: %w", err)
	}
	return Source{f.Path(""), f}, nil
}

// Read returns what happened in a period, of the kinds that are wanted (nil: of
// all), as several pollers saw it. A line that is none costs itself and nothing
// else. now is what tells times that are to come.
func Read(sources []Source, p Period, now time.Time, want func(Kind) bool) (History, error) {
	r := reader{period: p, now: now, want: want}
	if err := r.sources(sources); err != nil {
		return r.History, err
	}
	slices.SortStableFunc(r.Entries, func(a, b Entry) int { return a.At.Compare(b.At) })
	return r.History, nil
}

// Each hands each entry of a period to take, once, and keeps none: whoever needs
// little of most of them has no room for all. They come as they are written, not
// sorted, and of their Sources with the one in which they were found first.
func Each(sources []Source, p Period, now time.Time, take func(Entry)) (History, error) {
	r := reader{period: p, now: now, take: take}
	err := r.sources(sources)
	return r.History, err
}

type reader struct {
	History
	period Period
	now    time.Time
	want   func(Kind) bool
	take   func(Entry)    // nil: they are kept
	have   map[string]int // where an entry stands, by its id
	name   []string       // of the source that is read
	quick  quick
}

func (r *reader) sources(all []Source) error {
	for _, s := range all {
		if err := r.source(s); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	return nil
}

func (r *reader) source(s Source) error {
	names, err := s.folder.Names()
	if err != nil {
		return err
	}
	found := false
	r.name = []string{s.Name}
	for _, name := range names {
		began, is := monthOf(name)
		if !is {
			continue
		}
		found = true
		if !r.holds(began) {
			continue
		}
		if err := r.file(s.folder, name); err != nil {
			return err
		}
	}
	if !found {
		r.Missing = append(r.Missing, s.Name)
	}
	return nil
}

// holds says whether a month may tell of the period: a thing may be seen a month
// after it happened, and files of months to come are of a clock that was wrong.
func (r *reader) holds(began time.Time) bool {
	end := began.AddDate(0, 1, 0)
	return end.After(r.period.From) && began.Before(r.period.Until.AddDate(0, 1, 0)) || began.After(r.now)
}

func (r *reader) file(f *state.Folder, name string) error {
	file, err := f.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed meanwhile, because it is too old
	}
	if err != nil {
		return err
	}
	defer file.Close() // opened for reading: nothing can be lost
	r.Files++
	n, err := count(file)
	if err != nil {
		return fmt.Errorf("%s: %w", f.Path(name), err)
	}
	if r.take == nil {
		r.Entries = slices.Grow(r.Entries, n)
	}
	if len(r.have) == 0 {
		r.have = make(map[string]int, n)
	}
	lines := bufio.NewReaderSize(io.LimitReader(file, maxFile), longest)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			r.Torn++
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = lines.ReadSlice('\n')
			}
			if err == nil {
				continue
			}
		case err == nil:
			r.line(line)
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			r.Torn++ // being written, or torn
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return fmt.Errorf("%s: %w", f.Path(name), err)
	}
}

// count counts lines, so that room for them is made once: what grows by itself is
// twice in memory while it does.
func count(file *os.File) (lines int, err error) {
	block := make([]byte, longest)
	for at := int64(0); at < maxFile; {
		n, err := file.ReadAt(block, at)
		lines += bytes.Count(block[:n], []byte("\n"))
		at += int64(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	return lines, nil
}

func (r *reader) line(line []byte) {
	if len(line) == len("\n") {
		return
	}
	e, err := r.quick.parse(line)
	switch {
	case errors.Is(err, errNewer):
		r.Newer++
	case err != nil:
		r.Torn++
	case e.At.After(r.now.Add(ClockSlack)):
		r.Ahead++
	case !r.within(e) || r.want != nil && !r.want(e.Kind()):
	default:
		r.add(e)
	}
}

// add takes an entry once, and notes who else saw it.
func (r *reader) add(e Entry) {
	e.Line = len(r.have)
	i, again := r.have[e.ID]
	switch {
	case again && r.take == nil:
		if was := &r.Entries[i]; !slices.Contains(was.Sources, r.name[0]) {
			was.Sources = append(slices.Clip(was.Sources), r.name[0])
		}
	case again:
	case r.take != nil:
		r.have[e.ID] = 0
		e.Sources = r.name
		r.take(e)
	default:
		r.have[e.ID] = len(r.Entries)
		e.Sources = r.name
		r.Entries = append(r.Entries, e)
	}
}

// ClockSlack is by how much the clocks of pollers may differ: what is later than now by more
// is left out.
const ClockSlack = 2 * time.Minute

func (r *reader) within(e Entry) bool {
	if o, is := e.Fact.(*Observed); is {
		return o.From.Before(r.period.Until) && !o.Until.Before(r.period.From)
	}
	return r.period.Contains(e.At)
}
