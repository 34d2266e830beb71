package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// What is remembered of each guest's configuration is kept in one line: that of
// ten thousand guests must fit in a file of pkg/state.
//
//	2026-03-14T12:00:00Z onboot agent net0=BC:24:11:00:00:01,192.0.2.5

// MarshalJSON writes configurations as lines.
func (m memory) MarshalJSON() ([]byte, error) {
	type plain memory
	out := struct {
		plain
		Homes map[int]string `json:"configs,omitempty"`
	}{plain(m), make(map[int]string, len(m.PVE.Configs))}
	for id, f := range m.PVE.Configs {
		out.Homes[id] = lineOf(f)
	}
	out.PVE.Configs = nil
	return json.Marshal(out)
}

// UnmarshalJSON reads them.
func (m *memory) UnmarshalJSON(raw []byte) error {
	type plain memory
	var in struct {
		plain
		Homes map[int]string `json:"configs"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	*m = memory(in.plain)
	m.PVE.Configs = make(map[int]pve.ConfigFacts, len(in.Homes))
	for id, line := range in.Homes {
		facts, err := factsOfLine(line)
		if err != nil {
			return fmt.Errorf("configuration of %d: %w", id, err)
		}
		m.PVE.Configs[id] = facts
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

func factsOfLine(line string) (pve.ConfigFacts, error) {
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
		n := pve.NIC{Slot: slot}
		mac, rest, _ := strings.Cut(values, ",")
		n.MAC = mac
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
