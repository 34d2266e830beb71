package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// ceph asks about the storage, in the way the operator chose.
func (s Survey) ceph(ctx context.Context, client *pve.Client, f Found) maintenance.Ceph {
	var out maintenance.Ceph
	if out.Hosts, out.Err = ceph.HostNames(s.Options.CephHost); out.Err != nil {
		return out
	}
	out.Command = s.Options.Ceph == "command"
	switch s.Options.Ceph {
	case "none":
		out.Absent = "Ceph is not looked at, as --ceph none says"
	case "command":
		source := &ceph.Command{Options: s.Options.Command}
		s.poll(ctx, source, &out)
		f.Evidence.Ceph = out
		if gone := f.OSDs(); len(gone) > 0 {
			safety, err := source.Safety(ctx, gone)
			if out.SafetyErr = err; err == nil {
				out.Safety = &safety
			}
		}
		if out.Err == nil {
			out.FSID, out.FSIDErr = fsid(ctx, client, f)
		}
	default:
		s.poll(ctx, &ceph.API{Client: client}, &out)
		if s.Options.Ceph == "auto" {
			why, err := s.absent(ctx, client, f, out.Err)
			if out.Err = err; err == nil {
				out.Absent = why
			}
		}
		f.Evidence.Ceph = out
		out.Refused = refused(ctx, client, f)
	}
	return out
}

func (s Survey) poll(ctx context.Context, source ceph.Source, out *maintenance.Ceph) {
	c, err := source.Poll(ctx, ceph.Ask{Rules: true, Monitors: true, Daemons: func(string, int) bool { return true }})
	if err != nil {
		out.Err = err
		return
	}
	out.Cluster = &c
}

// How Proxmox VE says that there is no Ceph: an error 500 whose reason is the
// only place that tells (pve-manager, PVE/Ceph/Tools.pm). The configuration is
// the whole cluster's, what is installed is a matter of each node.
const (
	unconfigured = "pveceph configuration not initialized"
	uninstalled  = "binary not installed"
)

func says(err error, text string) bool {
	var e *pve.Error
	return errors.As(err, &e) && e.Code == http.StatusInternalServerError && strings.Contains(e.Status, text)
}

// absent says why there is no Ceph to look at. Its error says why there may be
// one all the same, and what was to be heard of it. A node without the software
// proves nothing about the others: those that leave are asked themselves, and
// one that is off cannot be. On the way back a node may lack what it had, so all
// are asked.
func (s Survey) absent(ctx context.Context, client *pve.Client, f Found, err error) (string, error) {
	if says(err, unconfigured) {
		return "there is no Ceph: Proxmox VE says that it is not configured", foreign(f.PVE.Cluster)
	}
	if !says(err, uninstalled) {
		return "", err
	}
	lacks := func(name string) bool {
		var status any
		own := client.Get(ctx, below(name, "status"), &status)
		return says(own, unconfigured) || says(own, uninstalled)
	}
	others := f.PVE.Cluster.Online()
	for _, name := range f.PVE.Leaving {
		if !slices.Contains(others, name) || !lacks(name) {
			return "", err
		}
	}
	others = slices.DeleteFunc(others, func(n string) bool { return slices.Contains(f.PVE.Leaving, n) || n == f.PVE.Cluster.Asked })
	switch elsewhere := slices.ContainsFunc(others, func(n string) bool { return !lacks(n) }); {
	case elsewhere && s.Back:
		return "", err
	case elsewhere:
		err = nil
	default:
		err = foreign(f.PVE.Cluster)
	}
	return "there is no Ceph: it is not installed on " + strings.Join(f.PVE.Leaving, " and "), err
}

// foreign is not nil when guests use a Ceph that Proxmox VE does not run:
// somebody else may run it on these machines.
func foreign(c pve.Cluster) error {
	for _, x := range c.Storages {
		if x.Plugin == "rbd" || x.Plugin == "cephfs" {
			return fmt.Errorf("storage %s is on a Ceph that Proxmox VE does not run", x.Name)
		}
	}
	return nil
}

func below(node, path string) string { return "/nodes/" + url.PathEscape(node) + "/ceph/" + path }

// fsid is the cluster that Proxmox VE runs on these nodes, to be compared with
// the one that the ceph command reaches; empty when it runs none. The software
// need not be on the node that is asked.
func fsid(ctx context.Context, client *pve.Client, f Found) (string, error) {
	var status struct {
		FSID string `json:"fsid"`
	}
	err := client.Get(ctx, "/cluster/ceph/status", &status)
	for _, name := range f.PVE.Cluster.Online() {
		if !says(err, uninstalled) {
			break
		}
		err = client.Get(ctx, below(name, "status"), &status)
	}
	switch {
	case says(err, unconfigured), says(err, uninstalled):
		return "", nil
	case err != nil:
		return "", err
	case status.FSID == "":
		return "", errors.New("its status names no cluster")
	}
	return status.FSID[:min(len(status.FSID), maxID)], nil
}

// maxID bounds the name of a cluster, a UUID, in bytes.
const maxID = 200

// mostRefusals bounds the questions about single OSDs.
const mostRefusals = 12

// refused asks Proxmox VE about each OSD alone. Its yes proves nothing for a
// host; its no is one.
func refused(ctx context.Context, client *pve.Client, f Found) []int {
	var out []int
	for i, id := range f.OSDs() {
		if i == mostRefusals {
			break
		}
		o, _ := f.Evidence.Ceph.Cluster.Map.OSD(id)
		if !o.Up {
			continue
		}
		var answer struct {
			Safe json.RawMessage `json:"safe"`
		}
		path := below(f.PVE.Cluster.Asked, fmt.Sprintf("cmd-safety?service=osd&id=%d&action=stop", id))
		if err := client.Get(ctx, path, &answer); err != nil {
			break // older than 7.3, or too slow: one does not need it
		}
		if no(answer.Safe) {
			out = append(out, id)
		}
	}
	return out
}

// no recognises a no of Perl, which has no truth values: false, 0, "0" or "".
// An answer that is missing is none.
func no(raw json.RawMessage) bool {
	return len(raw) > 0 && slices.Contains([]string{"false", "0", ""}, strings.Trim(string(raw), `"`))
}
