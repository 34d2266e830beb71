package gate

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/contingency"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// Standing asks about a cluster as it stands, with no node leaving: what would a
// sudden failure take?
type Standing struct {
	PVE     pve.Options
	Storage Storage
	Forget  pve.Forget
	State   state.Options
	Now     func() time.Time
}

// standingMemory is what one run leaves for the next.
type standingMemory struct {
	// Plain is what every plugin remembers of a cluster, but for the guests'
	// configurations, which are Shapes.
	Plain   pve.Memory  `json:"plain"`
	Shapes  []shape     `json:"shapes,omitempty"`
	Reserve pve.Reserve `json:"reserve"`
}

// memoryName of the plugin's state.
const memoryName = "check_contingency"

// Bounds of what one run reads of guests' configurations: while there is much to
// learn, and once it is known.
const (
	learning = 300
	learned  = 12
)

// mostLists bounds the lists of backups read in one run beside one for each node.
const mostLists = 4

// spare is the part of the time that the questions after the cluster's own may
// take, so that a slow node never costs the answer.
const spare = 3 * time.Second

// Asked is what came back.
type Asked struct {
	contingency.Evidence
	// Trouble says why nothing is recalled.
	Trouble error
	Log     []string
}

// Ask asks Proxmox VE and Ceph. Its error means that the cluster could not be
// asked at all.
func (s Standing) Ask(ctx context.Context) (Asked, error) {
	var a Asked
	client, err := s.PVE.Keeping(s.State).Client()
	if err != nil {
		return a, err
	}
	a.Now = s.Now()
	a.Cluster, err = client.Cluster(ctx, pve.Ask{Votes: true})
	a.Log = a.Cluster.Evidence
	if err != nil {
		return a, err
	}
	m := s.remember(&a)
	look := pve.Look{Cluster: a.Cluster, Forget: s.Forget.Qdevice, Now: a.Now}
	if look.Forget {
		m.old.Plain.Device = nil
	}
	if look.Asked = a.Cluster.Quorate; look.Asked {
		a.Cluster = client.Daemons(ctx, a.Cluster, m.old.Plain)
		look.Cluster = a.Cluster
	}
	if c := a.Cluster; c.Quorate && len(c.Rights) == 0 && len(c.Gaps) == 0 {
		if c.HA.Used() {
			a.HA = client.HAConfig(ctx)
		}
		s.ceph(ctx, client, &a)
		m.look = look
		s.learn(ctx, client, &a, m)
	}
	a.Log = client.Evidence()
	if x := a.Ceph; x.Command && x.Cluster != nil {
		a.Log = append(a.Log, x.Cluster.Evidence...)
	}
	return a, nil
}

// ceph asks about the storage, then about the OSDs of every failure at once.
func (s Standing) ceph(ctx context.Context, client *pve.Client, a *Asked) {
	var f Found
	f.PVE.Cluster, f.PVE.Leaving = a.Cluster, a.Cluster.Online()
	if a.Ceph = s.Storage.ask(ctx, client, f); a.Ceph.Command {
		a.Ceph.SafetyErr = s.safeties(ctx, a)
	}
}

// safeties asks Ceph about all failures in one process.
func (s Standing) safeties(ctx context.Context, a *Asked) error {
	var sets [][]int
	var keys []string
	a.Safeties = map[string]*ceph.Safety{}
	for _, f := range a.Failures() {
		if osds := a.OSDs(f); len(osds) > 0 {
			sets, keys = append(sets, osds), append(keys, f.String())
		}
	}
	if len(sets) == 0 {
		return nil
	}
	answers, err := (&ceph.Command{Options: s.Storage.Command}).Safeties(ctx, sets)
	for i, answer := range answers {
		if answer != nil {
			a.Safeties[keys[i]] = answer
		}
	}
	return err
}

// recalled is what earlier runs left, and where this one leaves its own.
type recalled struct {
	old     standingMemory
	store   *state.Store
	subject string
	look    pve.Look
}

