package maintenance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// agree comes before every command that a guest's users notice.
const agree = "agree a time with its users"

// left says why a guest is still on its node and what to do.
func (d *drain) left(g pve.Guest, online bool) Left {
	l := Left{Guest: g}
	s, managed := d.index.Service(g.SID())
	switch {
	case !online:
		l.Why = fmt.Sprintf("was %s on %s when that node was last heard", g.Status, g.Node)
		l.Next = []Step{say("its users are without it, start it elsewhere or bring " + g.Node + " back")}
	case managed && s.Moving() && s.Node == g.Node && !d.leaves(s.Target):
		l.Moving, l.Why, l.Next = true, "is being moved away by HA", []Step{say("wait")}
	case g.Lock == "migrate":
		l.Moving, l.Why, l.Next = true, "is being migrated away", []Step{say("wait")}
	case g.Lock != "":
		l.Why, l.Next = d.locked(g)
	case managed:
		l.Why, l.Next = d.managed(g, s)
	default:
		l.Why, l.Next = d.unmanaged(g)
	}
	if online && g.Status != "running" {
		l.Why = "is " + statusText(g.Status) + ", " + l.Why
	}
	return l
}

// astray are guests on nodes that the cluster does not know. What a removed node
// left has no status; one with a status runs somewhere, and nobody says where.
func (d *drain) astray() {
	members := map[string]bool{}
	for _, n := range d.PVE.Cluster.Nodes {
		members[n.Name] = true
	}
	there := map[int]bool{} // by a leaving node's own word
	for _, list := range d.PVE.Presence {
		for _, p := range list {
			there[p.ID] = true
		}
	}
	for _, g := range d.PVE.Cluster.Guests {
		switch {
		case members[g.Node] || there[g.ID] || g.Template || g.Status == "stopped":
		case g.Status == "unknown":
			d.Astray = append(d.Astray, g)
		default:
			d.Doubts = append(d.Doubts, g.String()+" is "+statusText(g.Status)+" on "+g.Node+", and the cluster knows no such node")
		}
	}
}

// statusText puts QEMU's words for states of failure plainly.
func statusText(status string) string {
	switch status {
	case "io-error":
		return "halted by an I/O error of its storage"
	case "internal-error":
		return "halted by an internal error of QEMU"
	}
	return status
}

func (d *drain) locked(g pve.Guest) (why string, next []Step) {
	why = "is locked (" + g.Lock + ")"
	if t, busy := d.index.Busy(g); busy {
		return why, []Step{say("wait for " + t.Type)}
	}
	return why + ", no task runs that needs it", []Step{say("find out why"), run(g.Node, fmt.Sprintf("%s unlock %d", tool(g), g.ID))}
}

func tool(g pve.Guest) string {
	if g.Kind == pve.Container {
		return "pct"
	}
	return "qm"
}

// managed are the guests that HA is to move.
func (d *drain) managed(g pve.Guest, s pve.Service) (why string, next []Step) {
	ha := d.PVE.Cluster.HA
	config, known := d.PVE.Memory.Configs[g.ID]
	devices, disks := d.index.Local(g, config.Config)
	switch {
	case s.State == "error":
		return "is under HA in state error", []Step{say("mend what it failed of, and " + agree), d.pve("ha-manager set " + s.SID + " --state disabled"), d.pve("ha-manager set " + s.SID + " --state started")}
	case ha.Disarm != "":
		return "is under HA, which is disarmed", []Step{d.pve("ha-manager crm-command arm-ha")}
	case !ha.Maintenance(g.Node):
		return "is under HA", d.enable(g.Node)
	case s.State != "started":
		return "is under HA in state " + s.State, []Step{d.pve("ha-manager status")}
	case d.bound(s.SID) != "":
		return "is under HA, which may run it nowhere else: " + d.bound(s.SID), []Step{say("let the rule allow another node (Datacenter, HA, Affinity Rules), or " + agree + " and stop it")}
	case len(devices) > 0 && !mapped(config.Config):
		return fmt.Sprintf("is under HA, but uses %s of %s and cannot move while it runs", strings.Join(devices, ", "), g.Node),
			[]Step{say(agree), d.pve("ha-manager set " + s.SID + " --state stopped")}
	case d.target == "":
		return "is under HA, and no other node is online to take it", []Step{say("bring one back")}
	case known && config.Snapshot != "" && len(disks) > 0:
		return "is under HA, " + snapshot(g, config.Config, disks), []Step{say("remove its snapshots, or " + agree + " and move it stopped")}
	}
	return "is under HA, which has yet to move it", []Step{say("wait, see ha-manager status")}
}

// bound names the rule that lets HA move a service to none of the nodes that
// stay: it goes on running where it is, and its node never drains
// (PVE/HA/Manager.pm, select_service_node).
func (d *drain) bound(sid string) string {
	for _, r := range d.PVE.Rules {
		if r.Disabled || !slices.Contains(r.Resources, sid) {
			continue
		}
		switch {
		case r.Type == "node-affinity" && r.Strict && !slices.ContainsFunc(d.targets, func(n string) bool { _, ok := r.Nodes[n]; return ok }):
			return "the strict node affinity rule " + r.ID + " allows only " + phrase.List(slices.Sorted(maps.Keys(r.Nodes)), phrase.Few)
		case r.Type == "resource-affinity" && r.Affinity == "negative" && len(d.targets) > 0 && d.apart(r, sid):
			return "the negative resource affinity rule " + r.ID + " keeps it apart from guests on every other node"
		}
	}
	return ""
}

