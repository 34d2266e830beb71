package pve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// HAConfig is what administrators told HA: which guests it manages and what it
// has to heed when it places them. The asked node answers it from the cluster's
// file system.
type HAConfig struct {
	Resources []HAResource
	Rules     []HARule
	// Scheduler is the crs setting ha: basic, static, dynamic.
	Scheduler string
	// Gaps are the documents that could not be read.
	Gaps []Gap
}

// HAResource is one guest under HA, as configured.
type HAResource struct {
	SID string
	// State is what is wanted: started, stopped, disabled, ignored.
	State string
	// Group of releases before 9.
	Group string
	// Relocations is how many other nodes are tried when it does not start.
	Relocations int
}

// HARule is a rule of release 9 and later, or a group of those before.
type HARule struct {
	ID string
	// Type is node-affinity or resource-affinity.
	Type string
	// Affinity between resources: positive or negative.
	Affinity  string
	Resources []string
	// Nodes with their priorities.
	Nodes            map[string]int
	Strict, Disabled bool
	// Group says that it is a group.
	Group bool
}

const (
	pathResourcesHA = "/cluster/ha/resources"
	pathRulesHA     = "/cluster/ha/rules"
	pathGroupsHA    = "/cluster/ha/groups"
	pathOptions     = "/cluster/options"
)

// HAConfig asks the chosen host: three documents, four on releases that have
// groups and no rules.
func (c *Client) HAConfig(ctx context.Context) HAConfig {
	var h HAConfig
	ask := func(path string, add func(json.RawMessage) error) error {
		var raw json.RawMessage
		err := c.Get(ctx, path, &raw)
		if err == nil {
			err = odd(c.hosts[max(c.chosen, 0)], path, add(raw))
		}
		return err
	}
	note := func(path string, err error) {
		if err != nil {
			h.Gaps = append(h.Gaps, Gap{Path: path, Err: err})
		}
	}
	note(pathResourcesHA, ask(pathResourcesHA, h.addResources))
	err := ask(pathRulesHA, h.addRules)
	var e *Error
	if errors.As(err, &e) && e.Code == http.StatusNotImplemented {
		note(pathGroupsHA, ask(pathGroupsHA, h.addGroups))
	} else {
		note(pathRulesHA, err)
	}
	note(pathOptions, ask(pathOptions, h.addOptions))
	return h
}

type haResourceRow struct {
	SID       text   `json:"sid"`
	State     text   `json:"state"`
	Group     text   `json:"group"`
	Relocates number `json:"max_relocate"`
}

func (h *HAConfig) addResources(raw json.RawMessage) error {
	list, err := rows[haResourceRow](raw)
	var strange doubts
	strange.add(err)
	h.Resources = make([]HAResource, 0, len(list))
	for _, r := range list {
		x := HAResource{SID: r.SID.name(), State: r.State.name(), Group: r.Group.name(), Relocations: 1}
		if x.SID == "" {
			strange.add(errors.New("a row without sid"))
			continue
		}
		if r.Relocates.set {
			x.Relocations = int(min(max(r.Relocates.value, 0), 100))
		}
		h.Resources = append(h.Resources, x)
	}
	return strange.err()
}

type haRuleRow struct {
	ID        text  `json:"rule"`
	Type      text  `json:"type"`
	Affinity  text  `json:"affinity"`
	Resources names `json:"resources"`
	Nodes     names `json:"nodes"`
	Strict    flag  `json:"strict"`
	Disable   flag  `json:"disable"`
}

func (h *HAConfig) addRules(raw json.RawMessage) error {
	list, err := rows[haRuleRow](raw)
	var strange doubts
	strange.add(err)
	for _, r := range list {
		rule := HARule{
			ID: r.ID.name(), Type: r.Type.name(), Affinity: r.Affinity.name(), Resources: r.Resources,
			Strict: bool(r.Strict), Disabled: bool(r.Disable), Nodes: priorities(r.Nodes),
		}
		known := rule.Type == "node-affinity" && len(rule.Nodes) > 0 ||
			rule.Type == "resource-affinity" && (rule.Affinity == "positive" || rule.Affinity == "negative")
		if !known {
			strange.add(errors.New("the rule " + phrase.Clip(rule.ID, 40) + " is of a kind that is not known"))
			continue
		}
		h.Rules = append(h.Rules, rule)
	}
	return strange.err()
}

