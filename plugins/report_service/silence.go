package main

import (
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/locale"
)

// answers are the times in which guests did not answer, those of which nobody could
// tell whether they did: whoever was to ask from elsewhere did not; and those in which
// they need not, because a user had stopped them. Of the second no customer is told as
// an outage, and of none of them that all was well.
type answers struct{ silent, unsure, idle folding }

// take takes what an entry tells of whether a guest answers.
func (a answers) take(e journal.Entry) {
	at := placeOf(e)
	switch fact := e.Fact.(type) {
	case *journal.GuestSilent:
		a.hush(at, e, fact)
	case *journal.GuestStopped:
		if fact.User != "" {
			a.idle.begin(at, e)
			return
		}
		a.silent.begin(at, e) // by itself: it does not answer, and its customer is told
	case *journal.GuestAnswers:
		a.end(at, e)
	case *journal.GuestListed:
		if fact.Gone { // who has its number next answers for himself
			a.end(at, e)
		}
	}
}

func (a answers) end(at place, e journal.Entry) {
	a.silent.end(at, e)
	a.unsure.end(at, e)
	a.idle.end(at, e)
}

func (a answers) hush(at place, e journal.Entry, fact *journal.GuestSilent) {
	switch fact.Class {
	case journal.ClassPath:
		a.end(at, e) // it was our path, and no outage of his
	case journal.ClassGuest, journal.ClassNode, journal.ClassMigration, journal.ClassStart:
		before := a.unsure.last(at)
		doubted := before != nil && before.open()
		a.unsure.end(at, e)
		if t := a.silent.begin(at, e); doubted && t.from.Equal(e.At) {
			t.since = before.begin() // perhaps for so long
		}
	default: // not confirmed, or of a newer version
		if t := a.silent.last(at); t == nil || !t.open() {
			a.unsure.begin(at, e)
		}
	}
}

// tell gives each guest its times.
func (a answers) tell(s *story) {
	for _, part := range []struct {
		of folding
		to func(*guest) *[]trouble
	}{
		{a.silent, func(g *guest) *[]trouble { return &g.silences }}, {a.unsure, func(g *guest) *[]trouble { return &g.unsure }},
		{a.idle, func(g *guest) *[]trouble { return &g.idle }},
	} {
		for _, t := range part.of.all() {
			if g := s.guests[t.place]; g != nil {
				*part.to(g) = append(*part.to(g), t)
			}
		}
	}
}

// silences are the times in which a server did not answer, and those of which nobody
// can tell.
func (v *voice) silences(out *speech, x server, r report) {
	for _, o := range x.Silences {
		out.practice = append(out.practice, v.outage(o, [2]string{"silent", "silent_open"}, data{"Name": locale.Isolated(x.Name)}))
	}
	for _, o := range x.Unsure {
		until := r.Until
		if o.Until != nil {
			until = *o.Until
		}
		out.notMeasured = append(out.notMeasured, v.say("nm_unsure", data{"Name": locale.Isolated(x.Name), "Span": v.Span(o.From, until)}, o.Refs...))
	}
}

// gaps that were measured. That one was the longest is said when each was over.
func (v *voice) gaps(out *speech, x server, called string) {
	open := x.Unended
	if g := x.Gap; g != nil && g.Open && open == nil {
		open = g
	} else if g != nil {
		id := "gap"
		if open != nil {
			id = "gap_ended"
		}
		refs := []string{g.Ref}
		if g.MostRef != "" {
			refs = append(refs, g.MostRef)
		}
		d := data{"Name": called, "Gap": v.millis(g.MS), "Least": v.millis(g.LeastMS), "Most": v.millis(g.MostMS), "When": v.moment(g.At)}
		out.practice = append(out.practice, v.say(id, d, refs...))
	}
	if open != nil {
		out.practice = append(out.practice, v.say("gap_open", data{"Name": called, "Least": v.millis(open.LeastMS), "When": v.moment(open.At)}, open.Ref))
	}
}
