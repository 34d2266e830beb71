package state

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFileName(t *testing.T) {
	for subject, want := range map[string]string{
		"4c4c4544-0033-4a10-8058-b7c04f4d4632": `check_fans\.4c4c4544-0033-4a10-8058-b7c04f4d4632\.json`,
		"sn1.a_b":                              `check_fans\.sn1\.a_b\.json`,
		"SN1":                                  `check_fans\.sn1--[0-9a-f]{32}\.json`,
		"sn1--0":                               `check_fans\.sn1--0--[0-9a-f]{32}\.json`,
		"CZ 2/4":                               `check_fans\.cz-2-4--[0-9a-f]{32}\.json`,
		"":                                     `check_fans\.--[0-9a-f]{32}\.json`,
		strings.Repeat("a", 100):               `check_fans\.a{100}\.json`,
		strings.Repeat("a", 101):               `check_fans\.a{68}--[0-9a-f]{32}\.json`,
	} {
		if got := fileName("check_fans", subject); !regexp.MustCompile(`^` + want + `$`).MatchString(got) {
			t.Errorf("%q becomes %s, expected %s", subject, got, want)
		}
	}
}

var safe = regexp.MustCompile(`^check_fans\.[a-z0-9._-]*\.json$`)

// Whatever a device calls itself is a name in the directory, and two devices
// never have the same, also where case makes no difference.
func TestFileNamesAreSafeAndDiffer(t *testing.T) {
	subjects := rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[aA][bB]?[-./]{0,3}[bB]?`),
		rapid.StringMatching(`[a-z0-9._-]{90,110}`),
		rapid.SampledFrom([]string{"..", ".", "", "../../etc/passwd", "a\x00b", "a/b", "A", "a", "a--b", "-", "x.json", "x.json.corrupt", strings.Repeat("x", 5000)}),
	)
	rapid.Check(t, func(t *rapid.T) {
		one, other := subjects.Draw(t, "one"), subjects.Draw(t, "other")
		a, b := fileName("check_fans", one), fileName("check_fans", other)
		if !safe.MatchString(a) || len("."+a+".corrupt") > 255 {
			t.Fatalf("%q becomes %q", one, a)
		}
		if one != other && strings.EqualFold(a, b) {
			t.Fatalf("%q and %q share %s", one, other, a)
		}
		// A name that was made up does not lead to another's file either.
		if inner := strings.TrimSuffix(strings.TrimPrefix(a, "check_fans."), ".json"); inner != one && fileName("check_fans", inner) == a {
			t.Fatalf("%q and %q share %s", one, inner, a)
		}
	})
}
