package secret

import (
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/noout-monitoring/noout/pkg/regex"
)

// userinfo is what stands between the scheme and the host of a URL.
var userinfo = regex.Of(`(://)[^\s/?#"'<>]*@`)

// encoded is text that may be base64, such as the value of an Authorization
// header.
var encoded = regex.Of(`[A-Za-z0-9+/_-]{4,}=*`)

// Scrub takes secrets out of an error's text: as they are, as a URL, JSON or Go
// would escape them, and in base64, alone or together with anything else (as in
// user:password). The userinfo of every URL goes as well. [errors.Is] and
// [errors.As] still see the error underneath, whose own text is as it was. An
// error whose text holds no secret is returned as it is.
//
// A secret that was cut short before cannot be found: scrub first, cut after.
func Scrub(err error, secrets ...Text) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	clean := scrub(text, secrets)
	if clean == text {
		return err
	}
	return &scrubbed{clean, err}
}

// scrub cleans a text. Long secrets go first: one may be part of another.
func scrub(text string, secrets []Text) string {
	var plain []string
	for _, secret := range secrets {
		if !secret.IsZero() {
			plain = append(plain, secret.Reveal())
		}
	}
	slices.SortFunc(plain, func(a, b string) int { return len(b) - len(a) })
	text = userinfo.ReplaceAllString(text, "${1}"+hidden+"@")
	text = encoded.ReplaceAllStringFunc(text, func(run string) string {
		if decodesTo(run, plain) {
			return hidden
		}
		return run
	})
	for _, secret := range plain {
		text = escapable(secret).ReplaceAllString(text, "${1}"+hidden+"${2}")
	}
	return text
}

// decodesTo says whether run is base64 of something that holds a secret.
func decodesTo(run string, secrets []string) bool {
	run = strings.TrimRight(run, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		decoded, err := encoding.DecodeString(run)
		if err != nil {
			continue
		}
		for _, secret := range secrets {
			if holds(string(decoded), secret) {
				return true
			}
		}
	}
	return false
}

// holds says whether a decoded text has the secret in it: a short one, which
// is in anything by chance, as the whole or as what follows a user's name.
func holds(decoded, secret string) bool {
	if utf8.RuneCountInString(secret) < shortest {
		return decoded == secret || strings.HasSuffix(decoded, ":"+secret)
	}
	return strings.Contains(decoded, secret)
}

// shortest is the length below which a secret is only replaced as a whole word:
// a password "e" would otherwise be legible from the gaps in every sentence.
const shortest = 4

// escapable finds a secret of which each character may be escaped: %2F in a
// URL (+ for a blank), \u002f in JSON, \x2f or \/ in Go.
func escapable(secret string) *regexp.Regexp {
	var b strings.Builder
	for _, r := range secret {
		b.WriteString(`(?:` + regexp.QuoteMeta(string(r)))
		b.WriteString(`|` + percent(r))
		fmt.Fprintf(&b, `|\\[uU](?i:0*%x)`, r)
		if r < 0x80 {
			fmt.Fprintf(&b, `|\\x(?i:%02x)|\\`, r)
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		if r == ' ' {
			b.WriteString(`|\+`)
		}
		b.WriteString(`)`)
	}
	if utf8.RuneCountInString(secret) < shortest {
		return regexp.MustCompile(`(^|[^\pL\pN])` + b.String() + `($|[^\pL\pN])`)
	}
	return regexp.MustCompile(`()` + b.String() + `()`)
}

// percent finds a character as a URL escapes it.
func percent(r rune) string {
	var b strings.Builder
	for _, octet := range utf8.AppendRune(nil, r) {
		fmt.Fprintf(&b, `%%(?i:%02x)`, octet)
	}
	return b.String()
}

// scrubbed is an error with a clean text. It formats as that text with every
// verb, so that %#v does not print what is underneath.
type scrubbed struct {
	text string
	err  error
}

func (s *scrubbed) Error() string { return s.text }

func (s *scrubbed) Unwrap() error { return s.err }

// Format prints the clean text for every verb.
func (s *scrubbed) Format(f fmt.State, _ rune) {
	// fmt.State is a buffer of fmt, whose Write cannot fail.
	_, _ = io.WriteString(f, s.text)
}
