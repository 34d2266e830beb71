package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/maintenance"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// Drain are the flags of the first gate.
type Drain struct {
	Nodes `embed:""`
	BMC   Controller `embed:"" group:"Controller"`
	Save  string     `placeholder:"FILE" help:"Write down where every guest is and what the nodes are made of, for check_reintegrated --baseline. A file of the last 24h about the same nodes is kept as it is, an older one while they are in maintenance or empty."`
}

// Drained answers whether every guest has left the nodes.
func Drained(ctx context.Context, o Drain, now func() time.Time) (check.Result, error) {
	s := Survey{Options: Options{Nodes: o.Nodes}, Now: now}
	var f Found
	client, err := s.cluster(ctx, &f, pve.Ask{})
	if err != nil {
		return nothing(f), err
	}
	s.nodes(ctx, client, &f, questions{want: o.want(f)})
	f.Log = client.Evidence()
	d := maintenance.DrainOf(f.Evidence)
	list := maintenance.Drained(f.Evidence, d)
	var saved string
	if o.Save != "" {
		if saved, err = s.save(ctx, client, f, o); err != nil {
			list = append(list, maintenance.Unsaved(err))
		}
	}
	r, facts := answer(f, list, o.State.Mode)
	if saved != "" {
		r.Notes = append(r.Notes, saved)
	}
	r.Lead = drainLead(d, f.PVE.Leaving, r.Status())
	if r.Status() == check.OK {
		r.Summary = stopped(d)
	}
	r.Perfdata = perfdata(d)
	facts.guests = guestsOf(d)
	r.Facts = facts
	return note(r, o.Journal, f, "check_drained"), nil
}

// want are, for a baseline, the configurations of all guests on the nodes, and
// the versions of all nodes.
func (o Drain) want(f Found) pve.Want {
	var want pve.Want
	if o.Save == "" || !f.sound() {
		return want
	}
	c := f.PVE.Cluster
	want.Configs = len(c.Guests)
	for _, n := range c.Nodes {
		if n.Online {
			want.Nodes = append(want.Nodes, n.Name)
		}
	}
	for _, g := range c.Guests {
		if n, _ := c.Node(g.Node); n.Online && slices.Contains(f.PVE.Leaving, g.Node) && !g.Template {
			want.Guests = append(want.Guests, g)
		}
	}
	return want
}

// guests are what JSON lists beside the checklist.
type guests struct {
	Left    []leftGuest `json:"left"`
	Stopped []string    `json:"stopped"`
}

type leftGuest struct {
	ID     int                `json:"vmid"`
	Name   string             `json:"name"`
	Node   string             `json:"node"`
	Status string             `json:"status"`
	Moving bool               `json:"moving"`
	Why    string             `json:"why"`
	Next   []maintenance.Step `json:"next"`
}

func guestsOf(d maintenance.Drain) *guests {
	out := &guests{Left: []leftGuest{}, Stopped: []string{}}
	for _, l := range d.Left {
		g := l.Guest
		out.Left = append(out.Left, leftGuest{g.ID, g.Name, g.Node, g.Status, l.Moving, l.Why, l.Next})
	}
	for _, g := range d.Stopped {
		out.Stopped = append(out.Stopped, g.String())
	}
	return out
}

// moving are the guests on their way, and whether any task still ends.
func moving(d maintenance.Drain) (guests int, ending bool) {
	for _, l := range d.Left {
		if l.Moving {
			guests++
		}
	}
	return guests, guests+len(d.Finishing) > 0
}

// drainLead opens the first line.
func drainLead(d maintenance.Drain, nodes []string, s check.Status) string {
	names := strings.Join(nodes, " and ")
	n, ending := moving(d)
	switch stay := len(d.Left) - n; {
	case n > 0 && stay == 0:
		return fmt.Sprintf("NOT YET, %s leaving %s", phrase.Count(n, "guest is", "guests are"), names)
	case n > 0:
		return fmt.Sprintf("NO, %s leaving %s and %s", phrase.Count(n, "guest is", "guests are"), names, phrase.Count(stay, "stays", "stay"))
	case ending:
		return "NOT YET"
	case stay > 0:
		return fmt.Sprintf("NO, %s left on %s", phrase.Count(stay, "guest is", "guests are"), names)
	case len(d.Arriving) > 0:
		return "NO"
	case s == check.UNKNOWN:
		return leadUnknown
	case s == check.WARNING:
		return "YES, " + are(nodes) + " drained, but"
	}
	return "YES, " + are(nodes) + " drained"
}

func stopped(d maintenance.Drain) string {
	templates := 0
	for _, g := range d.Stopped {
		if g.Template {
			templates++
		}
	}
	var parts []string
	if n := len(d.Stopped) - templates; n > 0 {
		parts = append(parts, phrase.Count(n, "stopped guest stays", "stopped guests stay"))
	}
	if templates > 0 {
		parts = append(parts, phrase.Count(templates, "template stays", "templates stay"))
	}
	if len(parts) == 0 {
		return "no guest is left"
	}
	return strings.Join(parts, ", ")
}

// DrainMetrics are the items of performance data.
var DrainMetrics = []check.Metric{
	{Label: "guests_left", Help: "guests that still run on the node"},
	{Label: "guests_moving", Help: "guests that are on their way"},
	{Label: "guests_stopped", Help: "guests that stay on the node, stopped"},
}

func perfdata(d maintenance.Drain) []check.Perfdatum {
	if len(d.Doubts) > 0 && len(d.Left) == 0 {
		return nil // no figure is known
	}
	n, _ := moving(d)
	zero := 0.0
	return []check.Perfdatum{
		{Label: "guests_left", Value: float64(len(d.Left)), Min: &zero},
		{Label: "guests_moving", Value: float64(n), Min: &zero},
		{Label: "guests_stopped", Value: float64(len(d.Stopped)), Min: &zero},
	}
}
