package gate

import (
	"fmt"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// Nodes are the flags of every gate: whom to ask, and about which nodes.
type Nodes struct {
	PVE     pve.Options     `embed:"" group:"Device"`
	Node    []pve.NodeName  `required:"" placeholder:"NODE[,NODE...]" help:"The node. Several are judged as leaving together." group:"Device"`
	State   state.Options   `embed:"" group:"Memory"`
	Journal journal.Options `embed:"" group:"Memory"`
}

// Storage are the flags of everybody who asks about the storage below the nodes.
type Storage struct {
	Ceph     string              `enum:"auto,pve,command,none" default:"auto" placeholder:"SOURCE" help:"Whom to ask about Ceph: Proxmox VE, which also knows whether there is one (auto, pve), the ceph command, or nobody: there is none." group:"Ceph"`
	CephHost []ceph.HostName     `name:"ceph-host" sep:"none" placeholder:"NODE=HOST[,HOST...]" help:"Name of a machine in CRUSH, where it is another than the node's. Several are separated by commas. Machines that are no node of Proxmox VE may be named too." group:"Ceph"`
	Command  ceph.CommandOptions `embed:"" group:"Ceph"`
}

// Validate refuses one host of two machines. How the ceph command is run may be said
// for all questions of a site, of which one goes another way.
func (s Storage) Validate() error {
	if _, err := ceph.HostNames(s.CephHost); err != nil {
		return fmt.Errorf("--ceph-host: %w", err)
	}
	return nil
}

// Options are the flags of the gates that look at Ceph too.
type Options struct {
	Nodes   `embed:""`
	Storage `embed:""`
	BMC     BMC        `embed:"" group:"Controller"`
	Forget  pve.Forget `embed:"" group:"Memory"`
}
