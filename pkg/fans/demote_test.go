package fans_test

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/fans"
)

// A fan that was learned of a sensor that is none is not missing when it is told
// as a part of the cooling; one that fails as such is said.
func TestPartIsNoLostFan(t *testing.T) {
	rpm := 5000.0
	fan := func(id, name string) bmc.Fan {
		f := bmc.Fan{ID: id, Name: name, Sensor: -1, Presence: bmc.Present, Health: bmc.HealthOK, Reading: &rpm, Unit: "RPM"}
		f.Weigh()
		return f
	}
	pol := fans.Policy{Expect: -1, Window: time.Hour, Log: "off"}
	before := bmc.Server{Power: bmc.PowerOn, Fans: []bmc.Fan{fan("0x41", "FAN 1"), fan("0x42", "FAN 2"), fan("0x60", "Fan Fail")}}
	for health, want := range map[bmc.Health]fans.Severity{bmc.HealthOK: fans.Clear, bmc.HealthCritical: fans.Major} {
		after := bmc.Server{Power: bmc.PowerOn, Fans: before.Fans[:2:2], Parts: []bmc.Part{
			{ID: "0x60", Name: "Fan Fail", Kind: bmc.Cooling, Presence: bmc.Present, Health: health},
		}}
		var m fans.Memory
		var v fans.Verdict
		for i, server := range []bmc.Server{before, after, after} {
			at := dawn.Add(time.Duration(i) * 10 * time.Minute)
			p := fans.Poll{Server: server, Started: at, Now: at.Add(time.Second)}
			m = fans.Observe(m, p, pol)
			v = fans.Judge(p, pol, m)
		}
		worst := (&speaker{said: v}).worst()
		if worst != want {
			t.Errorf("health %q: %v, expected %v: %+v", health, worst, want, v.Findings())
		}
	}
}

// Presence alone is no evidence that a fan turns.
func TestPresenceAloneIsNoMeasurement(t *testing.T) {
	p := fans.Poll{Started: dawn, Now: dawn.Add(time.Second), Server: bmc.Server{Power: bmc.PowerOn, Fans: []bmc.Fan{
		{ID: "0x60", Name: "Fan Present 1", Presence: bmc.Present, Witness: bmc.Present, Health: bmc.HealthOK, Opinion: bmc.Seen},
	}}}
	pol := fans.Policy{Expect: -1, Window: time.Hour, Log: "off"}
	v := fans.Judge(p, pol, fans.Observe(fans.Memory{}, p, pol))
	if worst := (&speaker{said: v}).worst(); worst != fans.Indeterminate {
		t.Errorf("%v: %+v", worst, v.Findings())
	}
}