// apart says that each node that stays has another service of the rule.
func (d *drain) apart(r pve.HARule, sid string) bool {
	taken := map[string]bool{}
	for _, s := range d.PVE.Cluster.HA.Services {
		if s.SID != sid && slices.Contains(r.Resources, s.SID) && s.State != "stopped" {
			taken[s.Node] = true
		}
	}
	return !slices.ContainsFunc(d.targets, func(n string) bool { return !taken[n] })
}

// unmanaged are the guests that HA maintenance never moves.
func (d *drain) unmanaged(g pve.Guest) (why string, next []Step) {
	why = "is not under HA"
	if d.target == "" {
		return why + ", and no other node is online to take it", []Step{say(agree + ", and shut it down")}
	}
	config, known := d.PVE.Memory.Configs[g.ID]
	devices, disks := d.index.Local(g, config.Config)
	if known && len(devices) > 0 && !mapped(config.Config) {
		return fmt.Sprintf("uses %s of %s and cannot move while it runs", strings.Join(devices, ", "), g.Node),
			[]Step{say(agree), run(g.Node, fmt.Sprintf("%s shutdown %d", tool(g), g.ID))}
	}
	target := d.targetFor(g, config.Config)
	migrate := fmt.Sprintf("qm migrate %d %s --online", g.ID, target)
	switch {
	case target == "":
		return why + ", and no other node has its storage and room for it", []Step{say(agree + ", and shut it down")}
	case known && len(devices) > 0:
		return fmt.Sprintf("is not under HA and uses %s by a mapping", strings.Join(devices, ", ")),
			[]Step{run(g.Node, migrate).note("refused where the mapping is not live-migration-capable")}
	case g.Kind == pve.Container:
		return "is a container outside HA and moves only with a restart", []Step{say(agree), run(g.Node, fmt.Sprintf("pct migrate %d %s --restart", g.ID, target))}
	case known && len(disks) > 0:
		return d.tied(g, config.Config, migrate)
	}
	return why, []Step{run(g.Node, migrate)}
}

// tied are guests with volumes on storages of their node alone. A cloud-init
// drive is one of them and is copied like a disk: it cannot be ejected, qm set
// would remove it.
func (d *drain) tied(g pve.Guest, config pve.Config, migrate string) (why string, next []Step) {
	_, disks := d.index.Local(g, config)
	var volumes []pve.Disk
	for _, k := range disks {
		if k.CDROM && !k.CloudInit {
			next = append(next, run(g.Node, fmt.Sprintf("qm set %d --%s none,media=cdrom", g.ID, k.Slot)))
			continue
		}
		volumes = append(volumes, k)
	}
	switch {
	case len(volumes) > 0 && config.Snapshot != "":
		return "is not under HA, " + snapshot(g, config, volumes), []Step{say("remove its snapshots, or " + agree + " and move it stopped")}
	case len(volumes) > 0:
		migrate += " --with-local-disks"
	}
	return "is not under HA and has " + slots(disks) + " of " + g.Node + " alone", append(next, run(g.Node, migrate))
}

// mapped says that every device is given by a mapping of the cluster, which
// another node may have too, and may be moved while it is used. Of USB and of
// directories none may (qemu-server, check_local_resources).
func mapped(c pve.Config) bool {
	still := func(m string) bool { return !strings.HasPrefix(m, "pci:") }
	return len(c.Mapped) == len(c.Devices) && !slices.ContainsFunc(c.Mapped, still)
}

// snapshot is why QEMU refuses to copy local disks while the guest runs
// (PVE/QemuMigrate.pm: "can't live migrate attached local disks with snapshots").
func snapshot(g pve.Guest, config pve.Config, disks []pve.Disk) string {
	return fmt.Sprintf("has the snapshot %s, and with it %s of %s alone cannot be copied while it runs", config.Snapshot, slots(disks), g.Node)
}

func slots(disks []pve.Disk) string {
	out := make([]string, len(disks))
	for i, k := range disks {
		out[i] = fmt.Sprintf("%s on %s", k.Slot, cmp.Or(k.Storage, "a path"))
	}
	return phrase.List(out, phrase.Few)
}

// used is the memory that a guest needs now, in bytes: all it may have where it does
// not tell.
func used(g pve.Guest) int64 {
	if g.Memory <= 0 {
		return g.MaxMemory
	}
	return min(g.Memory, g.MaxMemory)
}

// targetFor is the node to move a guest to: the one with most free memory that
// has room for what it uses now, beside what was advised to be moved there before,
// and the guest's shared storages; empty when none has. Proxmox VE itself looks at
// no memory when it migrates.
func (d *drain) targetFor(g pve.Guest, config pve.Config) string {
	_, local := d.index.Local(g, config)
	own := map[string]bool{}
	for _, k := range local {
		own[k.Storage] = true
	}
	for _, node := range d.targets {
		free, told := d.free[node]
		fits := !told || free >= used(g)
		for _, k := range config.Disks {
			fits = fits && (own[k.Storage] || d.index.Offers(node, k.Storage))
		}
		if fits {
			if told {
				d.free[node] = free - used(g)
			}
			return node
		}
	}
	return ""
}
