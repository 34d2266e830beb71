package check

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// option is one option: a field of the plugin's options or of ours, and what
// its tags say. Together they are the one model from which help, --describe, and
// so manual pages, completions and the hosts' command definitions are made. It
// is a pflag.Value.
type option struct {
	name, short, help, group string
	placeholder              string
	standard                 string   // the default as it would be typed
	enum                     []string // the words there are, nil when there are more
	separator                string   // between the values of a list, empty when they are not split
	required, hidden         bool
	once                     bool // a person's deed: in no file, in no host's configuration
	kind                     kind
	list                     bool // grows with each value
	fresh                    bool // not given yet: the target holds the default
	target                   reflect.Value
}

// newOption reads a field and its tags: name, short, help, group, placeholder,
// default, enum, sep, type (counter) with a value, and required, hidden and once,
// which mean something by being there.
func newOption(field reflect.StructField, target reflect.Value) (*option, error) {
	o := &option{name: dashed(field.Name), target: target}
	o.list = field.Type.Kind() == reflect.Slice && field.Type.Name() == ""
	if o.list {
		o.separator = ","
	}
	counts := false
	for tag := string(field.Tag); tag != ""; {
		key, rest, _ := strings.Cut(tag, ":")
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return nil, fmt.Errorf("%s: tag %s: %w", field.Name, tag, err)
		}
		value, _ := strconv.Unquote(quoted) // it was found to be quoted
		tag = strings.TrimLeft(rest[len(quoted):], " ")
		if key == "type" && value == "counter" {
			counts = true
		} else if !o.tagged(key, value) {
			return nil, fmt.Errorf("%s: unknown tag %s:%q", field.Name, key, value)
		}
	}
	if o.kind = kindOf(field.Type); counts {
		o.kind = kindCounter
	}
	if o.kind.name == "" {
		return nil, fmt.Errorf("%s: an option cannot be a %s", field.Name, field.Type)
	}
	if o.kind == kindState && o.enum == nil {
		o.enum = []string{"ok", "warning", "critical", "unknown"}
	}
	if o.kind == kindPattern { // a comma means something in them
		o.separator = ""
	}
	return o, nil
}

// tagged takes over what one tag says, and whether there is such a tag.
func (o *option) tagged(key, value string) bool {
	switch key {
	case "name":
		o.name = value
	case "short":
		o.short = value
	case "help":
		o.help = value
	case "group":
		o.group = value
	case "placeholder":
		o.placeholder = value
	case "default":
		o.standard = value
	case "enum":
		o.enum = strings.Split(value, ",")
	case "sep":
		if o.separator = value; value == "none" {
			o.separator = ""
		}
	case "required":
		o.required = true
	case "hidden":
		o.hidden = true
	case "once":
		o.once = true
	default:
		return false
	}
	return true
}

// dashed is the name of an option whose field says no other: MaxBytes is
// max-bytes, and IDList is id-list.
func dashed(field string) string {
	var b strings.Builder
	letters := []rune(field)
	for i, r := range letters {
		begins := i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// String is the default, as pflag has it.
func (o *option) String() string { return o.standard }

// Type is the kind of the value.
func (o *option) Type() string { return o.kind.name }

// expected says in words what the option takes.
func (o *option) expected() string {
	if o.enum != nil {
		return "one of " + strings.Join(o.enum, ", ")
	}
	return o.kind.expected
}

// valueOptional reports whether the option may stand alone. Its value, if any,
// follows an equals sign.
func (o *option) valueOptional() bool {
	return slices.Contains([]kind{kindFlag, kindCounter, kindDepth, kindSection}, o.kind)
}

// repeatable reports whether the option may be given more than once.
func (o *option) repeatable() bool {
	return o.list || slices.Contains([]kind{kindFlag, kindCounter, kindSection}, o.kind)
}

// start puts the default in place of what was there.
func (o *option) start() error {
	o.target.SetZero()
	if o.standard != "" {
		if err := o.Set(o.standard); err != nil {
			return fmt.Errorf("default of --%s: %w", o.name, err)
		}
	}
	o.fresh = true
	return nil
}

// given is the value to be set, empty of the default.
func (o *option) given() reflect.Value {
	if o.fresh {
		o.target.SetZero()
		o.fresh = false
	}
	return o.target
}

// alone sets what the option means without a value.
func (o *option) alone() error {
	switch target := o.given(); target.Kind() {
	case reflect.Bool:
		target.SetBool(true)
	case reflect.Int:
		target.SetInt(target.Int() + 1)
	case reflect.Slice:
		target.Set(reflect.Append(target, reflect.Zero(target.Type().Elem())))
	default:
		return fmt.Errorf("expected %s, got nothing", o.expected())
	}
	return nil
}

// Set reads the value. A list grows by all that text names.
func (o *option) Set(text string) error {
	if text == "" && o.kind != kindSection {
		return fmt.Errorf("expected %s, got nothing", o.expected())
	}
	words := []string{text}
	if o.list && o.separator != "" {
		words = strings.Split(text, o.separator)
	}
	for i := range words {
		if o.list {
			words[i] = strings.TrimSpace(words[i])
		}
		if o.enum != nil && !slices.Contains(o.enum, words[i]) {
			return fmt.Errorf("expected %s, got %s", o.expected(), quote(words[i]))
		}
	}
	if !o.list && o.kind != kindSection {
		return o.one(o.given(), text)
	}
	for _, word := range words {
		if word == "" && o.list {
			return fmt.Errorf("expected a list without empty items, got %s", quote(text))
		}
		item := reflect.New(o.target.Type().Elem()).Elem()
		if err := o.one(item, word); err != nil {
			return err
		}
		list := o.given()
		list.Set(reflect.Append(list, item))
	}
	return nil
}

// one reads one value.
func (o *option) one(target reflect.Value, text string) error {
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.New(target.Type().Elem()))
		target = target.Elem()
	}
	if u, ok := target.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	return o.read(target, text)
}

// title is where the help lists the option.
func (o *option) title() string { return cmp.Or(o.group, "Options") }
