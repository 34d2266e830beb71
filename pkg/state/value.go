package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// header is what a file says before its value. Its shape stays the same in all
// versions; version is that of the value.
type header struct {
	Version int       `json:"version"`
	Plugin  string    `json:"plugin"`
	Subject string    `json:"subject"`
	Written time.Time `json:"written"`
}

type document struct {
	header
	Value json.RawMessage `json:"value"`
}

// load reads and decodes a file.
func load[T any](s *Store, subject string) (T, error) {
	var value, zero T
	if strings.TrimSpace(subject) == "" {
		return zero, errNoSubject
	}
	text, err := s.read(fileName(s.plugin, subject))
	if errors.Is(err, fs.ErrNotExist) {
		return zero, nil
	}
	if err == nil {
		err = decode(text, header{Plugin: s.plugin, Subject: label(subject)}, &value)
	}
	if err != nil {
		return zero, s.failed(subject, err)
	}
	return value, nil
}

var errNoSubject = errors.New("state: the device does not say which one it is, so nothing can be remembered about it")

// decode fills value from a file that has to be about what expected says.
func decode[T any](text []byte, expected header, value *T) error {
	var found document
	if err := json.Unmarshal(text, &found); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	current := versionOf(value)
	switch {
	case found.Version > current:
		return fmt.Errorf("%w (%d, this one knows %d): update this one, or remove the file to begin anew", ErrNewer, found.Version, current)
	case found.Version < 1 || len(found.Value) == 0:
		return fmt.Errorf("%w: no version or no value in it", ErrCorrupt)
	case found.Plugin != expected.Plugin || found.Subject != expected.Subject:
		return fmt.Errorf("%w: it is about something else", ErrCorrupt)
	}
	var err error
	if migrator, ok := any(value).(Migrator); ok && found.Version < current {
		err = migrator.MigrateState(found.Version, found.Value)
	} else {
		err = json.Unmarshal(found.Value, value)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

func versionOf(value any) int {
	if versioned, ok := value.(Versioned); ok {
		return versioned.StateVersion()
	}
	return 1
}

// save encodes a value and writes it.
func save[T any](s *Store, subject string, value T) error {
	text, err := encode(header{
		Version: versionOf(&value),
		Plugin:  s.plugin,
		Subject: label(subject),
		Written: time.Now().Round(time.Second),
	}, value)
	if err == nil && len(text) > MaxSize {
		err = fmt.Errorf("%w, expected the plugin to forget old things", ErrTooLarge)
	}
	if err == nil {
		err = s.write(fileName(s.plugin, subject), text)
	}
	if err != nil {
		return s.failed(subject, err)
	}
	return nil
}

// readable is the size up to which a file is laid out for people. Of a larger
// one that would be half of all bytes.
const readable = 1 << 20

func encode(head header, value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // people read it, browsers do not
	err := encoder.Encode(struct {
		header
		Value any `json:"value"`
	}{head, value})
	if err != nil || text.Len() > readable {
		return text.Bytes(), err
	}
	var laid bytes.Buffer
	err = json.Indent(&laid, text.Bytes(), "", "  ")
	return laid.Bytes(), err
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
