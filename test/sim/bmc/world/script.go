package world

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Call is an action of the caller's own. It runs while the world is locked, so
// it must not ask the world anything.
type Call func(at time.Time)

func (Call) check(*World) error             { return nil }
func (c Call) apply(_ *World, at time.Time) { c(at) }

// Parse reads an action in the form "drop?fan=3&for=11s&shape=absent":
//
//	drop      fan (3 or 3,4), for, apart, shape, log (both, failure, nothing), lag
//	return    fan, log
//	power     state (on, off, poweringon, poweringoff), log (true, false)
//	restart   down, blank
//	rename    names, ids (formats with %d), firmware
//	replace   uuid, serial, keeplog (true, false)
//	clear-log
//	clock     to (RFC 3339), by (duration); neither: the true time
//	write     text, count
func Parse(text string) (Action, error) {
	name, query, _ := strings.Cut(text, "?")
	read, ok := readers[name]
	if !ok {
		return nil, fmt.Errorf("no action is called %q: there are %q", name, slices.Sorted(maps.Keys(readers)))
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", text, err)
	}
	a := args{values: values}
	action := read(&a)
	for key := range values {
		if a.err == nil && !slices.Contains(a.asked, key) {
			a.err = fmt.Errorf("%q is none of its settings %q", key, a.asked)
		}
	}
	if a.err != nil {
		return nil, fmt.Errorf("reading %q: %w", text, a.err)
	}
	return action, nil
}

var readers = map[string]func(*args) Action{
	"drop": func(a *args) Action {
		return Drop{
			Fans: a.numbers("fan"), For: a.duration("for"), Apart: a.duration("apart"),
			Shape: Shape(a.text("shape")), Log: Logging(a.text("log")), Lag: a.duration("lag"),
		}
	},
	"return": func(a *args) Action {
		return Return{Fans: a.numbers("fan"), Log: Logging(a.text("log"))}
	},
	"power": func(a *args) Action {
		words := map[string]Power{"on": On, "off": Off, "poweringon": PoweringOn, "poweringoff": PoweringOff}
		return Switch{To: words[strings.ToLower(a.text("state"))], Log: a.truth("log")}
	},
	"restart": func(a *args) Action {
		return Restart{Down: a.duration("down"), Blank: a.duration("blank")}
	},
	"rename": func(a *args) Action {
		return Rename{Names: a.text("names"), IDs: a.text("ids"), Firmware: a.text("firmware")}
	},
	"replace": func(a *args) Action {
		return Replace{UUID: a.text("uuid"), Serial: a.text("serial"), KeepLog: a.truth("keeplog")}
	},
	"clear-log": func(*args) Action { return ClearLog{} },
	"clock": func(a *args) Action {
		return SetClock{To: a.date("to"), By: a.duration("by")}
	},
	"write": func(a *args) Action {
		return Write{Text: a.text("text"), Count: a.number("count")}
	},
}

// args are the settings of an action; the first one that cannot be read is
// remembered.
type args struct {
	values url.Values
	asked  []string
	err    error
}

func (a *args) text(key string) string {
	a.asked = append(a.asked, key)
	return a.values.Get(key)
}

func (a *args) fail(key string, err error) {
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("%s: %w", key, err)
	}
}

func (a *args) duration(key string) time.Duration {
	text := a.text(key)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	a.fail(key, err)
	return d
}

func (a *args) date(key string) time.Time {
	text := a.text(key)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	a.fail(key, err)
	return t
}

func (a *args) number(key string) int {
	text := a.text(key)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	a.fail(key, err)
	return n
}

func (a *args) numbers(key string) []int {
	var out []int
	for part := range strings.SplitSeq(a.text(key), ",") {
		n, err := strconv.Atoi(part)
		a.fail(key, err)
		out = append(out, n)
	}
	return out
}

func (a *args) truth(key string) bool {
	text := a.text(key)
	if text == "" {
		return false
	}
	b, err := strconv.ParseBool(text)
	a.fail(key, err)
	return b
}

// Line is one line of a script.
type Line struct {
	Number int
	Every  time.Duration // 0: once
	First  time.Duration // after the beginning
	Action string        // for Parse, or for whoever knows more actions
}

// ParseScript reads lines such as
//
//	30s drop?fan=3&for=11s           after half a minute
//	every 6h drop?fan=3&for=11s      after six hours, and then every six hours
//	every 6h from 10m drop?fan=3
//
// Empty lines and those that begin with # mean nothing.
func ParseScript(text string) ([]Line, error) {
	var lines []Line
	number := 0
	for row := range strings.Lines(text) {
		number++
		words := strings.Fields(row)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		l, err := parseLine(words)
		if err != nil {
			return nil, fmt.Errorf("script line %d: %w", number, err)
		}
		l.Number = number
		lines = append(lines, l)
	}
	return lines, nil
}

func parseLine(words []string) (Line, error) {
	var l Line
	var err error
	first := words[0]
	switch {
	case words[0] == "every" && len(words) == 5 && words[2] == "from":
		first = words[3]
	case words[0] == "every" && len(words) == 3:
		first = words[1]
	case words[0] == "every" || len(words) != 2:
		return l, fmt.Errorf("expected %q, %q or %q", "30s ACTION", "every 6h ACTION", "every 6h from 10m ACTION")
	}
	if words[0] == "every" {
		if l.Every, err = time.ParseDuration(words[1]); err != nil {
			return l, err
		}
	}
	l.First, err = time.ParseDuration(first)
	l.Action = words[len(words)-1]
	return l, err
}
