package main

import (
	"strings"

	"github.com/noout-monitoring/noout/pkg/locale"
)

// speech is a report in words.
type speech struct {
	practice, otherwise, technology, effort, notMeasured []sentence
}

// speak puts the facts into words. Each sentence comes from entries, or says what
// is not known.
func (v *voice) speak(r report) speech {
	var out speech
	for _, w := range r.Works {
		v.work(&out, w, r)
	}
	for _, x := range r.Servers {
		v.server(&out, x, r)
	}
	for _, o := range r.Halted {
		out.practice = append(out.practice, v.outage(o, [2]string{"data_stopped", "data_stopped_open"}, data{}))
	}
	v.quietTime(&out, r)
	v.technology(&out, r)
	v.effort(&out, r)
	v.unseen(&out, r)
	if r.Customer == "" {
		v.own(&out, r)
	}
	return out
}

// work is one maintenance, step by step.
func (v *voice) work(out *speech, w service, r report) {
	add := func(s sentence) { out.practice = append(out.practice, s) }
	d := data{"Node": w.Node}
	switch {
	case w.Node != "" && w.Back != nil:
		d["Span"] = v.Span(w.Begun.At, w.Back.At)
		add(v.say("int_work", d, w.Begun.Ref, w.Back.Ref))
	case w.Node != "":
		d["When"] = v.moment(w.Begun.At)
		add(v.say("int_work_open", d, w.Begun.Ref))
	case w.Back != nil:
		add(v.say("work", data{"Span": v.Span(w.Begun.At, w.Back.At)}, w.Begun.Ref, w.Back.Ref))
	default:
		add(v.say("work_open", data{"When": v.moment(w.Begun.At)}, w.Begun.Ref))
	}
	switch {
	case w.Back != nil && w.Back.At.After(r.Until):
		add(v.say("work_across", nil, w.Back.Ref))
	case w.Begun.At.Before(r.From):
		add(v.say("work_across", nil, w.Begun.Ref))
	}
	if f := w.Fault; f != nil {
		add(v.say("fault", data{"When": v.moment(f.At), "Lead": v.seconds(f.LeadS)}, f.Ref))
	}
	if f := w.Fault; w.Told != nil && f != nil && f.ToldS != nil {
		add(v.say("told_lead", data{"When": v.moment(w.Told.At), "Lead": v.seconds(*f.ToldS)}, w.Told.Ref, f.Ref))
	} else {
		v.step(out, "told", w.Told)
	}
	v.step(out, "emptied", w.Emptied)
	v.step(out, "allowed", w.Allowed)
	for _, o := range w.Off {
		v.step(out, "off", &moment{o.From, o.Refs[0]})
		if o.Until != nil {
			v.step(out, "on", &moment{*o.Until, o.Refs[len(o.Refs)-1]})
		}
		if w.Node != "" && o.MostS != nil {
			add(v.say("int_off", data{"Node": w.Node, "Least": v.seconds(o.LeastS), "Most": v.seconds(*o.MostS), "When": v.moment(o.From)}, o.Refs...))
		}
	}
	if w.BackBut {
		v.step(out, "back_but", w.Back)
	} else {
		v.step(out, "back", w.Back)
	}
	if c := w.Copies; c != nil {
		add(v.say("copies", data{"Least": v.Number(c.Least), "Of": v.Number(c.Of)}, c.Refs...))
	}
	if e := w.Else; e != nil {
		out.otherwise = append(out.otherwise, v.count("otherwise", e.Servers, data{"For": v.seconds(e.LeastS)}, e.Refs...))
	}
	if q := w.Quiet; q != nil {
		out.otherwise = append(out.otherwise, v.say("otherwise_quiet", data{"When": v.moment(q.At)}, w.Fault.Ref, w.Back.Ref, q.Ref))
	}
	v.workUnseen(out, w)
}

// workUnseen is what of a work was not measured.
func (v *voice) workUnseen(out *speech, w service) {
	add := func(id string) { out.notMeasured = append(out.notMeasured, v.say(id, nil)) }
	open := len(w.Off) == 0
	for _, o := range w.Off {
		open = open || o.Until == nil
	}
	if open {
		add("nm_off")
	}
	if w.Copies == nil {
		add("nm_copies")
	}
}

func (v *voice) step(out *speech, id string, m *moment) {
	if m != nil {
		out.practice = append(out.practice, v.say(id, data{"When": v.moment(m.At)}, m.Ref))
	}
}

// server is what happened to one guest.
func (v *voice) server(out *speech, x server, r report) {
	called := locale.Isolated(x.Name)
	for _, t := range x.Moves {
		d := data{"Name": called, "When": v.moment(t.Ended)}
		switch {
		case t.From != "":
			d["From"], d["To"], d["Owner"] = t.From, t.To, v.owner(x.Owner)
			out.practice = append(out.practice, v.say("int_move", d, t.Ref))
		case t.Live != nil && *t.Live && t.Started != nil:
			d["For"] = v.Duration(t.Ended.Sub(*t.Started))
			out.practice = append(out.practice, v.say("move_live", d, t.Ref))
		case t.Live != nil && !*t.Live:
			out.practice = append(out.practice, v.say("move_stopped", d, t.Ref))
		default:
			out.practice = append(out.practice, v.say("move", d, t.Ref))
		}
		if t.Live == nil {
			out.notMeasured = append(out.notMeasured, v.say("nm_live", data{"Name": called, "When": v.moment(t.Ended)}, t.Ref))
		}
		if !t.Measured && (t.Live == nil || *t.Live) {
			out.notMeasured = append(out.notMeasured, v.say("nm_gap", data{"Name": called, "When": v.moment(t.Ended)}, t.Ref))
		}
	}
	v.gaps(out, x, called)
	for _, m := range x.Stops {
		out.practice = append(out.practice, v.say("stopped", data{"Name": called, "When": v.moment(m.At)}, m.Ref))
	}
	v.silences(out, x, r)
	if !x.Answers && r.Watched.Polls > 0 {
		out.notMeasured = append(out.notMeasured, v.say("nm_never", data{"Name": called}))
	}
}

