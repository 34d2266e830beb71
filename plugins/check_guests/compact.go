package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/lenient"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// home is what is remembered of a guest's configuration, in one line: that of fifty
// thousand guests must fit in a file of pkg/state, and in memory.
//
//	2026-03-14T12:00:00Z onboot agent net0=BC:24:11:00:00:01,192.0.2.5
type home string

// StreamState writes guest by guest: of fifty thousand all at once would be as much
// as the memory itself.
func (m memory) StreamState(w io.Writer) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false) // people read it, browsers do not
	o := object{w: w, values: lines}
	o.member("pve", m.PVE)
	o.table("guests", slices.Sorted(maps.Keys(m.Guests)), func(id int) any { return m.Guests[id] })
	o.member("told", m.Told)
	o.table("configs", slices.Sorted(maps.Keys(m.Homes)), func(id int) any { return m.Homes[id] })
	o.text("}")
	return o.err
}

// object is one of JSON that is being written, up to the first error.
type object struct {
	w      io.Writer
	values *json.Encoder
	begun  bool
	err    error
}

func (o *object) text(s string) {
	if o.err == nil {
		_, o.err = io.WriteString(o.w, s)
	}
}

func (o *object) key(name string) {
	if o.begun {
		o.text(",")
	} else {
		o.text("{")
	}
	o.begun = true
	o.text(strconv.Quote(name) + ":")
}

func (o *object) member(name string, value any) {
	o.key(name)
	if o.err == nil {
		o.err = o.values.Encode(value)
	}
}

func (o *object) table(name string, ids []int, value func(int) any) {
	if len(ids) == 0 {
		return
	}
	o.key(name)
	inner := object{w: o.w, values: o.values, err: o.err}
	for _, id := range ids {
		inner.member(strconv.Itoa(id), value(id))
	}
	inner.text("}")
	o.err = inner.err
}

// UnmarshalJSON reads what StreamState wrote, and refuses a line that was damaged.
func (m *memory) UnmarshalJSON(raw []byte) error {
	type plain memory
	var in plain
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	*m = memory(in)
	said := lenient.Words{}
	for id, k := range m.Guests {
		k.Pool, k.Node, k.Class = said.One(k.Pool), said.One(k.Node), said.One(k.Class)
		for i, tag := range k.Tags {
			k.Tags[i] = said.One(tag)
		}
		m.Guests[id] = k
	}
	for id, h := range m.Homes {
		if _, err := h.parse(); err != nil {
			return fmt.Errorf("configuration of %d: %w", id, err)
		}
	}
	return nil
}

// homeOf is the line of a configuration. The card with the gateway stands first, as
// its addresses are the best.
func homeOf(f pve.ConfigFacts) home {
	words := []string{f.Time.UTC().Format(time.RFC3339)}
	if f.Onboot {
		words = append(words, "onboot")
	}
	if f.Agent {
		words = append(words, "agent")
	}
	for _, gateway := range []bool{true, false} {
		for _, n := range f.NICs {
			if n.Gateway != gateway {
				continue
			}
			values := []string{n.MAC}
			for _, a := range n.Addresses {
				values = append(values, a.String())
			}
			words = append(words, n.Slot+"="+strings.Join(values, ","))
		}
	}
	return home(strings.Join(words, " "))
}

// read is when the configuration was read, zero for never.
func (h home) read() time.Time {
	when, _, _ := strings.Cut(string(h), " ")
	t, err := time.Parse(time.RFC3339, when)
	if err != nil {
		return time.Time{} // there is none: a line that is there was parsed
	}
	return t
}

// moved is the line with another time, by a clock that was set.
func (h home) moved(by time.Duration) home {
	_, rest, more := strings.Cut(string(h), " ")
	line := h.read().Add(by).UTC().Format(time.RFC3339)
	if more {
		line += " " + rest
	}
	return home(line)
}

// config is what the line says, nothing for none.
func (h home) config() pve.Config { return h.facts().Config }

func (h home) facts() pve.ConfigFacts {
	f, err := h.parse()
	if err != nil {
		return pve.ConfigFacts{} // there is none: a line that is there was parsed
	}
	return f
}

func (h home) parse() (pve.ConfigFacts, error) {
	when, rest, _ := strings.Cut(string(h), " ")
	var f pve.ConfigFacts
	var err error
	if f.Time, err = time.Parse(time.RFC3339, when); err != nil {
		return f, err
	}
	for word := range strings.FieldsSeq(rest) {
		slot, values, isNIC := strings.Cut(word, "=")
		f.Onboot, f.Agent = f.Onboot || word == "onboot", f.Agent || word == "agent"
		if !isNIC {
			continue
		}
		n := pve.NIC{Slot: slot}
		n.MAC, values, _ = strings.Cut(values, ",")
		for text := range strings.FieldsFuncSeq(values, func(r rune) bool { return r == ',' }) {
			a, err := netip.ParseAddr(text)
			if err != nil {
				return f, err
			}
			n.Addresses = append(n.Addresses, a)
		}
		f.NICs = append(f.NICs, n)
	}
	return f, nil
}
