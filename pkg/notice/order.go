package notice

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/noout-monitoring/noout/pkg/customer"
)

// Reason is why work is planned, as customers may be told.
type Reason string

// Impact is what is expected of planned work.
type Impact string

// Impacts: no interruption, a short one, or off for all of the time.
const (
	ImpactNone  Impact = "none"
	ImpactShort Impact = "short"
	ImpactOff   Impact = "off"
)

// Orders are what the hoster's people asked for by hand.
type Orders struct {
	Plans []Plan     `json:"plans,omitempty"`
	Says  []Sentence `json:"says,omitempty"`
}

// Plan is work on a node that is announced.
type Plan struct {
	ID string `json:"id"`
	// Node of a cluster, as the journal calls it.
	Cluster string    `json:"cluster"`
	Node    string    `json:"node"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Reason  Reason    `json:"reason,omitempty"`
	// Impact is empty when it follows from the guests: containers cannot be moved
	// while they run.
	Impact Impact    `json:"impact,omitempty"`
	Made   time.Time `json:"made"`
	// Revision counts the times it was given, from 0, Revised is when the last
	// were.
	Revision  int       `json:"revision,omitempty"`
	Revised   time.Time `json:"revised"`
	Cancelled time.Time `json:"cancelled,omitzero"`
}

func (p Plan) host() host { return host{p.Cluster, p.Node} }

// Sentence is a human's own, for all who are affected.
type Sentence struct {
	ID   string    `json:"id"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	// Node limits it to those who are affected by it; empty for all.
	Node string `json:"node,omitempty"`
}

const (
	// kept is for how long an order stays after its end.
	kept = 7 * 24 * time.Hour
	// said is for how long a sentence is news.
	said = 24 * time.Hour
	// longestSentence in characters.
	longestSentence = 600
)

// Pruned are the orders without those that are over.
func (o Orders) Pruned(now time.Time) Orders {
	over := func(t time.Time) bool { return !t.IsZero() && now.Sub(t) > kept }
	return Orders{
		slices.DeleteFunc(slices.Clone(o.Plans), func(p Plan) bool { return over(p.Until) || over(p.Cancelled) }),
		slices.DeleteFunc(slices.Clone(o.Says), func(s Sentence) bool { return over(s.At) }),
	}
}

// plan of a node that is not cancelled, the last one that was made.
func (o Orders) plan(at host, now time.Time) int {
	for i := len(o.Plans) - 1; i >= 0; i-- {
		if p := o.Plans[i]; p.host() == at && p.Cancelled.IsZero() && p.Until.After(now) {
			return i
		}
	}
	return -1
}

// longestWork is the longest time that can be announced.
const longestWork = 14 * 24 * time.Hour

// Announce adds planned work, or gives new times to work on the same node that
// was announced and is not over.
func (o Orders) Announce(p Plan, now time.Time) (Orders, error) {
	switch {
	case !p.From.Before(p.Until):
		return o, errors.New("--until: expected a time after --from")
	case !p.Until.After(now):
		return o, errors.New("--until: expected a time to come")
	case p.Until.Sub(p.From) > longestWork:
		return o, errors.New("--until: expected at most 14d after --from")
	}
	o.Plans = slices.Clone(o.Plans)
	p.From, p.Until, p.Made, p.Revised = p.From.UTC(), p.Until.UTC(), now.UTC(), now.UTC()
	i := o.plan(p.host(), now)
	if i < 0 {
		p.ID = event("M", p.From, p.Node, fmt.Sprint(now.UnixNano()))
		o.Plans = append(o.Plans, p)
		return o, nil
	}
	was := o.Plans[i]
	p.ID, p.Made, p.Revision, p.Revised = was.ID, was.Made, was.Revision, was.Revised
	p.Reason, p.Impact = cmp.Or(p.Reason, was.Reason), cmp.Or(p.Impact, was.Impact)
	if p != was {
		p.Revision, p.Revised = was.Revision+1, now.UTC()
	}
	o.Plans[i] = p
	return o, nil
}