func (s Standing) remember(a *Asked) recalled {
	m := recalled{subject: a.Cluster.Subject()}
	if m.subject == "" {
		return m // it did not say what it is
	}
	if m.store, a.Trouble = s.State.Open(memoryName); a.Trouble == nil {
		m.old, a.Trouble = state.Load[standingMemory](m.store, m.subject)
		m.old.Plain.Configs, m.old.Shapes = unfold(m.old.Shapes), nil
	}
	return m
}

// learn asks for what changes slowly, and reads configurations of guests: those
// that run first.
func (s Standing) learn(ctx context.Context, client *pve.Client, a *Asked, m recalled) {
	if end, bounded := ctx.Deadline(); bounded {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadline(ctx, end.Add(-min(spare, time.Until(end)/3)))
		defer stop()
	}
	memory := m.old.Plain.After(m.look)
	memory.Configs = unaltered(memory.Configs, a.Cluster, a.Now)
	var gaps []pve.Gap
	memory, gaps = client.Learn(ctx, memory, s.want(a.Cluster, memory), a.Now)
	mapped := false
	for _, f := range memory.Configs {
		mapped = mapped || len(f.Mapped) > 0
	}
	seek := pve.Seek{Cluster: a.Cluster, Mapped: mapped, Now: a.Now, Lists: mostLists + len(a.Cluster.Online())}
	a.Reserve, a.Gaps = client.Reserve(ctx, m.old.Reserve, seek)
	a.Gaps = append(a.Gaps, gaps...)
	a.Configs = memory.Configs
	if m.store == nil {
		return
	}
	_, err := state.Update(m.store, m.subject, func(was standingMemory) (standingMemory, error) {
		was.Plain.Configs = nil
		next := standingMemory{Plain: was.Plain.After(m.look), Shapes: fold(memory.Configs), Reserve: a.Reserve}
		next.Plain.Configs, next.Plain.Nodes = nil, nil
		return next, nil
	})
	if a.Trouble == nil {
		a.Trouble = err
	}
}

// harmless are tasks that leave a guest's disks and devices as they are.
var harmless = []string{
	"qmstart", "qmstop", "qmshutdown", "qmreboot", "qmreset", "qmsuspend", "qmresume", "qmsnapshot", "qmdelsnapshot",
	"vzstart", "vzstop", "vzshutdown", "vzreboot", "vzsuspend", "vzresume", "vzsnapshot", "vzdelsnapshot", "vzdump", "vncproxy", "spiceproxy",
}

// unaltered are the configurations that no task may have changed since they were
// read: what a disk was before it was moved is no evidence.
func unaltered(known map[int]pve.ConfigFacts, c pve.Cluster, now time.Time) map[int]pve.ConfigFacts {
	out := maps.Clone(known)
	for _, t := range c.Tasks {
		id, err := strconv.Atoi(t.ID)
		f, read := out[id]
		if err != nil || !read || slices.Contains(harmless, t.Type) {
			continue
		}
		end := now
		if !t.Running() && !c.Time.IsZero() {
			end = t.End.Add(now.Sub(c.Time))
		}
		if !f.Time.After(end) {
			delete(out, id)
		}
	}
	return out
}

// want are the configurations worth reading, of guests on nodes that answer.
func (s Standing) want(c pve.Cluster, m pve.Memory) pve.Want {
	want := pve.Want{Configs: learned, Fresh: true}
	online := map[string]bool{}
	for _, n := range c.Nodes {
		online[n.Name] = n.Online
	}
	type candidate struct {
		at    int // in the list of guests
		known time.Time
	}
	var list []candidate
	unread := 0
	for i := range c.Guests {
		g := &c.Guests[i]
		if !online[g.Node] || g.Template || g.Status == "stopped" {
			continue
		}
		list = append(list, candidate{i, m.Configs[g.ID].Time})
		if list[len(list)-1].known.IsZero() {
			unread++
		}
	}
	// those that are not known first, then those that were read longest ago
	slices.SortStableFunc(list, func(a, b candidate) int { return a.known.Compare(b.known) })
	want.Guests = make([]pve.Guest, 0, len(list))
	for _, x := range list {
		want.Guests = append(want.Guests, c.Guests[x.at])
	}
	if unread > learned {
		want.Configs = learning
	}
	return want
}
