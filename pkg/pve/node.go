package pve

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What follows is proxied by the asked node to another one. Ask it of nodes
// that are online only: for one that is off pveproxy takes 3 to 22 s to answer
// 595.

// Version is what pve-manager a node runs, such as 9.2.11.
func (c *Client) Version(ctx context.Context, node string) (string, error) {
	var v struct {
		Version text `json:"version"`
	}
	err := c.proxied(ctx, "/nodes/"+url.PathEscape(node)+"/version", func(raw json.RawMessage) error {
		return json.Unmarshal(raw, &v)
	})
	return v.Version.name(), err
}

// Job is one replication job of a guest on the node that was asked.
type Job struct {
	ID       string    `json:"id"`
	Guest    int       `json:"guest"`
	Target   string    `json:"target"`
	Fails    int       `json:"fails"`
	Error    string    `json:"error,omitempty"`
	LastSync time.Time `json:"last_sync"`
	Disabled bool      `json:"disabled,omitempty"`
}

type jobRow struct {
	ID       text   `json:"id"`
	Guest    number `json:"guest"`
	Target   text   `json:"target"`
	Fails    number `json:"fail_count"`
	Error    text   `json:"error"`
	LastSync number `json:"last_sync"`
	Disable  flag   `json:"disable"`
}

// Replication lists the replication jobs of the guests on a node. Only the
// node itself knows how they went. Without quorum it answers 500 after 10 s.
func (c *Client) Replication(ctx context.Context, node string) ([]Job, error) {
	var jobs []Job
	err := c.proxied(ctx, "/nodes/"+url.PathEscape(node)+"/replication", func(raw json.RawMessage) error {
		list, err := rows[jobRow](raw)
		for _, r := range list {
			jobs = append(jobs, Job{
				ID: r.ID.name(), Guest: int(r.Guest.value), Target: r.Target.name(),
				Fails: int(r.Fails.value), Error: string(r.Error), LastSync: stamp(r.LastSync), Disabled: bool(r.Disable),
			})
		}
		return err
	})
	slices.SortFunc(jobs, func(a, b Job) int { return strings.Compare(a.ID, b.ID) })
	return jobs, err
}

// Presence is a guest as its node itself sees it now: by the process that
// runs or does not, not by what pvestatd said up to five minutes ago. Status
// is running or stopped only.
type Presence struct {
	ID       int
	Kind     Kind
	Name     string
	Status   string
	Template bool
	Lock     string
}

// Presence asks a node for its own list of guests.
func (c *Client) Presence(ctx context.Context, node string) ([]Presence, error) {
	found := []Presence{} // none is an answer too
	for _, kind := range []Kind{VM, Container} {
		err := c.proxied(ctx, "/nodes/"+url.PathEscape(node)+"/"+string(kind), func(raw json.RawMessage) error {
			list, err := rows[resourceRow](raw)
			for _, r := range list {
				found = append(found, Presence{
					ID: int(r.ID.value), Kind: kind, Name: r.Name.name(), Status: r.Status.name(),
					Template: bool(r.Template), Lock: r.Lock.name(),
				})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Config asks the node of a guest for its configuration. When the guest has
// just moved the API answers 500 "Configuration file ... does not exist".
func (c *Client) Config(ctx context.Context, g Guest) (Config, error) {
	var config Config
	path := "/nodes/" + url.PathEscape(g.Node) + "/" + string(g.Kind) + "/" + strconv.Itoa(g.ID) + "/config"
	err := c.proxied(ctx, path, func(raw json.RawMessage) error {
		var values map[string]json.RawMessage
		if err := json.Unmarshal(raw, &values); err != nil {
			return err
		}
		config = configOf(values)
		return nil
	})
	return config, err
}

// proxied asks the chosen host for a document it forwards to a node.
func (c *Client) proxied(ctx context.Context, path string, add func(json.RawMessage) error) error {
	h := c.hosts[max(c.chosen, 0)]
	a, err := c.get(ctx, h, path, proxiedTime)
	if err != nil {
		return err
	}
	return odd(h, path, add(a.data))
}

// Evidence lists the requests so far with their outcome.
func (c *Client) Evidence() []string { return c.evidence }
