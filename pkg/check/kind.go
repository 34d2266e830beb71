package check

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// kind is what an option takes, in words: for messages, help and --describe.
type kind struct {
	name        string
	placeholder string
	expected    string
}

// Kinds of option values.
var (
	kindFlag     = kind{name: "flag", expected: "no value, or yes or no"}
	kindCounter  = kind{name: "counter", placeholder: "N", expected: "a number from 0 to 3"}
	kindDepth    = kind{name: "depth", placeholder: "N", expected: "no value, or a number such as 0 or 1"}
	kindDuration = kind{name: "duration", placeholder: "DURATION", expected: expectedDuration}
	kindRange    = kind{name: "range", placeholder: "RANGE", expected: expectedRange}
	kindState    = kind{name: "state", placeholder: "STATE", expected: "a state"}
	kindPattern  = kind{name: "pattern", placeholder: "REGEX", expected: "a regular expression"}
	kindInteger  = kind{name: "integer", placeholder: "N", expected: "a whole number"}
	kindString   = kind{name: "string", placeholder: "TEXT", expected: "a value"}
	kindSection  = kind{name: "section", placeholder: "[SECTION][@FILE]", expected: "[SECTION][@FILE]"}
)

// kindOf tells what one value of a type is; the zero kind is no type of an option.
func kindOf(t reflect.Type) kind {
	if t == reflect.TypeFor[sections]() {
		return kindSection
	}
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return kindDuration
	case reflect.TypeFor[Range]():
		return kindRange
	case reflect.TypeFor[Depth]():
		return kindDepth
	case reflect.TypeFor[State]():
		return kindState
	case reflect.TypeFor[Pattern]():
		return kindPattern
	}
	switch k := t.Kind(); {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()), k == reflect.String:
		return kindString
	case k == reflect.Bool:
		return kindFlag
	case k >= reflect.Int && k <= reflect.Int64:
		return kindInteger
	}
	return kind{}
}

// read reads text into target, which is of the option's kind.
func (o *option) read(target reflect.Value, text string) error {
	switch o.kind {
	case kindDuration:
		d, err := ParseDuration(text)
		if err != nil {
			return err
		}
		target.SetInt(int64(d))
	case kindFlag:
		return readFlag(target, text)
	case kindInteger, kindCounter, kindDepth:
		v, err := strconv.ParseInt(text, 10, 64)
		if !digits(text) || err != nil || target.OverflowInt(v) {
			return fmt.Errorf("expected %s, got %s", kindInteger.expected, quote(text))
		}
		target.SetInt(v)
	default:
		target.SetString(text)
	}
	return nil
}

func readFlag(target reflect.Value, text string) error {
	switch text {
	case "yes", "true", "on", "1":
		target.SetBool(true)
	case "no", "false", "off", "0":
		target.SetBool(false)
	default:
		return fmt.Errorf("expected %s, got %s", kindFlag.expected, quote(text))
	}
	return nil
}

// digits reports whether text is made of digits; strconv takes a plus sign too.
func digits(text string) bool {
	return strings.Trim(strings.TrimPrefix(text, "-"), "0123456789") == ""
}
