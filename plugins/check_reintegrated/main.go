// Check_reintegrated answers whether a Proxmox VE node that was serviced is
// really back, and nothing of the maintenance was left behind.
//
// HEALTH_OK and a green node prove neither: a flag set for one host, an OSD that
// is out, a mute, a guest outside HA that nobody moved home, a resource manager
// that still is in maintenance all hide behind them. So everything is asked one
// by one, and compared with the baseline that check_drained --save wrote.
package main

import (
	"context"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/gate"
)

func main() { check.Main(plugin()) }

type options struct {
	gate.Return `embed:""`

	now func() time.Time
}

func plugin() check.Plugin { return pluginAt(time.Now) }

// pluginAt takes the clock from a test.
func pluginAt(now func() time.Time) check.Plugin {
	o := &options{now: now}
	return check.Plugin{
		Name:     "check_reintegrated",
		Summary:  "Is this node really back, and was nothing left behind?",
		Help:     help,
		Examples: examples,
		Options:  o,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "check_reintegrated -H pve1,pve2 --node pve3 --baseline /root/pve3.json", Why: "compare with what check_drained --save wrote"},
	{Command: "check_reintegrated -H pve1,pve2 --node pve3 --ceph command --id nagios", Why: "on a machine with the ceph command"},
	{Command: "check_reintegrated -H pve1 --node pve3 --bmc bmc3 -v", Why: "the whole checklist, and whether the fans are quiet"},
}

const help = `OK: yes. The node is online and out of maintenance, HA has finished, guests are where they were, Ceph is whole and no flag and no mute is left.
WARNING: yes, but: no baseline, versions differ, no standby mgr, a crash nobody looked at.
CRITICAL: no, with everything that is left and the next step.
UNKNOWN: not proven: something could not be read, or is old. Never a yes.`

func (o *options) check(ctx context.Context) (check.Result, error) {
	return gate.Reintegrated(ctx, o.Return, o.now)
}
