// Check_contingency answers what a Proxmox VE cluster loses if any one thing of
// it dies now, without warning: a node, a rack, a site, the quorum device.
//
// It asks what the gates ask for a planned stop, once for all: quorum, what Ceph
// can do without, and which guests HA would restart. HA looks at no memory, no
// storage and no device before it chooses a node, so this is summed up here. A
// guest that stays down is named, and one whose data dies with its node too. What
// nobody can tell is never survived.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/contingency"
	"github.com/noout-monitoring/noout/pkg/gate"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

func main() { check.Main(plugin()) }

type options struct {
	PVE          pve.Options `embed:"" group:"Device"`
	gate.Storage `embed:""`

	Fail          []string             `placeholder:"KIND" help:"Look at failures of these kinds only: node, host, qdevice, or a type of CRUSH buckets such as rack (default: all there are)."`
	Group         contingency.Grouping `placeholder:"GROUP" help:"Guests that stand in for one another, and must not all be on one node: pool for those of each pool, tag:PREFIX for those that share a tag which begins so."`
	BackupWarning time.Duration        `default:"26h" help:"How old the last backup may be of a guest whose data only its own node has."`

	Forget pve.Forget    `embed:"" group:"Memory"`
	State  state.Options `embed:"" group:"Memory"`

	now func() time.Time
}

// Validate refuses what cannot be meant.
func (o *options) Validate() error {
	for _, kind := range o.Fail {
		if kind == "" || strings.ContainsAny(kind, " \t/:=") {
			return fmt.Errorf("--fail: expected a kind such as node, rack or qdevice, got %q", kind)
		}
	}
	if o.BackupWarning <= 0 {
		return errors.New("--backup-warning: expected a duration above 0, such as 26h")
	}
	return o.Storage.Validate()
}

func plugin() check.Plugin { return pluginAt(time.Now) }

// pluginAt takes the clock from a test.
func pluginAt(now func() time.Time) check.Plugin {
	o := &options{now: now}
	return check.Plugin{
		Name:     "check_contingency",
		Summary:  "May any one thing of this cluster fail now?",
		Help:     help,
		Examples: examples,
		Metrics:  metrics,
		Options:  o,
		Memory:   160,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "check_contingency -H pve1,pve2 --auth-file /etc/noout/pve.ini", Why: "every node, every rack that a rule keeps copies apart by, the quorum device"},
	{Command: "check_contingency -H pve1,pve2 --ceph command --id nagios -v", Why: "on a machine with the ceph command, which can prove all, failure by failure"},
	{Command: "check_contingency -H pve1 --group pool", Why: "the guests of a pool stand in for one another and must not all be on one node"},
}

const help = `CRITICAL: a failure takes quorum, the monitors' quorum or the I/O of a pool, HA cannot restart a guest or puts it where there is no memory for it, or it takes the only copy of a guest's data and there is no young backup elsewhere.
WARNING: guests outside HA stay down until the node is back, or the only other copy of their data is a backup, a node would be promised more memory than it has, a group is on one node, HA ignores a rule or cannot keep one.
UNKNOWN: something that decides could not be read. Never a survival.
Guests are judged that run now. By hand HA counts services and looks at nothing else, unless crs is static or dynamic, of which the latter cannot be foretold: then every node that it may choose must do.
A token with the role PVEAuditor is shown no backups: that takes Datastore.AllocateSpace on the storage and VM.Backup on the guests as well. Without them the age of backups is not known, which matters only for guests whose data one node alone has.`

func (o *options) check(ctx context.Context) (check.Result, error) {
	s := gate.Standing{PVE: o.PVE, Storage: o.Storage, Forget: o.Forget, State: o.State, Now: o.now}
	a, err := s.Ask(ctx)
	if err != nil {
		return check.Result{Evidence: a.Log, Facts: facts{Decision: notProven, Failures: []contingency.Loss{}}}, err
	}
	a.Groups, a.Backup = o.Group, o.BackupWarning
	return judge(a, contingency.Of(a.Evidence, o.Fail...), o.Fail, o.State.Mode), nil
}
