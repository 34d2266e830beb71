// Check_guests answers whether the customers' guests answer.
//
// It asks a Proxmox VE cluster which guests should run and where they are, and
// pings all of them at once, or it pings hosts that are given. A node that died
// is one alarm and not one for each of its guests, a guest that is being
// migrated has its grace, and what goes wrong on the monitoring host itself is
// never called a guest that is down.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/state"
	"github.com/noout-monitoring/noout/pkg/transport"
	"github.com/noout-monitoring/noout/pkg/web"
)

func main() { check.Main(plugin()) }

// device is pve.Options but for the tag that requires -H: here nobody must be
// asked. The compiler keeps the two alike.
type device struct {
	Hosts     []string          `name:"host" short:"H" help:"Nodes of the cluster to ask, in this order: the first that answers and has quorum is used. Each may carry its port." placeholder:"NODE[,NODE...]"`
	Port      int               `short:"p" default:"8006" help:"Port of the API." placeholder:"PORT"`
	Transport transport.Options `embed:""`
	Secret    secret.Options    `embed:""`
}

// Validate refuses what pve.Options refuses.
func (d device) Validate() error { return pve.Options(d).Validate() }

type options struct {
	Device device `embed:"" group:"Device"`

	Target     []string      `group:"Guests" placeholder:"HOST" help:"Ask this host, and no cluster."`
	Targets    string        `group:"Guests" placeholder:"FILE" help:"Ask the hosts in a file: one in each line, and what to call it after a blank."`
	Address    []string      `group:"Guests" placeholder:"ID=ADDRESS" help:"Where a guest answers that does not tell: 103=192.0.2.13."`
	Pool       []string      `group:"Guests" placeholder:"POOL" help:"Only guests of this pool."`
	Tag        []string      `group:"Guests" placeholder:"TAG" help:"Only guests with this tag."`
	VMID       []string      `name:"vmid" group:"Guests" placeholder:"ID" help:"Only these guests: 103, 200-299."`
	Exclude    check.Pattern `group:"Guests" placeholder:"REGEX" help:"No guest whose number or name matches: it reads vm103 shop."`
	ExcludeTag []string      `group:"Guests" placeholder:"TAG" help:"No guest with this tag."`

	Warning      threshold      `short:"w" default:"200,40%" placeholder:"RTA,LOSS%" help:"Round-trip time in ms and loss from which a guest is WARNING."`
	Critical     threshold      `short:"c" default:"500,80%" placeholder:"RTA,LOSS%" help:"The same for CRITICAL."`
	Packets      int            `default:"5" placeholder:"N" help:"Packets to each guest."`
	Interval     *time.Duration `help:"Time between two packets to a guest. Without it 80ms, with --watch 20ms."`
	Size         int            `default:"56" placeholder:"BYTES" help:"Data in a packet."`
	DontFragment bool           `help:"Forbid fragments: what is too big for the path is lost."`
	Rate         int            `default:"10000" placeholder:"N" help:"Packets in a second at most, 0 for as fast as it goes."`
	TCP          []string       `name:"tcp" placeholder:"PORT" help:"Ports to try of guests that answer no ping. A connection that is refused is an answer."`
	HTTP         []string       `name:"http" sep:"none" placeholder:"[ID=]URL" help:"Web site to ask as well, with the number of its guest before it: 103=https://www.example.net/. Without one it is that of the guest at its address. Below 500 is an answer."`
	Parent       string         `placeholder:"ADDRESS" help:"Gateway before the guests. When it is silent they are not judged."`

	Second    string        `group:"Second vantage point" placeholder:"FILE" help:"Answer of the same plugin in JSON, run elsewhere: a guest that answers there is not down."`
	SecondAge time.Duration `group:"Second vantage point" default:"3m" help:"How old that answer may be."`

	ParentState    check.State   `enum:"ok,warning,critical,unknown" default:"unknown" help:"Status when the gateway is silent."`
	NeverSeenState check.State   `enum:"ok,warning,critical,unknown" default:"warning" help:"Status for guests that have never answered."`
	NoAddressState check.State   `enum:"ok,warning,critical,unknown" default:"ok" help:"Status for guests whose address is not known."`
	MigrationGrace time.Duration `default:"60s" help:"For so long after its migration a silent guest is only WARNING."`

	Watch    time.Duration `help:"Watch for so long, and measure the longest gap of each guest. Needs a longer -t."`
	Perfdata string        `enum:"summary,guests" default:"summary" placeholder:"WHAT" help:"Performance data: a summary, or of each guest too."`

	State   state.Options   `embed:"" group:"Memory"`
	Journal journal.Options `embed:"" group:"Memory"`

	clock state.Wall
	net   prober
}

