package main

import (
	"encoding/json"
	"errors"
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

// What is remembered of each guest's configuration is kept in one line: that of
// ten thousand guests must fit in a file of pkg/state.
//
//	2026-03-14T12:00:00Z onboot agent net0=BC:24:11:00:00:01,192.0.2.5

// StreamState writes guest by guest: of fifty thousand all at once would be as much
// as the memory itself.
func (m memory) StreamState(w io.Writer) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false) // people read it, browsers do not
	configs := m.PVE.Configs
	m.PVE.Configs = nil
	o := object{w: w, values: lines}
	o.member("pve", m.PVE)
	o.table("guests", slices.Sorted(maps.Keys(m.Guests)), func(id int) any { return m.Guests[id] })
	o.member("told", m.Told)
	o.table("configs", slices.Sorted(maps.Keys(configs)), func(id int) any { return lineOf(configs[id]) })
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

// UnmarshalJSON reads them.
func (m *memory) UnmarshalJSON(raw []byte) error {
	type plain memory
	var in struct {
		plain
		Homes map[int]lenient.Part `json:"configs"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	*m = memory(in.plain)
	said := lenient.Words{}
	for id, k := range m.Guests {
		k.Pool, k.Node, k.Class = said.One(k.Pool), said.One(k.Node), said.One(k.Class)
		for i, tag := range k.Tags {
			k.Tags[i] = said.One(tag)
		}
		m.Guests[id] = k
	}
	m.PVE.Configs = make(map[int]pve.ConfigFacts, len(in.Homes))
	for id, part := range in.Homes {
		var line string
		err := json.Unmarshal(part, &line)
		if err == nil {
			m.PVE.Configs[id], err = factsOfLine(line, said)
		}
		if err != nil {
			return fmt.Errorf("configuration of %d: %w", id, err)
		}
	}
	return nil
}

func lineOf(f pve.ConfigFacts) string {
	words := []string{f.Time.UTC().Format(time.RFC3339)}
	if f.Onboot {
		words = append(words, "onboot")
	}
	if f.Agent {
		words = append(words, "agent")
	}
	for _, n := range f.NICs {
		values := []string{n.MAC}
		for _, a := range n.Addresses {
			values = append(values, a.String())
		}
		words = append(words, n.Slot+"="+strings.Join(values, ","))
	}
	return strings.Join(words, " ")
}

func factsOfLine(line string, said lenient.Words) (pve.ConfigFacts, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return pve.ConfigFacts{}, errors.New("it is empty")
	}
	var f pve.ConfigFacts
	var err error
	if f.Time, err = time.Parse(time.RFC3339, words[0]); err != nil {
		return f, err
	}
	for _, word := range words[1:] {
		slot, values, isNIC := strings.Cut(word, "=")
		f.Onboot, f.Agent = f.Onboot || word == "onboot", f.Agent || word == "agent"
		if !isNIC {
			continue
		}
		n := pve.NIC{Slot: said.One(slot)}
		mac, rest, _ := strings.Cut(values, ",")
		n.MAC = strings.Clone(mac)
		for text := range strings.FieldsFuncSeq(rest, func(r rune) bool { return r == ',' }) {
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
