package main

import (
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
)

// argument is an option as an argument of a CheckCommand.
type argument struct {
	check.Option
	Key, Variable string
}

// Value is what Icinga puts in. An option whose value may be left out takes it
// only after an equals sign, and a counter counts so: both are one word, without
// the key.
func (a argument) Value() string {
	if a.OneWord() {
		return macro("--"+a.Long+"=") + a.Macro()
	}
	return a.Macro()
}

// Macro is the custom variable as a macro.
func (a argument) Macro() string { return "$" + a.Variable + "$" }

// Switch options are there or not.
func (a argument) Switch() bool { return a.Type == "flag" }

// OneWord options are written --name=value.
func (a argument) OneWord() bool { return !a.Switch() && a.Option.Value != "required" }

// Repeat says whether the key is written before every item of an array.
func (a argument) Repeat() bool { return a.Repeatable && a.Option.Value == "required" }

// checkCommand is a plugin as an object of Icinga.
type checkCommand struct {
	plugin
	Object    string
	Arguments []argument
}

func checkCommands(plugins []plugin) []checkCommand {
	var out []checkCommand
	for _, p := range plugins {
		c := checkCommand{plugin: p, Object: "noout-" + p.Short()}
		for _, o := range p.ForHosts() {
			c.Arguments = append(c.Arguments, argument{
				Option: o, Key: "--" + o.Long,
				Variable: "noout_" + p.Short() + "_" + strings.ReplaceAll(o.Long, "-", "_"),
			})
		}
		out = append(out, c)
	}
	return out
}

// icinga writes the CheckCommands of Icinga 2.
func icinga(plugins []plugin) (map[string]string, error) {
	text, err := fill("commands.conf", checkCommands(plugins))
	if err != nil {
		return nil, err
	}
	return map[string]string{"contrib/icinga2/commands.conf": text}, nil
}
