// Check_fans answers whether a server's fans work, and whether one of them
// fails now and then.
//
// It asks the server's management controller (BMC) over Redfish for the live
// readings, compares them with the controller's own thresholds and with the
// fans it has seen before, and reads the controller's event log: a fan that
// drops out for seconds is gone when the next poll comes, and only the log, or
// our own memory, knows of it. A drop-out keeps the verdict until it leaves
// the window or is acknowledged, so that a monitoring host that wants several
// bad polls in a row notifies once, and recovers once.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/user"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/controller"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

func main() { check.Main(plugin()) }

type options struct {
	controller.Options `embed:""`

	Warning          check.Range   `short:"w" default:"0" placeholder:"RANGE" help:"Range for the number of drop-outs inside the window."`
	Critical         check.Range   `short:"c" default:"4" placeholder:"RANGE" help:"Range for the number of drop-outs inside the window."`
	Window           time.Duration `default:"24h" help:"How long a drop-out counts."`
	Fans             fans.Options  `embed:""`
	Log              string        `enum:"auto,require,off" default:"auto" help:"Event log of the controller: a log that cannot be read is said (auto), UNKNOWN (require), or not looked for (off)."`
	UnreachableState check.State   `enum:"warning,critical,unknown" default:"unknown" help:"Status when the controller does not answer. What is remembered is named after it."`
	Maintenance      check.Depth   `placeholder:"N" help:"Show drop-outs and do not count them: somebody works on the server. 0 means not now."`

	Acknowledge string `once:"" placeholder:"TEXT" help:"Close the drop-outs so far, of the fans that --include and --exclude leave. Refused while one of them is failed or missing."`
	Relearn     bool   `once:"" help:"Make the fans that are present now the expected ones."`
	DryRun      bool   `once:"" help:"Say what --acknowledge or --relearn would do, and change nothing."`

	State   state.Options   `embed:"" group:"Memory"`
	Journal journal.Options `embed:"" group:"Memory"`

	now func() time.Time
	up  func() (up time.Duration, boot string, err error)
}

// Validate refuses what cannot be meant.
func (o *options) Validate() error {
	switch {
	case o.Acknowledge != "" && o.Relearn:
		return errors.New("--acknowledge and --relearn: expected one of them")
	case o.DryRun && o.Acknowledge == "" && !o.Relearn:
		return errors.New("--dry-run: expected with --acknowledge or --relearn")
	case o.Warning.Alert(0):
		return fmt.Errorf("--warning: expected a range with 0 in it, because no drop-out is well, got %s", o.Warning)
	case o.Critical.Alert(0):
		return fmt.Errorf("--critical: expected a range with 0 in it, because no drop-out is well, got %s", o.Critical)
	case o.Window <= 0 || o.Window > fans.Keep:
		return fmt.Errorf("--window: expected a duration up to %s, got %s", check.DurationText(fans.Keep), check.DurationText(o.Window))
	}
	return o.Fans.Validate()
}

func (o *options) policy() fans.Policy {
	return fans.Policy{
		Options: o.Fans, Expect: o.Fans.Expected(), Window: o.Window, Warn: o.Warning, Crit: o.Critical,
		Log: o.Log, Maintenance: o.Maintenance > 0,
	}
}

func plugin() check.Plugin { return pluginOf(&options{now: time.Now, up: state.Uptime}) }

// pluginOf takes the clocks from a test.
func pluginOf(o *options) check.Plugin {
	return check.Plugin{
		Name:     "check_fans",
		Summary:  "Do the fans of a server work, and does one fail now and then?",
		Help:     help,
		Examples: examples,
		Metrics:  metrics,
		Options:  o,
		Memory:   40,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "check_fans -H bmc1.example.net --auth-file /etc/noout/bmc.ini", Why: "the controller's certificate is signed by a known authority"},
	{Command: "check_fans -H 192.0.2.10 --auth-file /etc/noout/bmc.ini --insecure", Why: "a first look, at whoever answers there"},
	{Command: "check_fans -H bmc1 --expect-fans 6 --window 7d -w 0 -c 10", Why: "six fans must be there, drop-outs count for a week"},
	{Command: "check_fans -H bmc1 --acknowledge 'connector of fan 3 reseated'", Why: "the repair is done: close the drop-outs"},
}

const help = `CRITICAL: a fan failed, stands still, is at or under the controller's lower critical threshold, or is missing although it was seen once, fan redundancy is lost, a leak is detected, or there were more drop-outs than -c allows. A fan is as bad as its worst rotor, and pumps are judged like fans.
WARNING: a fan is weak, redundancy is degraded, or a fan dropped out inside the window (-w) although all fans turn now, or the controller lists other fans than were learned (--relearn). The worst level stays until the window has passed or the drop-outs are acknowledged.
UNKNOWN: the controller does not answer, lists no fan, says that fans are well without measuring any, or a part of it could not be read. What was read is judged all the same. While it does not answer, what is remembered is named and makes no status.`

