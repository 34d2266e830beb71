package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxFile is the largest file that is read, in bytes.
const maxFile = 1 << 20

// Section is one section of an INI file: its head and its keys, as they come.
type Section struct {
	Name string
	Line int
	Keys []Key
}

// Key is one line of a section.
type Key struct {
	Name, Value string
	// Bare is true when the line holds the name alone, without "=".
	Bare bool
	Line int
}

// contents reads a regular file of at most limit bytes, whole MiB, that is allowed. A
// symbolic link is followed: configuration management and credential mounts put one
// there, and what counts is checked on the file that was opened.
func contents(path string, limit int, allowed func(fs.FileInfo) error) ([]byte, error) {
	// O_NONBLOCK: a FIFO must not hold the check.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer file.Close() // opened for reading: nothing can be lost
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("expected a regular file, this is " + kind(info.Mode()))
	}
	if err == nil {
		err = allowed(info)
	}
	if err != nil {
		return nil, fileError(path, err)
	}
	bound(file, time.Now().Add(longestWait))
	return whole(file, limit)
}

// whole is what an open file holds.
func whole(file *os.File, limit int) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = fmt.Errorf("larger than %d MiB", limit>>20)
	}
	if err != nil {
		return nil, fileError(file.Name(), err)
	}
	return text, nil
}

// longestWait is how long a file may have nothing to read: some that call themselves
// regular are waited for all the same (/proc/kmsg).
const longestWait = 2 * time.Second

// bound ends what waits for a file. Those on a disk are never waited for, and refuse.
func bound(file *os.File, end time.Time) { _ = file.SetReadDeadline(end) }

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// fileError puts the path first, once, and leaves out the system call.
func fileError(path string, err error) error {
	if wrapped, is := errors.AsType[*fs.PathError](err); is {
		err = wrapped.Err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("nothing to read within %s, expected a regular file", longestWait)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// sections reads an INI file that is allowed.
func sections(path string, allowed func(fs.FileInfo) error) ([]Section, error) {
	text, err := contents(path, maxFile, allowed)
	if err != nil {
		return nil, err
	}
	all, err := parse(text)
	if err != nil {
		return nil, fileError(path, err)
	}
	return all, nil
}

// parse reads the grammar that [GuardedSections] describes.
func parse(text []byte) ([]Section, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var sections []Section
	number := 0
	for raw := range bytes.Lines(text) {
		number++
		line, err := plain(raw)
		if err != nil {
			return nil, at(number, err)
		}
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			name, err := head(line)
			if err != nil {
				return nil, at(number, err)
			}
			sections = append(sections, Section{Name: name, Line: number})
		case len(sections) == 0:
			return nil, at(number, errors.New("expected a section head such as [name] before the first key"))
		default:
			key, err := keyOf(line)
			if err != nil {
				return nil, at(number, err)
			}
			key.Line = number
			last := &sections[len(sections)-1]
			last.Keys = append(last.Keys, key)
		}
	}
	return sections, nil
}

func at(line int, err error) error { return fmt.Errorf("line %d: %w", line, err) }

// blanks are what may stand around names and values. Other white space, such
// as the no-break space, belongs to the value.
const blanks = " \t"

// plain returns a line without its end and the blanks around it.
func plain(raw []byte) (string, error) {
	line := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	if !utf8.ValidString(line) {
		return "", errors.New("expected UTF-8 text")
	}
	for _, r := range line {
		if unicode.IsControl(r) && r != '\t' {
			return "", errors.New("expected text, found a control character")
		}
	}
	return strings.Trim(line, blanks), nil
}

// head reads "[name]", after which only a comment may follow. The name may
// hold brackets itself, as [[2001:db8::1]] does.
func head(line string) (string, error) {
	for i := range len(line) {
		if line[i] != ']' {
			continue
		}
		rest := strings.TrimLeft(line[i+1:], blanks)
		if rest != "" && rest[0] != '#' && rest[0] != ';' {
			continue
		}
		name := strings.Trim(line[1:i], blanks)
		if name == "" {
			return "", errors.New("expected a name between the brackets")
		}
		return name, nil
	}
	return "", errors.New("expected a section head such as [name]")
}

func keyOf(line string) (Key, error) {
	name, value, found := strings.Cut(line, "=")
	name = strings.Trim(name, blanks)
	if name == "" {
		return Key{}, errors.New("expected a name before the =")
	}
	return Key{Name: name, Value: unquote(strings.Trim(value, blanks)), Bare: !found}, nil
}

// unquote takes one pair of equal quotes off.
func unquote(value string) string {
	if n := len(value); n >= 2 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
		return value[1 : n-1]
	}
	return value
}
