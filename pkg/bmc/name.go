package bmc

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// words carry no identity: controllers call one fan "System Board Fan1A",
// "Fan 1A", "Fan.Embedded.1A", "Fan 1A RPM", "Fan 1A Tach", "0x17||Fan.Embedded.1A"
// (iDRAC8).
var words = []string{
	"system", "sys", "board", "embedded", "chassis",
	"rpm", "tach", "tachometer", "speed", "sensor", "dutycycle", "presence",
}

// Every run names and orders fans, and to compile an expression costs more than
// all the names together: so pieces are cut by hand.

// pieces are the longest parts of s that have one kind of byte each.
func pieces[K comparable](s string, kind func(byte) K) []string {
	var out []string
	for start, i := 0, 1; i <= len(s); i++ {
		if i == len(s) || kind(s[i]) != kind(s[start]) {
			out = append(out, s[start:i])
			start = i
		}
	}
	return out
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// kind is 'a' for small letters, '0' for digits, and 0 for what separates.
func kind(c byte) byte {
	switch {
	case digit(c):
		return '0'
	case 'a' <= c && c <= 'z':
		return 'a'
	}
	return 0
}

// SameFan says whether two names mean one fan: the same words and numbers in
// the same order, but for words that carry no identity. Fan 1 is neither Fan
// 11 nor Fan 1A.
func SameFan(a, b string) bool {
	x, y := FanKey(a), FanKey(b)
	return x != "" && x == y
}

// FanKey is what [SameFan] compares.
func FanKey(name string) string {
	if _, after, ok := strings.Cut(name, "||"); ok {
		name = after
	}
	var kept []string
	for _, p := range pieces(strings.ToLower(name), kind) {
		if kind(p[0]) == 0 || slices.Contains(words, p) {
			continue
		}
		if n, err := strconv.Atoi(p); err == nil {
			p = strconv.Itoa(n)
		}
		if p == "fans" {
			p = "fan"
		}
		kept = append(kept, p)
	}
	return strings.Join(kept, " ")
}

// Module is the part of a fan's name that its rotors share, and whether it
// names a rotor at all: "Fan 3A" and "Fan 3B" turn in the module "Fan 3" (Dell,
// Lenovo), which is what a technician replaces.
func Module(name string) (string, bool) {
	key := FanKey(name)
	if key == "" {
		return key, false
	}
	for _, rotor := range []string{" a", " b", " front", " rear", " inlet", " outlet"} {
		if m, ok := strings.CutSuffix(key, rotor); ok && m != "" && strings.ContainsAny(m[len(m)-1:], "0123456789") {
			return m, true
		}
	}
	return key, false
}

// Compare orders names as people do: FAN2 before FAN10.
func Compare(a, b string) int {
	x, y := pieces(a, digit), pieces(b, digit)
	for i := 0; i < len(x) && i < len(y); i++ {
		m, errM := strconv.Atoi(x[i])
		n, errN := strconv.Atoi(y[i])
		c := strings.Compare(x[i], y[i])
		if errM == nil && errN == nil {
			c = cmp.Or(cmp.Compare(m, n), c)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}