// check polls the controller, folds the poll into the memory of the device
// that answered, and judges both.
func (o *options) check(ctx context.Context) (check.Result, error) {
	mem := open(o)
	p := fans.Poll{Started: o.now()}
	var err error
	p.Server, err = mem.Poll(ctx, slices.Sorted(maps.Keys(mem.memory.Fans)), o.Log != "off")
	p.Now = o.now()
	if up, boot, err := o.up(); err == nil { // else the controller's clock tells
		p.Up, p.Boot = up, boot
	}
	if err != nil {
		return o.unreachable(mem, p, err)
	}
	if err := mem.Learn(p.Server, o.Relearn && !o.DryRun); err != nil {
		mem.Fail(err)
	}
	switch {
	case o.Relearn:
		return o.relearn(mem, p)
	case o.Acknowledge != "":
		return o.acknowledge(mem, p)
	}
	pol := o.policy()
	m := mem.update(func(m fans.Memory) fans.Memory { return fans.Observe(m, p, pol) })
	return o.finish(mem, p, m), nil
}

// unreachable says that nothing could be read, and what is remembered after it:
// a controller that does not answer must not end a drop-out, nor a drop-out hide
// that the controller does not answer.
func (o *options) unreachable(mem *recall, p fans.Poll, err error) (check.Result, error) {
	p.Server.Gaps = append(p.Server.Gaps, bmc.Gap{What: "fans", Hides: "*"}) // why, says err
	if o.Acknowledge != "" || o.Relearn || errors.Is(err, context.Canceled) {
		return check.Result{}, err
	}
	r := judge(p, o.policy(), mem.memory)
	r.Perfdata, r.Blind = nil, true
	r = o.remark(mem, r)
	if s := o.UnreachableState; s != "" && s != "unknown" && !controller.Setup(err) {
		r.Findings = append(r.Findings, check.Finding{Status: s.Status(), Text: err.Error()})
		return r, nil
	}
	return r, err
}

func (o *options) finish(mem *recall, p fans.Poll, m fans.Memory) check.Result {
	r := judge(p, o.policy(), m)
	if was := mem.Target.Replaced; was != nil {
		r.Findings = append(r.Findings, replaced(*was, p.Server.Identity))
	}
	return o.remark(mem, r)
}

// remark says that there is no memory, if that is so.
func (o *options) remark(mem *recall, r check.Result) check.Result {
	if mem.untold != nil {
		r.Notes = append(r.Notes, mem.untold.Error())
	}
	if mem.Trouble == nil {
		return r
	}
	return noMemory(r, mem.Trouble, o.State.Mode)
}

// relearn makes the fans of this poll the known ones.
func (o *options) relearn(mem *recall, p fans.Poll) (check.Result, error) {
	if err := o.writable(mem); err != nil {
		return check.Result{}, fmt.Errorf("--relearn: %w", err)
	}
	if p.Server.Blind() || p.Server.Power == bmc.PowerOff {
		return check.Result{}, errors.New("--relearn: expected a server that is on and whose fans can all be read")
	}
	var changes []string
	m := o.apply(mem, func(m fans.Memory) fans.Memory {
		m, changes = fans.Relearn(m, p, o.policy())
		return m
	})
	return relearned(changes, o.finish(mem, p, m), o.DryRun), nil
}

// acknowledge closes the drop-outs so far, unless a fan is down now.
func (o *options) acknowledge(mem *recall, p fans.Poll) (check.Result, error) {
	if err := o.writable(mem); err != nil {
		return check.Result{}, fmt.Errorf("--acknowledge: %w", err)
	}
	var done, refused []string
	m := o.apply(mem, func(m fans.Memory) fans.Memory {
		m, done, refused = fans.Acknowledge(m, p, o.policy(), fans.Ack{At: p.Now, User: operator(), Text: o.Acknowledge})
		return m
	})
	return acknowledged(done, refused, o.finish(mem, p, m), o.DryRun), nil
}

// apply changes the memory, or, for a dry run, only says what it would be.
func (o *options) apply(mem *recall, change func(fans.Memory) fans.Memory) fans.Memory {
	if o.DryRun {
		return change(mem.memory)
	}
	return mem.update(change)
}

// writable says whether there is a memory that can be changed.
func (o *options) writable(mem *recall) error {
	if mem.Trouble != nil {
		return fmt.Errorf("expected a usable memory: %w", mem.Trouble)
	}
	if mem.Store == nil {
		return errors.New("expected a memory, not --state off")
	}
	return nil
}

// operator is who acknowledges: the one behind sudo, if any.
func operator() string {
	if u := os.Getenv("SUDO_USER"); u != "" {
		return u
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid %d", os.Getuid())
}
