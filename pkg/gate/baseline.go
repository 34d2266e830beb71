package gate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// keepBaseline is how long a baseline is not replaced: after the first guest
// has left, a new one would say that this is how it was.
const keepBaseline = 24 * time.Hour

// skew is by how much the clocks of those who save may differ.
const skew = time.Minute

// leftSince says whether the nodes are being emptied, or have been, since an
// older baseline was saved: work may take longer than a day, and what is there
// now is not how it was.
func (f Found) leftSince(old pve.Baseline) bool {
	c, leaving := f.PVE.Cluster, f.PVE.Leaving
	if slices.ContainsFunc(leaving, c.HA.Maintenance) {
		return true
	}
	return lived(old, leaving) && !slices.ContainsFunc(c.Guests, func(g pve.Guest) bool {
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
func (s Survey) save(ctx context.Context, client *pve.Client, f Found, o Drain) (string, error) {
	if !f.sound() {
		return "", errors.New("the cluster is not known whole")
	}
	leaving := f.PVE.Leaving
	for _, name := range leaving {
		if n, member := f.PVE.Cluster.Node(name); !member || !n.Online {
			return "", fmt.Errorf("%s is not online", name)
		}
	}
	b := pve.BaselineOf(f.PVE.Cluster, leaving, f.PVE.Memory, s.Now())
	old, err := pve.ReadBaseline(o.Save)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return "", err
	case old.Cluster != b.Cluster || !slices.Equal(old.Leaving, b.Leaving):
		return "", fmt.Errorf("%s is about %s of %s: expected another file, or this one removed", o.Save, strings.Join(old.Leaving, ", "), old.Cluster)
	case old.Saved.Sub(b.Saved) > skew:
		return "", fmt.Errorf("%s is of %s, which is to come: compare the clocks, or remove it", o.Save, phrase.Time(old.Saved))
	case b.Saved.Sub(old.Saved) < keepBaseline, f.leftSince(old):
		return s.complete(ctx, client, f, kept{o, old})
	}
	parts := s.parts(ctx, client, &f, s.open(o.BMC))
	b.Hardware, b.Controller = parts.Nodes, parts.Controller
	if err := b.Save(o.Save); err != nil {
		return "", err
	}
	text := "baseline saved"
	if !lived(b, leaving) {
		text += ", nothing ran on " + strings.Join(leaving, " and ")
	}
	return text + without(f.Gaps) + untold(parts), nil
}

// kept is a baseline that is not replaced.
type kept struct {
	Drain
	old pve.Baseline
}

// complete adds to a baseline that is kept the hardware that nobody told when it
// was saved, while no node has been switched off since: it is as it was then.
func (s Survey) complete(ctx context.Context, client *pve.Client, f Found, k kept) (string, error) {
	old, text := k.old, "baseline of "+phrase.Time(k.old.Saved)+" kept"
	lacking := old.Controller == nil && k.BMC.Host != ""
	for _, name := range old.Leaving {
		n, _ := f.PVE.Cluster.Node(name)
		if n.Uptime <= 0 || s.Now().Add(-n.Uptime).After(old.Saved) {
			return text, nil
		}
		_, has := old.Hardware[name]
		lacking = lacking || !has
	}
	if !lacking {
		return text, nil
	}
	parts := s.parts(ctx, client, &f, s.open(k.BMC))
	if old.Hardware == nil {
		old.Hardware = parts.Nodes
	}
	if old.Controller == nil {
		old.Controller = parts.Controller
	}
	if err := old.Save(k.Save); err != nil {
		return "", err
	}
	return text + ", hardware added" + untold(parts), nil
}

// without names what of the nodes' own answers a baseline lacks.
func without(gaps []pve.Gap) string {
	if len(gaps) == 0 {
		return ""
	}
	paths := make([]string, len(gaps))
	for i, g := range gaps {
		paths[i] = g.Path
	}
	return " without " + phrase.List(paths, phrase.Some)
}
