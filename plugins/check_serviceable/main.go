// Check_serviceable answers whether a technician may switch this Proxmox VE
// node off and pull it out now.
//
// It asks Proxmox VE whether every guest has left and whether the cluster keeps
// its quorum, and Ceph whether every client goes on being served without the
// node's OSDs, its monitor and its mgr, and whether noout keeps Ceph from
// rebuilding them. A yes needs proof of every condition; what nobody can tell
// is never a yes.
package main

import (
	"context"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/gate"
)

func main() { check.Main(plugin()) }

type options struct {
	gate.Service `embed:""`

	now func() time.Time
}

func plugin() check.Plugin { return pluginAt(time.Now) }

// pluginAt takes the clock from a test.
func pluginAt(now func() time.Time) check.Plugin {
	o := &options{now: now}
	return check.Plugin{
		Name:     "check_serviceable",
		Summary:  "May the technician switch this node off and pull it now?",
		Help:     help,
		Examples: examples,
		Options:  o,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "check_serviceable -H pve1,pve2 --node pve3 --auth-file /etc/noout/pve.ini", Why: "with one token of Proxmox VE, which can prove most clusters"},
	{Command: "check_serviceable -H pve1,pve2 --node pve3 --ceph command --id nagios", Why: "on a machine with the ceph command, which can prove all"},
	{Command: "check_serviceable -H pve1 --node pve3 --bmc bmc3 -v", Why: "the whole checklist, and the technician's card"},
}

const help = `OK: yes. No guest is left, the cluster and the monitors keep their quorum, every PG goes on without the node's OSDs, noout covers them, a mgr and the MDS stay.
WARNING: yes, but: something that cannot hurt a customer, such as HA maintenance that is not requested, OSDs that are down already, or PGs that miss no copy but those of the node's own dead OSDs.
CRITICAL: no, with every reason and the next step.
UNKNOWN: not proven: something could not be read, or is old. Never a yes.`

func (o *options) check(ctx context.Context) (check.Result, error) {
	return gate.Serviceable(ctx, o.Service, o.now)
}
