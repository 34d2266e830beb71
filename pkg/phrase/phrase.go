// Package phrase puts numbers, lists and times into words, so that every answer
// counts and dates alike.
package phrase

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Count is a number with its noun: "1 guest", "3 guests", "0 guests".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Few and Some are how many of a list are named: few where every item is a
// phrase of its own or stands in the first line, some where it is a name.
const (
	Few  = 6
	Some = 10
)

// List names the first items of a list and counts the others, so that the sum is
// that of the list: "a, b and 3 more".
func List[T any](items []T, most int) string { return Part(items, most, len(items)) }

// Part is List of the first items of a longer list, of which there are total.
func Part[T any](items []T, most, total int) string {
	items = items[:min(len(items), most)]
	named := make([]string, len(items))
	for i, item := range items {
		named[i] = fmt.Sprint(item)
	}
	text := strings.Join(named, ", ")
	if more := total - len(items); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// OSDs lists OSDs by their names: "osd.3, osd.4 and 8 more".
func OSDs(ids []int) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = fmt.Sprintf("osd.%d", id)
	}
	return List(names, Few)
}

// Time is a moment as RFC 3339 in the poller's zone, to the second. It is the
// only function that prints one.
func Time(t time.Time) string { return t.Local().Format(time.RFC3339) }

// Clip cuts what somebody else said to at most n bytes, at the border of a character.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
