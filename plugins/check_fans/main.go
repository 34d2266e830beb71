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
	"os"
	"os/user"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/ipmi"
	"github.com/noout-monitoring/noout/pkg/bmc/redfish"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/state"
	"github.com/noout-monitoring/noout/pkg/transport"
)

func main() { check.Main(plugin()) }

type options struct {
	BMC       redfish.Options   `embed:"" group:"Device"`
	Via       string            `enum:"auto,redfish,ipmi,local" default:"auto" placeholder:"WAY" help:"How to ask: Redfish, and IPMI where there is none (auto), one of them, or this host's own controller through /dev/ipmi0 (local)." group:"Device"`
	IPMI      ipmi.Options      `embed:"" group:"Device"`
	Secret    secret.Options    `embed:"" group:"Device"`
	Transport transport.Options `embed:"" group:"Device"`

	Warning     check.Range   `short:"w" default:"0" placeholder:"RANGE" help:"Range for the number of drop-outs inside the window."`
	Critical    check.Range   `short:"c" default:"4" placeholder:"RANGE" help:"Range for the number of drop-outs inside the window."`
	Window      time.Duration `default:"24h" help:"How long a drop-out counts."`
	ExpectFans  *int          `placeholder:"N" help:"Fewer present fans than N are CRITICAL. Without it the fans that were seen once are expected."`
	Include     check.Pattern `placeholder:"REGEX" help:"Judge only fans whose name or id matches."`
	Exclude     check.Pattern `placeholder:"REGEX" help:"Do not judge fans whose name or id matches."`
	AllowZero   check.Pattern `placeholder:"REGEX" help:"Fans that may stand still."`
	Log         string        `enum:"auto,require,off" default:"auto" help:"Event log of the controller: a log that cannot be read is said (auto), UNKNOWN (require), or not looked for (off)."`
	Maintenance check.Depth   `placeholder:"N" help:"Show drop-outs and do not count them: somebody works on the server. 0 means not now."`

	Acknowledge string `once:"" placeholder:"TEXT" help:"Close the drop-outs so far, of the fans that --include and --exclude leave. Refused while one of them is failed or missing."`
	Relearn     bool   `once:"" help:"Make the fans that are present now the expected ones."`
	DryRun      bool   `once:"" help:"Say what --acknowledge or --relearn would do, and change nothing."`

	State state.Options `embed:"" group:"Memory"`

	now func() time.Time
}

// Validate refuses what cannot be meant.
func (o *options) Validate() error {
	switch {
	case o.BMC.Host == "" && o.Via != viaLocal:
		return errors.New("--host: expected the address of a management controller, such as -H bmc1.example.net")
	case o.BMC.Host != "" && o.Via == viaLocal:
		return errors.New("--via local asks this host's own controller: expected it without --host")
	case o.Acknowledge != "" && o.Relearn:
		return errors.New("--acknowledge and --relearn: expected one of them")
	case o.DryRun && o.Acknowledge == "" && !o.Relearn:
		return errors.New("--dry-run: expected with --acknowledge or --relearn")
	case o.Warning.Alert(0):
		return fmt.Errorf("--warning: expected a range with 0 in it, because no drop-out is well, got %s", o.Warning)
	case o.Critical.Alert(0):
		return fmt.Errorf("--critical: expected a range with 0 in it, because no drop-out is well, got %s", o.Critical)
	case o.ExpectFans != nil && (*o.ExpectFans < 0 || *o.ExpectFans > 1000):
		return fmt.Errorf("--expect-fans: expected a number from 0 to 1000, got %d", *o.ExpectFans)
	case o.Window <= 0 || o.Window > keep:
		return fmt.Errorf("--window: expected a duration up to %s, got %s", check.DurationText(keep), check.DurationText(o.Window))
	}
	return nil
}

func (o *options) policy() policy {
	expect := -1
	if o.ExpectFans != nil {
		expect = *o.ExpectFans
	}
	return policy{
		expect: expect, include: o.Include, exclude: o.Exclude, allowZero: o.AllowZero,
		window: o.Window, warn: o.Warning, crit: o.Critical, log: o.Log, maintenance: o.Maintenance > 0,
	}
}

func plugin() check.Plugin { return pluginAt(time.Now) }

// pluginAt takes the clock from a test.
func pluginAt(now func() time.Time) check.Plugin {
	o := &options{now: now}
	return check.Plugin{
		Name:     "check_fans",
		Summary:  "Do the fans of a server work, and does one fail now and then?",
		Help:     help,
		Examples: examples,
		Metrics:  metrics,
		Options:  o,
		Check:    o.check,
	}
}

