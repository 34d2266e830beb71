package main

import (
	"fmt"
	"maps"
	"strings"
)

// directorTemplate is a host or a service template. What is not said is left to
// whoever uses it.
type directorTemplate struct {
	Name          string         `json:"object_name"`
	Type          string         `json:"object_type"`
	Imports       []string       `json:"imports,omitempty"`
	Command       string         `json:"check_command,omitempty"`
	Interval      int            `json:"check_interval,omitempty"` // seconds, as those below
	Retry         int            `json:"retry_interval,omitempty"`
	Timeout       int            `json:"check_timeout,omitempty"`
	Attempts      int            `json:"max_check_attempts,omitempty"`
	ActiveChecks  *bool          `json:"enable_active_checks,omitempty"`
	Notifications *bool          `json:"enable_notifications,omitempty"`
	Flapping      *bool          `json:"enable_flapping,omitempty"`
	Vars          map[string]any `json:"vars,omitempty"`
	Fields        []directorLink `json:"fields,omitempty"`
}

// function is an expression of Icinga's language where the value of an argument
// stands.
type function struct {
	Type string `json:"type"`
	Body string `json:"body"`
}

// services is what contrib/icinga2/services.conf says of the services of one
// plugin: the template it imports, and variables without their prefix.
var services = map[string]struct {
	imports  string
	interval int
	vars     map[string]any
}{
	"fans":        {"noout-latched", 0, map[string]any{"auth_file": "/etc/noout/bmc.ini", "ca_file": "/etc/noout/bmc-ca.pem", "maintenance": "$host.downtime_depth$"}},
	"pve":         {"noout-service", 0, clusterVars(nil)},
	"ceph":        {"noout-service", 0, clusterVars(map[string]any{"via": "pve"})},
	"guests":      {"noout-service", 0, clusterVars(nil)},
	"contingency": {"noout-service", 300, clusterVars(nil)},
	"drained":     {"noout-gate", 0, clusterVars(map[string]any{"node": []string{"$host.vars.noout_node$"}, "save": baseline})},
	"serviceable": {"noout-gate", 0, clusterVars(map[string]any{"node": []string{"$host.vars.noout_node$"}})},
	"reintegrated": {"noout-gate", 0, clusterVars(map[string]any{
		"node": []string{"$host.vars.noout_node$"}, "baseline": baseline,
	})},
	// Whom to tell and how stands in the plugin's section of noout.ini.
	"notify_customers": {"noout-service", 0, map[string]any{"extra_opts": "notify_customers", "send": true}},
	"report_service":   {"noout-gate", 0, map[string]any{"extra_opts": "report_service", "node": "$host.vars.noout_node$"}},
}

const baseline = "/var/lib/noout/nagios/before-$host.vars.noout_node$.json"

func clusterVars(more map[string]any) map[string]any {
	out := map[string]any{"auth_file": "/etc/noout/pve.ini", "ca_file": "/etc/noout/pve-root-ca.pem"}
	maps.Copy(out, more)
	return out
}

// templates adds what hosts and services are made of: the templates of
// services.conf and hosts.conf, and one for each plugin.
func (b *basket) templates(commands []checkCommand) {
	no := false
	b.Services["noout-service"] = directorTemplate{Interval: 60, Retry: 60, Attempts: 2}
	b.Services["noout-latched"] = directorTemplate{Imports: []string{"noout-service"}, Interval: 300, Attempts: 1, Flapping: &no}
	b.Services["noout-gate"] = directorTemplate{
		Imports: []string{"noout-service"}, ActiveChecks: &no, Notifications: &no, Flapping: &no, Attempts: 1, Timeout: 30,
	}
	for _, c := range commands {
		b.Services[c.Object] = serviceTemplate(c)
	}
	node := b.add(directorField{Variable: "noout_node", Caption: "noout: node", Description: "Name of the node in Proxmox VE."})
	cluster := b.add(directorField{
		Variable: "noout_cluster", Caption: "noout: cluster",
		Description: "Name of the cluster: the same on its nodes and on the host that stands for it.",
	})
	b.Hosts["noout-host"] = directorTemplate{Command: "hostalive", Interval: 60, Retry: 30, Attempts: 3}
	b.Hosts["noout-controller"] = directorTemplate{Imports: []string{"noout-host"}}
	b.Hosts["noout-node"] = directorTemplate{Imports: []string{"noout-host"}, Fields: []directorLink{node, cluster}}
	b.Hosts["noout-cluster"] = directorTemplate{
		Command: "dummy", Fields: []directorLink{cluster},
		Vars: map[string]any{"dummy_state": 0, "dummy_text": "stands for the cluster, its services are what counts"},
	}
	for _, all := range []map[string]directorTemplate{b.Hosts, b.Services} {
		for name, t := range all {
			t.Name, t.Type = name, "template"
			all[name] = t
		}
	}
}

// serviceTemplate is the service of a plugin. Whom it asks is the address of the
// host that the service is on, unless somebody says otherwise.
func serviceTemplate(c checkCommand) directorTemplate {
	s := services[c.Short()]
	t := directorTemplate{Imports: []string{"noout-service"}, Command: c.Object, Interval: s.interval, Vars: map[string]any{}}
	if s.imports != "" {
		t.Imports = []string{s.imports}
	}
	for _, a := range c.Arguments {
		value, is := s.vars[strings.ReplaceAll(a.Long, "-", "_")]
		switch {
		case is:
			t.Vars[a.Variable] = value
		case a.Long == "host" && a.Repeat():
			t.Vars[a.Variable] = []string{"$address$"}
		case a.Long == "host":
			t.Vars[a.Variable] = "$address$"
		}
	}
	return t
}

// maintenance is services.conf's function: every node of the host's cluster with
// the number of downtimes that it is in. The Director's variables hold no
// functions, so it stands where the argument does, and what a variable says wins.
func maintenance(a argument) function {
	return function{"Function", fmt.Sprintf(`var said = macro(%q)
if (said) {
	return said
}
var nodes = []
if (host.vars && host.vars.noout_cluster) {
	for (node in get_objects(Host)) {
		if (node.vars && node.vars.noout_node && node.vars.noout_cluster == host.vars.noout_cluster) {
			nodes.add(node.vars.noout_node + "=" + node.downtime_depth)
		}
	}
}
return nodes`, a.Macro())}
}

// nodesDeclared says whether an option is what maintenance answers.
func nodesDeclared(a argument) bool { return a.Long == "maintenance" && a.Repeat() }
