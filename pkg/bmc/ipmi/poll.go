package ipmi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// busyTries and busyPause bound how often a controller that is busy is asked
// again.
const (
	busyTries = 3
	busyPause = 100 * time.Millisecond
)

// maxSilent is how many requests in a row may stay without an answer before
// the rest is not asked any more.
const maxSilent = 2

// maxEvidence bounds the evidence of one poll.
const maxEvidence = 500

// poll is one reading of a controller.
type poll struct {
	link   link
	ask    bmc.Ask
	memory memory
	now    time.Time
	server bmc.Server

	renewal  *repositoryInfo // of a cache that is too old
	answered bool            // something was
	silent   int             // requests in a row without an answer
	broken   error           // why nothing is asked any more
}

// run reads everything. What could not be read is a gap; the error is not nil
// only when the controller answered nothing at all.
func (p *poll) run(ctx context.Context) (bmc.Server, error) {
	if p.server.Power == bmc.PowerUnknown {
		p.power(ctx)
	}
	walked := p.memory.Repository.Read
	sensors := p.sensors(ctx)
	set := p.group(p.readings(ctx, sensors))
	p.witnesses(ctx, set)
	p.server.Gaps = append(p.server.Gaps, set.gaps()...)
	p.server.Parts = set.cooling()
	p.server.Fans, p.server.Redundancies = set.fans(p.ask.Known, p.server.Power)
	if p.ask.Logs {
		p.log(ctx, set)
	}
	p.renew(ctx)
	if !p.memory.Repository.Read.Equal(walked) || !p.memory.Inventory {
		p.inventory(ctx)
	}
	p.server.Identity = p.memory.Identity
	p.server.Identity.UUID = p.uuid()
	p.server.Memory = p.memory.store()
	if !p.answered && p.broken != nil {
		return bmc.Server{Evidence: p.server.Evidence}, p.broken
	}
	return p.server, nil
}

// send carries a request to the controller, and again when it is busy. An
// error of type code is the controller's answer; after two requests in a row
// without any answer the rest fails at once, so that what was read can still
// be judged in time.
func (p *poll) send(ctx context.Context, r request) ([]byte, error) {
	for try := 1; ; try++ {
		if p.broken != nil {
			return nil, fmt.Errorf("not asked any more: %w", p.broken)
		}
		data, err := p.link.send(ctx, r)
		c := code(0)
		switch {
		case err == nil:
			p.answered, p.silent = true, 0
			return data, nil
		case errors.As(err, &c):
			p.answered, p.silent = true, 0
			if !c.again() || try == busyTries || !pause(ctx, busyPause) {
				return nil, err
			}
			continue
		case errors.Is(err, errSilent) && r.once:
			return nil, err
		case errors.Is(err, errSilent):
			p.silent++
		}
		if p.silent >= maxSilent || !errors.Is(err, errSilent) {
			p.broken = err
		}
		return nil, err
	}
}

// refused says whether an error is the controller's own, not one of the way
// to it.
func refused(err error) bool {
	c := code(0)
	return errors.As(err, &c)
}

// note adds a line of evidence.
func (p *poll) note(format string, values ...any) {
	if len(p.server.Evidence) < maxEvidence {
		p.server.Evidence = append(p.server.Evidence, phrase.Clip(fmt.Sprintf(format, values...), maxText))
	}
}

// power asks whether the host is on. A controller that does not say leaves it
// unknown, which judges nothing.
func (p *poll) power(ctx context.Context) {
	data, err := p.send(ctx, request{name: "Get Chassis Status", netFn: netChassis, cmd: 0x01})
	if err == nil && len(data) < 3 {
		err = short("Get Chassis Status", data, 3)
	}
	if err != nil {
		p.note("%v", err)
		return
	}
	p.server.Power = bmc.PowerOff
	if data[0]&1 != 0 {
		p.server.Power = bmc.PowerOn
	}
	fault := ""
	if data[2]&0x08 != 0 {
		fault = ", cooling or fan fault"
	}
	p.note("Get Chassis Status: power %s%s", p.server.Power, fault)
}
