package redfish

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// expected is what the corpus says about a tree.
type expected struct {
	Fans []struct {
		Source, Chassis, State, Health, Unit string
		Name, FanName                        *string
		Reading                              *float64
		Lower                                struct{ NonCritical, Critical, Fatal *float64 }
	}
	Redundancy []struct {
		Source, Chassis, Health, State string
	}
	SystemPower map[string]string `json:"system_power"`
	Problems    []string
}

// seen is what the test compares of a fan.
type seen struct {
	Chassis, Name, Unit      string
	Presence                 bmc.Presence
	Health                   bmc.Health
	Reading                  *float64
	NonCritical, Critical, F *float64
}

type seenSet struct {
	Chassis  string
	Health   bmc.Health
	Disabled bool
}

func real(v *float64) *float64 {
	if v == nil || *v == 0 {
		return nil
	}
	return v
}

func (e expected) from(source string) (fans []seen, sets []seenSet) {
	for _, f := range e.Fans {
		if f.Source != source {
			continue
		}
		name := f.FanName
		if f.Name != nil {
			name = f.Name
		}
		s := seen{
			Chassis: f.Chassis, Unit: "RPM", Presence: bmc.Present, Health: bmc.Health(strings.ToLower(f.Health)),
			Reading: f.Reading, NonCritical: real(f.Lower.NonCritical), Critical: real(f.Lower.Critical), F: real(f.Lower.Fatal),
		}
		if name != nil {
			s.Name = *name
		}
		if f.Unit == "Percent" {
			s.Unit = "%"
		}
		if f.State == "Absent" {
			s.Presence = bmc.Absent
		}
		fans = append(fans, s)
	}
	for _, r := range e.Redundancy {
		if r.Source != source {
			continue
		}
		s := seenSet{Chassis: r.Chassis, Health: bmc.Health(strings.ToLower(r.Health)), Disabled: r.State == "Disabled"}
		sets = append(sets, s)
	}
	return fans, sets
}

// TestCorpus compares what is read of every recorded tree with what is known
// to be in it, without and with $expand.
func TestCorpus(t *testing.T) {
	for _, dir := range trees(t) {
		for _, expand := range []bool{false, true} {
			name := nameOf(dir)
			if expand {
				name += "/expand"
			}
			t.Run(name, func(t *testing.T) { compareTree(t, dir, expand) })
		}
	}
}

func compareTree(t *testing.T, dir string, expand bool) {
	var want expected
	raw, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	_, source := serve(t, &tree{dir: dir, expand: expand})
	server, err := source.Poll(t.Context(), bmc.Ask{Logs: true})
	if err != nil {
		t.Fatal(err)
	}
	wantFans, wantSets := want.from("Thermal")
	if wantFans == nil {
		wantFans, wantSets = want.from("ThermalSubsystem")
	} else if wantSets == nil {
		_, wantSets = want.from("ThermalSubsystem")
	}
	var fans []seen
	ids := map[string]bool{}
	for _, f := range server.Fans {
		if ids[f.ID] {
			t.Errorf("the id %s is not unique", f.ID)
		}
		ids[f.ID] = true
		fans = append(fans, seen{
			Chassis: f.ID[:strings.LastIndexByte(f.ID, '/')], Name: f.Name, Unit: f.Unit, Presence: f.Presence, Health: f.Health,
			Reading: f.Reading, NonCritical: f.LowerNonCritical, Critical: f.LowerCritical, F: f.LowerFatal,
		})
	}
	for i := range fans {
		fans[i].Chassis = fans[i].Chassis[strings.LastIndexByte(fans[i].Chassis, '/')+1:]
	}
	if diff := cmp.Diff(wantFans, fans); diff != "" {
		t.Errorf("fans (-want +got):\n%s", diff)
	}
	var sets []seenSet
	for _, r := range server.Redundancies {
		chassis := r.ID[:strings.LastIndexByte(r.ID, '/')]
		sets = append(sets, seenSet{Chassis: chassis[strings.LastIndexByte(chassis, '/')+1:], Health: r.Health, Disabled: r.Disabled})
	}
	if diff := cmp.Diff(wantSets, sets); diff != "" {
		t.Errorf("redundancy (-want +got):\n%s", diff)
	}
	for _, g := range server.Gaps {
		t.Logf("gap: %s: %v", g.What, g.Err)
	}
	for _, e := range server.Evidence {
		t.Log(e)
	}
	t.Logf("%+v %q %v", server.Identity, server.Power, string(server.Memory))
}
