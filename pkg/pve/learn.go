package pve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"
)

// Ages after which what only a node itself knows is asked anew.
const (
	nodeAge   = 15 * time.Minute
	configAge = 24 * time.Hour
)

// Want is what is to be learned from the nodes themselves.
type Want struct {
	// Nodes to ask for version and replication; they are online.
	Nodes []string
	// Guests whose configuration is wanted, the most urgent first.
	Guests []Guest
	// Configs is the most that are read in one run.
	Configs int
	// Fresh configurations are wanted no older than nodeAge.
	Fresh bool
}

// Learn asks for what the memory does not hold, or holds for too long. What
// could not be read is returned as gaps; older facts are kept then. A node
// that does not answer is not asked twice.
func (c *Client) Learn(ctx context.Context, m Memory, want Want, now time.Time) (Memory, []Gap) {
	m.Nodes, m.Configs = maps.Clone(m.Nodes), maps.Clone(m.Configs)
	if m.Nodes == nil {
		m.Nodes = map[string]NodeFacts{}
	}
	if m.Configs == nil {
		m.Configs = map[int]ConfigFacts{}
	}
	l := &lesson{client: c, memory: m, now: now, silent: map[string]error{}}
	l.nodes(ctx, want.Nodes)
	l.configs(ctx, want)
	return l.memory, l.gaps
}

// lesson is what is being learned.
type lesson struct {
	client *Client
	memory Memory
	now    time.Time
	gaps   []Gap
	silent map[string]error // nodes that are not there
}

func (l *lesson) nodes(ctx context.Context, names []string) {
	var late []string
	for _, n := range names {
		if recent(l.memory.Nodes[n].Time, l.now, nodeAge) {
			continue
		}
		if ctx.Err() != nil {
			late = append(late, n)
			continue
		}
		facts, err := l.client.nodeFacts(ctx, n, l.now)
		if err != nil {
			l.silent[n] = err
			l.gaps = append(l.gaps, Gap{Path: "version and replication of " + n, Node: n, Err: err})
			continue
		}
		l.memory.Nodes[n] = facts
	}
	if len(late) > 0 {
		err := fmt.Errorf("no time was left to ask %s for version and replication", strings.Join(late, ", "))
		l.gaps = append(l.gaps, Gap{Path: "version and replication", Err: err})
	}
}

func (l *lesson) configs(ctx context.Context, want Want) {
	read := 0
	for _, g := range want.Guests {
		known := l.memory.Configs[g.ID]
		if !known.due(l.now, want.Fresh) {
			continue
		}
		err := l.silent[g.Node]
		if err == nil {
			if read++; read > want.Configs || ctx.Err() != nil {
				return
			}
			known.Config, err = l.client.Config(ctx, g)
		}
		switch {
		case err == nil:
			l.memory.Configs[g.ID] = ConfigFacts{known.Config, l.now}
			continue
		case moved(err):
			continue // the next list will say where to
		case absent(err):
			l.silent[g.Node] = err
		}
		l.gaps = append(l.gaps, Gap{Path: configOfGuest + g.String(), Node: g.Node, Err: err})
	}
}

// Due says whether it is time to read a configuration, the first time or again.
func (f ConfigFacts) Due(now time.Time) bool { return f.due(now, false) }

// due looks at a guest that ought to run sooner: somebody may just have changed its
// mind.
func (f ConfigFacts) due(now time.Time, fresh bool) bool {
	age := configAge
	if fresh || f.Onboot {
		age = nodeAge
	}
	return !recent(f.Time, now, age)
}

// configOfGuest begins the path of a gap that is a guest's configuration.
const configOfGuest = "configuration of "

// moved says that a guest left its node after the list was made.
func moved(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == http.StatusInternalServerError && strings.Contains(e.Status, "does not exist")
}

func (c *Client) nodeFacts(ctx context.Context, node string, now time.Time) (NodeFacts, error) {
	version, err := c.Version(ctx, node)
	if err != nil {
		return NodeFacts{}, err
	}
	jobs, err := c.Replication(ctx, node)
	if err != nil {
		return NodeFacts{}, err
	}
	return NodeFacts{version, jobs, now}, nil
}

// recent says whether t is at most age before now; times to come are not.
func recent(t, now time.Time, age time.Duration) bool {
	return !t.IsZero() && !t.After(now) && now.Sub(t) < age
}

// absent says that the node behind a proxied request is not there: no answer,
// or one of pveproxy's own codes from 595 to 599.
func absent(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == 0 || e.Code >= 595 && e.Code <= 599)
}
