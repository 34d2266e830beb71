package ceph

// power stops or starts what is named: OSDs, one daemon, or a host with all
// that runs on it.
func (w *World) power(c *call, on bool) {
	switch {
	case c.Has("mon"):
		c.daemon(w.mons, "mon").up = on
	case c.Has("mgr"):
		w.switchMgr(c.daemon(w.mgrs, "mgr"), on)
	case c.Has("mds"):
		d := c.daemon(w.mds, "mds")
		d.up, d.killed = on, !on && c.Get("kill") == "1"
	default:
		for _, o := range c.osds(w) {
			if on {
				w.wake(o)
			} else {
				w.halt(o)
			}
		}
		// a host goes with its daemons unless told otherwise
		if c.Has("host") && c.Get("daemons") != "0" {
			w.powerDaemons(c.Get("host"), on)
		}
	}
}

func (w *World) powerDaemons(host string, on bool) {
	for _, list := range [][]*daemon{w.mons, w.mds} {
		for _, d := range list {
			if d.Host == host {
				d.up = on
			}
		}
	}
	for _, m := range w.mgrs {
		if m.Host == host {
			w.switchMgr(m, on)
		}
	}
}

// switchMgr notes what was known when the last one goes.
func (w *World) switchMgr(m *daemon, on bool) {
	last := w.Active() != nil
	known := w.count()
	m.up = on
	if !on {
		m.active = false
	}
	w.elect()
	if w.Active() == nil && last {
		w.frozen = known
	}
}

// halt stops an OSD; the cluster takes it for down unless a flag forbids.
func (w *World) halt(o *osd) {
	if o.running {
		o.running, o.gone = false, w.clock.Now()
	}
	if o.up && !w.flags["nodown"] {
		o.up = false
		w.changed(&w.upped, w.clock.Now())
	}
}

func (w *World) wake(o *osd) {
	o.running = true
	if !o.up && !w.flags["noup"] {
		o.up = true
		w.changed(&w.upped, w.clock.Now())
		if !o.in && !w.flags["noin"] {
			o.in = true
			w.changed(&w.inned, w.clock.Now())
		}
	}
}

// take marks OSDs in or out.
func (w *World) take(c *call, in bool) {
	for _, o := range c.osds(w) {
		o.in = in
		w.changed(&w.inned, w.clock.Now())
	}
}

// elect makes a mgr the active one.
func (w *World) elect() {
	for _, m := range w.mgrs {
		if m.active && m.up {
			return
		}
	}
	for _, m := range w.mgrs {
		m.active = false
	}
	for _, m := range w.mgrs {
		if m.up {
			m.active = true
			return
		}
	}
}

// Active is the active mgr, nil without one.
func (w *World) Active() *Daemon {
	for _, m := range w.mgrs {
		if m.up && m.active {
			return &m.Daemon
		}
	}
	return nil
}

// quorum are the monitors in quorum; nil when there are too few.
func (w *World) quorum() []string {
	var up []string
	for _, m := range w.mons {
		if m.up {
			up = append(up, m.Name)
		}
	}
	if len(up) < len(w.mons)/2+1 {
		return nil
	}
	return up
}
