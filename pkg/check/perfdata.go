package check

import (
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
)

// Perfdatum is one item of performance data. Its label may be any text that
// names the thing for good (a sensor's id, not its place in a list): it is made
// legal when rendered, see [Label]. A value that is no number leaves the item
// out.
type Perfdatum struct {
	Label string
	Value float64
	// Unit is one of the guidelines' (s, ms, us, %, B, KB, MB, GB, TB, c) or
	// none. Any other is left out: Icinga drops what it does not know.
	Unit       string
	Warn, Crit *Range
	// Min and Max are left out for %.
	Min, Max *float64
}

// labelLength is how many characters of a label hosts keep apart.
const labelLength = 19

// Label makes a legal label of any text: of the characters every host and every
// graph takes, [A-Za-z0-9_.-]. Quoted labels do not survive the command-mode
// macros of Nagios, and Icinga splits at = and ::.
func Label(text string) string {
	label := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '.', r == '-':
			return r
		}
		return '_'
	}, strings.TrimSpace(text))
	if strings.Trim(label, "_.-") == "" {
		return "x" + fingerprint(text)
	}
	return label
}

// fingerprint tells texts apart that look alike when shortened. It depends on
// the text alone, so a label stays when its neighbours come and go.
func fingerprint(text string) string {
	const digits = "0123456789abcdefghijkmnpqrstvwxyz" // no l, o, u
	hash := fnv.New32a()
	hash.Write([]byte(text))
	sum := hash.Sum32()
	out := make([]byte, 5)
	for i := range out {
		out[i] = digits[sum%uint32(len(digits))]
		sum /= uint32(len(digits))
	}
	return string(out)
}

// short keeps the head, which says what it is, and the tail, which says which
// one, of a label that is too long to be told from its neighbours.
func short(label, text string) string {
	if len(label) <= labelLength {
		return label
	}
	return label[:6] + "-" + fingerprint(text) + "-" + label[len(label)-6:]
}

// labels are the labels of a list, unique in it. The label of an item that must
// be left out, because another of the very same text stands before it, is empty.
func labels(data []Perfdatum) []string {
	out := make([]string, len(data))
	texts := map[string]map[string]bool{} // by label
	for i, d := range data {
		out[i] = short(Label(d.Label), d.Label)
		if texts[out[i]] == nil {
			texts[out[i]] = map[string]bool{}
		}
		if texts[out[i]][d.Label] {
			out[i] = ""
			continue
		}
		texts[out[i]][d.Label] = true
	}
	for i, d := range data {
		if out[i] != "" && out[i] != d.Label && len(texts[out[i]]) > 1 {
			out[i] = shortest(out[i], d.Label)
		}
	}
	return out
}

// shortest makes room for the fingerprint of the text.
func shortest(label, text string) string {
	return label[:min(len(label), labelLength-6)] + "-" + fingerprint(text)
}

// item renders one item as 'label=value[UOM];warn;crit;min;max', without
// quotes, which a legal label does not need. It is empty when there is no value.
func (d Perfdatum) item(label string) string {
	if label == "" || !finite(d.Value) {
		return ""
	}
	unit := unitOf(d.Unit)
	fields := []string{label + "=" + number(d.Value) + unit, d.Warn.orNone(), d.Crit.orNone(), "", ""}
	if unit != "%" {
		fields[3], fields[4] = optional(d.Min), optional(d.Max)
	}
	return strings.TrimRight(strings.Join(fields, ";"), ";")
}

func (r *Range) orNone() string {
	if r == nil {
		return ""
	}
	return r.text
}

func unitOf(unit string) string {
	switch unit {
	case "s", "ms", "us", "%", "B", "KB", "MB", "GB", "TB", "c":
		return unit
	}
	return ""
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func optional(v *float64) string {
	if v == nil || !finite(*v) {
		return ""
	}
	return number(*v)
}

// number writes a plain decimal: no exponent, which not every graph reads, no
// -0, and no more than nine decimals, so that 0.1+0.2 is 0.3.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if _, decimals, ok := strings.Cut(text, "."); ok && len(decimals) > 9 {
		text = strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 9, 64), "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

// items renders all performance data, and says what had to be left out.
func items(data []Perfdatum) (out, complaints []string) {
	for i, label := range labels(data) {
		if label == "" {
			complaints = append(complaints, fmt.Sprintf("performance data %s was given twice, the first is kept", Label(data[i].Label)))
			continue
		}
		if item := data[i].item(label); item != "" {
			out = append(out, item)
		}
	}
	return out, complaints
}
