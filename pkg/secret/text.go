// Package secret holds what must not be seen: it reads credentials from a file
// or the environment, never from arguments, prints them as ***, and takes them
// out of error texts. It also reads the INI files of the suite, of which the
// credentials file is one.
package secret

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// hidden is what a secret shows instead of itself, whatever its length.
const hidden = "***"

// Text is a secret. It prints as *** with every verb, also as JSON and in slog,
// also inside a struct that keeps it in an unexported field, where fmt does not
// ask for methods: all it finds there is an address. The zero Text is the empty
// secret; two Texts are == when their secrets are equal.
type Text struct{ value unique.Handle[string] }

// NewText hides s.
func NewText(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{unique.Make(s)}
}

// Reveal returns the secret itself, for the wire only.
func (t Text) Reveal() string {
	if t == (Text{}) {
		return ""
	}
	return t.value.Value()
}

// IsZero says whether there is no secret.
func (t Text) IsZero() bool { return t == Text{} }

// String returns ***.
func (t Text) String() string { return hidden }

// Format prints *** for every verb, %#v and %x included.
func (t Text) Format(f fmt.State, _ rune) {
	// fmt.State is a buffer of fmt, whose Write cannot fail.
	_, _ = io.WriteString(f, hidden)
}

// MarshalText returns ***, for JSON and every other encoder that asks for text.
func (t Text) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// LogValue returns *** for slog.
func (t Text) LogValue() slog.Value { return slog.StringValue(hidden) }
