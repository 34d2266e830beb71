package main

import (
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// told is what the journal knows of the guests, beside what is remembered of
// each.
type told struct {
	Watch journal.Watch `json:"watch"`
	// At is the last look, Theirs the same by the nodes' clock, which tasks have.
	At     time.Time `json:"at,omitzero"`
	Theirs time.Time `json:"theirs,omitzero"`
	// Tasks are migrations that were written down lately: a task may come into
	// the list some seconds after it ended.
	Tasks map[string]time.Time `json:"tasks,omitempty"`
	// Changed are guests that changed their node without a task that tells of it,
	// until the next look: the node they left, and when they were seen there last.
	Changed map[int]departure `json:"changed,omitempty"`
	// Hushed are guests of which the journal was told that they do not answer
	// (true), or that they were stopped.
	Hushed map[int]bool `json:"hushed,omitempty"`
	// Restless is when a guest fell silent, answered again or was stopped last.
	Restless time.Time `json:"restless,omitzero"`
}

// restless is for how long after such news every look is written down: whoever
// tells a customer of it needs to know that it is still so.
const restless = 15 * time.Minute

type departure struct {
	From string    `json:"from"`
	Last time.Time `json:"last"`
}

// moved is what was told by our clock, which was set forward by so much.
func (t told) moved(by time.Duration) told {
	t.Watch, t.Changed = t.Watch.Moved(by), state.Moved(t.Changed, by, func(d *departure) *time.Time { return &d.Last })
	state.Move(by, &t.At, &t.Restless)
	return t
}

// lateTask is how long after its end a task may come into the list, which nodes
// send to each other every few seconds.
const lateTask = time.Minute

// teller compares two memories.
type teller struct {
	old, next memory
	facts
	// hushed are guests that do not answer or were stopped, as far as the journal
	// is told.
	hushed map[int]bool
	events []journal.Entry
}

// tell returns what happened between two memories, and what the journal knows
// then. It is pure. counted says that the run looked at all guests.
func tell(old, next memory, f facts, counted bool) (told, []journal.Entry) {
	t := &teller{old: old, next: next, facts: f, hushed: map[int]bool{}}
	maps.Copy(t.hushed, old.Told.Hushed)
	now := old.Told
	if t.whole() {
		t.listed()
		now = t.moves()
		t.stopped()
	}
	t.silences()
	now.Hushed, now.Restless = t.hushed, t.restless()
	t.measured()
	var looks []journal.Entry
	now.Watch = old.Told.Watch
	if counted && !f.blind() && len(f.cluster.Rights) == 0 {
		now.Watch, looks = now.Watch.Look(f.now, len(t.events) > 0 || f.now.Sub(now.Restless) < restless)
	}
	t.events = append(t.events, looks...)
	subject := f.cluster.Subject()
	for i := range t.events {
		t.events[i].Cluster = subject
	}
	return now, t.events
}

// anew says that our clock was set since the last look, so that what was written by
// it then says nothing about now: it is long ago, or later than now.
func (t *teller) anew() bool {
	last := t.old.Told
	back := t.set < 0 && t.now.Sub(last.Restless) < journal.ClockSlack
	return !last.At.IsZero() && (back || t.set.Abs() > journal.ClockSlack)
}

// whole says that the cluster tells of all its guests.
func (t *teller) whole() bool { return t.cluster.Quorate && len(t.cluster.Gaps) == 0 }

// turned says that it is the first look of a month, which says by itself who there
// is, and who of them is silent.
func (t *teller) turned() bool {
	return t.whole() && t.old.Told.At.UTC().Format("2006-01") != t.now.UTC().Format("2006-01")
}

// since is the last look, if our clock has not been set back behind it.
func (t *teller) since() time.Time {
	if t.old.Told.At.After(t.now) {
		return time.Time{}
	}
	return t.old.Told.At
}

func (t *teller) happened(at, since time.Time, g pve.Guest, fact journal.Fact) {
	who := &journal.Guest{ID: g.ID, Type: g.Kind.Prefix(), Name: g.Name, Pool: g.Pool, Tags: g.Tags}
	node := g.Node
	if since.After(at) {
		since = time.Time{}
	}
	t.events = append(t.events, journal.Entry{At: at, Since: since, Node: node, Guest: who, Fact: fact})
}

// listed says who is new, is called otherwise, or is gone; with the first look of
// a month everybody: a month says by itself who there was.
func (t *teller) listed() {
	anew := t.turned() || t.anew()
	if anew {
		t.events = make([]journal.Entry, 0, len(t.subjects)+1) // of tens of thousands it must not grow
	}
	there := map[int]bool{}
	for i := range t.subjects {
		s := &t.subjects[i]
		there[s.guest.ID] = true
		was, before := t.old.Guests[s.guest.ID]
		is := t.next.Guests[s.guest.ID]
		if anew || !before || was.Name != is.Name || was.Pool != is.Pool || !slices.Equal(was.Tags, is.Tags) {
			t.happened(t.now, time.Time{}, *s.guest, &journal.GuestListed{Answers: is.Answered != 0})
		}
	}
	for id, was := range t.old.Guests {
		if _, is := t.next.Guests[id]; !is && !there[id] {
			t.happened(t.now, t.since(), pve.Guest{ID: id, Name: was.Name, Node: was.Node, Pool: was.Pool, Tags: was.Tags}, &journal.GuestListed{Gone: true})
		}
	}
}

// moves are told by tasks. A guest that changed its node and has no such task is
// told with the next look: the task may be late.
func (t *teller) moves() told {
	c := t.cluster
	next := told{At: t.now, Theirs: c.Time, Tasks: map[string]time.Time{}, Changed: map[int]departure{}}
	if t.old.Told.At.IsZero() {
		return next // what was before the first look is nobody's news
	}
	from := t.old.Told.Theirs.Add(-lateTask)
	moved := map[int]bool{}
	for _, m := range c.Moves(from) {
		known, before := t.old.Guests[m.Guest.ID]
		if end, written := t.old.Told.Tasks[m.Task.UPID]; written {
			next.Tasks[m.Task.UPID] = end
			continue
		}
		if moved[m.Guest.ID] = true; !before {
			continue
		}
		next.Tasks[m.Task.UPID] = m.Task.End
		started, ended := t.times(m.Task)
		t.happened(ended, time.Time{}, m.Guest, &journal.GuestMoved{
			From: m.From, To: m.To, Started: started, Ended: ended, Live: t.live(m, known), Task: m.Task.UPID,
		})
	}
	x := c.Index()
	for id, d := range t.old.Told.Changed {
		if g, is := x.Guest(id); is && !moved[id] && g.Node != d.From {
			t.happened(t.now, d.Last, g, &journal.GuestMoved{From: d.From, To: g.Node})
		}
	}
	for id, was := range t.old.Guests {
		g, is := x.Guest(id)
		if is && !moved[id] && was.Node != "" && g.Node != was.Node {
			next.Changed[id] = departure{was.Node, t.old.Told.At}
		}
	}
	return next
}

// times of a task by our clock. A task that had not ended at the last look ended
// after it, whatever the clocks have done since.
func (t *teller) times(task pve.Task) (started, ended time.Time) {
	shift := time.Duration(0)
	if !t.cluster.Time.IsZero() {
		shift = t.now.Sub(t.cluster.Time)
	}
	if last := t.since(); !task.End.Before(t.old.Told.Theirs) && task.End.Add(shift).Before(last) {
		shift = last.Sub(task.End)
	}
	return task.Start.Add(shift).UTC(), task.End.Add(shift).UTC()
}

// live says whether a guest ran while it was moved: a container never does, a
// virtual machine that ran before and after and was not stopped or started does,
// because Proxmox VE refuses to move it otherwise. nil is that nobody knows.
func (t *teller) live(m pve.Move, was known) *bool {
	yes, no := true, false
	_, idle := t.old.PVE.Idle[m.Guest.ID]
	ran := !t.old.PVE.Heard[was.Node].IsZero() && !idle
	switch {
	case m.Guest.Kind == pve.Container && ran, idle && m.Guest.Status == "stopped" && !m.Disturbed:
		return &no
	case ran && m.Guest.Status == "running" && !m.Guest.Stale && !m.Disturbed:
		return &yes
	}
	return nil
}

// stopped are guests that ran when their node was last heard of, and do not now.
func (t *teller) stopped() {
	if t.old.Told.At.IsZero() {
		return
	}
	for _, g := range t.cluster.Guests {
		_, was := t.old.PVE.Idle[g.ID]
		known, before := t.old.Guests[g.ID]
		if g.Status != "stopped" || g.Stale || g.Template || was || !before || known.Answered == 0 {
			continue
		}
		t.happened(t.now, t.since(), g, &journal.GuestStopped{User: t.next.PVE.Stops[g.ID].User})
		t.hushed[g.ID] = false
	}
}

// remembered is the memory with what the journal was told.
func (m memory) remembered(t told) memory {
	maps.DeleteFunc(t.Tasks, func(_ string, end time.Time) bool { return end.Before(t.Theirs.Add(-2 * lateTask)) })
	m.Told = t
	return m
}
