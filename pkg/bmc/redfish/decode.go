package redfish

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// The types of this file take whatever JSON a controller sends in their place
// and never fail, so that one odd value costs that value and not the resource
// around it. Seen in the field: readings as "2000", 6400.0 (Huawei iBMC) and
// "N/A" (Cisco CIMC), sensor numbers as "0x41", a Status that is a word,
// SensorType as [{"Member":"Fan"}] (iDRAC7 and 8).

// Longest texts that are kept of a device.
const (
	maxName = 200
	maxText = 500
)

// text is a string, or what stands for one.
type text string

// UnmarshalJSON never fails. Of an array it takes the first element, of an
// object its Member.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = text(phrase.Clip(plain(raw, 0), maxText))
	return nil
}

func plain(raw []byte, depth int) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || depth > 2 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s
	case '[':
		var all []json.RawMessage
		if json.Unmarshal(raw, &all) != nil || len(all) == 0 {
			return ""
		}
		return plain(all[0], depth+1)
	case '{':
		var o struct{ Member json.RawMessage }
		if json.Unmarshal(raw, &o) != nil {
			return ""
		}
		return plain(o.Member, depth+1)
	case 'n':
		return ""
	default:
		return string(raw)
	}
}

// String is the text without surrounding blanks, which Cisco and Intel pad
// fields with.
func (t text) String() string { return strings.TrimSpace(string(t)) }

// Name is the text at the length of a name.
func (t text) Name() string { return phrase.Clip(t.String(), maxName) }

// number is a number that may be missing.
type number struct{ value *float64 }

// UnmarshalJSON never fails: null, "N/A" and all else that is no finite
// number is none. Strings may be hexadecimal or carry a unit.
func (n *number) UnmarshalJSON(raw []byte) error {
	n.value = nil
	s := strings.TrimSpace(plain(raw, 0))
	if s == "" {
		return nil
	}
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		if v, err := strconv.ParseUint(strings.TrimSuffix(hex, "h"), 16, 32); err == nil {
			f := float64(v)
			n.value = &f
		}
		return nil
	}
	s, _, _ = strings.Cut(s, " ")
	if strings.ContainsAny(s, "xXpP_nN") { // forms of Go, not of controllers
		return nil
	}
	if v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
		n.value = &v
	}
	return nil
}

// threshold is the number unless it is zero, which controllers write for a
// threshold that they do not have.
func (n number) threshold() *float64 {
	if n.value == nil || *n.value == 0 {
		return nil
	}
	return n.value
}

// count is the number as a count, 0 when there is none that can be one.
func (n number) count() int {
	if n.value == nil || *n.value < 0 || *n.value > 1<<31 {
		return 0
	}
	return int(*n.value)
}

// flag is true, false or not said.
type flag struct{ said, value bool }

// UnmarshalJSON never fails; "true" and "True" count.
func (f *flag) UnmarshalJSON(raw []byte) error {
	v, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(plain(raw, 0))))
	*f = flag{said: err == nil, value: v}
	return nil
}

// list is an array, element by element. An object of objects stands for the
// array of these, any other object for an array of one; anything else but null
// is wrong.
type list struct {
	items []json.RawMessage
	found bool // the property was there and not null
	wrong bool
}

// UnmarshalJSON never fails, see wrong.
func (l *list) UnmarshalJSON(raw []byte) error {
	*l = list{}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] == 'n' {
		return nil
	}
	l.found = true
	switch raw[0] {
	case '[':
		l.items = split(raw)
	case '{':
		l.items = values(raw)
		l.wrong = len(l.items) > maxNamed
	default:
		l.wrong = true
	}
	return nil
}

// maxNamed is how many objects of an object are taken for a list.
const maxNamed = 1024

// values are the values of an object, in the order of their keys, when all are
// objects; else the object itself.
func values(raw []byte) []json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil || len(all) == 0 {
		return []json.RawMessage{bytes.Clone(raw)}
	}
	out := make([]json.RawMessage, 0, len(all))
	keys := slices.Collect(maps.Keys(all))
	if len(keys) <= maxNamed { // the order of more is nobody's
		slices.SortFunc(keys, bmc.Compare)
	}
	for _, key := range keys {
		if v := bytes.TrimSpace(all[key]); v[0] != '{' {
			return []json.RawMessage{bytes.Clone(raw)}
		}
		out = append(out, all[key])
	}
	return out
}

// links are the addresses that the elements refer to.
func (l list) links() []string {
	var out []string
	for _, item := range l.items {
		var one link
		if json.Unmarshal(item, &one) == nil && one != "" {
			out = append(out, string(one))
		}
	}
	return out
}

// link is a reference to another resource: {"@odata.id": "/redfish/..."},
// {"href": ...} (iLO4) or the address itself.
type link string

// UnmarshalJSON never fails; what is no reference is none.
func (l *link) UnmarshalJSON(raw []byte) error {
	*l = ""
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil
	}
	if raw[0] == '"' {
		*l = link(plain(raw, 0))
		return nil
	}
	if raw[0] != '{' {
		return nil
	}
	var o struct {
		ID   json.RawMessage `json:"@odata.id"`
		Href json.RawMessage `json:"href"`
	}
	if json.Unmarshal(raw, &o) == nil {
		*l = link(cmp.Or(plain(o.ID, 0), plain(o.Href, 0)))
	}
	return nil
}

// status is {"State": ..., "Health": ...} or one word for either. The roll-up
// stands for the health of a resource that has no other.
type status struct {
	state, health, rollup string
	said                  bool
}

// UnmarshalJSON never fails.
func (s *status) UnmarshalJSON(raw []byte) error {
	*s = status{}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil
	}
	if raw[0] != '{' {
		word := phrase.Clip(strings.TrimSpace(plain(raw, 0)), maxName)
		switch strings.ToLower(word) {
		case "":
		case "ok", "warning", "critical":
			s.health, s.said = word, true
		default:
			s.state, s.said = word, true
		}
		return nil
	}
	var o struct{ State, Health, HealthRollup text } // HealthRollUp of iLO4 is the same to encoding/json
	if json.Unmarshal(raw, &o) == nil {
		*s = status{state: o.State.Name(), health: o.Health.Name(), rollup: o.HealthRollup.Name(), said: true}
	}
	return nil
}

// says puts the status in the controller's words.
func (s status) says() string {
	var parts []string
	if s.state != "" {
		parts = append(parts, "State "+s.state)
	}
	if s.health != "" {
		parts = append(parts, "Health "+s.health)
	} else if s.rollup != "" {
		parts = append(parts, "HealthRollup "+s.rollup)
	}
	if len(parts) == 0 {
		return "no Status"
	}
	return strings.Join(parts, ", ")
}
