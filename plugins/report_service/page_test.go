package main

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// luminance of a colour, by WCAG 2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	v, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	part := func(shift uint) float64 {
		c := float64(v>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// TestContrast: text can be read, and bars can be seen, in the light, dark and
// print sets of colours.
func TestContrast(t *testing.T) {
	sets := regexp.MustCompile(`:root \{[^}]*\}`).FindAllString(pages, -1)
	if len(sets) != 3 {
		t.Fatalf("%d sets of colours", len(sets))
	}
	for i, set := range sets {
		colour := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(set, -1) {
			colour[m[1]] = m[2]
		}
		check := func(name, on string, least float64) {
			a, b := luminance(t, colour[name]), luminance(t, colour[on])
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < least {
				t.Errorf("set %d: %s on %s has a contrast of %.2f, expected %.1f", i, name, on, ratio, least)
			}
		}
		for _, text := range []string{"ink", "soft", "link"} {
			check(text, "paper", 4.5)
			check(text, "track", 4.5)
		}
		for _, bar := range []string{"work", "off", "moving", "silent", "fan", "copies", "stopped"} {
			check(bar, "track", 3)
		}
	}
}

// TestPageAsksNobody: no script, and nothing from elsewhere.
func TestPageAsksNobody(t *testing.T) {
	for _, word := range []string{"<script", "http://", "https://", "@import", "url(", "<iframe", "<img"} {
		if strings.Contains(pages, word) {
			t.Errorf("the page has %s in it", word)
		}
	}
}
