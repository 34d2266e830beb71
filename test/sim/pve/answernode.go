package pve

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// node answers what the asked node forwards to another.
func (q question) node() (any, *refusal) {
	n := q.w.node(q.path[1])
	if n == nil {
		return nil, &refusal{code: 500, reason: fmt.Sprintf("hostname lookup '%s' failed - failed to get address info for: %[1]s: Name or service not known", q.path[1])}
	}
	if !q.at.sees(n) {
		return nil, &refusal{code: 595, reason: "No route to host", delay: q.w.config.OfflineDelay, bare: true}
	}
	// From here the node itself answers.
	q.at = n
	switch rest := q.path[2:]; {
	case len(rest) == 1:
		return q.nodeDocument(n, rest[0])
	case len(rest) == 3 && rest[0] == "storage" && rest[2] == "content":
		return q.backups(n, rest[1])
	case len(rest) == 2 && rest[0] == "hardware" && rest[1] == "pci":
		if bad := q.need("/", "Sys.Audit"); bad != nil {
			return nil, bad
		}
		return listed(n, q.cards(n)), nil
	case len(rest) == 2 && rest[0] == "disks" && rest[1] == "list":
		if bad := q.need("/nodes/"+n.Name, "Sys.Audit"); bad != nil {
			return nil, bad
		}
		return listed(n, q.disks(n, !q.bare)), nil
	case len(rest) == 2 && rest[0] == "apt" && rest[1] == "versions":
		if bad := q.need("/nodes/"+n.Name, "Sys.Audit"); bad != nil {
			return nil, bad
		}
		return []object{
			{"Package": "proxmox-ve", "OldVersion": n.Version, "Version": n.Version, "CurrentState": "Installed"},
			{"Package": "pve-ha-manager", "OldVersion": q.w.config.managerVersion(), "Version": "5.2.0", "CurrentState": "Installed"},
		}, nil
	case len(rest) >= 3 && (rest[0] == "qemu" || rest[0] == "lxc"):
		return q.guestDocument(n, rest)
	}
	return nil, q.missing()
}

func (q question) nodeDocument(n *node, name string) (any, *refusal) {
	switch name {
	case "version":
		return q.version(n), nil
	case "qemu":
		return q.guestList(n, false), nil
	case "lxc":
		return q.guestList(n, true), nil
	case "replication":
		if !q.w.live(n) {
			return nil, &refusal{code: 500, reason: "cfs-lock 'file-replication_cfg' error: no quorum!", delay: q.w.config.OfflineDelay}
		}
		return q.jobList(n.Name), nil
	case "tasks":
		return q.taskList(n.Name), nil
	case "storage":
		return q.storages(n), nil
	case "status":
		if bad := q.need("/nodes/"+n.Name, "Sys.Audit"); bad != nil {
			return nil, bad
		}
		return q.statusOf(n), nil
	case "network":
		return listed(n, q.network(n)), nil
	}
	return nil, q.missing()
}

// guestList is the node's own and true list.
func (q question) guestList(n *node, containers bool) []object {
	out := []object{}
	for _, id := range slices.Sorted(maps.Keys(q.w.guests)) {
		g := q.w.guests[id]
		if g.Node != n.Name || g.Container != containers || !q.rights.has(q.w, "/vms/"+strconv.Itoa(id), "VM.Audit") {
			continue
		}
		row := object{"vmid": id, "name": g.Name, "status": "stopped", "maxmem": g.Memory, "cpus": 2, "uptime": 0}
		if containers {
			row["type"] = "lxc"
		}
		if g.status != "stopped" {
			row["status"], row["uptime"] = "running", int64(q.w.now.Sub(g.since).Seconds())
		}
		if g.Template {
			row["template"] = 1
		}
		if g.lock != "" {
			row["lock"] = g.lock
		}
		out = append(out, row)
	}
	return out
}

func (q question) storages(n *node) []object {
	out := []object{}
	for _, s := range n.Storages {
		if q.rights.has(q.w, "/storage/"+s.Name, "Datastore.Audit") {
			out = append(out, object{
				"storage": s.Name, "type": s.Plugin, "content": s.content(), "shared": bit(s.Shared),
				"active": 1, "enabled": 1, "total": int64(100 << 30), "used": int64(20 << 30), "avail": int64(80 << 30),
			})
		}
	}
	return out
}

