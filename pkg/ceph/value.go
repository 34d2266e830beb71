package ceph

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/lenient"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// The types of this file read one value each and never fail: what is no number
// is no number, and does not lose the document around it. Proxmox VE passes
// documents through Perl, which turns numbers into strings and truth values
// into 0, 1 or "".

// number is a finite JSON number in any spelling; set is false for anything else.
type number struct {
	value float64
	set   bool
}

func (n *number) UnmarshalJSON(raw []byte) error {
	*n = number{}
	s := scalar(raw)
	switch s {
	case "true":
		*n = number{1, true}
		return nil
	case "false":
		*n = number{0, true}
		return nil
	}
	// ParseFloat also takes NaN, Inf, hexadecimal and 1_000, which JSON does not.
	if s == "" || strings.Trim(s, "+-.eE0123456789") != "" {
		return nil
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(v, 0) {
		*n = number{v, true}
	}
	return nil
}

// integer is the number as one; numbers beyond what a cluster can have
// are none.
func (n number) integer() (int, bool) {
	if !n.set || math.Abs(n.value) > 1<<53 {
		return 0, false
	}
	return int(n.value), true
}

// count is a whole number that is not negative, else 0.
func (n number) count() int {
	v, ok := n.integer()
	if !ok || v < 0 {
		return 0
	}
	return v
}

// truth says whether the number is a truth value.
func (n number) truth() bool { return n.set && (n.value == 0 || n.value == 1) }

// positive is the value when it is above 0, else 0.
func (n number) positive() float64 { return max(n.value, 0) }

// text is a string, or a number or truth value as text, bounded.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	*t = text(phrase.Clip(scalar(raw), maxText))
	return nil
}

func (t text) name() string { return phrase.Clip(string(t), maxName) }

// list reads an array row by row: a row of another shape is left out and
// counted. Anything but an array is a list that is not there.
type list[T any] struct {
	rows []T
	odd  int
	set  bool
}

func (l *list[T]) UnmarshalJSON(raw []byte) error {
	*l = list[T]{}
	var rows []lenient.Part
	if json.Unmarshal(raw, &rows) != nil || rows == nil {
		return nil
	}
	l.set = true
	l.rows = make([]T, 0, len(rows))
	for _, r := range rows {
		var v T
		if json.Unmarshal(r, &v) != nil {
			l.odd++
			continue
		}
		l.rows = append(l.rows, v)
	}
	return nil
}

// words are the strings of a list.
func words(l list[text]) []string {
	out := make([]string, 0, len(l.rows))
	for _, w := range l.rows {
		if w != "" {
			out = append(out, w.name())
		}
	}
	return out
}

// table reads an object member by member. Perl prints an empty one as [].
type table[T any] struct {
	rows map[string]T
	odd  int
	set  bool
}

func (t *table[T]) UnmarshalJSON(raw []byte) error {
	*t = table[T]{}
	if bytes.Equal(bytes.TrimSpace(raw), []byte("[]")) {
		t.set = true
		return nil
	}
	var rows map[string]lenient.Part
	if json.Unmarshal(raw, &rows) != nil || rows == nil {
		return nil
	}
	t.set = true
	t.rows = make(map[string]T, len(rows))
	for k, r := range rows {
		var v T
		if json.Unmarshal(r, &v) != nil {
			t.odd++
			continue
		}
		t.rows[phrase.Clip(k, maxName)] = v
	}
	return nil
}

// part is an object inside a document; set is false when it is absent or of
// another shape.
type part[T any] struct {
	value T
	set   bool
}

func (p *part[T]) UnmarshalJSON(raw []byte) error {
	*p = part[T]{}
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	p.set = json.Unmarshal(raw, &p.value) == nil
	return nil
}

// scalar returns a single JSON value as text; null, lists and objects are "".
func scalar(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, []byte("null")) || raw[0] == '{' || raw[0] == '[':
		return ""
	case raw[0] == '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return strings.TrimSpace(s)
	}
	return string(raw)
}

// layouts of Ceph's times: with zone from Octopus on, without before, as the
// mons print them in UTC.
var layouts = []string{"2006-01-02T15:04:05.999999999Z0700", time.RFC3339Nano, "2006-01-02 15:04:05.999999999"}

// stamp reads a time; the zero time when it is none, or Ceph's own zero of 1970.
func stamp(t text) time.Time {
	for _, layout := range layouts {
		if at, err := time.Parse(layout, string(t)); err == nil {
			if at.Unix() <= 0 {
				return time.Time{}
			}
			return at
		}
	}
	return time.Time{}
}

// epoch reads seconds since 1970.
func epoch(n number) time.Time {
	if v, ok := n.integer(); ok && v > 0 {
		return time.Unix(int64(v), 0)
	}
	return time.Time{}
}
