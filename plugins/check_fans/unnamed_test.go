package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/state"
)

// TestUnnamedDevice: of a device without UUID and serial number, as of any
// other, everything is known at the next run: its fans, its drop-outs, and what
// its source needs.
func TestUnnamedDevice(t *testing.T) {
	options := state.Options{Dir: t.TempDir() + "/state", Mode: "require"}
	for _, identity := range []bmc.Identity{{}, {Manufacturer: "Supermicro", Model: "X11", Serial: "To be filled by O.E.M."}, {Serial: "S1"}, {UUID: "4c4c4544-0042"}} {
		address := "bmc1 " + identity.Subject()
		asked := bmc.Ask{}
		run := func(at time.Time, change ...func(*bmc.Server)) (check.Result, *recall) {
			mem := open(options, address)
			asked = mem.ask(viaRedfish, true)
			mem.via = viaRedfish
			s := six(change...)
			s.Identity, s.Memory = identity, bmc.Memory(`{"paths":"learned"}`)
			p := poll{server: s, started: at, now: at}
			if err := mem.learn(p, false); err != nil {
				t.Fatal(err)
			}
			m := mem.update(func(m memory) memory { return observe(m, p, defaults()) })
			o := remembering(options)
			return o.finish(mem, p, m), mem
		}
		run(noon)
		r, mem := run(noon.Add(5*time.Minute), third(func(f *bmc.Fan) { f.Presence, f.Reading = bmc.Absent, nil }))
		if r.Status() != check.CRITICAL || mem.trouble != nil {
			t.Errorf("%+v: %s when a fan is pulled, %v", identity, r.Status(), mem.trouble)
		}
		if len(asked.Known) != 6 || !bytes.Contains(asked.Memory, []byte("learned")) {
			t.Errorf("%+v: the second run knows %d fans and of its source %s", identity, len(asked.Known), asked.Memory)
		}
		r, _ = run(noon.Add(10 * time.Minute))
		if r.Status() != check.CRITICAL {
			t.Errorf("%+v: %s when it turns again, want the drop-out", identity, r.Status())
		}
		o := remembering(options)
		r, err := o.unreachable(open(options, address), poll{started: noon.Add(15 * time.Minute), now: noon.Add(15 * time.Minute)}, context.DeadlineExceeded)
		if r.Status() != check.CRITICAL || err == nil {
			t.Errorf("%+v: %s, %v when it does not answer, want the drop-out", identity, r.Status(), err)
		}
	}
}

// remembering are those of a run with the settings of defaults.
func remembering(s state.Options) *options {
	return &options{State: s, Window: 24 * time.Hour, Warning: mustRange("0"), Critical: mustRange("4"), Log: "auto", now: time.Now}
}