func (q question) guestDocument(n *node, rest []string) (any, *refusal) {
	id, err := strconv.Atoi(rest[1])
	if err != nil {
		return nil, &refusal{code: 400, reason: "Parameter verification failed."}
	}
	if bad := q.need("/vms/"+rest[1], "VM.Audit"); bad != nil {
		return nil, bad
	}
	g := q.w.guests[id]
	directory := map[string]string{"qemu": "qemu-server", "lxc": "lxc"}[rest[0]]
	if g == nil || g.Node != n.Name || g.Container != (rest[0] == "lxc") {
		return nil, &refusal{code: 500, reason: fmt.Sprintf("Configuration file 'nodes/%s/%s/%d.conf' does not exist", n.Name, directory, id)}
	}
	switch {
	case rest[2] == "agent" && len(rest) == 4 && rest[3] == "network-get-interfaces":
		return q.agent(g)
	case rest[2] == "interfaces" && g.Container && len(rest) == 3 && q.release(8, 1):
		return q.interfaces(g), nil
	case rest[2] == "config" && len(rest) == 3:
		return q.config(g), nil
	case rest[2] == "status" && len(rest) == 4 && rest[3] == "current":
		return object{"vmid": id, "name": g.Name, "status": map[bool]string{true: "stopped", false: "running"}[g.status == "stopped"], "ha": object{"managed": bit(g.HA != "")}}, nil
	}
	return nil, q.missing()
}

func (q question) config(g *guest) object {
	out := object{"digest": "0123456789abcdef"}
	for k, v := range g.Values {
		out[k] = v
	}
	name := "name"
	if g.Container {
		name = "hostname"
	}
	out[name] = g.Name
	if g.Onboot {
		out["onboot"] = 1
	}
	if g.Template {
		out["template"] = 1
	}
	if g.lock != "" {
		out["lock"] = g.lock
	}
	return out
}

// agent answers for a guest agent; there is none where no address is known.
func (q question) agent(g *guest) (any, *refusal) {
	privilege := "VM.Monitor"
	if q.release(9, 0) {
		privilege = "VM.GuestAgent.Audit"
	}
	if bad := q.need("/vms/"+itoa(g.ID), privilege); bad != nil {
		return nil, bad
	}
	switch {
	case g.status == "stopped":
		return nil, &refusal{code: 500, reason: fmt.Sprintf("VM %d is not running", g.ID)}
	case g.Values["agent"] != "1":
		return nil, &refusal{code: 500, reason: "No QEMU guest agent configured"}
	case g.status != "running":
		return nil, &refusal{code: 500, reason: "QEMU guest agent is not running"}
	}
	lo := object{"name": "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": addresses([]string{"127.0.0.1", "::1"}, "ipv")}
	_, mac, _ := strings.Cut(strings.Split(g.Values["net0"], ",")[0], "=")
	own := object{"name": "ens18", "hardware-address": strings.ToLower(mac), "ip-addresses": addresses(g.Addresses, "ipv")}
	return object{"result": []object{lo, own}}, nil
}

// interfaces of a container; null when it is stopped.
func (q question) interfaces(g *guest) any {
	if g.status == "stopped" {
		return nil
	}
	row := object{"name": "eth0"}
	for part := range strings.SplitSeq(g.Values["net0"], ",") {
		if mac, is := strings.CutPrefix(part, "hwaddr="); is {
			row["hwaddr"] = strings.ToLower(mac)
		}
	}
	for _, a := range g.Addresses {
		key, mask := "inet", "/24"
		if strings.Contains(a, ":") {
			key, mask = "inet6", "/64"
		}
		row[key] = a + mask // only the last of each
	}
	if q.release(8, 4) {
		row["hardware-address"] = row["hwaddr"]
		row["ip-addresses"] = addresses(g.Addresses, "inet")
	}
	return []object{{"name": "lo", "hwaddr": "00:00:00:00:00:00", "inet": "127.0.0.1/8", "inet6": "::1/128"}, row}
}

// addresses as the agent lists them, with types ipv4 and ipv6, or as
// containers do, with inet and inet6.
func addresses(list []string, family string) []object {
	kinds := map[string][2]string{"ipv": {"ipv4", "ipv6"}, "inet": {"inet", "inet6"}}[family]
	out := []object{}
	for _, a := range list {
		kind, prefix := kinds[0], 24
		if strings.Contains(a, ":") {
			kind, prefix = kinds[1], 64
		}
		out = append(out, object{"ip-address": a, "ip-address-type": kind, "prefix": prefix})
	}
	return out
}