var examples = []check.Example{
	{Command: "check_fans -H bmc1.example.net --auth-file /etc/noout/bmc.ini", Why: "the controller's certificate is signed by a known authority"},
	{Command: "check_fans -H 192.0.2.10 --auth-file /etc/noout/bmc.ini --insecure", Why: "a first look, at whoever answers there"},
	{Command: "check_fans -H bmc1 --expect-fans 6 --window 7d -w 0 -c 10", Why: "six fans must be there, drop-outs count for a week"},
	{Command: "check_fans -H bmc1 --acknowledge 'connector of fan 3 reseated'", Why: "the repair is done: close the drop-outs"},
}

const help = `CRITICAL: a fan failed, stands still, is at or under the controller's lower critical threshold, or is missing although it was seen once, fan redundancy is lost, or there were more drop-outs than -c allows.
WARNING: a fan is weak, redundancy is degraded, or a fan dropped out inside the window (-w) although all fans turn now. The worst level stays until the window has passed or the drop-outs are acknowledged.
UNKNOWN: the controller does not answer, lists no fan, or a part of it could not be read. What was read is judged all the same.`

// check polls the controller, folds the poll into the memory of the device
// that answered, and judges both.
func (o *options) check(ctx context.Context) (check.Result, error) {
	mem := open(o.State, o.address())
	p := poll{started: o.now()}
	var err error
	p.server, err = o.poll(ctx, mem)
	p.now = o.now()
	if err != nil {
		return o.unreachable(mem, p, err)
	}
	if err := mem.learn(p, o.Relearn && !o.DryRun); err != nil {
		mem.fail(err)
	}
	switch {
	case o.Relearn:
		return o.relearn(mem, p)
	case o.Acknowledge != "":
		return o.acknowledge(mem, p)
	}
	pol := o.policy()
	m := mem.update(func(m memory) memory { return observe(m, p, pol) })
	return o.finish(mem, p, m), nil
}

// unreachable judges what is remembered beside the fact that nothing could be
// read: a controller that does not answer must not end a drop-out.
func (o *options) unreachable(mem *recall, p poll, err error) (check.Result, error) {
	p.server.Gaps = append(p.server.Gaps, bmc.Gap{What: "fans", Hides: "*"}) // why, says err
	if o.Acknowledge != "" || o.Relearn {
		return check.Result{}, err
	}
	r := judge(p, o.policy(), mem.memory)
	r.Perfdata = nil
	return o.remark(mem, r), err
}

func (o *options) finish(mem *recall, p poll, m memory) check.Result {
	r := judge(p, o.policy(), m)
	if was := mem.target.Replaced; was != nil {
		r.Findings = append(r.Findings, replaced(*was, p.server.Identity))
	}
	return o.remark(mem, r)
}

// remark says that there is no memory, if that is so.
func (o *options) remark(mem *recall, r check.Result) check.Result {
	if mem.trouble == nil {
		return r
	}
	return noMemory(r, mem.trouble, o.State.Mode)
}

// relearn makes the fans of this poll the known ones.
func (o *options) relearn(mem *recall, p poll) (check.Result, error) {
	if err := o.writable(mem); err != nil {
		return check.Result{}, fmt.Errorf("--relearn: %w", err)
	}
	if p.server.Blind() || p.server.Power == bmc.PowerOff {
		return check.Result{}, errors.New("--relearn: expected a server that is on and whose fans can all be read")
	}
	var changes []string
	change := func(m memory) memory {
		m, changes = observe(m, p, o.policy()).relearn(p, o.policy())
		return m
	}
	m := o.apply(mem, change)
	return relearned(changes, o.finish(mem, p, m), o.DryRun), nil
}

// acknowledge closes the drop-outs so far, unless a fan is down now.
func (o *options) acknowledge(mem *recall, p poll) (check.Result, error) {
	if err := o.writable(mem); err != nil {
		return check.Result{}, fmt.Errorf("--acknowledge: %w", err)
	}
	pol := o.policy()
	whole := pol // what is closed is told, also what this window does not reach
	whole.window = keep
	var done []string
	change := func(m memory) memory {
		m = observe(m, p, pol)
		done = nil
		if len(refusals(p, pol, m)) > 0 {
			return m
		}
		for _, e := range judgeDrops(m, whole, p.now).counted {
			done = append(done, m.line(e))
		}
		m.acknowledge(ack{At: p.now, User: operator(), Text: o.Acknowledge}, pol)
		m.latch(p, pol)
		return m
	}
	m := o.apply(mem, change)
	return acknowledged(done, refusals(p, pol, m), o.finish(mem, p, m), o.DryRun), nil
}

// apply changes the memory, or, for a dry run, only says what it would be.
func (o *options) apply(mem *recall, change func(memory) memory) memory {
	if o.DryRun {
		return change(mem.memory)
	}
	return mem.update(change)
}

// writable says whether there is a memory that can be changed.
func (o *options) writable(mem *recall) error {
	if mem.trouble != nil {
		return fmt.Errorf("expected a usable memory: %w", mem.trouble)
	}
	if mem.store == nil {
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
