// Check_drained answers whether every guest has really left a Proxmox VE node
// that is to be serviced.
//
// HA maintenance is neither: guests outside HA stay where they are while HA
// reports maintenance reached, and statuses of a node that died stay as they
// were for five minutes. So the plugin asks for the whole cluster, for the
// rights of its own token first, and for the node's own list of its guests,
// and only what all of them agree on is a yes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

func main() { check.Main(plugin()) }

type options struct {
	PVE  pve.Options `embed:"" group:"Device"`
	Node []string    `required:"" placeholder:"NODE[,NODE...]" help:"Node to be serviced. Several are judged as leaving together."`
	Save string      `placeholder:"FILE" help:"Write down where every guest is, for check_reintegrated --baseline. A file of the last 24h about the same nodes is kept as it is, an older one while they are in maintenance or empty."`

	State state.Options `embed:"" group:"Memory"`

	now func() time.Time
}

// Validate refuses names that cannot be a node's.
func (o *options) Validate() error {
	for _, n := range o.Node {
		if n == "" || strings.ContainsAny(n, " \t/:") {
			return fmt.Errorf("--node: expected the name of a node such as pve3, got %q", n)
		}
	}
	return nil
}

func plugin() check.Plugin { return pluginAt(time.Now) }

// pluginAt takes the clock from a test.
func pluginAt(now func() time.Time) check.Plugin {
	o := &options{now: now}
	return check.Plugin{
		Name:     "check_drained",
		Summary:  "Has every guest really left this Proxmox VE node?",
		Help:     help,
		Examples: examples,
		Metrics:  metrics,
		Options:  o,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "check_drained -H pve1,pve2 --node pve3 --auth-file pve.ini --ca-file ca.pem", Why: "any node that answers will do, the one to be serviced too"},
	{Command: "check_drained -H pve1,pve2 --node pve3 --save /root/pve3.json", Why: "before the first guest leaves: write down where each one lives"},
	{Command: "check_drained -H pve1,pve2 --node pve3,pve4 -v", Why: "two nodes leave together, show the whole checklist"},
}

const help = `OK: yes. The node is up or in HA maintenance, nothing but stopped guests and templates is on it, nothing is on its way to it.
WARNING: yes, but: HA may bring guests back because its maintenance is not requested, or a task still runs there, or the node did not give its own list of guests, or guests without a status are on a node that the cluster does not know.
CRITICAL: no. Every guest that is left is named with why it is still there and what to do.
UNKNOWN: nobody can say: no quorum, a token that does not see every guest, a node that went without maintenance, a migration whose target the API does not tell, a guest that runs on a node that the cluster does not know.
Every guest whose status is not stopped counts as running: paused, suspended, halted by an I/O error.`

// check asks the cluster, then each leaving node for its own list.
func (o *options) check(ctx context.Context) (check.Result, error) {
	client, err := o.PVE.Client()
	if err != nil {
		return check.Result{}, err
	}
	var f facts
	f.cluster, err = client.Cluster(ctx, pve.Ask{})
	if err != nil {
		r := check.Result{Policy: check.Gate, Lead: leadUnknown, Evidence: f.cluster.Evidence}
		return r, err
	}
	leaving := slices.Compact(slices.Sorted(slices.Values(o.Node)))
	mem := pve.Remember(o.State, "check_drained", f.cluster)
	look := pve.Look{Cluster: f.cluster, Maintained: maintained(f.cluster), Now: o.now()}
	f.memory = mem.Memory.After(look)
	if f.sound() {
		f.presence, f.silent = ask(ctx, client, f.cluster, leaving)
		f.memory, f.gaps = o.learn(ctx, client, f, leaving)
	}
	mem.Keep(look, f.memory)
	f.cluster.Evidence = client.Evidence()
	if o.Save != "" {
		f.saved, f.unsaved = o.save(f, leaving)
	}
	r := judge(f, policy{leaving: leaving})
	if mem.Trouble != nil {
		r = noMemory(r, mem.Trouble, o.State.Mode)
	}
	return r, nil
}

// sound facts are worth asking on: with doubts about all of them no detail
// would change the answer.
func (f facts) sound() bool {
	c := f.cluster
	return c.Quorate && len(c.Rights) == 0 && len(c.Gaps) == 0
}

func maintained(c pve.Cluster) []string {
	var out []string
	for _, n := range c.Nodes {
		if c.HA.Maintenance(n.Name) {
			out = append(out, n.Name)
		}
	}
	return out
}

// ask gets the own lists of those leaving nodes that are online.
func ask(ctx context.Context, client *pve.Client, c pve.Cluster, leaving []string) (map[string][]pve.Presence, map[string]error) {
	found, silent := map[string][]pve.Presence{}, map[string]error{}
	for _, name := range leaving {
		if n, member := c.Node(name); !member || !n.Online {
			continue
		}
		list, err := client.Presence(ctx, name)
		if err != nil {
			silent[name] = err
			continue
		}
		found[name] = list
	}
	return found, silent
}

