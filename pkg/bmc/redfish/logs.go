package redfish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// maxLogs is how many event logs are read of one server. Dell, HPE, Lenovo and
// Supermicro need one: their other logs repeat it or hold no fans.
const maxLogs = 2

// logRank orders the log services by what is known of their names; the lower,
// the better. Names that are not here rank last but one, names in [noLog] are
// never read.
//
// Sel (iDRAC), SEL (AMI, Cisco CIMC, Intel, OpenBMC), IML (iLO), SystemEventLog
// (iRMC), Log1 of a System (Supermicro X12 and later, Huawei iBMC); EventLog
// (OpenBMC), PlatformLog (XCC); Event (iLO), Lclog (iDRAC), which repeat the
// first; ActiveLog (XCC) forgets what has recovered.
var logRank = map[string]int{
	"systems/sel": 0, "managers/sel": 0, "chassis/sel": 0,
	"systems/iml": 0, "managers/iml": 0, "systems/log1": 0,
	"managers/systemeventlog": 0, "systems/systemeventlog": 0,
	"systems/eventlog": 1, "managers/eventlog": 1, "systems/platformlog": 1,
	"systems/event": 2, "managers/lclog": 2, "systems/standardlog": 2,
	"managers/log1": 3, "systems/activelog": 3, "managers/log": 3,
}

const unknownLog = 4

// noLog are parts of the names of logs without fans: who logged in, what the
// firmware printed, memory dumps.
var noLog = []string{
	"audit", "security", "dump", "journal", "hostlogger", "postcode", "maintenance", "diagnostic", "fault",
	"iel", "syslog", "bios", "console", "cper", "xid", "debug", "internal", "fdr", "boot", "cpulog", "telemetry",
}

// logService is a LogService resource.
type logService struct {
	ID      text   `json:"Id"`
	Entries link   `json:"Entries"`
	Max     number `json:"MaxNumberOfRecords"`
	Policy  text   `json:"OverWritePolicy"`

	path string
	rank int
}

var errNoLog = errors.New("the controller has no event log that is known to hold fans")

// readLogs reads the event logs.
func (p *poll) readLogs(ctx context.Context) {
	if !p.ask.Logs {
		return
	}
	if recent(p.memory.NoLog, p.now(), noLogAge) {
		p.gap("event log", true, errNoLog)
		return
	}
	known := p.memory.Logs
	if len(known) == 0 {
		p.findLogs(ctx)
	}
	if gone := p.readEach(ctx); gone && len(known) > 0 {
		// A firmware update may move a log: look once more.
		p.memory.Logs, p.server.Logs = nil, nil
		p.server.Gaps = slices.DeleteFunc(p.server.Gaps, func(g bmc.Gap) bool { return g.Log })
		p.findLogs(ctx)
		p.readEach(ctx)
		if !p.foundAgain(known) {
			// A controller that starts denies what it had, or has only a worse log
			// to offer. Until what is remembered is too old it is asked again.
			p.memory.Logs, p.memory.NoLog, p.unsure = known, time.Time{}, false
		}
	}
	p.reconcile()
	if p.unsure {
		p.memory.Logs = nil
	}
}

// foundAgain says whether all these logs are among those that were found.
func (p *poll) foundAgain(known []logMemory) bool {
	return !slices.ContainsFunc(known, func(k logMemory) bool {
		return !slices.ContainsFunc(p.memory.Logs, func(l logMemory) bool { return l.Path == k.Path })
	})
}

// readEach reads the logs that are known. It says whether one is not there any
// more.
func (p *poll) readEach(ctx context.Context) (gone bool) {
	for i := range p.memory.Logs {
		err := p.readLog(ctx, &p.memory.Logs[i])
		if err != nil {
			p.gap(p.memory.Logs[i].Name, true, err)
		}
		gone = gone || missing(err)
	}
	return gone
}

