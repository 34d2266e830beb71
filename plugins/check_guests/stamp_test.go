package main

import (
	"encoding/json"
	"testing"
	"time"
)

// A stamp is written as any time, and never is none.
func TestStamp(t *testing.T) {
	type value struct {
		At    stamp `json:"at,omitzero"`
		Never stamp `json:"never,omitzero"`
	}
	text, err := json.Marshal(value{At: stampOf(evening)})
	if err != nil || string(text) != `{"at":"2026-11-20T18:00:00Z"}` {
		t.Errorf("%s %v", text, err)
	}
	var v value
	if err := json.Unmarshal([]byte(`{"at":"2026-11-20T19:00:00.4+01:00","never":"0001-01-01T00:00:00Z"}`), &v); err != nil || !v.At.time().Equal(evening) || v.Never != 0 || !v.Never.time().IsZero() {
		t.Errorf("%+v %v", v, err)
	}
	if err := json.Unmarshal([]byte(`{"at":"yesterday"}`), &v); err == nil {
		t.Errorf("%+v", v)
	}
	if v.Never.move(time.Hour); v.Never != 0 {
		t.Errorf("never has become %s", v.Never.time())
	}
	if v.At.move(-90 * time.Minute); !v.At.time().Equal(evening.Add(-90*time.Minute)) || v.At.after(evening) || !v.At.after(evening.Add(-2*time.Hour)) {
		t.Errorf("moved to %s", v.At.time())
	}
}
