package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
)

// basket is what Icinga Director's import takes. It names no UUIDs: releases
// before 1.11 refuse them for fields, and objects are found by their names. The
// Director links the fields of an object by its key here, which is its name.
type basket struct {
	Command   map[string]directorCommand
	Hosts     map[string]directorTemplate `json:"HostTemplate"`
	Services  map[string]directorTemplate `json:"ServiceTemplate"`
	DataList  map[string]directorList
	Datafield map[string]directorField
	// Notifications are templates: whom Icinga calls is not what they are about.
	Notifications map[string]directorNotification `json:"NotificationTemplate"`
}

type directorNotification struct {
	Name     string   `json:"object_name"`
	Type     string   `json:"object_type"`
	Command  string   `json:"command"`
	Interval int      `json:"notification_interval"`
	States   []string `json:"states"`
	Types    []string `json:"types"`
}

type directorCommand struct {
	Arguments map[string]directorArgument `json:"arguments"`
	// Command without a slash is looked for in PluginDir.
	Command string         `json:"command"`
	Fields  []directorLink `json:"fields"`
	Execute string         `json:"methods_execute"`
	Name    string         `json:"object_name"`
	Type    string         `json:"object_type"`
}

type directorArgument struct {
	Description string `json:"description"`
	Value       any    `json:"value,omitempty"` // a string or a function
	SetIf       string `json:"set_if,omitempty"`
	SkipKey     bool   `json:"skip_key,omitempty"`
	RepeatKey   bool   `json:"repeat_key,omitempty"`
}

type directorLink struct {
	Field    int     `json:"datafield_id"`
	Required string  `json:"is_required"`
	Filter   *string `json:"var_filter"`
}

type directorField struct {
	Variable    string            `json:"varname"`
	Caption     string            `json:"caption"`
	Description string            `json:"description"`
	Type        string            `json:"datatype"`
	Format      *string           `json:"format"`
	Category    *string           `json:"category"`
	Settings    map[string]string `json:"settings"`
}

type directorList struct {
	Name    string          `json:"list_name"`
	Owner   string          `json:"owner"`
	Entries []directorEntry `json:"entries"`
}

type directorEntry struct {
	Name   string   `json:"entry_name"`
	Value  string   `json:"entry_value"`
	Format string   `json:"format"`
	Roles  []string `json:"allowed_roles"`
}

// director writes the basket of Icinga Director: the same commands as
// commands.conf, with a form field for every option.
func director(plugins []plugin) (map[string]string, error) {
	b := basket{
		map[string]directorCommand{}, map[string]directorTemplate{}, map[string]directorTemplate{},
		map[string]directorList{}, map[string]directorField{}, map[string]directorNotification{},
	}
	commands := checkCommands(plugins)
	for _, c := range commands {
		command := directorCommand{
			Arguments: map[string]directorArgument{}, Command: c.Name, Execute: "PluginCheck",
			Name: c.Object, Type: "object",
		}
		for _, a := range c.Arguments {
			command.Arguments[a.Key] = directorArgumentOf(a)
			command.Fields = append(command.Fields, b.add(b.field(c, a)))
		}
		b.Command[c.Object] = command
		if c.Name == "notify_customers" {
			b.notify(c.Name)
		}
	}
	b.templates(commands)
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "    ")
	if err := e.Encode(b); err != nil {
		return nil, fmt.Errorf("writing the basket: %w", err)
	}
	return map[string]string{"contrib/director/basket.json": text.String()}, nil
}

// add puts a field into the basket, and returns the link of an object to it.
func (b *basket) add(f directorField) directorLink {
	id := len(b.Datafield) + 1
	if f.Type == "" {
		f.Type, f.Settings = stringType, map[string]string{"visibility": "visible"}
	}
	b.Datafield[fmt.Sprint(id)] = f
	return directorLink{Field: id, Required: "n"}
}

// notify is contrib/notify's NotificationCommand, and a template for the rules by
// which Icinga calls it. Its words stand in the command: it takes no arguments,
// because what Icinga knows of the problem is not what customers are told.
func (b *basket) notify(plugin string) {
	const name = "noout-tell-now"
	b.Command[name] = directorCommand{
		Arguments: map[string]directorArgument{}, Command: plugin + " --extra-opts --send", Fields: []directorLink{},
		Execute: "PluginNotification", Name: name, Type: "object",
	}
	const template = "noout-customers"
	b.Notifications[template] = directorNotification{
		Name: template, Type: "template", Command: name, States: []string{"Critical", "OK"}, Types: []string{"Problem", "Recovery"},
	}
}

func directorArgumentOf(a argument) directorArgument {
	out := directorArgument{Description: line(description(a.Option)), SkipKey: a.OneWord(), RepeatKey: a.Repeat()}
	switch {
	case a.Switch():
		out.SetIf = a.Macro()
	case nodesDeclared(a):
		out.Value = maintenance(a)
	default:
		out.Value = a.Value()
	}
	return out
}

const (
	dataType   = `Icinga\Module\Director\DataType\DataType`
	stringType = dataType + "String"
)

// field is the form field of an option. What is one of several words has a list
// of them.
func (b *basket) field(c checkCommand, a argument) directorField {
	f := directorField{
		Variable: a.Variable, Caption: c.Short() + ": " + strings.ReplaceAll(a.Long, "-", " "),
		Description: line(description(a.Option)), Settings: map[string]string{},
	}
	kind := "String"
	switch {
	case a.Switch():
		kind = "Boolean"
	case a.Repeat():
		kind = "Array"
	case len(a.Enum) > 0:
		kind = "Datalist"
		f.Settings = map[string]string{"behavior": "strict", "data_type": "string", "datalist": b.list(a.Option)}
	case a.Type == "integer":
		kind = "Number"
	default:
		f.Settings = map[string]string{"visibility": "visible"}
	}
	f.Type = dataType + kind
	return f
}

// list is the name of the list of an option's words; options with the same words
// share it.
func (b *basket) list(o check.Option) string {
	name := "noout: " + strings.Join(o.Enum, ", ")
	list := directorList{Name: name, Owner: "noout"}
	for _, word := range o.Enum {
		list.Entries = append(list.Entries, directorEntry{Name: word, Value: word, Format: "string"})
	}
	b.DataList[name] = list
	return name
}
