// Check_pve answers whether a Proxmox VE cluster is whole: its quorum and how
// much of it may still fail, its nodes, HA, and its guests.
//
// Maintenance explains, it does not decide: what belongs to a node that is
// being serviced is said and does not alarm, everything else is judged as
// always. What the API says of nodes that are gone is stale for five minutes
// and not believed, and a token that does not see everything is never OK.
package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

func main() { check.Main(plugin()) }

type options struct {
	PVE pve.Options `embed:"" group:"Device"`

	Maintenance         []pve.Maintained `placeholder:"NODE[=N]" help:"Node that is being serviced. 0 means not now, so that Nagios can hand over pve3=$HOSTDOWNTIME:pve3$."`
	MaintenanceWarning  time.Duration    `default:"4h" help:"A node in maintenance for longer is WARNING."`
	MaintenanceCritical time.Duration    `default:"24h" help:"A node in maintenance for longer is CRITICAL."`
	IgnoreNode          []string         `placeholder:"NODE" help:"Node that may be off, such as a cold spare. Its votes count all the same."`
	MinMargin           *int             `placeholder:"N" help:"How many nodes or qdevices must be able to fail without loss of quorum. Without it one, or what the whole cluster can bear if that is less."`
	LockWarning         time.Duration    `default:"1h" help:"A guest that is locked for longer, and no task runs that needs it, is WARNING."`
	StoppedState        check.State      `enum:"ok,warning,critical,unknown" default:"warning" help:"Status for guests that start with their node, are stopped, and were not stopped by somebody."`
	UnreachableState    check.State      `enum:"ok,warning,critical,unknown" default:"unknown" help:"Status when no node gives a usable answer."`

	State   state.Options   `embed:"" group:"Memory"`
	Journal journal.Options `embed:"" group:"Memory"`
	Forget  pve.Forget      `embed:"" group:"Memory"`

	clock state.Wall
}

// Validate refuses what cannot be meant.
func (o *options) Validate() error {
	switch {
	case o.MinMargin != nil && (*o.MinMargin < 0 || *o.MinMargin > 100):
		return fmt.Errorf("--min-margin: expected a number from 0 to 100, got %d", *o.MinMargin)
	case o.MaintenanceWarning < 0 || o.MaintenanceCritical < 0 || o.LockWarning < 0:
		return errors.New("--maintenance-warning, --maintenance-critical, --lock-warning: expected durations that are not negative")
	case o.MaintenanceCritical < o.MaintenanceWarning:
		return errors.New("--maintenance-critical: expected a duration that is not shorter than --maintenance-warning")
	case o.UnreachableState == "ok":
		return errors.New("--unreachable-state: expected warning, critical or unknown: no answer is no evidence")
	}
	return nil
}

func plugin() check.Plugin { return pluginAt(state.Wall{Now: time.Now, Up: state.Uptime}) }

// pluginAt takes the clock from a test.
func pluginAt(clock state.Wall) check.Plugin {
	o := &options{clock: clock}
	return check.Plugin{
		Name:     "check_pve",
		Summary:  "Is the Proxmox VE cluster whole?",
		Help:     help,
		Examples: examples,
		Metrics:  metrics,
		Options:  o,
		Memory:   96,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "check_pve -H pve1,pve2,pve3 --auth-file pve.ini --ca-file ca.pem", Why: "the first node that answers and has quorum is asked"},
	{Command: "check_pve -H pve1,pve2,pve3 --maintenance pve3", Why: "pve3 is being serviced: it may be off, nothing else may"},
	{Command: "check_pve -H pve1,pve2 --maintenance pve3=0", Why: "not now: what a macro of the monitoring host says outside a downtime"},
	{Command: "check_pve -H pve1,pve2 --min-margin 0 --ignore-node pve9", Why: "two nodes can bear no loss, and pve9 is a cold spare"},
}

const help = `CRITICAL: no quorum on any one node, a node is offline, an HA service is in error, being fenced or recovered, or should run and does not, the HA manager, the local one of a node or all of HA is silent, a node is in maintenance for too long.
WARNING: one more failure ends quorum on any node, the quorum device gives a node no vote or is not told of any more, HA is disarmed, pvestatd of a node is silent, a guest is halted by an I/O error, left between two states by a migration or start that broke off, locked for too long or stopped although it starts with its node, replication fails, versions differ, a node is in maintenance for long.
UNKNOWN: no node answers, the token does not see everything, or a part could not be read. What was read is judged all the same.
Each node counts the votes of the quorum device for itself: every online node is asked for its own, at its name of -H or at the address the cluster gives.
A node under --maintenance, or in HA maintenance, may be offline and its votes missing. Nothing else is explained by it.`

