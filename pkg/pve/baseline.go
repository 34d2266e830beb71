package pve

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/hardware"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// baselineFormat is the version of the file. A newer one is refused.
const baselineFormat = 1

// maxBaseline bounds the file, in bytes.
const maxBaseline = 16 << 20

// Baseline is what a cluster was like before a node was emptied. The home of
// guests outside HA is in no answer of the API: it has to be kept.
type Baseline struct {
	Format int       `json:"format"`
	Saved  time.Time `json:"saved"`
	// Cluster is what [Cluster.Subject] said.
	Cluster string `json:"cluster"`
	// Leaving are the nodes that were about to be emptied.
	Leaving []string        `json:"leaving"`
	Guests  []BaselineGuest `json:"guests"`
	// Versions maps nodes to their pve-manager; those that did not answer
	// are left out.
	Versions map[string]string `json:"versions"`
	// Hardware is what the leaving nodes are made of, by their own word; those of
	// older versions have none. Controller is what a management controller told,
	// nil when none was asked.
	Hardware   map[string]hardware.Inventory `json:"hardware,omitempty"`
	Controller *hardware.Inventory           `json:"controller,omitempty"`
}

// BaselineGuest is a guest as it was.
type BaselineGuest struct {
	ID       int    `json:"vmid"`
	Name     string `json:"name,omitempty"`
	Kind     Kind   `json:"type"`
	Node     string `json:"node"`
	Status   string `json:"status"`
	Template bool   `json:"template,omitempty"`
	// HA is the state of the HA service, empty for guests outside HA.
	HA string `json:"ha,omitempty"`
	// Onboot is nil when it was not read: it is for guests on leaving nodes.
	Onboot *bool `json:"onboot,omitempty"`
}

// BaselineOf is the cluster as it is. Versions and configurations come from
// memory.
func BaselineOf(c Cluster, leaving []string, m Memory, now time.Time) Baseline {
	b := Baseline{
		Format: baselineFormat, Saved: now.Truncate(time.Second), Cluster: c.Subject(), Leaving: leaving,
		Guests: make([]BaselineGuest, 0, len(c.Guests)), Versions: map[string]string{},
	}
	x := c.Index()
	for _, g := range c.Guests {
		old := BaselineGuest{
			ID: g.ID, Name: g.Name, Kind: g.Kind, Node: g.Node, Status: g.Status, Template: g.Template,
		}
		if s, found := x.Service(g.SID()); found {
			old.HA = s.State
		}
		if config, found := m.Configs[g.ID]; found {
			onboot := config.Onboot
			old.Onboot = &onboot
		}
		b.Guests = append(b.Guests, old)
	}
	for _, n := range c.Nodes {
		if v := m.Nodes[n.Name].Version; v != "" && n.Online {
			b.Versions[n.Name] = v
		}
	}
	return b
}

// Save writes the baseline so that path holds the old file or the whole new
// one, whatever happens, and only its owner can read it.
func (b Baseline) Save(path string) (err error) {
	raw, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("saving the baseline: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("saving the baseline: %w", err), os.Remove(f.Name()))
		}
	}()
	if _, err = f.Write(append(raw, '\n')); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// ReadBaseline reads what Save wrote, from a file that is root's or the caller's
// and that nobody else may write: it says where guests belong. The error holds
// [os.ErrNotExist] when there is no file.
func ReadBaseline(path string) (Baseline, error) {
	raw, err := secret.Guarded(path, maxBaseline)
	if err != nil {
		return Baseline{}, fmt.Errorf("reading the baseline: %w", err)
	}
	if err := answers.Check(raw); err != nil {
		return Baseline{}, fmt.Errorf("%s is no baseline that check_drained --save wrote: %w", path, err)
	}
	var b Baseline
	switch err := json.Unmarshal(raw, &b); {
	case err != nil || b.Format < 1 || b.Cluster == "" || len(b.Leaving) == 0:
		return Baseline{}, fmt.Errorf("%s is no baseline that check_drained --save wrote", path)
	case b.Format > baselineFormat:
		return Baseline{}, fmt.Errorf("%s was written by a newer version (format %d, known is %d)", path, b.Format, baselineFormat)
	}
	if err := b.checkHardware(); err != nil {
		return Baseline{}, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// checkHardware refuses what somebody broke who edited the file.
func (b Baseline) checkHardware() error {
	all := slices.Collect(maps.Values(b.Hardware))
	if b.Controller != nil {
		all = append(all, *b.Controller)
	}
	for _, v := range all {
		if err := v.Check(); err != nil {
			return err
		}
	}
	return nil
}
