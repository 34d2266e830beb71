package ipmi

import hardware "github.com/noout-monitoring/noout/test/sim/machine"

// parts are the kinds of parts by the type of their sensors, and the states of
// these (table 42-3): there, without power or disabled, broken.
var parts = map[byte]struct {
	kind            hardware.Kind
	there, off, bad uint16
}{
	0x08: {hardware.Supply, 1 << 0, 1<<0 | 1<<1 | 1<<3, 1<<0 | 1<<1},
	0x0c: {hardware.Module, 1 << 6, 1<<6 | 1<<4, 1<<6 | 1<<1},
	0x0d: {hardware.Disk, 1 << 0, 1 << 0, 1<<0 | 1<<1},
}

// part is what the n-th sensor of a kind of parts says. Places that the machine
// has no part for are empty; a controller that has just started says nothing yet.
func (c Config) part(f fixture, n int) reading {
	as, known := parts[f.typ]
	if !known || c.Machine == nil {
		return reading{states: uint16(f.value)}
	}
	_, ready := c.Machine.Told(as.kind)
	all := c.Machine.Parts(as.kind)
	switch {
	case !ready:
		return reading{missing: true}
	case n > len(all):
		return reading{}
	}
	switch all[n-1].State {
	case hardware.Gone:
		return reading{}
	case hardware.Off:
		return reading{states: as.off}
	case hardware.Bad:
		return reading{states: as.bad}
	}
	return reading{states: as.there}
}
