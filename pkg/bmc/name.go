package bmc

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/regex"
)

// words carry no identity: controllers call one fan "System Board Fan1A",
// "Fan 1A", "Fan.Embedded.1A", "Fan 1A RPM", "Fan 1A Tach", "0x17||Fan.Embedded.1A"
// (iDRAC8).
var words = map[string]bool{
	"system": true, "sys": true, "board": true, "embedded": true, "chassis": true,
	"rpm": true, "tach": true, "tachometer": true, "speed": true, "sensor": true, "dutycycle": true, "presence": true,
}

var part = regex.Of(`[a-z]+|[0-9]+`)

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
	for _, p := range part.FindAllString(strings.ToLower(name), -1) {
		if words[p] {
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
	x, y := chunks.FindAllString(a, -1), chunks.FindAllString(b, -1)
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

var chunks = regex.Of(`[0-9]+|[^0-9]+`)
