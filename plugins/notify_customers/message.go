package main

import (
	"net/mail"

	"github.com/noout-monitoring/noout/pkg/channel"
	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/notice"
)

// message is a notice as the channels take it: the same whenever it is made.
func (r *run) message(c customer.Customer, x notice.Record, way notice.Delivery) (channel.Message, error) {
	r.faults.mu.Lock()
	l, err := r.voice(x.Language)
	r.faults.mu.Unlock()
	if err != nil {
		return channel.Message{}, err
	}
	hoster, domain := r.sender()
	words, err := notice.Say(x.Notice, l, hoster)
	if err != nil {
		return channel.Message{}, err
	}
	m := channel.Message{
		ID: x.ID, Thread: x.Thread, Date: x.At, Lang: words.Lang, Event: x.Event, Kind: string(x.Kind), Updated: x.Number,
		Subject: words.Subject, Text: words.Text, HTML: words.HTML, Facts: x.Facts(),
	}
	if x.Planned() && c.Calendar != customer.CalendarNone && way.Channel == byMail {
		n := calendarOf(x, c, way.To)
		n.Summary, n.Lang, n.Provider, n.UID = words.Subject, words.Lang, domain, x.UID(domain)
		if a, err := mail.ParseAddress(r.Channels.MailFrom); err == nil {
			n.Organizer = *a
		}
		m.CalendarMethod = n.Method
		if m.Calendar, err = channel.Calendar(n); err != nil {
			return channel.Message{}, err
		}
	}
	return m, nil
}

// calendarOf is planned work as a calendar.
func calendarOf(x notice.Record, c customer.Customer, to string) channel.Note {
	n := channel.Note{
		Sequence: x.Number, Stamp: x.At, Start: x.Work.From, End: x.Work.Until, Account: c.Account, Maintenance: x.Event,
		Impact: map[notice.Impact]channel.Impact{notice.ImpactNone: channel.ReducedRedundancy, notice.ImpactShort: channel.Degraded, notice.ImpactOff: channel.Outage}[x.Work.Impact],
		Status: channel.Confirmed,
	}
	if n.Account == "" {
		n.Account = x.Notice.Account()
	}
	for _, s := range x.Servers {
		n.Objects = append(n.Objects, s.Name)
	}
	switch {
	case x.Kind == notice.Finished:
		n.Status = channel.Completed
	case x.Kind == notice.Cancelled:
		n.Status = channel.Cancelled
	case !x.Begun.IsZero():
		n.Status = channel.InProcess
	}
	if c.Calendar == customer.CalendarRequest {
		if n.Method, n.Attendee = channel.Request, to; n.Status == channel.Cancelled {
			n.Method = channel.Cancel
		}
	}
	return n
}