// findLogs chooses the logs to read: of the system, and where it has none of
// the first choice, of the controller.
func (p *poll) findLogs(ctx context.Context) {
	var found []logService
	var failed error
	look := func(owner string) {
		services, err := p.logServices(ctx, owner)
		found = append(found, services...)
		if failed == nil && err != nil && !missing(err) {
			failed = err
		}
	}
	if systems := p.systems(ctx); len(systems) > 0 {
		look(systems[0])
	}
	if !slices.ContainsFunc(found, func(s logService) bool { return s.rank == 0 }) {
		if path := p.managerPath(ctx); path != "" {
			look(path)
		}
	}
	slices.SortStableFunc(found, func(a, b logService) int { return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.path, b.path)) })
	found = slices.CompactFunc(found, func(a, b logService) bool { return a.path == b.path })
	for i, s := range found {
		if i > 0 && (s.rank > 1 || len(p.memory.Logs) == maxLogs) {
			break
		}
		if err := p.learnLog(ctx, s); err != nil {
			failed = err
		} else if s.rank == 0 {
			failed = nil // no other could have been better
		}
	}
	if len(p.memory.Logs) == 0 && failed == nil {
		failed, p.memory.NoLog = errNoLog, p.now()
	}
	if failed != nil {
		p.unsure = true
		p.gap("event log", true, failed)
	}
}

// logServices lists the log services of a system or a controller that may hold
// fans. Where they are is a convention that all keep; the resource is asked
// only when it is not kept.
func (p *poll) logServices(ctx context.Context, owner string) ([]logService, error) {
	members, err := p.members(ctx, trimSlash(owner)+"/LogServices")
	if missing(err) {
		var body struct{ LogServices link }
		if _, err := p.read(ctx, owner, &body); err != nil || body.LogServices == "" {
			return nil, err
		}
		members, err = p.members(ctx, string(body.LogServices))
	}
	if err != nil {
		return nil, err
	}
	var out []logService
	for _, m := range members {
		s := logService{path: trimSlash(m.path)}
		s.rank = rankOf(s.path)
		if s.rank < 0 {
			continue
		}
		_ = object(m.body, &s) // one that is only a link is asked for later
		out = append(out, s)
	}
	return out, nil
}

// rankOf ranks a log service by its owner and name, -1 for never.
func rankOf(path string) int {
	name := strings.ToLower(lastOf(path))
	owner := "systems"
	if strings.Contains(path, "/Managers/") {
		owner = "managers"
	} else if strings.Contains(path, "/Chassis/") {
		owner = "chassis"
	}
	if rank, ok := logRank[owner+"/"+name]; ok {
		return rank
	}
	if slices.ContainsFunc(noLog, func(part string) bool { return strings.Contains(name, part) }) {
		return -1
	}
	return unknownLog
}

// learnLog finds where the entries of a log are: iDRAC8 has them elsewhere
// than the convention says.
func (p *poll) learnLog(ctx context.Context, s logService) error {
	if s.Entries == "" {
		if _, err := p.read(ctx, s.path, &s); err != nil {
			return fmt.Errorf("%s: %w", lastOf(s.path), err)
		}
	}
	if s.Entries == "" {
		s.Entries = link(s.path + "/Entries")
	}
	policy := strings.ToLower(s.Policy.String())
	p.memory.Logs = append(p.memory.Logs, logMemory{
		Name: lastOf(s.path), Path: string(s.Entries), Max: s.Max.count(),
		Stops: policy == "neveroverwrites" || policy == "unknown",
	})
	return nil
}

// together is how far apart two logs may date one event.
const together = 2 * time.Second

// reconcile names the fans that one log knows only by a sensor number (NVIDIA's
// SEL) after the other, which tells the same event at the same time by name.
// Otherwise one drop-out would be that of two fans.
func (p *poll) reconcile() {
	for i := range p.server.Logs {
		for j := range p.server.Logs[i].Events {
			e := &p.server.Logs[i].Events[j]
			if !strings.HasPrefix(e.Fan, unnamed) || e.Time.IsZero() {
				continue
			}
			var found []string
			for k, other := range p.server.Logs {
				for _, o := range other.Events {
					if k != i && o.Kind == e.Kind && !strings.HasPrefix(o.Fan, unnamed) &&
						o.Time.Sub(e.Time).Abs() <= together && !slices.Contains(found, o.Fan) {
						found = append(found, o.Fan)
					}
				}
			}
			if len(found) == 1 {
				e.Fan = found[0]
			}
		}
	}
}
