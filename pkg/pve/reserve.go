package pve

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Reserve is what a cluster can fall back on when something of it dies: the
// backups and replicas of its guests, and where a device has a twin. All of it
// changes slowly and is kept for 15 minutes. The zero Reserve is nothing known.
type Reserve struct {
	// Backups by storage, "pbs" for one that nodes share, "local@pve1" for one
	// that is a node's own.
	Backups map[string]BackupList `json:"backups,omitempty"`
	// Jobs are the replication jobs of the guests on a node.
	Jobs map[string]JobFacts `json:"jobs,omitempty"`
	// Mappings are the nodes that have a mapped device or directory, by "pci:gpu" or
	// "dir:share"; a node is named once for each device.
	Mappings Kept[map[string][]string] `json:"mappings"`
	// Mediated are the mappings of devices that serve several guests at once.
	Mediated []string `json:"mediated,omitempty"`
	// Replicated are the guests that have a replication job.
	Replicated Kept[[]int] `json:"replicated"`
	// Unscheduled are the guests that no backup job includes.
	Unscheduled Kept[[]int] `json:"unscheduled"`
	// HAVersion is that of the manager on the master.
	HAVersion Kept[string] `json:"ha_version"`
}

// Kept is an answer and when it was given; a zero time is none.
type Kept[T any] struct {
	Value T         `json:"value"`
	Time  time.Time `json:"time"`
}

// Known says that there is an answer.
func (k Kept[T]) Known() bool { return !k.Time.IsZero() }

// JobFacts are a node's replication jobs.
type JobFacts struct {
	Jobs []Job     `json:"jobs,omitempty"`
	Time time.Time `json:"time"`
}

// Seek is what of a reserve is worth asking for.
type Seek struct {
	Cluster Cluster
	// Mapped says that guests with mapped devices exist.
	Mapped bool
	Now    time.Time
	// Lists bounds the lists of backups that are read in one run.
	Lists int
}

// Reserve asks for what is not kept, or kept for too long. What could not be
// read is a gap, and not known: an old list of backups is none. No node that is
// offline is asked.
func (c *Client) Reserve(ctx context.Context, old Reserve, s Seek) (Reserve, []Gap) {
	r := &reserving{client: c, ctx: ctx, Seek: s, out: Reserve{Backups: map[string]BackupList{}, Jobs: map[string]JobFacts{}}}
	r.out.Unscheduled = keep(r, old.Unscheduled, "/cluster/backup-info/not-backed-up", func(raw json.RawMessage) ([]int, error) {
		list, err := rows[struct {
			ID number `json:"vmid"`
		}](raw)
		ids := []int{}
		for _, x := range list {
			ids = append(ids, int(x.ID.value))
		}
		return ids, err
	})
	r.out.Replicated = keep(r, old.Replicated, "/cluster/replication", func(raw json.RawMessage) ([]int, error) {
		list, err := rows[jobRow](raw)
		ids := []int{}
		for _, x := range list {
			if !x.Disable {
				ids = append(ids, int(x.Guest.value))
			}
		}
		return ids, err
	})
	if s.Mapped {
		r.mappings(old)
	}
	r.version(old)
	r.replicas(old)
	r.backups(old)
	return r.out, r.gaps
}

// reserving is the asking in progress.
type reserving struct {
	Seek
	client *Client
	ctx    context.Context
	out    Reserve
	gaps   []Gap
}

// keep takes what is young enough, or asks the chosen host for it.
func keep[T any](r *reserving, old Kept[T], path string, read func(json.RawMessage) (T, error)) Kept[T] {
	if recent(old.Time, r.Now, nodeAge) {
		return old
	}
	var raw json.RawMessage
	err := r.client.Get(r.ctx, path, &raw)
	var value T
	if err == nil {
		value, err = read(raw)
		err = odd(r.client.hosts[max(r.client.chosen, 0)], path, err)
	}
	if err != nil {
		r.gaps = append(r.gaps, Gap{Path: path, Err: err, Backup: strings.HasPrefix(path, "/cluster/backup")})
		return Kept[T]{}
	}
	return Kept[T]{value, r.Now}
}

// mappings of all kinds: on which nodes a device or directory of a name is. A token
// without Mapping.Audit is answered with an empty list. Before release 8.4 there are
// no directories.
func (r *reserving) mappings(old Reserve) {
	if recent(old.Mappings.Time, r.Now, nodeAge) {
		r.out.Mappings, r.out.Mediated = old.Mappings, old.Mediated
		return
	}
	found := map[string][]string{}
	for _, kind := range []string{"pci", "usb", "dir"} {
		gaps := len(r.gaps)
		k := keep(r, Kept[map[string][]string]{}, "/cluster/mapping/"+kind, func(raw json.RawMessage) (map[string][]string, error) {
			list, err := rows[struct {
				ID       text   `json:"id"`
				Map      []text `json:"map"`
				Mediated flag   `json:"mdev"`
			}](raw)
			out := map[string][]string{}
			for _, x := range list {
				if x.Mediated {
					r.out.Mediated = append(r.out.Mediated, kind+":"+x.ID.name())
				}
				for _, line := range x.Map {
					for part := range strings.SplitSeq(string(line), ",") {
						if node, is := strings.CutPrefix(part, "node="); is {
							out[kind+":"+x.ID.name()] = append(out[kind+":"+x.ID.name()], node)
						}
					}
				}
			}
			return out, err
		})
		var e *Error
		if kind == "dir" && len(r.gaps) > gaps && errors.As(r.gaps[gaps].Err, &e) && e.Code == http.StatusNotImplemented {
			r.gaps = r.gaps[:gaps]
		} else if !k.Known() {
			return
		}
		maps.Copy(found, k.Value)
	}
	r.out.Mappings = Kept[map[string][]string]{found, r.Now}
}

// version of the manager that decides: the master's.
func (r *reserving) version(old Reserve) {
	master, found := r.Cluster.Node(r.Cluster.HA.Master)
	if !r.Cluster.HA.Used() || !found || !master.Online {
		return
	}
	if recent(old.HAVersion.Time, r.Now, nodeAge) {
		r.out.HAVersion = old.HAVersion
		return
	}
	v, err := r.client.HAVersion(r.ctx, master.Name)
	if err != nil {
		r.gaps = append(r.gaps, Gap{Path: "the version of the HA manager", Node: master.Name, Err: err})
		return
	}
	r.out.HAVersion = Kept[string]{v, r.Now}
}

// replicas: how its jobs went only the node of a guest knows.
func (r *reserving) replicas(old Reserve) {
	if len(r.out.Replicated.Value) == 0 {
		return
	}
	want := map[string]bool{}
	for _, g := range r.Cluster.Guests {
		if slices.Contains(r.out.Replicated.Value, g.ID) {
			want[g.Node] = true
		}
	}
	for _, n := range r.Cluster.Nodes {
		switch kept := old.Jobs[n.Name]; {
		case !want[n.Name] || !n.Online:
		case recent(kept.Time, r.Now, nodeAge):
			r.out.Jobs[n.Name] = kept
		default:
			jobs, err := r.client.Replication(r.ctx, n.Name)
			if err != nil {
				r.gaps = append(r.gaps, Gap{Path: "replication of " + n.Name, Node: n.Name, Err: err})
				continue
			}
			r.out.Jobs[n.Name] = JobFacts{jobs, r.Now}
		}
	}
}