type haGroupRow struct {
	ID         text  `json:"group"`
	Nodes      names `json:"nodes"`
	Restricted flag  `json:"restricted"`
}

func (h *HAConfig) addGroups(raw json.RawMessage) error {
	list, err := rows[haGroupRow](raw)
	for _, r := range list {
		rule := HARule{ID: r.ID.name(), Type: "node-affinity", Nodes: priorities(r.Nodes), Strict: bool(r.Restricted), Group: true}
		for _, x := range h.Resources {
			if x.Group == rule.ID {
				rule.Resources = append(rule.Resources, x.SID)
			}
		}
		h.Rules = append(h.Rules, rule)
	}
	return err
}

// addOptions takes the datacenter's options, of which crs comes as an object or
// as it is written: "ha=static,ha-rebalance-on-start=1".
func (h *HAConfig) addOptions(raw json.RawMessage) error {
	var o struct {
		CRS json.RawMessage `json:"crs"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return err
	}
	h.Scheduler = "basic"
	var parts struct {
		HA text `json:"ha"`
	}
	if len(o.CRS) == 0 || string(o.CRS) == "null" {
		return nil
	}
	if err := json.Unmarshal(o.CRS, &parts); err == nil {
		h.Scheduler = cmp.Or(parts.HA.name(), h.Scheduler)
		return nil
	}
	line, err := scalar(o.CRS)
	for part := range strings.SplitSeq(line, ",") {
		if v, found := strings.CutPrefix(strings.TrimSpace(part), "ha="); found {
			h.Scheduler = phrase.Clip(v, maxName)
		}
	}
	return err
}

// names is a list that comes as one string with commas or blanks, or as a list.
type names []string

func (n *names) UnmarshalJSON(raw []byte) error {
	*n = nil
	if len(raw) > 0 && raw[0] == '[' {
		var list []text
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		for _, t := range list {
			*n = append(*n, t.name())
		}
		return nil
	}
	s, err := scalar(raw)
	for _, word := range tags(s) {
		*n = append(*n, phrase.Clip(word, maxName))
	}
	return err
}

// priorities reads "pve1:2,pve2", where none is 0.
func priorities(list names) map[string]int {
	out := map[string]int{}
	for _, word := range list {
		node, p, _ := strings.Cut(word, ":")
		v, err := strconv.Atoi(p)
		if err != nil {
			v = 0
		}
		out[node] = v
	}
	return out
}

// HAVersion is the version of pve-ha-manager on a node, such as 5.1.2; empty
// when the node does not list it. It is proxied: ask it of a node that is
// online.
func (c *Client) HAVersion(ctx context.Context, node string) (string, error) {
	version := ""
	err := c.proxied(ctx, "/nodes/"+url.PathEscape(node)+"/apt/versions", func(raw json.RawMessage) error {
		list, err := rows[struct {
			Package   text `json:"Package"`
			Installed text `json:"OldVersion"`
		}](raw)
		for _, r := range list {
			if r.Package == "pve-ha-manager" {
				version = r.Installed.name()
			}
		}
		return err
	})
	return version, err
}

// AtLeast compares versions such as 5.1.2 by their numbers; false with known
// false when one of them has none.
func AtLeast(version, least string) (is, known bool) {
	numbers := func(s string) []int {
		var out []int
		for part := range strings.SplitSeq(s, ".") {
			digits := strings.TrimLeft(part, "0123456789")
			v, err := strconv.Atoi(strings.TrimSuffix(part, digits))
			if err != nil {
				break
			}
			out = append(out, v)
		}
		return out
	}
	a, b := numbers(version), numbers(least)
	return slices.Compare(a, b) >= 0, len(a) > 0
}
