package contingency

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// TestDeadManager: an HA that stands still restarts nothing.
func TestDeadManager(t *testing.T) {
	old := noon.Add(-3 * time.Hour)
	for who, kill := range map[string]func(*pve.HA){
		"master": func(h *pve.HA) { h.Time = old },
		"all": func(h *pve.HA) {
			h.Time = old
			for n := range h.LRM {
				h.LRM[n] = pve.LRM{Mode: "active", State: "wait_for_agent_lock", Time: old}
			}
		},
		"pve2": func(h *pve.HA) { h.LRM["pve2"] = pve.LRM{Mode: "active", State: "wait_for_agent_lock", Time: old} },
	} {
		e := plain("pve1", "pve2", "pve3")
		h := &e.Cluster.HA
		h.Master, h.Time = "pve1", noon
		for _, g := range e.Cluster.Guests {
			h.Nodes[g.Node], h.LRM[g.Node] = "online", pve.LRM{Mode: "active", State: "active", Time: noon}
			h.Services = append(h.Services, pve.Service{SID: g.SID(), Node: g.Node, State: "started", Running: true})
			e.HA.Resources = append(e.HA.Resources, pve.HAResource{SID: g.SID(), State: "started", Relocations: 1})
		}
		before := Of(e).Always.Count(maintenance.Unknown)
		if kill(h); Of(e).Always.Count(maintenance.Unknown) <= before {
			t.Errorf("%s dead for 3h: nobody says so", who)
		}
	}
}
