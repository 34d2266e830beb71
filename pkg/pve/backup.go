package pve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// BackupList is what lies in one storage.
type BackupList struct {
	// Latest is when each guest was last backed up there, in seconds since 1970;
	// one whose verification failed is none, nor is one that is not whole yet.
	Latest map[int]int64 `json:"seconds,omitempty"`
	Time   time.Time     `json:"time"`
}

// BackupStorage is a place where backups may lie.
type BackupStorage struct {
	Name string
	// Node whose own it is, empty when nodes share it; Via is a node that can be
	// asked for it, empty when none has it available.
	Node, Via string
}

// Key names the place.
func (b BackupStorage) Key() string {
	if b.Node == "" {
		return b.Name
	}
	return b.Name + "@" + b.Node
}

// BackupStorages lists the places for backups that the token is shown, shared
// ones first and once.
func (c Cluster) BackupStorages() []BackupStorage {
	var shared, own []BackupStorage
	at := map[string]int{}
	for _, s := range c.Storages {
		if !slices.Contains(s.Content, "backup") {
			continue
		}
		n, _ := c.Node(s.Node)
		via := ""
		if s.Available && n.Online {
			via = s.Node
		}
		if !s.Shared {
			own = append(own, BackupStorage{s.Name, s.Node, via})
			continue
		}
		i, seen := at[s.Name]
		if !seen {
			i = len(shared)
			at[s.Name] = i
			shared = append(shared, BackupStorage{Name: s.Name})
		}
		if shared[i].Via == "" || via == c.Asked {
			shared[i].Via = via
		}
	}
	return append(shared, own...)
}

// MayList says what a token lacks to be shown the backups in a storage; empty
// when it may. Without them the list is empty and no error (PVE::Storage,
// check_volume_access): an auditor's token is shown none.
func (c Cluster) MayList(storage string) string {
	path := "/storage/" + storage
	switch {
	case c.May("Datastore.Allocate", path):
		return ""
	case !c.May("Datastore.AllocateSpace", path):
		return "Datastore.AllocateSpace on " + path
	case !c.MayBelow("VM.Backup", "/vms"):
		return "VM.Backup on /vms"
	}
	return ""
}

func (r *reserving) backups(old Reserve) {
	read := 0
	for _, b := range r.Cluster.BackupStorages() {
		key := b.Key()
		gap := func(err error) {
			r.gaps = append(r.gaps, Gap{Path: "the backups in " + key, Node: b.Node, Err: err, Backup: true})
		}
		n, _ := r.Cluster.Node(b.Node)
		lacks := r.Cluster.MayList(b.Name)
		switch kept := old.Backups[key]; {
		case b.Node != "" && !n.Online:
			// gone with its node
		case lacks != "":
			gap(errors.New("backups in " + key + " are hidden from this token, it lacks " + lacks))
		case b.Via == "":
			gap(errors.New("the storage " + key + " is not available"))
		case recent(kept.Time, r.Now, nodeAge):
			r.out.Backups[key] = kept
		case read >= r.Lists || r.ctx.Err() != nil:
			gap(fmt.Errorf("no time was left to list %s", key))
		default:
			read++
			list, err := r.client.backups(r.ctx, b)
			if err != nil {
				gap(err)
				continue
			}
			list.Time = r.Now
			r.out.Backups[key] = list
		}
	}
}

// backups lists what lies in one storage.
func (c *Client) backups(ctx context.Context, b BackupStorage) (BackupList, error) {
	out := BackupList{Latest: map[int]int64{}}
	path := "/nodes/" + url.PathEscape(b.Via) + "/storage/" + url.PathEscape(b.Name) + "/content?content=backup"
	err := c.proxied(ctx, path, func(raw json.RawMessage) error {
		list, err := rows[struct {
			ID       number `json:"vmid"`
			Time     number `json:"ctime"`
			Size     number `json:"size"`
			Verified struct {
				State text `json:"state"`
			} `json:"verification"`
		}](raw)
		for _, x := range list {
			id := int(x.ID.value)
			// What is being written to a Proxmox Backup Server, or was broken off, has
			// no size there, and Proxmox VE writes 1 (PVE::Storage::PBSPlugin).
			whole := !x.Size.set || x.Size.value > 1
			if id > 0 && x.Time.value > 0 && whole && x.Verified.State != "failed" {
				out.Latest[id] = max(out.Latest[id], x.Time.value)
			}
		}
		return err
	})
	return out, err
}
