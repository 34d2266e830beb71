package pve

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	var gaps []Gap
	silent := map[string]error{}
	var late []string
	for _, n := range want.Nodes {
		if recent(m.Nodes[n].Time, now, nodeAge) {
			continue
		}
		if ctx.Err() != nil {
			late = append(late, n)
			continue
		}
		facts, err := c.nodeFacts(ctx, n, now)
		if err != nil {
			silent[n] = err
			gaps = append(gaps, Gap{"version and replication of " + n, err})
			continue
		}
		m.Nodes[n] = facts
	}
	if len(late) > 0 {
		gaps = append(gaps, Gap{"nodes", fmt.Errorf("no time was left to ask %s for version and replication", strings.Join(late, ", "))})
	}
	read := 0
	for _, g := range want.Guests {
		// A guest that ought to run is looked at sooner: somebody may just
		// have changed its mind.
		age := configAge
		if want.Fresh || m.Configs[g.ID].Onboot {
			age = nodeAge
		}
		if recent(m.Configs[g.ID].Time, now, age) {
			continue
		}
		if err := silent[g.Node]; err != nil {
			gaps = append(gaps, Gap{"configuration of " + g.String(), err})
			continue
		}
		if read++; read > want.Configs || ctx.Err() != nil {
			break
		}
		config, err := c.Config(ctx, g)
		if err != nil {
			if absent(err) {
				silent[g.Node] = err
			}
			gaps = append(gaps, Gap{"configuration of " + g.String(), err})
			continue
		}
		m.Configs[g.ID] = ConfigFacts{config, now}
	}
	return m, gaps
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
