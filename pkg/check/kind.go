package check

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
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
	kindNatural  = kind{name: "natural", placeholder: "N", expected: "a whole number, 0 or more"}
	kindFloat    = kind{name: "number", placeholder: "NUMBER", expected: "a number"}
	kindString   = kind{name: "string", placeholder: "TEXT", expected: "a value"}
	kindSection  = kind{name: "section", placeholder: "[SECTION][@FILE]", expected: "[SECTION][@FILE]"}
)

// kindOf tells what one value of the flag is.
func kindOf(f *kong.Flag) kind {
	if f.IsCounter() {
		return kindCounter
	}
	t := f.Target.Type()
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
	switch t.Kind() {
	case reflect.Bool:
		return kindFlag
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return kindInteger
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return kindNatural
	case reflect.Float32, reflect.Float64:
		return kindFloat
	}
	return kindString
}

// valueOptional reports whether the flag may stand alone. Its value, if any,
// follows an equals sign.
func valueOptional(f *kong.Flag) bool {
	switch kindOf(f) {
	case kindFlag, kindCounter, kindDepth, kindSection:
		return true
	}
	return false
}

// repeatable reports whether the flag may be given more than once.
func repeatable(f *kong.Flag) bool {
	switch kindOf(f) {
	case kindFlag, kindCounter, kindSection:
		return true
	}
	return f.IsCumulative()
}

// decoder is the one mapper behind every kind of value, so that all of them are
// equally strict and say what they expected in the same words.
type decoder struct{}

// Decode takes the text after the equals sign, if there is one.
func (decoder) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		return alone(target)
	}
	text, ok := ctx.Scan.Pop().Value.(string)
	if !ok {
		return fmt.Errorf("expected text")
	}
	return set(target, text, ctx.Value.Tag)
}

// bare is the decoder of what may stand alone; kong asks it by this method.
type bare struct{ decoder }

func (bare) IsBool() bool { return true }

// decoders registers [decoder] for every kind of value.
func decoders() []kong.Option {
	options := []kong.Option{
		kong.NamedMapper("counter", bare{}),
		kong.TypeMapper(reflect.TypeFor[Depth](), bare{}),
		kong.TypeMapper(reflect.TypeFor[sections](), bare{}),
		kong.KindMapper(reflect.Bool, bare{}),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), decoder{}),
		kong.TypeMapper(reflect.TypeFor[Range](), decoder{}),
		kong.TypeMapper(reflect.TypeFor[Pattern](), decoder{}),
		kong.KindMapper(reflect.String, decoder{}),
		kong.KindMapper(reflect.Slice, decoder{}),
	}
	for _, k := range []reflect.Kind{
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64,
	} {
		options = append(options, kong.KindMapper(k, decoder{}))
	}
	return options
}

// alone sets what a flag without a value means.
func alone(target reflect.Value) error {
	switch target.Kind() {
	case reflect.Bool:
		target.SetBool(true)
	case reflect.Int:
		target.SetInt(target.Int() + 1)
	case reflect.Slice:
		target.Set(reflect.Append(target, reflect.Zero(target.Type().Elem())))
	default:
		return fmt.Errorf("expected a value")
	}
	return nil
}

// set reads text into target.
func set(target reflect.Value, text string, tag *kong.Tag) error {
	if d, ok := target.Addr().Interface().(*time.Duration); ok {
		return setDuration(d, text, tag)
	}
	if u, ok := target.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch target.Kind() {
	case reflect.String:
		target.SetString(text)
	case reflect.Bool:
		return setBool(target, text)
	case reflect.Slice:
		return setList(target, text, tag)
	case reflect.Float32, reflect.Float64:
		v, err := strconv.ParseFloat(text, 64)
		if !decimal(text) || err != nil || math.IsInf(v, 0) || target.OverflowFloat(v) {
			return fmt.Errorf("expected %s, got %s", kindFloat.expected, quote(text))
		}
		target.SetFloat(v)
	default:
		return setInteger(target, text)
	}
	return nil
}

func setDuration(target *time.Duration, text string, tag *kong.Tag) error {
	d, err := parseDuration(text)
	if err != nil {
		return err
	}
	if d < 0 && !tag.Has("negative") {
		return fmt.Errorf("expected %s, not a negative one, got %s", expectedDuration, quote(text))
	}
	*target = d
	return nil
}

func setBool(target reflect.Value, text string) error {
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

func setInteger(target reflect.Value, text string) error {
	plain := strings.Trim(strings.TrimPrefix(text, "-"), "0123456789") == ""
	switch {
	case target.CanInt():
		v, err := strconv.ParseInt(text, 10, 64)
		if !plain || err != nil || target.OverflowInt(v) {
			return fmt.Errorf("expected %s, got %s", kindInteger.expected, quote(text))
		}
		target.SetInt(v)
	case target.CanUint():
		v, err := strconv.ParseUint(text, 10, 64)
		if !plain || err != nil || target.OverflowUint(v) {
			return fmt.Errorf("expected %s, got %s", kindNatural.expected, quote(text))
		}
		target.SetUint(v)
	default:
		return fmt.Errorf("an option cannot be a %s", target.Type())
	}
	return nil
}

// setList appends the items of a comma-separated list. Patterns are never
// split: a comma means something in them.
func setList(target reflect.Value, text string, tag *kong.Tag) error {
	if target.Type() == reflect.TypeFor[sections]() {
		target.Set(reflect.Append(target, reflect.ValueOf(text)))
		return nil
	}
	items := []string{text}
	if target.Type().Elem() != reflect.TypeFor[Pattern]() && tag.Sep != -1 {
		items = strings.Split(text, string(tag.Sep))
	}
	for _, item := range items {
		item = strings.TrimSpace(item)
		if item == "" {
			return fmt.Errorf("expected a list without empty items, got %s", quote(text))
		}
		v := reflect.New(target.Type().Elem()).Elem()
		if err := set(v, item, tag); err != nil {
			return err
		}
		target.Set(reflect.Append(target, v))
	}
	return nil
}
