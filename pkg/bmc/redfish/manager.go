package redfish

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// manager is the controller's own resource.
type manager struct {
	LastResetTime   text
	DateTime        text
	LocalOffset     text `json:"DateTimeLocalOffset"`
	FirmwareVersion text
	LogServices     link

	date *time.Time // by the Date header
	// clock is the controller's clock less ours.
	clock *time.Duration
}

// managerPath is the controller that manages the chassis with fans, or the
// first one; empty when there is none.
func (p *poll) managerPath(ctx context.Context) string {
	for _, c := range p.withFans() {
		if managers := c.body.Links.ManagedBy.links(); len(managers) > 0 {
			return managers[0]
		}
	}
	if p.root.Managers == "" {
		return ""
	}
	members, err := p.upTo(ctx, string(p.root.Managers), maxMembers)
	if err != nil || len(members) == 0 {
		return ""
	}
	return members[0].path
}

// readManager reads the controller's resource, once a poll; nil when it cannot
// be read. That is no gap: what it says only ever explains something away.
func (p *poll) readManager(ctx context.Context) *manager {
	if p.manager != nil {
		return p.manager
	}
	path := p.managerPath(ctx)
	if path == "" {
		return nil
	}
	var m manager
	a, err := p.read(ctx, path, &m)
	if err != nil {
		return nil
	}
	m.clock = a.clock
	if date, err := http.ParseTime(a.head.Get("Date")); err == nil {
		m.date = &date
	}
	if own := (calendar{zone: m.offset()}).own(m.DateTime.String()); !own.IsZero() {
		d := own.Sub(p.now())
		m.clock = &d
	}
	p.manager = &m
	return p.manager
}

// readRestart finds out when the controller started, when a fan that is
// expected is missing or has no reading: controllers that just started list
// few. What the controller says is moved to our clock.
func (p *poll) readRestart(ctx context.Context) {
	if !p.lost() {
		return
	}
	m := p.readManager(ctx)
	if m == nil {
		return
	}
	p.server.Identity.Firmware = m.FirmwareVersion.Name()
	at := stamp(m.LastResetTime.String())
	if at.IsZero() {
		return
	}
	if m.clock != nil {
		at = at.Add(-*m.clock)
	}
	p.server.Restarted = at.Truncate(time.Second)
}

// own is the controller's own time, whatever year it believes it is.
func (c calendar) own(s string) time.Time {
	t := stamp(s)
	if !t.IsZero() && withoutZone(s) {
		t = t.Add(-c.zone)
	}
	return t
}

// offset is what the controller's zone is ahead of UTC: as it says, or as its
// own time is stamped; where that has no zone either, as its clock differs from
// its Date header, which is always UTC.
func (m *manager) offset() time.Duration {
	if t, err := time.Parse("-07:00", m.LocalOffset.String()); err == nil {
		_, seconds := t.Zone()
		return time.Duration(seconds) * time.Second
	}
	own := m.DateTime.String()
	if t, err := time.Parse(time.RFC3339Nano, own); err == nil {
		_, seconds := t.Zone()
		return time.Duration(seconds) * time.Second
	}
	if withoutZone(own) && m.date != nil {
		return stamp(own).Sub(*m.date).Round(15 * time.Minute)
	}
	return 0
}

// zoneFor is how long the offset is believed: it changes twice a year.
const zoneFor = time.Hour

// zoneMemory is the controller's offset, and when it said so.
type zoneMemory struct {
	Offset time.Duration `json:"offset"`
	At     time.Time     `json:"at"`
}

// zone is what the stamps of a log without a zone are ahead of UTC. Only a log
// that has such stamps about fans makes the controller be asked.
func (p *poll) zone(ctx context.Context, r *logRead) time.Duration {
	if !slices.ContainsFunc(r.entries, func(e logEntry) bool { return withoutZone(e.made().String()) }) {
		return 0
	}
	if !recent(p.memory.Zone.At, p.now(), zoneFor) {
		m := p.readManager(ctx)
		if m == nil {
			return p.memory.Zone.Offset
		}
		p.memory.Zone = zoneMemory{Offset: m.offset(), At: p.now()}
		p.note("stamps without a zone are taken as %s ahead of UTC, as the controller's clock", p.memory.Zone.Offset)
	}
	return p.memory.Zone.Offset
}
