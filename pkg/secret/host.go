package secret

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"strings"
	"unicode"
)

// pattern is a section head in the one spelling that hosts are compared in:
// lower case, no brackets, no final dot, IP addresses in their short form. In
// it * stands for any number of characters and ? for one.
type pattern string

// patternOf reads a section head.
func patternOf(head string) (pattern, error) {
	text := strings.ToLower(head)
	if inner, ok := strings.CutPrefix(text, "["); ok {
		text = strings.TrimSuffix(inner, "]")
	}
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_:%*?", r) {
			return "", errors.New("expected a host in the section head, in which only * and ? stand for other characters")
		}
	}
	if name, port, found := strings.Cut(text, ":"); found && name != "" && port != "" && strings.Trim(port, "0123456789") == "" {
		return "", errors.New("expected a host without its port in the section head")
	}
	return pattern(short(text)), nil
}

// bare returns the host of "host", "host:port", "[2001:db8::1]:port" and
// "2001:db8::1" in the spelling of [pattern].
func bare(host string) string {
	text := strings.ToLower(strings.TrimSpace(host))
	if _, err := netip.ParseAddr(text); err != nil {
		if name, _, err := net.SplitHostPort(text); err == nil {
			text = name
		}
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	return short(text)
}

func short(text string) string {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.String()
	}
	return strings.TrimSuffix(text, ".")
}

// literals counts the characters that stand for themselves.
func (p pattern) literals() int {
	n := 0
	for _, r := range p {
		if r != '*' && r != '?' {
			n++
		}
	}
	return n
}

// matches says whether the pattern covers a bare host. Of what path.Match knows
// patternOf lets only * and ? through.
func (p pattern) matches(host string) bool {
	ok, err := path.Match(string(p), host)
	return err == nil && ok
}

// ErrNoSection is found in the error for a host that no section speaks for.
var ErrNoSection = errors.New("no section")

// choose picks the most specific section that covers host: the one that names
// it exactly, else the one with the most literal characters. Sections are not
// mixed: what the chosen one leaves out is not known. Two that are equally
// specific are an error, because their order in the file would decide.
func choose(accounts []account, host string) (account, error) {
	asked := bare(host)
	best, rival := -1, -1
	for i, candidate := range accounts {
		if string(candidate.pattern) == asked {
			return candidate, nil
		}
		if !candidate.pattern.matches(asked) {
			continue
		}
		switch {
		case best < 0 || candidate.pattern.literals() > accounts[best].pattern.literals():
			best, rival = i, -1
		case candidate.pattern.literals() == accounts[best].pattern.literals():
			rival = i
		}
	}
	if best < 0 {
		return account{}, fmt.Errorf("%w for %s, expected [%s] or a pattern such as [*]", ErrNoSection, asked, asked)
	}
	if rival >= 0 {
		a, b := accounts[best], accounts[rival]
		return account{}, fmt.Errorf("[%s] in line %d and [%s] in line %d are equally specific for %s, expected one to have more literal characters",
			a.pattern, a.line, b.pattern, b.line, asked)
	}
	return accounts[best], nil
}
