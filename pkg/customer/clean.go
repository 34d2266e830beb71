package customer

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
)

// Clean makes a name or a text of outside fit to be shown to people, in whatever
// form: what nobody sees goes (control characters, marks that turn the direction
// of writing, zero width), blanks become one, and what is longer than so many
// characters ends in "…". What means something in HTML stays: that is for whoever
// writes HTML.
func Clean(s string, longest int) string {
	var b strings.Builder
	n, blank := 0, false
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Co, unicode.Cs):
			continue
		case unicode.IsControl(r) || unicode.IsSpace(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Zs):
			blank = n > 0
			continue
		}
		if blank {
			b.WriteByte(' ')
			n, blank = n+1, false
		}
		if n >= longest {
			return strings.TrimRight(cut(b.String(), longest-1), " ") + "…"
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// cut is the first n characters.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// longestGuest is the longest name of a guest, in characters.
const longestGuest = 60

// Called is how customers read of a guest: by its name, or else its kind and number.
func Called(name, kind string, id int) string {
	return cmp.Or(Clean(name, longestGuest), Clean(kind, 2)+strconv.Itoa(id))
}
