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
}

// hold asks everything and reads the answers.
func (t *talk) hold() {
	t.say(docStatus)
	t.listen(earlier(time.Now().Add(firstAnswer), t.until), docStatus)
	if _, told := t.seen[docStatus]; told {
		t.say(t.wanted()...)
		t.awaitTree()
	} else {
		// the monitors are silent, or something holds the output back
		t.say(docMap, docTree, docFill)
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
	for t.cluster.Tree == nil && !t.ended && time.Now().Before(until) && len(t.errors.String()) == heard {
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
		if name == "" {
			continue
		}
		if _, again := t.seen[name]; !again {
			t.seen[name] = time.Now()
		}
		if name == awaited {
			return
		}
	}
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
	if c.Mgr == nil || c.Mgr.Available {
		return append(out, docFill)
	}
	return append(out, docTree)
}

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
		waited := at.Sub(before) >= t.limit-slack || ended && t.killed.Load()
		for _, name := range open {
			g := Gap{What: name, Waited: waited, Loses: optional[name], Optional: optional[name] != "", Mgr: name == docFill}
			switch g.Why = t.reason(); {
			case waited:
				g.Why = "no answer in time"
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
