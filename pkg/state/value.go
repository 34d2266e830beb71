package state

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/lenient"
)

// version of the values.
const version = 1

// header is what a file says before its value. Its shape stays the same in all
// versions.
type header struct {
	Version int       `json:"version"`
	Plugin  string    `json:"plugin"`
	Subject string    `json:"subject"`
	Written time.Time `json:"written"`
}

type document struct {
	header
	Value lenient.Part `json:"value"`
}

// load reads and decodes a file, and returns its text as decode does.
func load[T any](s *Store, subject string) (value T, text []byte, err error) {
	var zero T
	if strings.TrimSpace(subject) == "" {
		return zero, nil, errNoSubject
	}
	file, err := s.read(fileName(s.plugin, subject))
	if errors.Is(err, fs.ErrNotExist) {
		return zero, nil, nil
	}
	if err == nil {
		text, err = decode(file, header{Plugin: s.plugin, Subject: label(subject)}, &value)
	}
	if err != nil {
		return zero, nil, s.failed(subject, err)
	}
	return value, text, nil
}

var errNoSubject = errors.New("state: the device does not say which one it is, so nothing can be remembered about it")

// decode fills value from a file that has to be about what expected says, and
// returns its text. That of a large one would be in memory beside it.
func decode[T any](file []byte, expected header, value *T) ([]byte, error) {
	var found document
	if err := json.Unmarshal(file, &found); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	switch {
	case found.Version > version:
		return nil, fmt.Errorf("%w (%d, this one knows %d): update this one, or remove the file to begin anew", ErrNewer, found.Version, version)
	case found.Version < 1 || len(found.Value) == 0:
		return nil, fmt.Errorf("%w: no version or no value in it", ErrCorrupt)
	case found.Plugin != expected.Plugin || found.Subject != expected.Subject:
		return nil, fmt.Errorf("%w: it is about something else", ErrCorrupt)
	}
	if err := json.Unmarshal(found.Value, value); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if _, large := any(*value).(Streamer); large {
		return nil, nil
	}
	return found.Value, nil
}

// unchanged says that a value would be written as text is.
func unchanged(value any, text []byte) bool {
	if text == nil {
		return false
	}
	var is, was bytes.Buffer
	encoder := json.NewEncoder(&is)
	encoder.SetEscapeHTML(false) // as it is written
	return encoder.Encode(value) == nil && json.Compact(&was, text) == nil &&
		bytes.Equal(bytes.TrimSuffix(is.Bytes(), []byte("\n")), was.Bytes())
}

// save encodes a value and writes it.
func save[T any](s *Store, subject string, value T) error {
	head := header{
		Version: version,
		Plugin:  s.plugin,
		Subject: label(subject),
		Written: time.Now().Round(time.Second),
	}
	err := s.write(fileName(s.plugin, subject), func(file io.Writer) error {
		out := spool{file: file}
		if err := encode(&out, head, value); err != nil {
			return err
		}
		return out.close()
	})
	if err != nil {
		return s.failed(subject, err)
	}
	return nil
}

func encode(out io.Writer, head header, value any) error {
	large, is := value.(Streamer)
	if !is {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false) // people read it, browsers do not
		return encoder.Encode(struct {
			header
			Value any `json:"value"`
		}{head, value})
	}
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	buffer := bufio.NewWriterSize(out, 64<<10)
	// Its errors stay, and come with the last of these.
	_, _ = buffer.Write(append(bytes.TrimSuffix(text, []byte("}")), `,"value":`...))
	if err := large.StreamState(buffer); err != nil {
		return err
	}
	_, _ = buffer.WriteString("}\n")
	return buffer.Flush()
}

// readable is the size up to which a file is laid out for people. Of a larger
// one that would be half of all bytes.
const readable = 1 << 20

// spool holds a document as long as it is to be laid out, and writes what is larger
// as it comes.
type spool struct {
	file io.Writer
	held bytes.Buffer
	size int
}

func (s *spool) Write(p []byte) (int, error) {
	s.size += len(p)
	switch {
	case s.size > MaxSize:
		return 0, fmt.Errorf("%w, expected the plugin to forget old things", ErrTooLarge)
	case s.size <= readable:
		return s.held.Write(p)
	}
	if _, err := s.held.WriteTo(s.file); err != nil {
		return 0, err
	}
	return s.file.Write(p)
}

// close writes what is held.
func (s *spool) close() error {
	if s.size > readable {
		return nil
	}
	var laid bytes.Buffer
	if err := json.Indent(&laid, s.held.Bytes(), "", "  "); err != nil {
		return err
	}
	_, err := laid.WriteTo(s.file)
	return err
}

// label is the subject as the header says it: valid and of bounded length, for
// it came from a device.
func label(subject string) string {
	const longest = 500
	subject = strings.ToValidUTF8(subject, "\ufffd")
	if len(subject) > longest {
		subject = strings.ToValidUTF8(subject[:longest], "")
	}
	return subject
}
