package main

import (
	"fmt"
	"regexp"
	"strings"
)

// nagiosCommand is one command object.
type nagiosCommand struct{ Name, Line, Why string }

// nagios writes the command objects of Nagios and Naemon.
func nagios(plugins []plugin) (map[string]string, error) {
	type group struct {
		plugin
		Commands []nagiosCommand
	}
	var groups []group
	for _, p := range plugins {
		groups = append(groups, group{p, nagiosCommands(p)})
	}
	text, err := fill("commands.cfg", groups)
	if err != nil {
		return nil, err
	}
	if bad := unquoted(text); bad != "" {
		return nil, fmt.Errorf("commands.cfg: a macro is not in quotes: %s", bad)
	}
	return map[string]string{"contrib/nagios/commands.cfg": text}, nil
}

// nagiosCommands are the ways to call a plugin. All options may stand in the
// section of noout.ini; what differs between hosts comes from the host object,
// what only the host knows, from a macro.
func nagiosCommands(p plugin) []nagiosCommand {
	const section = " --extra-opts='$ARG1$'"
	base := "$USER1$/" + p.Name
	out := []nagiosCommand{{p.Name, base + section, "ARG1 is a section of /etc/noout/noout.ini, without it [" + p.Name + "]."}}
	if o, ok := p.Option("host"); ok && !o.Repeatable {
		out = append(out, nagiosCommand{p.Name + "_bmc", base + " -H '$_HOSTBMC$'" + section, "The address is _BMC of the host."})
	}
	if o, ok := p.Option("node"); ok && !o.Once {
		out = append(out, nagiosCommand{p.Name + "_node", base + " --node '$_HOSTNODE$'" + section, "The node is _NODE of the host."})
	}
	if o, ok := p.Option("maintenance"); ok {
		why := "ARG2 is who is being serviced, such as pve3=$HOSTDOWNTIME:pve3$."
		if o.Value == "optional" {
			why = "ARG2 is the depth of a downtime, such as $HOSTDOWNTIME$."
		}
		out = append(out, nagiosCommand{p.Name + "_maintenance", base + section + " --maintenance='$ARG2$'", why})
	}
	return out
}

var (
	quoted    = regexp.MustCompile(`'[^']*'`)
	anyMacro  = regexp.MustCompile(`\$[^$\s]*\$?`)
	ownPrefix = regexp.MustCompile(`^\s*command_line\s+\$USER1\$/(?:check|report|notify)_[a-z0-9]+ `)
)

// unquoted is a macro that stands outside of single quotes in a command line:
// Nagios gives such a line to a shell, where the value could say anything. The
// path of the plugins, $USER1$, is the administrator's own.
func unquoted(config string) string {
	for l := range strings.Lines(config) {
		if !strings.Contains(l, "command_line") || strings.HasPrefix(strings.TrimSpace(l), "#") {
			continue
		}
		rest := quoted.ReplaceAllString(ownPrefix.ReplaceAllString(l, ""), "")
		if found := anyMacro.FindString(rest); found != "" || strings.Contains(rest, "'") {
			return strings.TrimSpace(l)
		}
	}
	return ""
}

// nrpe writes complete lines: NRPE as Debian builds it takes no arguments.
func nrpe(plugins []plugin) (map[string]string, error) {
	text, err := fill("nrpe.cfg", plugins)
	if err != nil {
		return nil, err
	}
	if strings.Contains(text, "$") {
		return nil, fmt.Errorf("nrpe.cfg: there is a $, arguments would be needed")
	}
	return map[string]string{"contrib/nrpe/noout.cfg": text}, nil
}
