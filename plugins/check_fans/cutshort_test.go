package main

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// cut is a poll that loses one answer: its place in a sequence of polls, and
// what breaks it.
type cut struct {
	vendor bmc.Vendor
	ipmi   bool
	power  string // what happens to the host after the first poll
	before int    // whole polls before it
}

// answers polls before, then with the fault, if any, and then twice more; it
// returns the last answer and how many requests or commands the middle poll made.
func (c cut) answers(t *testing.T, fault string) (last string, asked int) {
	t.Helper()
	clock := world.Still(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC))
	s := bmc.Server{Vendor: c.vendor, Clock: clock}
	var at site
	count := func() int { return at.sim.Stats().Count }
	if c.ipmi {
		s.IPMI = &ipmi.Config{Records: 12}
		at = newIPMISite(t, s)
		count = func() int { return at.sim.Stats().IPMI.Packets }
	} else {
		at = newSite(t, s)
	}
	poll := func() string {
		var out bytes.Buffer
		pluginAt(clock.Now).Run(append(slices.Clone(at.args), "-v"), &out)
		clock.Advance(5 * time.Minute)
		return out.String()
	}
	for i := range c.before {
		poll()
		if i == 0 && c.power != "" {
			if err := at.sim.Do(c.power); err != nil {
				t.Fatal(err)
			}
		}
	}
	if fault != "" {
		if err := at.sim.Do(fault); err != nil {
			t.Fatal(err)
		}
	}
	n := count()
	poll()
	asked = count() - n
	if err := at.sim.Do("mend"); err != nil {
		t.Fatal(err)
	}
	poll()
	return poll(), asked
}

// TestCutShort: a run that loses an answer, whichever, teaches nothing. The polls
// after it answer as if it had lost none.
func TestCutShort(t *testing.T) {
	cases := []cut{
		{vendor: bmc.HPE}, {vendor: bmc.HPE, before: 2}, {vendor: bmc.OpenBMC, before: 1}, {vendor: bmc.GB200, before: 2},
		{vendor: bmc.HPE, before: 3, power: "power?state=off"}, {vendor: bmc.Dell, before: 3, power: "power?state=off"},
		{vendor: bmc.HPE, ipmi: true}, {vendor: bmc.Intel, ipmi: true}, {vendor: bmc.Intel, ipmi: true, before: 2},
		{vendor: bmc.Lenovo, ipmi: true, before: 2}, {vendor: bmc.Supermicro, ipmi: true, before: 3, power: "power?state=off"},
	}
	if testing.Short() {
		cases = []cut{cases[1], cases[7]}
	}
	for _, c := range cases {
		fault := "fault?name=500&times=1&after=%d"
		if c.ipmi {
			fault = "ipmi?name=refuse&times=1&after=%d"
		}
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			want, asked := c.answers(t, "")
			if asked == 0 {
				t.Fatal("nothing was asked")
			}
			for n := range asked {
				if got, _ := c.answers(t, fmt.Sprintf(fault, n)); got != want {
					t.Errorf("answer %d of %d lost: two whole polls later\n%swant\n%s", n+1, asked, got, want)
				}
			}
		})
	}
}