// mostConfigs bounds the configurations of guests read in one run.
const mostConfigs = 10

// check asks the cluster, then the nodes for what only they know and what has
// not been asked lately.
func (o *options) check(ctx context.Context) (check.Result, error) {
	p := o.policy()
	client, err := o.PVE.Keeping(o.State).Client()
	if err != nil {
		return check.Result{}, err
	}
	var f facts
	f.cluster, err = client.Cluster(ctx, pve.Ask{Votes: true})
	if err != nil {
		return unreachable(f.cluster, p, err)
	}
	clock := o.clock.Read(f.cluster.Time)
	now, set := clock.At, time.Duration(0)
	mem := pve.Remember(o.State, "check_pve", f.cluster)
	mem.Memory, set = mem.Memory.Follow(clock)
	look := pve.Look{Maintained: p.maintained(f.cluster), Forget: o.Forget.Qdevice, Now: now, Clock: clock}
	if o.Forget.Qdevice {
		mem.Memory.Device = nil
	}
	if look.Asked = f.cluster.Quorate && mem.Memory.Overdue(f.cluster, now); look.Asked {
		f.cluster = client.Daemons(ctx, f.cluster, mem.Memory)
	}
	look.Cluster = f.cluster
	f.memory = mem.Memory.After(look)
	if f.cluster.Quorate {
		f.memory, f.gaps = client.Learn(ctx, f.memory, want(f.cluster, p), now)
	}
	var events []journal.Entry
	f.memory.Told, events = tell(f.memory.Told, f.cluster, now, set)
	untold := o.Journal.Write(mem.Store(), journal.Witness{Plugin: "check_pve", Now: now}, events)
	mem.Keep(look, f.memory)
	f.remembers = mem.Store() != nil && mem.Trouble == nil
	f.cluster.Evidence = client.Evidence()
	r := judge(f, p, now)
	if set != 0 {
		r.Notes = append(r.Notes, check.ClockText(set))
	}
	if untold != nil {
		r.Notes = append(r.Notes, untold.Error())
	}
	if mem.Trouble != nil {
		r = r.WithoutMemory(mem.Trouble, o.State.Mode)
	}
	return r, nil
}

// want is what only the nodes know: those online are asked for version and
// replication, and stopped guests for whether they ought to run.
func want(c pve.Cluster, p policy) pve.Want {
	w := pve.Want{Configs: mostConfigs}
	w.Nodes = c.Named(func(n pve.Node) bool { return n.Online && !slices.Contains(p.ignored, n.Name) })
	x := c.Index()
	for _, g := range c.Guests {
		if idle(x, g) {
			w.Guests = append(w.Guests, g)
		}
	}
	return w
}

// idle guests are stopped, and it is not HA that decides.
func idle(x pve.Index, g pve.Guest) bool {
	_, managed := x.Service(g.SID())
	return g.Status == "stopped" && !g.Stale && !g.Template && !managed
}

// policy is what the judge goes by.
type policy struct {
	named, ignored []string
	warn, crit     time.Duration // age of a maintenance
	margin         *int
	lock           time.Duration
	stopped        check.State
	unreachable    check.State
}

func (o *options) policy() policy {
	return policy{
		named: pve.MaintainedNow(o.Maintenance), ignored: o.IgnoreNode, warn: o.MaintenanceWarning, crit: o.MaintenanceCritical,
		margin: o.MinMargin, lock: o.LockWarning, stopped: o.StoppedState, unreachable: o.UnreachableState,
	}
}

// explained nodes may be offline: somebody named them, or HA has them in
// maintenance.
func (p policy) explained(c pve.Cluster, node string) bool {
	return slices.Contains(p.named, node) || slices.Contains(p.ignored, node) || c.HA.Maintenance(node)
}

// maintained are the nodes whose maintenance has an age: those in HA
// maintenance, and those that are named and off.
func (p policy) maintained(c pve.Cluster) []string {
	return c.Named(func(n pve.Node) bool {
		is := c.HA.Maintenance(n.Name) || slices.Contains(p.named, n.Name) && !n.Online
		return is && !slices.Contains(p.ignored, n.Name)
	})
}