// prober is pkg/ping, or what a test puts in its place.
type prober struct {
	run     func(context.Context, []ping.Target, ping.Options) (ping.Report, error)
	watch   func(context.Context, []ping.Target, ping.WatchOptions) (ping.WatchReport, error)
	connect func(context.Context, []ping.Target, ping.ConnectOptions) ([]ping.Connection, error)
	resolve func(context.Context, []string, ping.Wanted) []ping.Resolved
	visit   func(context.Context, []*url.URL, web.Options) []web.Answer
	follow  func(context.Context, []*url.URL, web.WatchOptions) []web.Watched
}

// Validate refuses what cannot be meant.
func (o *options) Validate() error {
	hosts, targets := len(o.Device.Hosts) > 0, len(o.Target) > 0 || o.Targets != ""
	filtered := len(o.Address)+len(o.Pool)+len(o.Tag)+len(o.VMID)+len(o.ExcludeTag) > 0 || o.Exclude.IsSet()
	p, err := o.policy()
	switch {
	case err != nil:
		return err
	case hosts == targets && (hosts || len(o.HTTP) == 0):
		return errors.New("expected -H with nodes of a cluster, or --target or --targets with hosts, one of the two")
	case !hosts && slices.ContainsFunc(p.sites, func(s site) bool { return s.guest > 0 }):
		return errors.New("--http: expected ID=URL with -H, a guest of which cluster?")
	case targets && filtered:
		return errors.New("--address, --pool, --tag, --vmid, --exclude and --exclude-tag choose guests of a cluster, expected them with -H")
	case o.Packets < 1 || o.Packets > 1000:
		return fmt.Errorf("--packets: expected a number from 1 to 1000, got %d", o.Packets)
	case o.Size < 16 || o.Size > 65000:
		return fmt.Errorf("--size: expected 16 to 65000 bytes, got %d", o.Size)
	case o.Rate < 0:
		return fmt.Errorf("--rate: expected 0 or more packets, got %d", o.Rate)
	case o.Interval != nil && (*o.Interval < 0 || *o.Interval > time.Minute):
		return fmt.Errorf("--interval: expected a duration up to 60s, got %s", check.DurationText(*o.Interval))
	case o.MigrationGrace < 0 || o.MigrationGrace > 24*time.Hour:
		return errors.New("--migration-grace: expected a duration up to 24h")
	}
	return o.validateMore()
}

func (o *options) validateMore() error {
	switch {
	case o.Watch < 0 || o.Watch > 0 && o.Watch < o.interval():
		return errors.New("--watch: expected a duration of at least --interval")
	case o.Watch > 0 && o.interval() < time.Millisecond:
		return errors.New("--interval: expected at least 1ms with --watch")
	case o.SecondAge <= 0 || o.SecondAge > longestAge:
		return errors.New("--second-age: expected a duration up to 1h, such as 3m")
	case o.Watch > 0 && len(o.HTTP) > mostWatched:
		return fmt.Errorf("--http: expected at most %d sites with --watch, got %d", mostWatched, len(o.HTTP))
	case o.Watch > 0 && len(o.TCP) > 0:
		return errors.New("--tcp: expected without --watch, which measures pings")
	}
	return nil
}

func (o *options) interval() time.Duration {
	switch {
	case o.Interval != nil:
		return *o.Interval
	case o.Watch > 0:
		return 20 * time.Millisecond
	}
	return 80 * time.Millisecond
}

// policy is what the operator set.
type policy struct {
	warn, crit                              threshold
	filter                                  filter
	addresses                               map[int]netip.Addr
	wanted                                  ping.Wanted
	grace                                   time.Duration
	ports                                   []int
	parentState, neverState, noAddressState check.State
	interval                                time.Duration
	each                                    bool // performance data of each guest
	sites                                   []site
}

