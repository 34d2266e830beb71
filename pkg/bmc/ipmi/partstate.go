package ipmi

import "github.com/noout-monitoring/noout/pkg/hardware"

// partOffset is one state of a sensor type's own.
type partOffset struct {
	bit   int
	state hardware.State
	says  string
}

// partPresence is the offset that says that the part is there (IPMI 2.0, table
// 42-3).
func partPresence(t byte) int {
	if t == typeMemory {
		return 6
	}
	return 0
}

// partOffsets are the states that count, those first that say most: a supply whose
// cable is out is said to have failed as well. A supply that stands by, a spare
// and single correctable errors are none.
func partOffsets(t byte) []partOffset {
	switch t {
	case typeSupply:
		return []partOffset{
			{3, hardware.Off, "no input power"},
			{4, hardware.Off, "no input power, or out of range"},
			{1, hardware.Failed, "failure detected"},
			{6, hardware.Failed, "configuration error"},
			{2, hardware.Degraded, "a failure is predicted"},
			{5, hardware.Degraded, "input out of range"},
		}
	case typeMemory:
		return []partOffset{
			{1, hardware.Failed, "uncorrectable error"},
			{2, hardware.Failed, "parity error"},
			{7, hardware.Failed, "configuration error"},
			{4, hardware.Off, "disabled"},
			{3, hardware.Degraded, "scrubbing failed"},
			{5, hardware.Degraded, "too many correctable errors"},
			{10, hardware.Degraded, "critically hot"},
		}
	case typeDrive:
		return []partOffset{
			{1, hardware.Failed, "drive fault"},
			{6, hardware.Failed, "in a failed array"},
			{2, hardware.Degraded, "a failure is predicted"},
			{5, hardware.Degraded, "in a critical array"},
			{7, hardware.Degraded, "being rebuilt"},
			{8, hardware.Degraded, "rebuilding was aborted"},
		}
	}
	return nil
}

// condition is what a reading says of the part. Without one, or with neither of
// both states of presence, nothing is known: controllers that have just started
// answer so.
func (s partSensor) condition(r reading) (hardware.State, string) {
	switch {
	case r.failed != nil || r.missing != "" || !r.status:
		return hardware.Untold, ""
	case r.Kind == kindPresence && r.has(presencePresent):
		return hardware.Good, ""
	case r.Kind == kindPresence && r.has(presenceAbsent):
		return hardware.Absent, ""
	case r.Kind == kindPresence:
		return hardware.Untold, ""
	case !r.has(partPresence(s.Type)):
		return hardware.Absent, ""
	}
	for _, o := range partOffsets(s.Type) {
		if r.has(o.bit) {
			return o.state, o.says
		}
	}
	return hardware.Good, ""
}