// mostConfigs bounds the configurations read in one run: they only make the
// advice better.
const mostConfigs = 10

// learn reads the configurations of the guests that are left, which tell why
// they cannot move; for a baseline those of all guests there, and versions.
func (o *options) learn(ctx context.Context, client *pve.Client, f facts, leaving []string) (pve.Memory, []pve.Gap) {
	want := pve.Want{Configs: mostConfigs, Fresh: true}
	x := f.cluster.Index()
	for _, l := range pve.DrainOf(f.evidence(leaving)).Left {
		n, _ := f.cluster.Node(l.Guest.Node)
		_, managed := x.Service(l.Guest.SID())
		// What HA has not been asked to move needs no further reason.
		asked := !managed || f.cluster.HA.Nodes[n.Name] == "maintenance"
		if n.Online && f.silent[n.Name] == nil && !l.Moving && asked {
			want.Guests = append(want.Guests, l.Guest)
		}
	}
	if o.Save != "" {
		want.Configs = len(f.cluster.Guests)
		for _, n := range f.cluster.Nodes {
			if n.Online {
				want.Nodes = append(want.Nodes, n.Name)
			}
		}
		for _, g := range f.cluster.Guests {
			if n, _ := f.cluster.Node(g.Node); n.Online && slices.Contains(leaving, g.Node) && f.silent[g.Node] == nil && !g.Template {
				want.Guests = append(want.Guests, g)
			}
		}
	}
	return client.Learn(ctx, f.memory, want, o.now())
}

// keepBaseline is how long a baseline is not replaced: after the first guest
// has left, a new one would say that this is how it was.
const keepBaseline = 24 * time.Hour

// skew is by how much the clocks of those who save may differ.
const skew = time.Minute

// leftSince says whether the nodes are being emptied, or have been, since an
// older baseline was saved: work may take longer than a day, and what is there
// now is not how it was.
func (f facts) leftSince(old pve.Baseline, leaving []string) bool {
	if slices.ContainsFunc(leaving, f.cluster.HA.Maintenance) {
		return true
	}
	return lived(old, leaving) && !slices.ContainsFunc(f.cluster.Guests, func(g pve.Guest) bool {
		return slices.Contains(leaving, g.Node) && !g.Template && g.Status != "stopped"
	})
}

// lived says whether any guest ran on the nodes when a baseline was saved.
func lived(b pve.Baseline, leaving []string) bool {
	return slices.ContainsFunc(b.Guests, func(g pve.BaselineGuest) bool {
		return slices.Contains(leaving, g.Node) && !g.Template && g.Status != "stopped"
	})
}

// save writes the baseline, or keeps the one there is, and says which.
func (o *options) save(f facts, leaving []string) (string, error) {
	if !f.sound() {
		return "", errors.New("the cluster is not known whole")
	}
	for _, name := range leaving {
		if n, member := f.cluster.Node(name); !member || !n.Online {
			return "", fmt.Errorf("%s is not online", name)
		}
	}
	b := pve.BaselineOf(f.cluster, leaving, f.memory, o.now())
	old, err := pve.ReadBaseline(o.Save)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return "", err
	case old.Cluster != b.Cluster || !slices.Equal(old.Leaving, b.Leaving):
		return "", fmt.Errorf("%s is about %s of %s: expected another file, or this one removed", o.Save, strings.Join(old.Leaving, ", "), old.Cluster)
	case old.Saved.Sub(b.Saved) > skew:
		return "", fmt.Errorf("%s is of %s, which is to come: compare the clocks, or remove it", o.Save, old.Saved.Format(time.RFC3339))
	case b.Saved.Sub(old.Saved) < keepBaseline, f.leftSince(old, leaving):
		return "baseline of " + old.Saved.Format(time.RFC3339) + " kept", nil
	}
	if err := b.Save(o.Save); err != nil {
		return "", err
	}
	text := "baseline saved"
	if !lived(b, leaving) {
		text += ", nothing ran on " + strings.Join(leaving, " and ")
	}
	return text + without(f.gaps), nil
}

// without names what of the nodes' own answers a baseline lacks.
func without(gaps []pve.Gap) string {
	const most = 10
	var parts []string
	for _, g := range gaps[:min(len(gaps), most)] {
		parts = append(parts, g.Path)
	}
	switch {
	case len(gaps) == 0:
		return ""
	case len(gaps) > most:
		parts = append(parts, fmt.Sprintf("%d more", len(gaps)-most))
	}
	return " without " + strings.Join(parts, " and ")
}
