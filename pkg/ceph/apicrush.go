package ceph

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// pathCrush is below the Ceph of a node: the CRUSH map as text, in crushtool's
// language. No other answer of Proxmox VE tells what a rule does.
const pathCrush = "/crush"

// rules reads the CRUSH map. Without it nothing but the rules is missing.
func (a *API) rules(ctx context.Context, c *Cluster, node string) {
	g := Gap{What: node + pathCrush, Optional: true, Loses: optional[docRules]}
	var body string
	if !a.ask(ctx, c, g, &body) {
		return
	}
	var err error
	if c.Rules, err = crushRules(body); err != nil {
		g.Why = err.Error()
		c.Gaps = append(c.Gaps, g)
	}
}

// crushRules finds the rules in a CRUSH map. A map that cannot be read whole
// has none; a rule of which only the separation cannot be told has no domain.
func crushRules(body string) ([]Rule, error) {
	out := []Rule{}
	var block *crushRule
	for line := range strings.Lines(body) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case block == nil && words[0] == "rule":
			if len(words) > 3 || words[len(words)-1] != "{" {
				return nil, errors.New("the head of a rule cannot be read")
			}
			block = &crushRule{Rule: Rule{ID: -1}}
			if len(words) == 3 {
				block.Name = phrase.Clip(words[1], maxName)
			}
		case block != nil && words[0] == "}":
			switch {
			case block.ID < 0:
				return nil, errors.New("a rule has no id")
			case slices.ContainsFunc(out, func(o Rule) bool { return o.ID == block.ID }):
				return nil, errors.New("two rules have one id")
			}
			out, block = append(out, block.facts()), nil
		case block != nil:
			if err := block.line(words); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case block != nil:
		return nil, errors.New("it ends within a rule")
	case len(out) == 0:
		return nil, errors.New("there is no rule in it")
	}
	return out, nil
}

// crushRule is a rule that is being read.
type crushRule struct {
	Rule
	emits int
	// odd says that it does what is not understood here.
	odd bool
}

func (r *crushRule) line(words []string) error {
	switch words[0] {
	case "id", "ruleset": // the older of both is ruleset, up to Luminous
		id, err := strconv.Atoi(words[len(words)-1])
		if err != nil || len(words) != 2 || id < 0 {
			return errors.New("the id of a rule cannot be read")
		}
		if r.ID < 0 || words[0] == "id" {
			r.ID = id
		}
	case "type", "min_size", "max_size":
	case "step":
		r.step(words[1:])
	default:
		return errors.New("a rule has a line that cannot be read")
	}
	return nil
}

func (r *crushRule) step(words []string) {
	switch {
	case len(words) == 1 && words[0] == "emit":
		r.emits++
	case len(words) == 2 && strings.HasPrefix(words[0], "set_choose"):
	case len(words) > 1 && words[0] == "take":
		// osd tree finds the bucket by its name: no bucket has this id
		root := ruleRoot{id: math.MinInt, name: phrase.Clip(words[1], maxName)}
		switch {
		case len(words) == 4 && words[2] == "class":
			root.class = phrase.Clip(words[3], maxName)
		case len(words) > 2:
			r.odd = true
		}
		root.name, _, _ = strings.Cut(root.name, "~")
		if _, class, shadow := strings.Cut(words[1], "~"); shadow {
			root.class = phrase.Clip(class, maxName)
		}
		r.roots = append(r.roots, root)
	case len(words) == 5 && (words[0] == "choose" || words[0] == "chooseleaf") &&
		(words[1] == "firstn" || words[1] == "indep") && words[3] == "type":
		// the last choice names the smallest unit, which holds one copy at most
		r.Above, r.Domain = r.Domain, phrase.Clip(words[4], maxName)
	default:
		r.odd = true // such as choosemsr, which counts in another way
	}
}

// facts of a rule that was read to its end. One that takes or chooses twice may put
// two copies where each of its choices puts one: on a host with SSDs and disks.
func (r *crushRule) facts() Rule {
	if r.odd || len(r.roots) != 1 || r.emits != 1 {
		r.Domain = ""
	}
	return r.Rule
}
