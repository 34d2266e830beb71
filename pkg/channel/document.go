package channel

import (
	"encoding/json"
	"time"
)

// document is a notice as JSON, for web hooks and notices.json; docs/notices.md
// describes it.
type document struct {
	Version  int            `json:"version"`
	ID       string         `json:"id"`
	Thread   string         `json:"thread"`
	Event    string         `json:"event"`
	Kind     string         `json:"kind"`
	Sequence int            `json:"sequence"`
	Date     time.Time      `json:"date"`
	Language string         `json:"language"`
	Subject  string         `json:"subject"`
	Text     string         `json:"text"`
	Facts    map[string]any `json:"facts,omitempty"`
}

func documentOf(m Message) document {
	d := document{
		Version: 1, ID: m.ID, Thread: m.Thread, Event: m.Event, Kind: m.Kind, Sequence: m.Updated, Date: m.Date.UTC().Truncate(time.Second),
		Language: m.Lang, Subject: oneLine(m.Subject), Text: m.Text, Facts: m.Facts,
	}
	if d.Thread == "" {
		d.Thread = d.ID
	}
	return d
}

// encode writes JSON that ends with a line end.
func encode(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}