// owner of a guest, for the hoster.
func (v *voice) owner(owners []string) string {
	if len(owners) == 0 {
		return v.word("nobodys")
	}
	return strings.Join(owners, ", ")
}

// outage is one of two messages: with an end, and without. It adds when that was
// to the data.
func (v *voice) outage(o outage, ids [2]string, d data) sentence {
	if o.Until == nil {
		d["When"] = v.moment(o.From)
		return v.say(ids[1], d, o.Refs...)
	}
	d["Span"], d["For"] = v.Span(o.From, *o.Until), v.seconds(*o.MostS)
	return v.say(ids[0], d, o.Refs...)
}

// quietTime says that nothing happened, which only who looked can say.
func (v *voice) quietTime(out *speech, r report) {
	moved, answering, silent := 0, false, false
	var refs []string
	for _, x := range r.Servers {
		answering = answering || x.Answers
		silent = silent || len(x.Silences)+len(x.Stops)+len(x.Unsure) > 0
		if len(x.Moves) > 0 {
			moved++
			for _, t := range x.Moves {
				refs = append(refs, t.Ref)
			}
		}
	}
	if moved > 0 && r.Customer != "" {
		out.practice = append([]sentence{v.count("moved", moved, nil, refs...)}, out.practice...)
	}
	if answering && !silent && !r.restless && r.Watched.Polls > 0 && r.Customer != "" {
		out.practice = append(out.practice, v.count("never_silent", r.Watched.Polls, nil, r.Watched.Refs...))
	}
	if len(r.Works) == 0 && moved == 0 && !silent && !r.lost && len(r.Servers) > 0 && r.Watched.Polls > 0 {
		out.practice = append(out.practice, v.say("nothing", nil, r.Watched.Refs...))
	}
}

func (v *voice) technology(out *speech, r report) {
	add := func(s sentence) { out.technology = append(out.technology, s) }
	var live, measured, asked, copied []string
	servers, conditions, of := 0, 0, 0
	every := 0.0
	for _, x := range r.Servers {
		before := len(live)
		for _, t := range x.Moves {
			if t.Live != nil && *t.Live {
				live = append(live, t.Ref)
			}
		}
		if len(live) > before {
			servers++
		}
		for _, g := range []*pause{x.Gap, x.Unended} {
			if g != nil {
				measured, every = append(measured, g.Ref), max(every, g.EveryMS)
			}
		}
	}
	for _, w := range r.Works {
		conditions += w.Conditions
		asked = append(asked, w.AskedRefs...)
		if c := w.Copies; c != nil {
			of, copied = c.Of, append(copied, c.Refs...)
		}
	}
	if servers > 0 {
		add(v.count("tech_live", servers, nil, live...))
	}
	if len(measured) > 0 {
		add(v.say("tech_every", data{"Every": v.millis(every)}, measured...))
	}
	if of > 0 {
		add(v.say("tech_copies", data{"Of": v.Number(of)}, copied...))
	}
	if conditions > 0 {
		add(v.count("tech_conditions", conditions, nil, asked...))
	}
}

func (v *voice) effort(out *speech, r report) {
	add := func(s sentence) { out.effort = append(out.effort, s) }
	moves, asked, refused := 0, 0, 0
	var refs, gates []string
	for _, x := range r.Servers {
		for _, t := range x.Moves {
			moves++
			refs = append(refs, t.Ref)
		}
	}
	for _, w := range r.Works {
		asked, refused = asked+w.Asked, refused+w.Refused
		gates = append(gates, w.AskedRefs...)
		if w.Back != nil {
			add(v.say("effort_length", data{"For": v.Duration(w.Back.At.Sub(w.Begun.At))}, w.Begun.Ref, w.Back.Ref))
		}
	}
	if moves > 0 && r.Customer != "" {
		add(v.count("effort_moves", moves, nil, refs...))
	}
	if asked > 0 {
		add(v.count("effort_asked", asked, nil, gates...))
	}
	if refused > 0 {
		add(v.count("effort_refused", refused, nil, gates...))
	}
	if r.Looks > 0 {
		add(v.count("effort_looks", r.Looks, nil, r.LookRefs...))
	}
}

// unseen is what nobody looked at.
func (v *voice) unseen(out *speech, r report) {
	add := func(s sentence) { out.notMeasured = append(out.notMeasured, s) }
	if r.Watched.Polls == 0 && r.Data.Polls == 0 {
		add(v.say("nm_all", nil))
	} else {
		for _, p := range r.Watched.Unseen {
			add(v.say("nm_servers", data{"Span": v.Span(p.From, p.Until)}))
		}
		for _, p := range r.Data.Unseen {
			add(v.say("nm_data", data{"Span": v.Span(p.From, p.Until)}))
		}
	}
	if r.Watched.Polls > 1 {
		add(v.say("nm_between", data{"Pause": v.seconds(r.Watched.LongestS)}, r.Watched.Refs...))
	}
	if len(r.Servers) == 0 && r.Customer != "" {
		add(v.say("nm_no_servers", nil))
	}
	if r.Unread > 0 {
		add(v.count("nm_lines", r.Unread, nil))
	}
}
