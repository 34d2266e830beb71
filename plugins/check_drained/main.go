// Check_drained answers whether every guest has really left a Proxmox VE node
// that is to be serviced.
//
// HA maintenance is neither: guests outside HA stay where they are while HA
// reports maintenance reached, and statuses of a node that died stay as they
// were for five minutes. So the plugin asks for the whole cluster, for the
// rights of its own token first, and for the node's own list of its guests,
// and only what all of them agree on is a yes.
package main

import (
	"context"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/gate"
)

func main() { check.Main(plugin()) }

type options struct {
	gate.Drain `embed:""`

	now func() time.Time
}

func plugin() check.Plugin { return pluginAt(time.Now) }

// pluginAt takes the clock from a test.
func pluginAt(now func() time.Time) check.Plugin {
	o := &options{now: now}
	return check.Plugin{
		Name:     "check_drained",
		Summary:  "Has every guest really left this Proxmox VE node?",
		Help:     help,
		Examples: examples,
		Metrics:  gate.DrainMetrics,
		Options:  o,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "check_drained -H pve1,pve2 --node pve3 --auth-file pve.ini --ca-file ca.pem", Why: "any node that answers will do, the one to be serviced too"},
	{Command: "check_drained -H pve1,pve2 --node pve3 --save /root/pve3.json", Why: "before the first guest leaves: write down where each one lives"},
	{Command: "check_drained -H pve1,pve2 --node pve3,pve4 -v", Why: "two nodes leave together, show the whole checklist"},
}

const help = `OK: yes. The node is up or in HA maintenance, nothing but stopped guests and templates is on it, nothing is on its way to it.
WARNING: yes, but: HA may bring guests back because its maintenance is not requested, or a task still runs there, or guests without a status are on a node that the cluster does not know.
CRITICAL: no. Every guest that is left is named with why it is still there and what to do.
UNKNOWN: nobody can say: no quorum, a token that does not see every guest, a node that does not give its own list of guests, a node that went without maintenance, a migration whose target the API does not tell, a guest that runs on a node that the cluster does not know.
Every guest whose status is not stopped counts as running: paused, suspended, halted by an I/O error.`

func (o *options) check(ctx context.Context) (check.Result, error) {
	return gate.Drained(ctx, o.Drain, o.now)
}
