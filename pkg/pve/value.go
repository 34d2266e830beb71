package pve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/lenient"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// Types flip between releases and installations of Proxmox VE: one and the
// same field comes as 1, "1", 1.0, true, null or "". The types of this file
// take all of them, and refuse what is none of them.

// Bounds of what is kept of a device's text, in bytes.
const (
	maxName = 200
	maxText = 500
)

// number is an integer in any spelling; set is false for null and "".
type number struct {
	value int64
	set   bool
}

func (n *number) UnmarshalJSON(raw []byte) error {
	*n = number{}
	s, err := scalar(raw)
	if err != nil || s == "" {
		return err
	}
	switch s {
	case "true":
		*n = number{1, true}
		return nil
	case "false":
		*n = number{0, true}
		return nil
	}
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		*n = number{v, true}
		return nil
	}
	// Only what JSON calls a number: ParseFloat alone also takes NaN, Inf,
	// hexadecimal and 1_000.
	if strings.Trim(s, "+-.eE0123456789") != "" {
		return fmt.Errorf("%q is not a number", phrase.Clip(s, 40))
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.Abs(f) > 1<<53 {
		return fmt.Errorf("%q is not a number", phrase.Clip(s, 40))
	}
	*n = number{int64(f), true}
	return nil
}

// flag is a truth value in any spelling; absent, null and "" are false.
type flag bool

func (f *flag) UnmarshalJSON(raw []byte) error {
	var n number
	if err := n.UnmarshalJSON(raw); err != nil {
		return err
	}
	*f = n.value != 0
	return nil
}

// text is a string that may come as a number or a truth value, bounded.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	s, err := scalar(raw)
	*t = text(phrase.Clip(s, maxText))
	return err
}

func (t text) name() string { return phrase.Clip(string(t), maxName) }

// scalar returns a JSON scalar as text, null as "".
func scalar(raw []byte) (string, error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, []byte("null")):
		return "", nil
	case raw[0] == '"':
		if simple(raw) {
			return string(bytes.TrimSpace(raw[1 : len(raw)-1])), nil
		}
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", err
		}
		return strings.TrimSpace(s), nil
	case raw[0] == '{' || raw[0] == '[':
		return "", errors.New("a list or an object where a single value belongs")
	}
	return string(raw), nil
}

// simple says that a string in JSON stands for what is between its quotes: nearly
// all that a cluster says does, and a decoder for each costs more than all the rest.
func simple(raw []byte) bool {
	if len(raw) < 2 || raw[len(raw)-1] != '"' {
		return false
	}
	for _, c := range raw[1 : len(raw)-1] {
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			return false
		}
	}
	return true
}

// rows decodes a list row by row: one odd row does not lose the others. The
// error tells how many rows could not be read and why the first could not. Null
// is no empty list but what pveproxy sends beside an error.
func rows[T any](raw json.RawMessage) ([]T, error) {
	if !bytes.Contains(raw, []byte("null")) { // a row that is null would pass for an empty one
		all := make([]T, 0, min(bytes.Count(raw, []byte("},{"))+1, answers.Width))
		if err := json.Unmarshal(raw, &all); err == nil && all != nil {
			return all, nil
		}
	}
	var out []T
	err := each(raw, func(n int) { out = make([]T, 0, n) }, func(row T) { out = append(out, row) })
	return out, err
}

// each is the same one row after the other: all rows of a list of fifty thousand
// guests at once would be as much as the list. How many there are is told first.
func each[T any](raw json.RawMessage, count func(int), take func(T)) error {
	var list []lenient.Part
	if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		return errors.New("the answer is not a list")
	}
	count(len(list))
	odd, first := 0, error(nil)
	for _, r := range list {
		var v T
		err := json.Unmarshal(r, &v)
		if string(r) == "null" {
			err = errors.New("it is null")
		}
		if err != nil {
			if odd++; first == nil {
				first = err
			}
			continue
		}
		take(v)
	}
	if odd > 0 {
		return fmt.Errorf("%d of %d rows cannot be read: %w", odd, len(list), first)
	}
	return nil
}

// table decodes an object of objects. Perl prints an empty table as [] as
// often as {}, and a missing one as null.
type table[T any] map[string]T

func (t *table[T]) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	*t = nil
	switch string(raw) {
	case "null":
		return nil
	case "[]", `""`:
		*t = table[T]{}
		return nil
	}
	var m map[string]T
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	*t = m
	return nil
}

// doubts are what in a list makes no sense. A few are told and the others counted: a
// hostile list has a hundred thousand.
type doubts struct {
	told []error
	more int
}

const fewDoubts = 3

func (o *doubts) add(err error) {
	switch {
	case err == nil:
	case len(o.told) < fewDoubts:
		o.told = append(o.told, err)
	default:
		o.more++
	}
}

// after is err with the doubts that follow it.
func (o *doubts) after(err error) error {
	all := doubts{more: o.more}
	for _, e := range append([]error{err}, o.told...) {
		all.add(e)
	}
	return all.err()
}

func (o *doubts) err() error {
	if o.more == 0 {
		return errors.Join(o.told...)
	}
	return errors.Join(append(o.told, fmt.Errorf("and %d more", o.more))...)
}
