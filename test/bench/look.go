package main

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// requestLine makes one request to a controller, see test/bench/request.
const requestLine = "request $BMCCA $STATE/session https://$BMC/redfish/v1/"

// The steady runs that are measured.
const (
	fansLine = "check_fans -H $BMC --ca-file $BMCCA --auth-file $AUTH --state-dir $STATE --via redfish"
	ipmiLine = "check_fans --via ipmi -H $IPMI --auth-file $AUTH --state-dir $STATE"
	cephLine = "check_ceph --via dashboard -H $DASHBOARD --fingerprint $CEPHFINGERPRINT --auth-file $DASHBOARDAUTH --state-dir $STATE"
	pveLine  = "check_pve -H $PVE --fingerprint $FINGERPRINT --auth-file $AUTH --state-dir $STATE"
	backLine = "check_reintegrated --node pve3 -H $NODES --ca-file $CA --auth-file $AUTH --state-dir $STATE"
)

// looked is a run in a room of a vendor.
type looked struct {
	poll
	vendor bmc.Vendor
}

// lookedAt are the runs whose time is told in phases.
var lookedAt = []looked{
	{poll{"one TLS request", requestLine}, bmc.Dell},
	{poll{"check_fans, Redfish", fansLine}, bmc.Dell},
	{poll{"check_fans, IPMI", ipmiLine}, bmc.Supermicro},
	{poll{"check_ceph", cephLine}, bmc.Supermicro},
	{poll{"check_pve", pveLine}, bmc.Supermicro},
	{poll{"check_reintegrated", backLine}, bmc.Supermicro},
}

// request is that command in a room.
func (s *session) request(sim *simulator) command {
	words := sim.expand(requestLine)
	words[0] = filepath.Join(s.dir, words[0])
	return command{name: "one TLS request", args: words}
}

// look profiles programs with symbols, once they have been there.
func (s *session) look(ctx context.Context, bin string, of looked) (p profile, err error) {
	err = s.inRooms("BMC", of.vendor, func(r rooms) error {
		words := r[0].expand(of.line)
		words[0] = filepath.Join(bin, words[0])
		if _, err := (command{args: words}).run(ctx, filepath.Join(s.dir, "starter")); err != nil {
			return err
		}
		p, err = s.profiled(ctx, words)
		return err
	})
	return p, err
}

// rest is the section about where the time goes.
func (s *session) rest() string {
	if len(s.goes) == 0 {
		return ""
	}
	head := []string{"ms of processor time"}
	for _, l := range lookedAt {
		head = append(head, l.name)
	}
	about := strings.ReplaceAll(`
*One TLS request* is the least that Go's net/http and crypto/tls cost: hello, and one request that resumes a session
(test/bench/request). No plugin that asks over HTTPS costs less; what it costs more is ours.

- CPU of a run: about half is the start of Go's runtime and of packages, its threads and stacks.
- Size: what one request links is half to three quarters of a plugin, and a third of every binary is the runtime's
  table of functions and lines (@.gopclntab@), which nothing leaves out.
- The controller's CPU: without a signature it still answers the requests, which the simulator makes of JSON.
- check_guests: the row of pkg/ping is the engine, most of that the kernel's sendmmsg and recvmmsg. The rest is the
  list of guests, told apart by name and by address, and garbage collection over it.
- check_fans over IPMI is a process of Go beside one of C, whose start costs half.

How it is made: @perf record -e cpu-clock -g@ over as many steady runs as above, of binaries with symbols. A sample is
its innermost function's whose package is known: what the runtime does for one, such as finding memory, is that one's.
Again: @go run ./test/bench -bin bin -only where@. What is in a phase: the same commands, and @perf report@; what is in
a binary: @go tool nm -size -sort size@, @readelf -SW@; what its packages' start costs: @GODEBUG=inittrace=1@.
`, "@", "`")
	t := s.tableOf(s.goes, "Where the rest goes", head...)
	return strings.Replace(t, "\n\n|", "\n"+about+"\n|", 1)
}
