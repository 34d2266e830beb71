package fans

import (
	"errors"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
)

// TestExpectedUnread: fans that could not be read are not missing, however many
// are expected; those that were read and the gap are judged.
func TestExpectedUnread(t *testing.T) {
	chassis := func(hides string) func(*bmc.Server) {
		return func(s *bmc.Server) {
			s.Gaps = append(s.Gaps, bmc.Gap{What: "Chassis 2 Thermal", Hides: hides, Err: errors.New("HTTP 503")})
		}
	}
	none := func(s *bmc.Server) { s.Fans = nil }
	tests := []struct {
		name    string
		expect  int
		exclude string
		server  bmc.Server
		want    check.Status
		say     string
	}{
		{"a chassis unread", 8, "", six(chassis("2/")), check.UNKNOWN, "6 of 8 expected fans could be read"},
		{"nothing read", 8, "", six(none, chassis("*")), check.UNKNOWN, "Chassis 2 Thermal: HTTP 503"},
		{"enough read", 6, "", six(chassis("2/")), check.UNKNOWN, "Chassis 2 Thermal: HTTP 503"},
		{"the unread hides no fan", 8, "", six(chassis("")), check.CRITICAL, "6 of 8 expected fans present"},
		{"the unread is excluded", 8, "Chassis 2", six(chassis("2/")), check.CRITICAL, "6 of 8 expected fans present"},
		{"the excluded hides known fans", 0, "Chassis 2", six(chassis("1/")), check.UNKNOWN, "Chassis 2 Thermal: HTTP 503"},
		{"all is excluded", 0, "Chassis 2", six(none, chassis("*")), check.UNKNOWN, "Chassis 2 Thermal: HTTP 503"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pol := defaults()
			pol.Expect = test.expect
			if test.exclude != "" {
				pol.Exclude = mustPattern(test.exclude)
			}
			r, _ := run(pol, test.server)
			if r.Status() != test.want || !strings.Contains(texts(r), test.say) {
				t.Errorf("%s, want %s with %q:\n%s", r.Status(), test.want, test.say, texts(r))
			}
		})
	}
}
