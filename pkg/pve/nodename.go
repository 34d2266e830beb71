package pve

import (
	"fmt"
	"strconv"
	"strings"
)

// NodeName is the type of options that name a node, as the cluster does.
type NodeName string

// UnmarshalText refuses what no node can be called: addresses, paths.
func (n *NodeName) UnmarshalText(text []byte) error {
	name := string(text)
	if name == "" || strings.ContainsAny(name, " \t/:=") {
		return fmt.Errorf("expected the name of a node such as pve3, got %q", name)
	}
	*n = NodeName(name)
	return nil
}

// Maintained is the type of --maintenance: a node that is being serviced, or is
// not now, so that a macro of the monitoring host can say which.
type Maintained struct {
	Node NodeName
	Now  bool
}

// UnmarshalText reads NODE and NODE=N, where 0 means not now.
func (m *Maintained) UnmarshalText(text []byte) error {
	name, number, numbered := strings.Cut(string(text), "=")
	n, err := strconv.ParseUint(number, 10, 32)
	if numbered && err != nil {
		return fmt.Errorf("expected a node such as pve3, or pve3=N with a number, 0 for not now, got %q", text)
	}
	m.Now = !numbered || n > 0
	return m.Node.UnmarshalText([]byte(name))
}

// MaintainedNow are the names of those that are being serviced.
func MaintainedNow(list []Maintained) []string {
	var out []NodeName
	for _, m := range list {
		if m.Now {
			out = append(out, m.Node)
		}
	}
	return Names(out)
}

// Names are the nodes, each once, by name.
func Names(list []NodeName) []string {
	var out []string
	seen := map[NodeName]bool{}
	for _, n := range list {
		if !seen[n] {
			out = append(out, string(n))
		}
		seen[n] = true
	}
	return out
}
