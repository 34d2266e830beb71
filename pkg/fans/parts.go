package fans

import (
	"cmp"
	"slices"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// judgeParts judges what of the cooling neither turns nor is a redundancy set.
// The cooling as a whole is as bad as the worst in it: where that is found
// already, it is not said again.
func judgeParts(p Poll, pol Policy, found []Finding) []Finding {
	var out []Finding
	for _, part := range p.Server.Parts {
		name := cmp.Or(part.Name, part.ID, string(part.Kind))
		if part.Presence != bmc.Present || !pol.Judges(part.ID, name) {
			continue
		}
		f := Finding{Subject: name, Text: name + " is well"}
		switch part.Health {
		case bmc.HealthCritical:
			f.Severity, f.Text = Major, string(part.Kind)+" "+name+" is critical"
		case bmc.HealthWarning:
			f.Severity, f.Text = Minor, string(part.Kind)+" "+name+" warns"
		case bmc.HealthUnknown:
			f.Text = name + " has no health"
		}
		f.Text += parenthesis(part.Says)
		explained := slices.ContainsFunc(slices.Concat(found, out), func(o Finding) bool { return o.Severity == f.Severity })
		if part.Kind == bmc.Cooling && f.Severity != Clear && explained {
			continue
		}
		out = append(out, f)
	}
	return out
}

// leftOut names what is not asked on purpose.
func leftOut(p Poll) []Finding {
	var out []Finding
	for _, l := range p.Server.LeftOut {
		out = append(out, Finding{Text: l.What + " is not asked, a fan in it is not seen: " + l.Why})
	}
	return out
}
