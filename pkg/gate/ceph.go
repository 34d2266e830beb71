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

// ask asks about the storage, in the way the operator chose.
func (s Storage) ask(ctx context.Context, client *pve.Client, f Found) maintenance.Ceph {
	out := maintenance.Ceph{Command: s.Ceph == "command"}
	if out.Hosts, out.Err = ceph.HostNames(s.CephHost); out.Err != nil {
		return out
	}
	if s.Ceph == "none" {
		// Where nobody can tell, the operator's word counts: somebody else may run it.
		if id, _ := fsid(ctx, client, f); id != "" {
			out.Err = fmt.Errorf("--ceph none says that there is none, and Proxmox VE runs the Ceph %s", id)
		} else {
			out.Absent = "Ceph is not looked at, as --ceph none says"
		}
		return out
	}
	var source ceph.Source = &ceph.API{Client: client, Polled: &f.PVE.Cluster}
	if out.Command {
		source = &ceph.Command{Options: s.Command}
	}
	c, err := source.Poll(ctx, ceph.Ask{Rules: true, Monitors: true, Daemons: func(string, int) bool { return true }})
	if out.Err = err; err == nil {
		out.Cluster = &c
	}
	switch {
	case out.Command && err == nil:
		out.FSID, out.FSIDErr = fsid(ctx, client, f)
	case s.Ceph == "auto":
		why, err := absent(ctx, client, f, err)
		if out.Err = err; err == nil {
			out.Absent = why
		}
	}
	return out
}

// ceph asks about the storage, and whether it can do without the OSDs that leave.
func (s Survey) ceph(ctx context.Context, client *pve.Client, f Found) maintenance.Ceph {
	out := s.Options.Storage.ask(ctx, client, f)
	f.Evidence.Ceph = out
	switch gone := f.OSDs(); {
	case len(gone) == 0:
	case out.Command:
		answers, err := (&ceph.Command{Options: s.Options.Command}).Safeties(ctx, [][]int{gone})
		out.Safety, out.SafetyErr = answers[0], err
	default:
		out.Refused = refused(ctx, client, f)
	}
	return out
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
func absent(ctx context.Context, client *pve.Client, f Found, err error) (string, error) {
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
	case elsewhere && f.back:
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
