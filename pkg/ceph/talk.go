package ceph

import (
	"io"
	"slices"
	"strings"
	"time"
)

// talk is one conversation with the ceph command: questions on its standard
// input, one document a line on its output.
type talk struct {
	*process
	ask     Ask
	cluster Cluster
	asked   []string
	seen    map[string]time.Time // when each document came
	// broken documents came and are no JSON.
	broken map[string]bool
}

// hold asks everything and reads the answers.
func (t *talk) hold() {
	t.say(docStatus)
	t.listen(earlier(time.Now().Add(firstAnswer), t.until), docStatus)
	if _, told := t.seen[docStatus]; told {
		t.say(t.wanted()...)
		t.awaitTree()
	} else {
		// The monitors are silent, ceph is slow to start, or something holds the
		// output back until it ends: all that may be needed is asked for, as long
		// as there is time.
		t.say(t.all()...)
	}
	// ceph ends when its input does
	_ = t.in.Close()
	t.listen(t.until, "")
}

// glance is how often standard error is looked at while an answer is awaited.
const glance = 50 * time.Millisecond

// awaitTree spares a question: osd df tree of the mgr tells the hosts too. As
// soon as ceph complains instead, or is silent for longer than its own limit,
// the monitors are asked. What it complains of decides nothing.
func (t *talk) awaitTree() {
	if slices.Contains(t.asked, docTree) {
		return
	}
	heard, until := len(t.errors.String()), earlier(time.Now().Add(t.limit+slack), t.until)
	for t.cluster.Tree == nil && !t.ended && !t.broken[docFill] && time.Now().Before(until) && len(t.errors.String()) == heard {
		t.listen(earlier(time.Now().Add(glance), until), docFill)
	}
	if t.cluster.Tree == nil {
		t.say(docTree)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// say asks for documents. A process that has already ended is found out by its
// silence.
func (t *talk) say(documents ...string) {
	t.asked = append(t.asked, documents...)
	_, _ = io.WriteString(t.in, strings.Join(documents, "\n")+"\n")
}

// listen reads documents until the time is up, the output ends, or the one that
// is waited for came.
func (t *talk) listen(until time.Time, awaited string) {
	for {
		raw, ok := t.line(until)
		if !ok {
			return
		}
		name := t.cluster.add(raw)
		if _, again := t.seen[name]; name != "" && !again {
			t.seen[name] = time.Now()
		} else if err := excess(raw); name == "" && err != nil {
			t.refused = err
		} else if name == "" {
			name = broken(raw)
			t.broken[name] = true
		}
		if name != "" && name == awaited {
			return
		}
	}
}

// all are the questions of a poll that knows nothing of the cluster yet. The
// optional ones come last.
func (t *talk) all() []string {
	out := []string{docMap, docTree}
	if t.ask.Monitors {
		out = append(out, docQuorum, docNodes)
	}
	if t.ask.Rules {
		out = append(out, docRules)
	}
	if t.ask.Daemons != nil {
		out = append(out, docMgrs, docFS)
	}
	return append(out, docFill)
}

// wanted are the questions after status. Each costs a quarter of a whole run of
// ceph, which compares it with all of Ceph's commands, so they are few as long
// as all is well.
func (t *talk) wanted() []string {
	c := &t.cluster
	out := []string{docMap}
	if c.Mons != nil && c.Mons.Members == nil && (c.Mons.Lost() > 0 || t.ask.Monitors) {
		out = append(out, docQuorum)
	}
	if t.ask.Monitors {
		out = append(out, docNodes)
	}
	if c.Health != nil && slices.ContainsFunc(c.Health.Checks, worthDetail) {
		out = append(out, docDetail)
	}
	if t.ask.Rules || c.Counts != nil && c.Counts.Up < c.Counts.OSDs || c.flagged() {
		out = append(out, docRules)
	}
	if c.Mgr != nil && c.Mgr.Available {
		mgrs := c.Mgr.Standbys + 1
		if c.Mgr.Standbys == 0 || t.ask.Daemons != nil && t.ask.Daemons(c.FSID, mgrs) {
			out = append(out, docMgrs)
			if c.FS != nil && c.FS.Ranks > 0 {
				out = append(out, docFS)
			}
		}
	}
	switch {
	case c.Mgr != nil && !c.Mgr.Available:
		return append(out, docTree)
	case time.Until(t.until) < t.limit+treeAfter:
		// A mgr that hangs would take all the time that is left.
		return append(out, docTree, docFill)
	default:
		return append(out, docFill)
	}
}

// treeAfter is how much time must be left after a mgr that hangs for as long as
// ceph waits, to ask the monitors for the tree instead.
const treeAfter = 1500 * time.Millisecond

// flagged says whether any flag is set that Ceph warns of.
func (c *Cluster) flagged() bool {
	if c.Health == nil {
		return false
	}
	_, all := c.Health.Check("OSDMAP_FLAGS")
	_, some := c.Health.Check("OSD_FLAGS")
	return all || some
}

// plain are checks whose substance is in fields of other documents: their
// details, a line for each PG, would only cost time.
var plain = []string{
	"OSDMAP_FLAGS", "OSD_FLAGS", "OSD_DOWN", "OSD_HOST_DOWN", "MON_DOWN", "MGR_DOWN",
	"PG_DEGRADED", "PG_AVAILABILITY", "SLOW_OPS",
}

func worthDetail(c Check) bool { return !slices.Contains(plain, c.Code) }

// explain lists what was asked and did not come. Whether it was waited for is
// told by the time between the answers around it.
func (t *talk) explain() {
	before := t.started
	var open []string
	note := func(at time.Time, ended bool) {
		long := t.limit - slack
		if ended && t.killed.Load() {
			long = t.limit / 2 // the kill cut its last wait short
		}
		waited, held := at.Sub(before) >= long, false
		for _, name := range open {
			g := Gap{What: name, Waited: waited, Loses: optional[name], Optional: optional[name] != "", Mgr: name == docFill}
			switch g.Why = t.reason(); {
			case t.broken[name]:
				g.Why, g.Waited = "it came and is not JSON", false
			case waited && held:
				// ceph asks one after the other: the monitors never heard this one
				g.Why, g.Waited = "not asked in time, the active mgr before it gave no answer", false
			case waited:
				g.Why = "no answer in time"
				held = g.Mgr
			case t.killed.Load():
				g.Why = errNoTime.Error()
			case g.Mgr:
				g.Needs = "caps mgr 'allow r'"
			}
			t.cluster.Gaps = append(t.cluster.Gaps, g)
			t.cluster.Evidence = append(t.cluster.Evidence, name+": "+g.Why)
		}
		open, before = nil, at
	}
	for _, name := range t.asked {
		at, came := t.seen[name]
		if !came {
			open = append(open, name)
			continue
		}
		note(at, false)
	}
	note(t.started.Add(t.took), true)
}
