// Package regex has regular expressions that are compiled when they are first
// asked. A plugin is started a thousand times a minute, and most runs ask few of
// the expressions it knows: compiling them all took a fifth of a run.
package regex

import (
	"regexp"
	"sync"
)

// Regexp is an expression in the syntax of [regexp].
type Regexp struct {
	text     string
	once     sync.Once
	compiled *regexp.Regexp
}

// Of is the expression text. A wrong one panics when it is asked; the tests of
// the house compile them all.
func Of(text string) *Regexp { return &Regexp{text: text} }

func (r *Regexp) regexp() *regexp.Regexp {
	r.once.Do(func() { r.compiled = regexp.MustCompile(r.text) })
	return r.compiled
}

// MatchString reports whether the expression is found in s.
func (r *Regexp) MatchString(s string) bool { return r.regexp().MatchString(s) }

// FindString is the leftmost match in s, or empty.
func (r *Regexp) FindString(s string) string { return r.regexp().FindString(s) }

// FindStringSubmatch is the leftmost match in s and its groups, or nil.
func (r *Regexp) FindStringSubmatch(s string) []string { return r.regexp().FindStringSubmatch(s) }

// FindSubmatch is the leftmost match in b and its groups, or nil.
func (r *Regexp) FindSubmatch(b []byte) [][]byte { return r.regexp().FindSubmatch(b) }

// FindAllString are the first n matches in s, or all where n is negative.
func (r *Regexp) FindAllString(s string, n int) []string { return r.regexp().FindAllString(s, n) }

// ReplaceAllString is s with every match replaced; $1 stands for a group.
func (r *Regexp) ReplaceAllString(s, by string) string { return r.regexp().ReplaceAllString(s, by) }

// ReplaceAllStringFunc is s with every match replaced by what by makes of it.
func (r *Regexp) ReplaceAllStringFunc(s string, by func(string) string) string {
	return r.regexp().ReplaceAllStringFunc(s, by)
}
