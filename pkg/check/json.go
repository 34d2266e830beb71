package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// document is the answer of --output json.
type document struct {
	Plugin   string            `json:"plugin"`
	Version  string            `json:"version"`
	Time     string            `json:"time"`
	Status   string            `json:"status"`
	Exit     int               `json:"exit"`
	Text     string            `json:"text"`
	Findings []documentFinding `json:"findings"`
	Notes    []string          `json:"notes"`
	Perfdata []documentDatum   `json:"perfdata"`
	Evidence []string          `json:"evidence,omitempty"`
	Facts    json.RawMessage   `json:"facts"`
}

type documentFinding struct {
	Status   string   `json:"status"`
	Text     string   `json:"text"`
	Next     []string `json:"next,omitempty"`
	Evidence []string `json:"evidence"`
	// Remembered findings are no live ones.
	Remembered bool `json:"remembered,omitempty"`
}

type documentDatum struct {
	Label string   `json:"label"`
	Value float64  `json:"value"`
	Unit  string   `json:"unit"`
	Warn  string   `json:"warn"`
	Crit  string   `json:"crit"`
	Min   *float64 `json:"min"`
	Max   *float64 `json:"max"`
}

// json renders the result for automation.
func (o *output) json(r Result, now time.Time) []byte {
	r = r.judged()
	d := document{
		Plugin: o.plugin, Version: release().Version, Time: phrase.Time(now),
		Status: r.worst().String(), Exit: int(r.worst()), Text: r.headlineFor(asData).String(),
		Findings: []documentFinding{}, Notes: texts(r.Notes, maxText), Perfdata: []documentDatum{},
		Evidence: texts(r.Evidence, maxRaw),
	}
	for _, f := range r.Findings {
		d.Findings = append(d.Findings, documentFinding{f.Status.String(), clean(f.Text, maxText, asData), texts(f.Next, maxText), texts(f.Evidence, maxRaw), f.Remembered})
	}
	for i, label := range labels(r.Perfdata) {
		if p := r.Perfdata[i]; label != "" && finite(p.Value) {
			d.Perfdata = append(d.Perfdata, documentDatum{label, p.Value, unitOf(p.Unit), p.Warn.orNone(), p.Crit.orNone(), orNil(p.Min), orNil(p.Max)})
		}
	}
	var err error
	if d.Facts, err = facts(r.Facts); err != nil {
		d.Notes = append(d.Notes, clean(err.Error(), maxText, asData))
	}
	text, err := json.Marshal(d)
	if err != nil { // every field can be encoded
		panic(fmt.Errorf("encoding the answer: %w", err))
	}
	return append(text, '\n')
}

// texts are as they came, but for what a terminal would obey and what nobody may
// see.
func texts(in []string, limit int) []string {
	out := make([]string, 0, len(in))
	for _, text := range in {
		out = append(out, clean(text, limit, asData))
	}
	return out
}

func orNil(v *float64) *float64 {
	if v == nil || !finite(*v) {
		return nil
	}
	return v
}

// facts encodes what was judged. The strings of a device go in as they are but
// for what a terminal would obey and what nobody may see, see [Text]: automation
// compares them with names it got elsewhere. A value that cannot be encoded must
// not cost the answer.
func facts(v any) (encoded json.RawMessage, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			encoded, err = json.RawMessage("null"), fmt.Errorf("facts cannot be encoded: %v", cause)
		}
	}()
	text, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null"), fmt.Errorf("facts cannot be encoded: %w", err)
	}
	return cleanStrings(text)
}

// cleanStrings rewrites every string of a JSON text.
func cleanStrings(text []byte) (json.RawMessage, error) {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		start := bytes.IndexByte(text, '"')
		if start < 0 {
			break
		}
		end := start + 1
		for text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		end++
		var s string
		if err := json.Unmarshal(text[start:end], &s); err != nil {
			return json.RawMessage("null"), fmt.Errorf("facts cannot be encoded: %w", err)
		}
		literal, err := json.Marshal(clean(s, unlimited, asData))
		if err != nil {
			return json.RawMessage("null"), fmt.Errorf("facts cannot be encoded: %w", err)
		}
		out = append(append(out, text[:start]...), literal...)
		text = text[end:]
	}
	return append(out, text...), nil
}
