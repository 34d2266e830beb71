package pve

import (
	"fmt"
	"strings"
)

// left says why a guest is still on its node and what to do.
func (d *drain) left(g Guest, online bool) Left {
	l := Left{Guest: g}
	s, managed := d.index.Service(g.SID())
	switch {
	case !online:
		l.Why = fmt.Sprintf("was %s on %s when that node was last heard", g.Status, g.Node)
		l.Next = "its users are without it, start it elsewhere or bring " + g.Node + " back"
	case managed && s.Moving() && s.Node == g.Node && !d.leaving(s.Target):
		l.Moving, l.Why, l.Next = true, "is being moved away by HA", "wait"
	case g.Lock == "migrate":
		l.Moving, l.Why, l.Next = true, "is being migrated away", "wait"
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
	for _, n := range d.Cluster.Nodes {
		members[n.Name] = true
	}
	there := map[int]bool{} // by a leaving node's own word
	for _, list := range d.Presence {
		for _, p := range list {
			there[p.ID] = true
		}
	}
	for _, g := range d.Cluster.Guests {
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

func (d *drain) locked(g Guest) (why, next string) {
	why = "is locked (" + g.Lock + ")"
	if t, busy := d.index.Busy(g); busy {
		return why, "wait for " + t.Type
	}
	return why, fmt.Sprintf("no task runs that needs it: look why, then %s unlock %d", tool(g), g.ID)
}

func tool(g Guest) string {
	if g.Kind == Container {
		return "pct"
	}
	return "qm"
}

func (d *drain) managed(g Guest, s Service) (why, next string) {
	ha := d.Cluster.HA
	devices, _ := d.index.Local(g, d.Memory.Configs[g.ID].Config)
	switch {
	case s.State == "error":
		return "is under HA in state error", fmt.Sprintf("mend it, then ha-manager set %s --state disabled, then started", s.SID)
	case ha.Disarm != "":
		return "is under HA, which is disarmed", "ha-manager crm-command arm-ha"
	case !ha.Maintenance(g.Node):
		return "is under HA", "ha-manager crm-command node-maintenance enable " + g.Node
	case s.State != "started":
		return "is under HA in state " + s.State, "see ha-manager status"
	case len(devices) > 0:
		return fmt.Sprintf("is under HA, but uses %s of %s and cannot move while it runs", strings.Join(devices, ", "), g.Node),
			fmt.Sprintf("ha-manager set %s --state stopped (its users notice)", s.SID)
	case d.target == "":
		return "is under HA, and no other node is online to take it", "bring one back"
	}
	return "is under HA, which has yet to move it", "wait, see ha-manager status"
}

// unmanaged are the guests that HA maintenance never moves.
func (d *drain) unmanaged(g Guest) (why, next string) {
	why = "is not under HA"
	if d.target == "" {
		return why + ", and no other node is online to take it", "shut it down"
	}
	config, known := d.Memory.Configs[g.ID]
	devices, disks := d.index.Local(g, config.Config)
	switch {
	case known && len(devices) > 0:
		return fmt.Sprintf("uses %s of %s and cannot move while it runs", strings.Join(devices, ", "), g.Node), fmt.Sprintf("%s shutdown %d", tool(g), g.ID)
	case g.Kind == Container:
		return "is a container outside HA and moves only with a restart", fmt.Sprintf("pct migrate %d %s --restart", g.ID, d.target)
	case known && len(disks) > 0:
		return d.tied(g, disks)
	}
	return why, fmt.Sprintf("qm migrate %d %s --online", g.ID, d.target)
}

// tied are guests with volumes on storages of their node alone.
func (d *drain) tied(g Guest, disks []Disk) (why, next string) {
	var slots []string
	images := 0
	for _, k := range disks {
		slots = append(slots, fmt.Sprintf("%s on %s", k.Slot, orHost(k.Storage)))
		if k.CDROM {
			images++
		}
	}
	why = "is not under HA and has " + strings.Join(slots, ", ") + " of " + g.Node + " alone"
	if images == len(disks) {
		return why, fmt.Sprintf("eject it (qm set %d --%s none,media=cdrom), then qm migrate %d %s --online", g.ID, disks[0].Slot, g.ID, d.target)
	}
	return why, fmt.Sprintf("qm migrate %d %s --online --with-local-disks", g.ID, d.target)
}

func orHost(storage string) string {
	if storage == "" {
		return "a path"
	}
	return storage
}
