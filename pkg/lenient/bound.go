// Package lenient holds what is common to those who read JSON of others: how much
// of it they read at all.
//
// A body that is bounded in bytes is not bounded in memory: "{}," is three bytes
// and becomes a struct. So a document is gone through once, before anything is
// built of it.
package lenient

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// Bound is what one document may hold.
type Bound struct {
	// Elements are all values in it, those of objects too.
	Elements int
	// Width is the longest list or object.
	Width int
	// Depth is how deep lists and objects are nested; at most 64.
	Depth int
	// Unread are keys that nobody decodes: what they say twice hides nothing.
	Unread []string
}

// deepest is the most that Depth can be.
const deepest = 64

// longest is the most bytes that a key has: decoders copy a key more than once.
const longest = 64 << 10

// Check says why a document must not be decoded: too many elements, or an object
// that says one thing twice, and not the same. Decoders take whichever comes
// last, so that a second "Reading" would hide the first. Keys that differ in
// case or in escapes are one, as they are to encoding/json. It does not say whether the
// document is JSON: of what is none, the decoder complains.
func (b Bound) Check(document []byte) error {
	s := scan{text: document, bound: b, seed: maphash.MakeSeed()}
	for s.at < len(document) && s.err == nil {
		s.step()
	}
	return s.err
}

// scan goes through a document once.
type scan struct {
	text     []byte
	at       int
	bound    Bound
	elements int
	levels   [deepest]level
	depth    int
	members  []member // of all objects that are open
	seed     maphash.Seed
	err      error
}

// level is a list or object that is open.
type level struct {
	object bool
	key    bool // the next string is a key
	width  int
	first  int // of its members
}

// member is a key by its hash, and where it and its value stand.
type member struct{ hash, key, from, to uint32 }

func (s *scan) step() {
	c := s.text[s.at]
	s.at++
	switch c {
	case '"':
		start := s.at
		s.skip()
		if l := s.top(); l != nil && l.key {
			l.key = false
			if s.at-1-start > longest {
				s.err = fmt.Errorf("the answer has a key of more than %d KiB", longest>>10)
				return
			}
			s.members = append(s.members, member{hash: s.hash(s.text[start:max(start, s.at-1)]), key: uint32(start), from: uint32(s.at)})
		}
	case '{', '[':
		s.open(c == '{')
	case ',':
		if l := s.top(); l != nil {
			s.end()
			l.key = l.object
			s.count(l)
		}
	case '}', ']':
		if s.depth > 0 {
			s.end()
			s.close()
		}
	}
}

func (s *scan) top() *level {
	if s.depth == 0 {
		return nil
	}
	return &s.levels[s.depth-1]
}

// skip goes behind the end of a string.
func (s *scan) skip() {
	for s.at < len(s.text) {
		n := bytes.IndexByte(s.text[s.at:], '"')
		if n < 0 {
			s.at = len(s.text)
			return
		}
		escapes := 0
		for i := s.at + n - 1; i >= s.at && s.text[i] == '\\'; i-- {
			escapes++
		}
		s.at += n + 1
		if escapes%2 == 0 {
			return
		}
		// The quote was escaped: what stands before it is done with.
	}
}

func (s *scan) open(object bool) {
	if s.depth >= min(s.bound.Depth, deepest) {
		s.err = fmt.Errorf("the answer is nested more than %d deep", min(s.bound.Depth, deepest))
		return
	}
	s.levels[s.depth] = level{object: object, key: object, first: len(s.members)}
	s.depth++
	rest := bytes.TrimLeft(s.text[s.at:min(len(s.text), s.at+64)], " \t\r\n")
	if len(rest) == 0 || rest[0] != '}' && rest[0] != ']' {
		s.count(s.top())
	}
}

// count counts an element of a level.
func (s *scan) count(l *level) {
	s.elements++
	l.width++
	switch {
	case s.elements > s.bound.Elements:
		s.err = fmt.Errorf("the answer has more than %d elements", s.bound.Elements)
	case l.width > s.bound.Width:
		s.err = fmt.Errorf("the answer has a list of more than %d elements", s.bound.Width)
	}
}

// end notes where the value of an object's last member ended.
func (s *scan) end() {
	if l := s.top(); l.object && len(s.members) > l.first {
		if last := &s.members[len(s.members)-1]; last.to == 0 {
			last.to = uint32(s.at - 1)
		}
	}
}

// close ends a list or object.
func (s *scan) close() {
	l := s.top()
	if l.object {
		s.twice(s.members[l.first:])
	}
	s.members = s.members[:l.first]
	s.depth--
}

// few is how many members are compared each with each.
const few = 24

// twice finds a member that is there twice with values that differ. One that was
// said before, and the same, is not looked for further back: a hundred thousand
// of them would take minutes.
func (s *scan) twice(all []member) {
	if len(all) > few {
		slices.SortFunc(all, func(a, b member) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.key, b.key)) })
	}
	for i, b := range all {
		for j := i - 1; j >= 0 && (len(all) <= few || all[j].hash == b.hash); j-- {
			if all[j].hash == b.hash && s.again(all[j], b) {
				break
			}
		}
		if s.err != nil {
			return
		}
	}
}

// again says whether two members have one name.
func (s *scan) again(a, b member) bool {
	key := plain(s.key(a))
	unread := func(k string) bool { return bytes.Equal(plain([]byte(k)), key) }
	if !bytes.Equal(key, plain(s.key(b))) {
		return false
	}
	if !bytes.Equal(s.value(a), s.value(b)) && !slices.ContainsFunc(s.bound.Unread, unread) {
		s.err = fmt.Errorf("the answer says %q twice, and not the same", s.key(a)[:min(len(s.key(a)), 40)])
	}
	return true
}

func (s *scan) key(m member) []byte { return s.text[m.key:max(m.key, m.from-1)] }

// value is what follows the key, with the colon.
func (s *scan) value(m member) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(s.text[m.from:max(m.from, m.to)]), []byte(":")))
}

// hash is one for all spellings of a key. Nobody outside can know which keys have
// the same.
func (s *scan) hash(key []byte) uint32 {
	var room [64]byte
	for i, c := range key {
		if i == len(room) || odd(c) {
			return uint32(maphash.Bytes(s.seed, plain(key)))
		}
		room[i] = lower(c)
	}
	return uint32(maphash.Bytes(s.seed, room[:len(key)]))
}

// odd is a byte of a key that can be spelled another way than by its case.
func odd(c byte) bool { return c == '\\' || c >= 0x80 }

// plain is a key as encoding/json finds the field of it: without escapes, in one
// case, where the long s and the sign for Kelvin are letters too.
func plain(key []byte) []byte {
	if slices.ContainsFunc(key, odd) {
		var text string
		if json.Unmarshal(slices.Concat([]byte{'"'}, key, []byte{'"'}), &text) == nil {
			key = []byte(strings.NewReplacer("\u017f", "s", "\u212a", "k").Replace(text))
		}
	}
	out := make([]byte, len(key))
	for i, c := range key {
		out[i] = lower(c)
	}
	return out
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
