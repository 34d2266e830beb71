package ceph

import "time"

// Truth is how the cluster really is, for those who check what others make of
// its answers. It comes from the model, not from any document.
type Truth struct {
	Quorum bool
	// Lost are the monitors that are down.
	Lost []Daemon
	// Mgr says whether there is an active mgr, Standbys how many could follow.
	Mgr      bool
	Standbys int
	// Down are OSDs the cluster takes for down, Out those that are up but out,
	// DownOut those that are down and out.
	Down, Out, DownOut []int
	HostOf             map[int]string
	// Dead are PGs without enough copies, Passing those on their way, Short
	// those with too few, Unclean all that are not whole where they belong.
	PGs, Dead, Passing, Short, Unclean int
	// Lasting are those of Short that nobody is about to fill up again.
	Lasting int
	// Edge says whether a PG with too few copies cannot lose another.
	Edge bool
	// Moving says whether data goes elsewhere.
	Moving bool
	// Changed is when an OSD last went up, down, in or out, Modified when
	// anything in the OSD map last changed.
	Changed, Modified time.Time
}

// Truth tells how the cluster is.
func (w *World) Truth() Truth {
	t := Truth{HostOf: map[int]string{}}
	w.look(func() {
		t.Quorum, t.Mgr, t.Standbys = w.quorum() != nil, w.Active() != nil, w.standbys()
		t.Changed, t.Modified = w.upped, w.modified
		if w.inned.After(t.Changed) {
			t.Changed = w.inned
		}
		for _, m := range w.mons {
			if !m.up {
				t.Lost = append(t.Lost, m.Daemon)
			}
		}
		for _, o := range w.osds {
			t.HostOf[o.id] = o.host
			switch {
			case !o.up && !o.in:
				t.DownOut = append(t.DownOut, o.id)
			case !o.up:
				t.Down = append(t.Down, o.id)
			case !o.in:
				t.Out = append(t.Out, o.id)
			}
		}
		t.Moving = w.misplaced > 0
		for _, p := range w.pools {
			for _, g := range p.pgs {
				w.truthOf(&t, p, g)
			}
		}
	})
	return t
}

func (w *World) truthOf(t *Truth, p *pool, g *pg) {
	t.PGs++
	_, passing := w.peering[g.id]
	alive := map[int]bool{}
	for _, id := range g.holds {
		alive[id] = w.osds[id].up
	}
	copies, lacking := 0, false
	for _, up := range alive {
		if up {
			copies++
		}
	}
	for _, id := range w.place(p, g) {
		if held := alive[id]; w.osds[id].up && !held {
			lacking = true
		}
	}
	switch {
	case passing:
		t.Passing++
	case !w.enough(p, w.alive(g)):
		t.Dead++
	}
	if copies < p.Size {
		t.Short++
		if !lacking {
			t.Lasting++
		}
		t.Edge = t.Edge || copies <= w.least(p) && !passing
	}
	if passing || copies < p.Size || lacking {
		t.Unclean++
	}
	t.Moving = t.Moving || lacking && copies >= w.least(p) && !passing
}
