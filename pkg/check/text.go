package check

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths in bytes beyond which text is cut. They bound what a device can make
// us print, not what a judge would want to say.
const (
	maxText = 1000 // a finding, a note, a summary
	maxRaw  = 4000 // a line of evidence or of raw values
)

// Text makes any text harmless in a monitoring host's hands. It is applied to
// everything that is rendered, so nobody else has to.
//
//	control characters, escape sequences, line breaks   a blank
//	invisible characters (bidi controls, zero width)    dropped
//	invalid UTF-8                                       U+FFFD
//	user and password in a URL                          ***
//	|  ;  \  $  <  >                                    ¦  ,  /  ¤  ‹  ›
//	'  `  "                                             ’  ’  ”
//
// The look-alikes stand for characters that hosts read as syntax: Nagios takes
// everything after a | for performance data and turns ; into a colon, stock
// notification commands interpret \ $ and quotes in a shell, web interfaces
// switch to HTML on <. Runs of blanks become one. Text longer than 1000 bytes
// ends in "...".
func Text(s string) string { return clean(s, maxText, asText) }

// use is what a text is for.
type use int

const (
	asText  use = iota // anything a host shows
	asOurs             // our own words about the command line: quotation marks stay
	asAsked            // a line of evidence: a query option of OData keeps its $
	asData             // a string of JSON: all that is visible stays
)

// clean is [Text] with a limit in bytes, for a use.
func clean(s string, limit int, as use) string {
	s = scrub(s)
	var b strings.Builder
	blank := false
	for s != "" && b.Len() <= limit {
		if plain(s[0]) { // nearly all there is, and cheap for results of many findings
			if blank && b.Len() > 0 {
				b.WriteByte(' ')
			}
			blank = false
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		if n := escape(s); n > 0 {
			r, size = ' ', n
		}
		option := as == asAsked && r == '$' && !blank && queryOption(b.String(), s[size:])
		s = s[size:]
		if !option {
			r = harmless(r, as)
		}
		switch r {
		case dropped:
		case ' ':
			blank = true
		default:
			if blank && b.Len() > 0 {
				b.WriteByte(' ')
			}
			blank = false
			b.WriteRune(r)
		}
	}
	// once more: what was dropped may have hidden a URL
	return shorten(scrub(b.String()), limit)
}

// plain is a character that stays as it is in every use.
func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == ',' || c == ':' || c == '(' || c == ')'
}

// queryOption says whether a $ between two texts begins a query option of OData,
// as in "?$expand=.($levels=1)": what was asked is copied into curl. A shell that
// a host hands such a line to sees the name of a variable that is not set.
func queryOption(before, after string) bool {
	return before != "" && strings.IndexByte("?&(", before[len(before)-1]) >= 0 && after != "" && 'a' <= after[0] && after[0] <= 'z'
}

// dropped stands for a character that leaves no trace.
const dropped rune = -1

func harmless(r rune, as use) rune {
	switch {
	case unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return dropped
	case unicode.IsControl(r) || unicode.IsSpace(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Zs):
		return ' '
	}
	if as == asData || as == asOurs && (r == '"' || r == '\'') {
		return r
	}
	if look, ok := lookAlikes[r]; ok {
		return look
	}
	return r
}

// lookAlikes replace characters that hosts take for syntax.
var lookAlikes = map[rune]rune{
	'|': '¦', ';': ',', '\\': '/', '$': '¤', '<': '‹', '>': '›', '`': '’', '\'': '’', '"': '”',
}

// escape is the length of the terminal control sequence s begins with (ECMA-48),
// 0 when it begins with none. What is not terminated is not swallowed: text
// that follows may matter.
func escape(s string) int {
	for _, lead := range []string{"\x1b[", "\u009b"} {
		if rest, ok := strings.CutPrefix(s, lead); ok {
			return len(lead) + controlSequence(rest)
		}
	}
	for _, lead := range []string{"\x1b]", "\x1bP", "\x1b^", "\x1b_", "\u009d", "\u0090"} {
		if rest, ok := strings.CutPrefix(s, lead); ok {
			return len(lead) + controlString(rest)
		}
	}
	return 0
}

// controlSequence is the length of parameters, intermediates and final byte.
func controlSequence(s string) int {
	rest := strings.TrimLeft(s, "0123456789:;<=>?")
	rest = strings.TrimLeft(rest, " !\"#$%&'()*+,-./")
	if rest == "" || rest[0] < '@' || rest[0] > '~' {
		return 0
	}
	return len(s) - len(rest) + 1
}

// controlString is the length up to and with its terminator, which is to be near.
func controlString(s string) int {
	for i := range min(len(s), 200) {
		switch {
		case s[i] == '\a':
			return i + 1
		case s[i] == '\x1b':
			return i + 1 + len(s[i+1:]) - len(strings.TrimPrefix(s[i+1:], "\\"))
		case strings.HasPrefix(s[i:], "\u009c"):
			return i + len("\u009c")
		}
	}
	return 0
}

// scrub replaces user and password of every URL in s.
func scrub(s string) string {
	if !strings.Contains(s, "://") || !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 {
			end = len(s)
		}
		scrubWord(&b, s[:end])
		s = s[end:]
		blanks := len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
		b.WriteString(s[:blanks])
		s = s[blanks:]
	}
	return b.String()
}

// scrubWord takes time linear in the word: a device may have sent it.
func scrubWord(b *strings.Builder, word string) {
	last := strings.LastIndexByte(word, '@')
	for at := 0; ; {
		lead := strings.Index(word[at:], "://")
		if lead < 0 || at+lead > last {
			b.WriteString(word[at:])
			return
		}
		start := at + lead + len("://")
		b.WriteString(word[at:start])
		at = start
		if credentials(word[start:]) {
			b.WriteString("***")
			at = last
		}
	}
}

// credentials reports whether the authority that s begins with holds a user. A
// password with a raw slash in it ends the authority too early; it is told from
// a port by not being one. Where the password ends cannot be known then, so
// everything up to the last @ of the word goes.
func credentials(s string) bool {
	authority := s
	if end := strings.IndexAny(s, "/?#"); end >= 0 {
		authority = s[:end]
	}
	if strings.Contains(authority, "@") {
		return true
	}
	_, port, colon := strings.Cut(authority, ":")
	_, err := strconv.ParseUint(port, 10, 16)
	return colon && err != nil && !strings.HasPrefix(authority, "[")
}

// shorten cuts s to at most limit bytes, never inside a character, and shows
// that it did.
func shorten(s string, limit int) string {
	const mark = "..."
	if len(s) <= limit {
		return s
	}
	cut := max(limit-len(mark), 0)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.TrimRight(s[:cut], " ") + mark[:min(len(mark), limit)]
}

// quote shows a value that was given.
func quote(s string) string {
	if s == "" {
		return "nothing"
	}
	text := clean(s, 100, asOurs)
	// A blank at an end may be all that is wrong.
	if before := strings.TrimLeftFunc(s, unicode.IsSpace); before != s {
		text = " " + text
	}
	if after := strings.TrimRightFunc(s, unicode.IsSpace); after != s && after != "" {
		text += " "
	}
	return `"` + text + `"`
}
