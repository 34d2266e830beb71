package redfish

import (
	"context"
	"time"
)

// manager is the controller's own resource.
type manager struct {
	LastResetTime   text
	DateTime        text
	FirmwareVersion text
	LogServices     link

	path string
	// clock is the controller's clock less ours.
	clock *time.Duration
}

// managerPath is the controller that manages the chassis with fans, or the
// first one; empty when there is none.
func (p *poll) managerPath(ctx context.Context) string {
	for _, c := range p.withFans() {
		if len(c.body.Links.managers) > 0 {
			return c.body.Links.managers[0]
		}
	}
	if p.root.Managers == "" {
		return ""
	}
	members, err := p.pages(ctx, string(p.root.Managers))
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
	m := manager{path: path}
	a, err := p.read(ctx, path, &m)
	if err != nil {
		return nil
	}
	m.clock = a.clock
	if own := stamp(m.DateTime.String()); !own.IsZero() {
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
