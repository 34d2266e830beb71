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
	return command{args: words}
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
	const about = `
How it is made: ` + "`perf record -e cpu-clock -g`" + ` over as many steady runs as above, of binaries with symbols. Each sample is
its innermost function's whose package is known: what the runtime does for one, such as finding memory, is that
one's. *One TLS request* is the least that Go's net/http and crypto/tls cost: hello, and one request that resumes a
session (test/bench/request). No plugin that asks over HTTPS can cost less; what it costs more is ours. Again: ` + "`go run" + `
./test/bench -bin bin -only where` + "`" + `; what is in a phase: the same commands, and ` + "`perf report --no-children`" + `; what is in a binary:
` + "`go tool nm -size -sort size`" + `; its packages' start: ` + "`GODEBUG=inittrace=1 bin/check_fans -V`" + `.
`
	t := s.tableOf(s.goes, "Where the rest goes", head...)
	return strings.Replace(t, "\n\n|", "\n"+about+"\n|", 1)
}
