package main

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

func itoa(n int) string { return strconv.Itoa(n) }

// service is one work, for an audience.
func (s *story) service(w *work, a audience) service {
	r := service{Begun: moment{w.begun.at, w.begun.ref}, Off: []outage{}}
	if a.who == nil {
		r.Node = w.name
	}
	for _, x := range []struct {
		to   **moment
		from step
	}{{&r.Emptied, w.emptied}, {&r.Allowed, w.allowed}, {&r.Back, w.back}} {
		if x.from.known() {
			*x.to = &moment{x.from.at, x.from.ref}
		}
	}
	r.BackBut = w.back.but
	for _, t := range w.off {
		r.Off = append(r.Off, outageOf(t))
	}
	for _, e := range w.asks {
		asked := e.Fact.(*journal.Asked)
		r.Asked++
		r.Conditions += asked.Conditions
		if asked.Answer == journal.AnswerNo {
			r.Refused++
		}
		r.AskedRefs = append(r.AskedRefs, e.ID)
	}
	s.faulty(&r, w, a)
	s.copies(&r, w)
	r.Else = w.otherwise(a)
	s.firstTold(&r, w, a)
	return r
}

// firstTold finds when the customer was first told of the work on this node, and
// how long after the fault that was. What he was told of a disturbance is of
// something else.
func (s *story) firstTold(r *service, w *work, a audience) {
	if a.who == nil {
		return
	}
	over := s.over(w, a.who.Key)
	for _, e := range s.told {
		told := e.Fact.(*journal.Told)
		ours := e.Node == w.name && (e.Cluster == "" || e.Cluster == w.cluster) || e.Node == "" && !strings.Contains(told.Notice, " D-")
		if told.Customer != a.who.Key || !ours || e.At.After(w.span().Until) || !e.At.After(w.begun.at.Add(-before)) || slices.Contains(over, eventOf(told)) {
			continue
		}
		r.Told = &moment{e.At, e.ID}
		break
	}
	if r.Told == nil || r.Fault == nil {
		return
	}
	failed := r.Fault.Seen.Add(-time.Duration(r.Fault.LeadS * float64(time.Second)))
	if within := r.Told.At.Sub(failed).Seconds(); within >= 0 {
		r.Fault.ToldS = &within
	}
}

// over are the events that are not this work: the customer was told before it that
// they were over, or called off, or before the node was back last that they had
// begun, and of nothing since.
func (s *story) over(w *work, customer string) []string {
	since, out, lately := s.lastServiced(w), map[string]bool{}, map[string]bool{}
	for _, e := range s.told {
		told := e.Fact.(*journal.Told)
		if told.Customer != customer || e.At.After(w.span().Until) {
			continue
		}
		kind, event, _ := strings.Cut(told.Notice, " ")
		switch kind {
		case "finished", "cancelled":
			out[event] = out[event] || e.At.Before(w.begun.at)
		case "begun", "moved":
			out[event] = out[event] || !e.At.After(since)
		}
		lately[event] = lately[event] || e.At.After(since)
	}
	return slices.DeleteFunc(slices.Collect(maps.Keys(lately)), func(event string) bool { return lately[event] && !out[event] })
}

// eventOf is the event that somebody was told of.
func eventOf(told *journal.Told) string {
	_, event, _ := strings.Cut(told.Notice, " ")
	return event
}

// lastServiced is when the work before this one was over on the node, or as long ago
// as anything before may belong to it.
func (s *story) lastServiced(w *work) time.Time {
	since := w.begun.at.Add(-before)
	for _, other := range s.works {
		if other.place == w.place && other.back.known() && other.back.at.Before(w.begun.at) && other.back.at.After(since) {
			since = other.back.at
		}
	}
	return since
}

// before is how long before a work a fault may be its reason.
const before = 30 * 24 * time.Hour

