package ceph

import (
	"fmt"
	"strings"
)

// HostName is the type of --ceph-host: what a machine is called in CRUSH, where
// that is not the name of its node. One machine may have several hosts there.
type HostName struct {
	Node  string
	Hosts []string
}

// UnmarshalText reads NODE=HOST[,HOST...].
func (h *HostName) UnmarshalText(text []byte) error {
	node, hosts, found := strings.Cut(string(text), "=")
	*h = HostName{Node: strings.TrimSpace(node)}
	for host := range strings.SplitSeq(hosts, ",") {
		host = strings.TrimSpace(host)
		if !found || h.Node == "" || host == "" || strings.ContainsAny(h.Node+host, " \t=") {
			return fmt.Errorf("expected NODE=HOST[,HOST...], got %q", text)
		}
		h.Hosts = append(h.Hosts, host)
	}
	return nil
}

// HostNames maps nodes to their hosts. One host is part of one machine.
func HostNames(given []HostName) (map[string][]string, error) {
	out, owner := map[string][]string{}, map[string]string{}
	for _, h := range given {
		for _, host := range h.Hosts {
			switch other := owner[host]; {
			case other == h.Node:
				continue
			case other != "":
				return nil, fmt.Errorf("expected one machine for the host %s, got %s and %s", host, other, h.Node)
			}
			owner[host] = h.Node
			out[h.Node] = append(out[h.Node], host)
		}
	}
	return out, nil
}