func (o *options) policy() (policy, error) {
	ids, err := spans(o.VMID)
	given, errAddress := addresses(o.Address)
	numbers, errPorts := ports(o.TCP)
	visited, errSites := sites(o.HTTP)
	p := policy{
		warn: o.Warning.or(defaultWarning), crit: o.Critical.or(defaultCritical),
		filter:    filter{o.Pool, o.Tag, o.ExcludeTag, ids, o.Exclude},
		addresses: given, wanted: o.wanted(), grace: o.MigrationGrace, ports: numbers,
		parentState: o.ParentState, neverState: o.NeverSeenState, noAddressState: o.NoAddressState,
		interval: o.interval(), each: o.Perfdata == "guests", sites: visited,
	}
	if p.crit.rta < p.warn.rta || p.crit.loss < p.warn.loss {
		err = errors.Join(err, errors.New("-c: expected round-trip time and loss that are not less than those of -w"))
	}
	return p, errors.Join(err, errAddress, errPorts, errSites)
}

func plugin() check.Plugin {
	return pluginWith(state.Wall{Now: time.Now, Up: state.Uptime}, prober{ping.Run, ping.Watch, ping.Connect, ping.Resolve, web.Ask, web.Watch})
}

// pluginWith takes clock and network from a test.
func pluginWith(clock state.Wall, net prober) check.Plugin {
	o := &options{clock: clock, net: net}
	return check.Plugin{
		Name:     "check_guests",
		Summary:  "Do the guests answer?",
		Help:     help,
		Examples: examples,
		Metrics:  metrics,
		Options:  o,
		Memory:   80,
		Check:    o.check,
	}
}

// check finds out whom to ask, asks, and judges.
func (o *options) check(ctx context.Context) (check.Result, error) {
	p, err := o.policy()
	if err != nil {
		return check.Result{}, err
	}
	if len(o.Device.Hosts) > 0 {
		return o.checkCluster(ctx, p)
	}
	f := facts{now: o.clock.Now()}
	if f.subjects, err = o.targets(ctx); err != nil {
		return check.Result{}, err
	}
	if err := o.ask(ctx, &f, p); err != nil {
		return check.Result{}, err
	}
	o.look(&f)
	return judge(f, p), nil
}

// checkCluster asks the guests of a cluster.
func (o *options) checkCluster(ctx context.Context, p policy) (check.Result, error) {
	client, err := pve.Options(o.Device).Keeping(o.State).Client()
	if err != nil {
		return check.Result{}, err
	}
	c, err := client.Cluster(ctx, pve.Ask{})
	if err != nil {
		return check.Result{Evidence: c.Evidence}, err
	}
	clock := o.clock.Read(c.Time)
	now := clock.At.UTC().Truncate(time.Second)
	mem := remember(o.State, c)
	mem.journal, mem.counted = o.Journal, p.filter.unrestricted()
	look := pve.Look{Cluster: c, Now: now, Clock: clock}
	set := mem.follow(look)
	f := facts{cluster: &c, now: now}
	f.subjects, f.idle = inventory(c, mem.memory, p, now)
	mem.memory, f.gaps = p.learn(ctx, client, f, mem.memory)
	p.locate(f.subjects, mem.memory)
	if err := o.ask(ctx, &f, p); err != nil {
		return check.Result{Evidence: c.Evidence}, err
	}
	again := second{o, client, p}
	again.elsewhere(ctx, &f, mem.memory)
	mem.release(now)
	again.cluster(ctx, &f, mem.memory)
	o.look(&f)
	look.Cluster = *f.cluster // the last one: two lists of fifty thousand would be much
	mem.keep(look, f)
	f.evidence = append(client.Evidence(), f.evidence...)
	r := judge(f, p)
	switch {
	case mem.trouble != nil:
		r = r.WithoutMemory(mem.trouble, o.State.Mode)
	case mem.store == nil && len(f.subjects) > 0:
		r.Notes = append(r.Notes, "no memory, so silent guests count as never seen")
	}
	if set != 0 {
		r.Notes = append(r.Notes, check.ClockText(set))
	}
	if mem.untold != nil {
		r.Notes = append(r.Notes, mem.untold.Error())
	}
	return r, nil
}
