package redfish

import (
	"testing"
	"time"
)

// TestStamps reads times as controllers write them.
func TestStamps(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	unset := time.Date(2001, 1, 2, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		text string
		now  time.Time
		want string
	}{
		{"2024-12-20T12:53:55+00:00", now, "2024-12-20T12:53:55Z"},
		{"2024-07-04T07:30:37-05:00", now, "2024-07-04T12:30:37Z"},
		{"2021-07-13T15:09:55+0300", now, "2021-07-13T12:09:55Z"},
		{"2022-06-13 12:17:54 ", now, "2022-06-13T12:17:54Z"},
		{"2024/07/04 06:45:02", now, "2024-07-04T06:45:02Z"},
		{"2025-06-11T11:27:01.123456Z", now, "2025-06-11T11:27:01Z"},
		{"0000-00-00T00:00:00Z", now, ""},
		{"1970-01-01T00:00:12Z", now, ""},
		{"2001-01-01T00:00:12Z", now, ""},
		{"2001-01-01T00:00:12Z", unset, "2001-01-01T00:00:12Z"},
		{"9999-12-31T23:59:59Z", now, ""},
		{"Pre-Init", now, ""},
		{"", now, ""},
	}
	for _, test := range tests {
		got := ""
		if at := (calendar{now: test.now}).dated(test.text); !at.IsZero() {
			got = at.Truncate(time.Second).Format(time.RFC3339)
		}
		if got != test.want {
			t.Errorf("%q at %v: %q, expected %q", test.text, test.now.Year(), got, test.want)
		}
	}
}