// faulty finds the fan that was the reason: the first that failed in the node
// since it was serviced last.
func (s *story) faulty(r *service, w *work, a audience) {
	since := s.lastServiced(w)
	controller := w.name
	if name, is := a.controllers[w.name]; is {
		controller = name
	}
	again := false
	for _, f := range s.fans {
		if f.node != controller {
			continue
		}
		if r.Fault == nil && f.at.After(since) && f.at.Before(w.begun.at) {
			r.Fault = &noticed{At: f.at, Seen: f.seen, LeadS: f.lead.Seconds(), Ref: f.ref}
			if a.who == nil {
				r.Fault.Fans = f.fans
			}
		}
		again = again || w.back.known() && f.at.After(w.back.at)
	}
	if r.Fault == nil || again || !w.back.known() {
		return
	}
	for _, l := range s.looks["check_fans"] {
		if l.node == controller && l.Until.After(w.back.at) {
			r.Quiet = &moment{l.Until, l.ref}
		}
	}
}

// storage are the Ceph clusters whose data is concerned: the only one there is,
// or those with a daemon on a node of the works. nil is the only one, empty none.
func (s *story) storage(works []*work) []string {
	var all, touched []string
	add := func(list *[]string, name string) {
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	for _, l := range s.looks["check_ceph"] {
		add(&all, l.cluster)
	}
	for _, e := range s.stopped {
		if slices.ContainsFunc(works, func(w *work) bool { return w.name == e.Node }) {
			add(&touched, e.Cluster)
		}
	}
	for _, t := range slices.Concat(s.few, s.halted) {
		add(&all, t.cluster)
	}
	if len(all) <= 1 {
		return nil
	}
	if touched == nil {
		return []string{}
	}
	return touched
}

// copies says how many copies of the data were certain while the node was away,
// if somebody looked then and the number is known.
func (s *story) copies(r *service, w *work) {
	storage := s.storage([]*work{w})
	mine := func(cluster string) bool { return storage == nil || slices.Contains(storage, cluster) }
	unknown := false
	for _, t := range s.few {
		if !t.within(w.span()) || !mine(t.cluster) {
			continue
		}
		unknown = unknown || t.of == 0
		if r.Copies == nil {
			r.Copies = &copies{Least: math.MaxInt, Of: t.of}
		}
		if t.least < r.Copies.Least {
			r.Copies.Least, r.Copies.Of = t.least, t.of
		}
		r.Copies.Times = append(r.Copies.Times, outageOf(t))
		r.Copies.Refs = append(r.Copies.Refs, t.refs...)
	}
	if unknown {
		r.Copies = nil
	}
}

// otherwise is what would have happened to the guests that left before the node
// went off: they would have been off for as long as it was.
func (w *work) otherwise(a audience) *otherwise {
	var o otherwise
	seen := map[int]bool{}
	for _, m := range w.left() {
		if a.owns(m.guest) && !seen[m.guest.ID] {
			seen[m.guest.ID] = true
			o.Servers++
			o.Refs = append(o.Refs, m.ref)
		}
	}
	least := time.Duration(0)
	for _, t := range w.off {
		least += t.atLeast()
		o.Refs = append(o.Refs, t.refs...)
	}
	if o.Servers == 0 || least < time.Second {
		return nil
	}
	o.LeastS = least.Seconds()
	return &o
}

// clusters are those of the guests that concern the audience.
func (s *story) clusters(a audience) []string {
	var out []string
	for _, g := range s.sorted() {
		_, is := s.server(g, a)
		if is && !slices.Contains(out, g.cluster) {
			out = append(out, g.cluster)
		}
	}
	return out // none: any
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// ends are the first and the last of many references.
func ends(first, last string) []string {
	switch {
	case first == "":
		return nil
	case first == last:
		return []string{first}
	}
	return []string{first, last}
}

// looked counts the looks that lie in the period as a whole.
func (s *story) looked() (n int, refs []string) {
	var first, last string
	for _, plugin := range []string{"check_guests", "check_pve", "check_ceph", "check_fans"} {
		for _, l := range s.looks[plugin] {
			if !l.From.Before(s.period.From) && !l.Until.After(s.period.Until) {
				n += l.Polls
				if first == "" {
					first = l.ref
				}
				last = l.ref
			}
		}
	}
	return n, ends(first, last)
}
