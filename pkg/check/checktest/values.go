package checktest

import "testing"

// bad are values that an option of a type refuses.
var bad = map[string][]string{
	"range":    {"10:5", ":", "@", "@:", "~", "nan", "inf", "0x10", "1_000", "1 : 5", "5ms", "1e3", "+5", "--5", "5:~", "5:5:5", " 5", "5\n", "five"},
	"duration": {"x", "5 s", "1e3", "nan", "inf", "h", "5w", "1h1d", "1_0s", "0x5s", "5s ", ":", "99999999d"},
	"integer":  {"x", "1.5", "0x10", "1_000", "+5", "1e3", " 5", "99999999999999999999"},
	"state":    {"maybe", "OK", "3"},
	"pattern":  {"(", "[a", "*", "a{1001}"},
	"depth":    {"maybe", "1.5"},
	"flag":     {"maybe", "2"},
	"counter":  {"many", "1.5"},
}

func (l line) values(t *testing.T) {
	for _, o := range l.description.Options {
		option := "option --" + o.Long
		for _, value := range bad[o.Type] {
			l.refused(t, []string{option}, "--"+o.Long+"="+value)
		}
		if len(o.Enum) > 0 {
			l.refused(t, append([]string{option}, o.Enum...), "--"+o.Long+"=no-such-choice")
		}
		if o.Separator != "" {
			l.refused(t, []string{option}, "--"+o.Long+"="+o.Separator)
		}
	}
}
