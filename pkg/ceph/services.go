package ceph

import (
	"cmp"
	"slices"
)

// Service is a daemon beside those of the cluster itself that registered with
// it: a gateway such as rgw or tcmu-runner, a mirror. Those that end are listed
// for another minute.
type Service struct {
	Daemon
	// Kind is rgw, tcmu-runner, rbd-mirror, ..., with its zone where it has one.
	Kind string
}

// wireServices is servicemap in status. Beside the daemons, which are named by a
// number or by their name, stands a "summary".
type wireServices struct {
	Services table[struct {
		Daemons table[part[struct {
			Addr     text        `json:"addr"`
			Metadata table[text] `json:"metadata"`
		}]] `json:"daemons"`
	}] `json:"services"`
}

func (w wireServices) facts() []Service {
	out := []Service{}
	for kind, s := range w.Services.rows {
		for key, d := range s.Daemons.rows {
			if !d.set {
				continue
			}
			meta := d.value.Metadata.rows
			x := Service{Kind: kind, Daemon: Daemon{
				Name: cmp.Or(meta["id"].name(), key), addr: bareIP(string(d.value.Addr)), hostname: meta["hostname"].name(),
			}}
			if zone := meta["zone_name"].name(); zone != "" {
				x.Kind += " " + zone
			}
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(a, b Service) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return out
}
