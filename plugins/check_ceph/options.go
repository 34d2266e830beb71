package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/regex"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/state"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Values of --via.
const (
	viaCommand   = "command"
	viaPVE       = "pve"
	viaDashboard = "dashboard"
)

// pvePort is where Proxmox VE listens.
const pvePort = 8006

type options struct {
	Via       string              `enum:"command,pve,dashboard" default:"command" group:"Cluster" help:"Whom to ask: the ceph command, the API of Proxmox VE, or the dashboard of the mgrs." placeholder:"SOURCE"`
	Command   ceph.CommandOptions `embed:"" group:"Cluster"`
	Hosts     []string            `name:"host" short:"H" group:"Cluster" help:"With --via pve or dashboard: machines to ask, in this order. Each may carry its port." placeholder:"HOST[,HOST...]"`
	Port      int                 `short:"p" default:"0" group:"Cluster" help:"Their port (0: 8006 for pve, 8443 for dashboard)." placeholder:"PORT"`
	Transport transport.Options   `embed:"" group:"Cluster"`
	Secret    secret.Options      `embed:"" group:"Cluster"`

	Maintenance      []pve.Maintained `group:"Maintenance" help:"Node under maintenance. NODE=0 means not now, any other number yes." placeholder:"NODE[=N]"`
	CephHost         []ceph.HostName  `name:"ceph-host" sep:"none" group:"Maintenance" help:"Name of a machine in CRUSH, where it is another than the node's. Several are separated by commas." placeholder:"NODE=HOST[,HOST...]"`
	MaintenanceUntil string           `group:"Maintenance" help:"When it is to end: 2026-11-21T17:00:00+01:00, or 2026-11-21 17:00 in this machine's zone. Until then noout is no WARNING." placeholder:"TIME"`
	NooutWarning     time.Duration    `default:"4h" group:"Maintenance" help:"Older noout is a WARNING."`
	NooutCritical    time.Duration    `default:"24h" group:"Maintenance" help:"Older noout is CRITICAL, whatever was declared."`

	Warning          check.Range   `short:"w" default:"80" group:"Thresholds" help:"Used raw capacity in percent."`
	Critical         check.Range   `short:"c" default:"90" group:"Thresholds" help:"Used raw capacity in percent."`
	OSDUsageWarning  check.Range   `name:"osd-usage-warning" default:"85" group:"Thresholds" help:"Usage of the fullest OSD in percent."`
	OSDUsageCritical check.Range   `name:"osd-usage-critical" default:"92" group:"Thresholds" help:"Usage of the fullest OSD in percent."`
	Settle           time.Duration `default:"30s" group:"Thresholds" help:"How long PGs may be peering, activating, creating, unknown or stale before that is CRITICAL."`
	SlowOps          time.Duration `default:"60s" group:"Thresholds" help:"How long an operation may wait before that is CRITICAL."`
	Ignore           []string      `group:"Thresholds" help:"Health check that does not matter, such as RECENT_CRASH." placeholder:"CODE"`
	HonourMutes      bool          `group:"Thresholds" help:"Health checks that are muted in Ceph do not matter, errors included."`

	State   state.Options   `embed:"" group:"Memory"`
	Journal journal.Options `embed:"" group:"Memory"`

	clock state.Wall
}

// Validate refuses what cannot be meant.
func (o *options) Validate() error {
	switch {
	case o.Via == viaCommand && len(o.Hosts) > 0:
		return errors.New("--host: expected with --via pve or --via dashboard, the ceph command finds the monitors by its configuration")
	case o.Via != viaCommand && len(o.Hosts) == 0:
		return fmt.Errorf("--host: expected the machines to ask with --via %s", o.Via)
	case o.Port < 0 || o.Port > 65535:
		return fmt.Errorf("--port: expected a port from 1 to 65535, got %d", o.Port)
	case o.NooutCritical < o.NooutWarning:
		return fmt.Errorf("--noout-critical: expected at least the %s of --noout-warning, got %s", check.DurationText(o.NooutWarning), check.DurationText(o.NooutCritical))
	}
	for _, h := range o.Hosts {
		if _, err := transport.Address(h, cmp.Or(o.Port, pvePort)); err != nil {
			return fmt.Errorf("--host: %w", err)
		}
	}
	_, err := o.policy()
	return err
}

// policy reads what the options say to the judge.
func (o *options) policy() (policy, error) {
	p := policy{
		Declared: pve.MaintainedNow(o.Maintenance), NooutWarning: o.NooutWarning, NooutCritical: o.NooutCritical,
		Settle: o.Settle, SlowOps: o.SlowOps, HonourMutes: o.HonourMutes,
		Warning: o.Warning, Critical: o.Critical, OSDWarning: o.OSDUsageWarning, OSDCritical: o.OSDUsageCritical,
	}
	var err error
	if p.Hosts, err = ceph.HostNames(o.CephHost); err != nil {
		return policy{}, fmt.Errorf("--ceph-host: %w", err)
	}
	for _, code := range o.Ignore {
		code = strings.ToUpper(code)
		if err := ignorable(code); err != nil {
			return policy{}, err
		}
		p.Ignore = append(p.Ignore, code)
	}
	p.Until, err = moment(o.MaintenanceUntil)
	return p, err
}

// moment reads --maintenance-until.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--maintenance-until: expected a time such as 2026-11-21T17:00:00+01:00 or 2026-11-21 17:00, got %q", text)
}

// codes are what Ceph calls its health checks.
var codes = regex.Of(`^[A-Z][A-Z0-9_]{1,60}$`)

// judged are checks whose substance is read from the cluster's own numbers.
// Ignoring the check would change nothing, or hide a failure.
var judged = []string{"OSD_DOWN", "OSD_FLAGS", "OSDMAP_FLAGS", "OSD_FULL", "POOL_FULL", "MON_DOWN", "MGR_DOWN", "SLOW_OPS"}

func ignorable(code string) error {
	switch {
	case !codes.MatchString(code):
		return fmt.Errorf("--ignore: expected the code of a health check such as RECENT_CRASH, got %q", code)
	case strings.HasPrefix(code, "PG_") || ofDownOSDs(code) || slices.Contains(judged, code):
		return fmt.Errorf("--ignore %s: this must not be ignored, it is judged by PGs, OSDs, flags, monitors and mgr themselves", code)
	}
	return nil
}
