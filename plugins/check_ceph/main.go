// Check_ceph answers whether a Ceph cluster serves its clients and keeps their
// data safe, also while a host is taken out for service.
//
// HEALTH_WARN is no answer: Ceph says it for a planned noout, for one that was
// forgotten, for one that hides a dead disk, and while clients' I/O stands
// still. The plugin reads the documents behind it, sets aside what a declared
// maintenance explains, and judges all the rest as on any other day.
package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

func main() { check.Main(plugin()) }

func plugin() check.Plugin { return pluginAt(state.Wall{Now: time.Now, Up: state.Uptime}) }

// pluginAt takes the clock from a test.
func pluginAt(clock state.Wall) check.Plugin {
	o := &options{clock: clock}
	return check.Plugin{
		Name:     "check_ceph",
		Summary:  "Does Ceph serve its clients and keep their data safe, also while a host is serviced?",
		Help:     help,
		Examples: examples,
		Metrics:  metrics,
		Options:  o,
		Memory:   96,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "check_ceph --id nagios --keyring /etc/ceph/ceph.client.nagios.keyring", Why: "on a machine with the ceph command, such as any node of the cluster"},
	{Command: "check_ceph --id nagios --maintenance node3", Why: "node3 is being serviced: only what is not its doing is a problem"},
	{Command: "check_ceph --id nagios --maintenance node3=0", Why: "the same with a number that a host fills in, such as the depth of its downtime: 0 is not now"},
	{Command: "check_ceph --via dashboard -H mgr1,mgr2 --auth-file /etc/noout/ceph.ini", Why: "from anywhere, through the mgr's dashboard"},
	{Command: "check_ceph --via pve -H pve1,pve2 --auth-file /etc/noout/pve.ini", Why: "from anywhere, with one token of Proxmox VE"},
}

const help = `CRITICAL: the cluster does not answer or has no quorum, I/O is stopped (a PG is not active, pause, full, old slow operations), data is at risk (objects unfound, HEALTH_ERR), noout hides a failure, a host is down without noout, noout is older than --noout-critical.
WARNING: a single OSD is down, out or retired, a standby mgr or a monitor is missing, the mgr is gone (its numbers are frozen), data moves although noout is set, other flags were left on, noout is older than --noout-warning or of unknown age, any other health check.
Maintenance explains, and only this: OSDs of the host down, its PGs degraded while all are active, noout, its monitor, its standby mgr and MDS. A host is under maintenance by --maintenance, by noout set for the host or for its OSDs, or by HA maintenance of Proxmox VE. Nobody is ever guessed.
Muted checks count one status less. Mutes never touch what is read from PGs, OSDs, flags, monitors and mgr.
UNKNOWN: we could not ask (no command, key, permission, password), or a part of the answer is missing.`

// check asks the cluster, folds what it says into what is remembered of it, and
// judges both.
func (o *options) check(ctx context.Context) (check.Result, error) {
	p, err := o.policy()
	if err != nil {
		return check.Result{}, err
	}
	mem := open(o)
	source, err := o.source()
	if err != nil {
		return check.Result{}, err
	}
	c, err := source.Poll(ctx, ceph.Ask{Memory: mem.token(), Rules: len(p.Declared) > 0, Daemons: mem.daemons})
	read := o.clock.Read(time.Time{})
	if errors.Is(err, context.Canceled) {
		return check.Result{Evidence: c.Evidence}, err
	}
	if err != nil {
		return unreachable(c, err), nil
	}
	mem.keep(c.Memory)
	m := mem.learn(c, p.Until, read)
	r := judge(c, p, m, m.Now)
	if mem.trouble != nil {
		r = r.WithoutMemory(mem.trouble, o.State.Mode)
	}
	r.Notes = append(r.Notes, behind(read.At, m.Now)...)
	if mem.untold != nil {
		r.Notes = append(r.Notes, mem.untold.Error())
	}
	return r, nil
}

// source is whom to ask.
func (o *options) source() (ceph.Source, error) {
	switch o.Via {
	case viaDashboard:
		client, err := o.Transport.Keeping(o.State.Tickets("check_ceph")).Reading(ceph.MaxDashboard).Client()
		if err != nil {
			return nil, err
		}
		dashboard, err := ceph.NewDashboard(client, o.Hosts, cmp.Or(o.Port, ceph.DashboardPort), o.Secret.For)
		if err != nil {
			return nil, err
		}
		dashboard.MayFollow = o.mayFollow
		return dashboard, nil
	case viaPVE:
		client, err := pve.Options{Hosts: o.Hosts, Port: cmp.Or(o.Port, pvePort), Transport: o.Transport, Secret: o.Secret}.Keeping(o.State).Client()
		if err != nil {
			return nil, err
		}
		return &ceph.API{Client: client}, nil
	}
	return &ceph.Command{Options: o.Command}, nil
}

// mayFollow keeps the password with the hosts that it is for: a redirect is the
// word of whoever answered.
func (o *options) mayFollow(asked, named string) error {
	if o.Transport.Insecure {
		return errors.New("with --insecure nobody knows who it is")
	}
	return o.Secret.SameSection(asked, named)
}
