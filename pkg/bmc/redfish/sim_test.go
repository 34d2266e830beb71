package redfish

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

// ours is a source for a simulated controller. Its clock is the world's.
func ours(t testing.TB, s *sim.Sim, password string) *Source {
	t.Helper()
	client, err := transport.Options{CAFile: s.CAFile(t)}.Client()
	if err != nil {
		t.Fatal(err)
	}
	source := New(client, s.Host, secret.Credentials{Username: sim.Username, Password: secret.NewText(password)})
	source.now = s.World.Clock().Now
	return source
}

func mustPoll(t testing.TB, s *Source, ask bmc.Ask) bmc.Server {
	t.Helper()
	server, err := s.Poll(t.Context(), ask)
	if err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(server.Evidence, "\n"))
	}
	return server
}

func ids(server bmc.Server) []string {
	var out []string
	for _, f := range server.Fans {
		if f.Presence != bmc.Absent {
			out = append(out, f.ID)
		}
	}
	return out
}

var vendors = []sim.Vendor{
	sim.Dell, sim.Dell8, sim.HPE, sim.HPE7, sim.Lenovo, sim.Supermicro, sim.OpenBMC, sim.AMI, sim.Cisco, sim.Intel, sim.GB200,
}

// TestDropOut polls every kind of controller before and after a fan dropped out
// for 11 seconds: the live facts are those of a healthy server, and the log has
// told which fan it was.
func TestDropOut(t *testing.T) {
	for _, vendor := range vendors {
		t.Run(string(vendor), func(t *testing.T) {
			s := sim.Start(t, sim.Server{Vendor: vendor, Clock: world.Still(noon)})
			source := ours(t, s, sim.Password)
			before := mustPoll(t, source, bmc.Ask{Logs: true, Keep: true})
			if len(before.Fans) == 0 || len(before.Gaps) > 0 {
				t.Fatalf("fans %v, gaps %v\n%s", ids(before), before.Gaps, strings.Join(before.Evidence, "\n"))
			}
			if err := s.Do("drop?fan=3&for=11s"); err != nil {
				t.Fatal(err)
			}
			s.Advance(5 * time.Minute)
			s.Forget()
			after := mustPoll(t, source, bmc.Ask{Logs: true, Keep: true, Memory: before.Memory, Known: ids(before)})
			if diff := cmp.Diff(before.Fans, after.Fans, ignoreReading); diff != "" {
				t.Errorf("fans before and after:\n%s", diff)
			}
			if len(after.Gaps) > 0 {
				t.Errorf("gaps %v", after.Gaps)
			}
			third := fanThree(t, after)
			var kinds []bmc.Kind
			for _, log := range after.Logs {
				for _, e := range log.Events {
					if at := e.Time.Add(-*log.Clock); at.Before(noon.Add(-2*time.Second)) || e.Kind == bmc.RedundancyLost || e.Kind == bmc.RedundancyRegained {
						continue
					}
					if e.Fan != third {
						t.Errorf("%q is about fan %q, expected %q", e.Text, e.Fan, third)
					}
					kinds = append(kinds, e.Kind)
				}
			}
			if !slices.Contains(kinds, bmc.Failed) || !slices.Contains(kinds, bmc.Recovered) {
				t.Errorf("events %v\n%s", kinds, strings.Join(after.Evidence, "\n"))
			}
			if stats := s.Stats(); len(stats.Violations) > 0 {
				t.Errorf("violations: %v", stats.Violations)
			}
		})
	}
}

var ignoreReading = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Reading" }, cmp.Ignore())

// fanThree is the id of the fan that the simulator calls number 3.
func fanThree(t *testing.T, server bmc.Server) string {
	t.Helper()
	if len(server.Fans) < 3 {
		t.Fatalf("fans %v", ids(server))
	}
	return server.Fans[2].ID
}

// TestBudget counts the requests of a steady poll: three and one for the log,
// more only where a controller cannot expand, or has fans in more places.
func TestBudget(t *testing.T) {
	tests := []struct {
		vendor sim.Vendor
		expand sim.Expand
		most   int
	}{
		{sim.Dell, sim.ExpandAsVendor, 4}, {sim.HPE, sim.ExpandAsVendor, 4}, {sim.Lenovo, sim.ExpandAsVendor, 4},
		{sim.Supermicro, sim.ExpandOn, 4}, {sim.AMI, sim.ExpandAsVendor, 6},
		{sim.Dell, sim.ExpandOff, 6}, {sim.HPE, sim.ExpandOff, 6}, {sim.Lenovo, sim.ExpandOff, 6}, {sim.Supermicro, sim.ExpandOff, 6},
		{sim.Intel, sim.ExpandAsVendor, 6}, {sim.OpenBMC, sim.ExpandAsVendor, 7}, {sim.Cisco, sim.ExpandAsVendor, 6}, {sim.Dell8, sim.ExpandAsVendor, 6},
		{sim.HPE7, sim.ExpandAsVendor, 4},
	}
	for _, test := range tests {
		t.Run(string(test.vendor)+" "+string(test.expand), func(t *testing.T) {
			s := sim.Start(t, sim.Server{Vendor: test.vendor, Expand: test.expand, Clock: world.Still(noon)})
			source := ours(t, s, sim.Password)
			first := mustPoll(t, source, bmc.Ask{Logs: true, Keep: true})
			s.Forget()
			s.Advance(5 * time.Minute)
			second := mustPoll(t, source, bmc.Ask{Logs: true, Keep: true, Memory: first.Memory, Known: ids(first)})
			if n := s.Stats().Count; n > test.most {
				t.Errorf("%d requests, expected at most %d:\n%s", n, test.most, strings.Join(second.Evidence, "\n"))
			}
			if diff := cmp.Diff(first.Identity, second.Identity); diff != "" {
				t.Errorf("identity:\n%s", diff)
			}
			if first.Identity.UUID == "" && first.Identity.Serial == "" {
				t.Error("no identity")
			}
			if diff := cmp.Diff(ids(first), ids(second)); diff != "" {
				t.Errorf("ids:\n%s", diff)
			}
		})
	}
}
