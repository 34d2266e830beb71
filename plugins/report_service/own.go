package main

import (
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// own is what only the hoster is told.
func (v *voice) own(out *speech, r report) {
	add := func(x sentence) { out.practice = append(out.practice, x) }
	for _, e := range r.Events {
		entry := *e.entry
		when := v.moment(e.At)
		switch fact := entry.Fact.(type) {
		case *journal.FanDropped:
			add(v.say("int_fans", data{"Node": clean(entry.Node), "Fans": clean(strings.Join(fact.Fans, ", ")), "When": when, "Lead": v.Duration(leadOf(entry))}, e.Ref))
		case *journal.Acknowledged:
			add(v.say("int_acknowledged", data{"Node": clean(entry.Node), "User": clean(fact.User), "Text": clean(fact.Text), "When": when}, e.Ref))
		case *journal.Asked:
			add(v.say("int_asked", data{
				"Gate": clean(fact.Gate), "Node": clean(strings.Join(fact.Nodes, ", ")), "Answer": clean(fact.Answer),
				"Holding": v.Number(fact.Holding), "Conditions": v.Number(fact.Conditions), "When": when,
			}, e.Ref))
		}
	}
	if n := len(r.Nobodys); n > 0 {
		out.notMeasured = append(out.notMeasured, v.count("int_nobodys", n, data{"Names": strings.Join(r.Nobodys, ", ")}))
	}
	if n := len(r.Shared); n > 0 {
		out.notMeasured = append(out.notMeasured, v.count("int_shared", n, data{"Names": strings.Join(r.Shared, ", ")}))
	}
}

// clean is a text of devices and operators for the hoster.
func clean(text string) string { return customer.Clean(text, 200) }

// zoneName is what a time zone is called: its place.
func zoneName(zone *time.Location, at time.Time) string {
	if zone.String() == "Local" {
		abbreviation, _ := at.In(zone).Zone()
		return abbreviation
	}
	return strings.ReplaceAll(zone.String(), "_", " ")
}