// Cancel calls off work that was announced and has not begun, also when its time is
// over: first what is to come.
func (o Orders) Cancel(node string, s *Story, now time.Time) (Orders, error) {
	i := -1
	for k, p := range o.Plans {
		ahead := p.Until.After(now)
		if p.Node != node || !p.Cancelled.IsZero() || !ahead && !s.begun(p, now).IsZero() {
			continue
		}
		if i >= 0 && o.Plans[i].Cluster != p.Cluster {
			return o, fmt.Errorf("--cancel: work on a %s is announced in each of the clusters %s and %s, expected one", node, o.Plans[i].Cluster, p.Cluster)
		}
		if i < 0 || ahead || !o.Plans[i].Until.After(now) {
			i = k
		}
	}
	if i < 0 {
		return o, fmt.Errorf("--cancel: no work on %s is announced that has not begun", node)
	}
	if begun := s.begun(o.Plans[i], now); !begun.IsZero() {
		return o, fmt.Errorf("--cancel: the work on %s has begun, it ends with the YES of check_reintegrated", node)
	}
	o.Plans = slices.Clone(o.Plans)
	o.Plans[i].Cancelled = now.UTC()
	return o, nil
}

// Tell adds a human's sentence. It names nothing that is nobody's business.
func (o Orders) Tell(text, node string, e *Estate, now time.Time) (Orders, error) {
	// What is cut may say something else, so one that is too long is seen, not cut.
	text = customer.Clean(text, 2*longestSentence)
	switch {
	case strings.TrimSpace(text) == "":
		return o, errors.New("--tell: expected a sentence")
	case utf8.RuneCountInString(text) > longestSentence:
		return o, fmt.Errorf("--tell: expected a sentence of at most %d characters", longestSentence)
	}
	if name := e.names(text, o.nodes(e.story)); name != "" {
		return o, fmt.Errorf("--tell: all who are affected read it, expected a sentence without %q", name)
	}
	x := Sentence{ID: digest(12, text, fmt.Sprint(now.UnixNano())), At: now.UTC(), Text: text, Node: node}
	o.Says = append(slices.Clone(o.Says), x)
	return o, nil
}

// Knows says whether the story or an order has a node of that name: one of which
// something was seen, or on which a guest is or was.
func (o Orders) Knows(name string, s *Story) bool { return slices.Contains(o.nodes(s), name) }

// nodes that the story or an order has.
func (o Orders) nodes(s *Story) []string {
	var out []string
	for at := range s.nodes {
		out = append(out, at.name)
	}
	for _, p := range o.Plans {
		out = append(out, p.Node)
	}
	return slices.DeleteFunc(out, func(name string) bool { return name == "" })
}

const (
	// ahead is how long before the time that was announced work may begin.
	ahead = 2 * time.Hour
)

// begun is when work on a plan's node began, zero when it has not. What happens
// after the time that was announced is not that work.
func (s *Story) begun(p Plan, now time.Time) time.Time {
	n := s.nodes[p.host()]
	if n == nil {
		return time.Time{}
	}
	for _, m := range n.marks {
		from := p.From
		if m.early {
			from = from.Add(-ahead)
		}
		if m.begins && !m.at.Before(from) && !m.at.Before(p.Made) && !m.at.After(p.Until) && !m.at.After(now) {
			return m.at
		}
	}
	return time.Time{}
}

// finished is when it was proven that the node is back, zero when it was not. That
// all is well proves no work by itself: the node was left, or off, before.
func (s *Story) finished(p Plan, begun time.Time) time.Time {
	n := s.nodes[p.host()]
	if n == nil || begun.IsZero() {
		return time.Time{}
	}
	worked := false
	for _, m := range n.marks {
		worked = worked || m.works && !m.at.Before(begun)
		if m.ends && worked && m.at.After(begun) {
			return m.at
		}
	}
	return time.Time{}
}

// State of the announced work, for the hoster.
type State struct {
	Plan
	Begun, Finished time.Time
}

// States of all that is announced.
func (o Orders) States(s *Story, now time.Time) []State {
	var out []State
	for _, p := range o.Plans {
		x := State{Plan: p, Begun: s.begun(p, now)}
		x.Finished = s.finished(p, x.Begun)
		out = append(out, x)
	}
	return out
}
