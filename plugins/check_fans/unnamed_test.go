package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/bmc/controller"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/fans"
	"github.com/noout-monitoring/noout/pkg/state"
)

// TestUnnamedDevice: of a device without UUID and serial number, as of any
// other, everything is known at the next run: its fans, its drop-outs, and what
// its source needs.
func TestUnnamedDevice(t *testing.T) {
	options := state.Options{Dir: t.TempDir() + "/state", Mode: "require"}
	for _, identity := range []bmc.Identity{{}, {Manufacturer: "Supermicro", Model: "X11", Serial: "To be filled by O.E.M."}, {Serial: "S1"}, {UUID: "4c4c4544-0042"}} {
		o := remembering()
		o.State = options
		o.BMC.Host = "bmc1 " + identity.Subject()
		known, learned := 0, ""
		run := func(at time.Time, change ...func(*bmc.Server)) (check.Result, *recall) {
			mem := open(o)
			known, learned = len(mem.memory.Fans), string(mem.Target.Sources[controller.Redfish])
			mem.Via = controller.Redfish
			s := six(change...)
			s.Identity, s.Memory = identity, bmc.Memory(`{"paths":"learned"}`)
			p := fans.Poll{Server: s, Started: at, Now: at}
			if err := mem.Learn(p.Server, false); err != nil {
				t.Fatal(err)
			}
			m := mem.update(func(m fans.Memory) fans.Memory { return fans.Observe(m, p, defaults()) })
			return o.finish(mem, p, m), mem
		}
		run(noon)
		r, mem := run(noon.Add(5*time.Minute), third(func(f *bmc.Fan) { f.Presence, f.Reading = bmc.Absent, nil }))
		if r.Status() != check.CRITICAL || mem.Trouble != nil {
			t.Errorf("%+v: %s when a fan is pulled, %v", identity, r.Status(), mem.Trouble)
		}
		if known != 6 || !strings.Contains(learned, "learned") {
			t.Errorf("%+v: the second run knows %d fans and of its source %s", identity, known, learned)
		}
		r, _ = run(noon.Add(10 * time.Minute))
		if r.Status() != check.CRITICAL {
			t.Errorf("%+v: %s when it turns again, want the drop-out", identity, r.Status())
		}
		r, err := o.unreachable(open(o), fans.Poll{Started: noon.Add(15 * time.Minute), Now: noon.Add(15 * time.Minute)}, context.DeadlineExceeded)
		latched := func(f check.Finding) bool {
			return f.Remembered && f.Status == check.CRITICAL && strings.Contains(f.Text, "FAN3")
		}
		if r.Status() != check.UNKNOWN || err == nil || !slices.ContainsFunc(r.Findings, latched) {
			t.Errorf("%+v: %s, %v when it does not answer, want UNKNOWN, and the drop-out remembered", identity, r.Status(), err)
		}
		if r, _ = run(noon.Add(20 * time.Minute)); r.Status() != check.CRITICAL {
			t.Errorf("%+v: %s when it answers again, want the latch as before", identity, r.Status())
		}
	}
}

// remembering is a run with the settings of defaults.
func remembering() *options {
	o := &options{Window: 24 * time.Hour, Warning: mustRange("0"), Critical: mustRange("4"), Log: "auto", now: time.Now}
	o.BMC.Port, o.IPMI.Port = 443, 623
	return o
}

func mustRange(s string) check.Range {
	r, err := check.ParseRange(s)
	if err != nil {
		panic(err)
	}
	return r
}
