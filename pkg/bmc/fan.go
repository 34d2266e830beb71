package bmc

import "slices"

// Presence says whether a fan is there.
type Presence string

// A fan is Present when the controller says that it is enabled or says nothing
// to the contrary, Absent when it says so (Redfish State Absent, IPMI presence
// sensor), Standby when it is there but not meant to turn (StandbyOffline,
// Disabled). It is Unread when a presence sensor decides and could not be read
// this time: nothing may be concluded from it, and nothing learned.
const (
	Present Presence = "present"
	Absent  Presence = "absent"
	Standby Presence = "standby"
	Unread  Presence = "unread"
)

// Health is the controller's own opinion.
type Health string

// Health values of Redfish; IPMI's threshold and discrete states are mapped to
// the same words.
const (
	HealthUnknown  Health = ""
	HealthOK       Health = "ok"
	HealthWarning  Health = "warning"
	HealthCritical Health = "critical"
)

// healths order what is worse.
var healths = []Health{HealthUnknown, HealthOK, HealthWarning, HealthCritical}

// Worse is the worse of two opinions; none at all is the mildest.
func Worse(a, b Health) Health {
	if slices.Index(healths, b) > slices.Index(healths, a) {
		return b
	}
	return a
}

// Opinion is what a controller's health of a fan rests on.
type Opinion string

// What an opinion can rest on. A Claim is Health OK of a resource that shows no
// reading: nobody can tell whether anything was measured, and OpenBMC says OK
// by default of what it cannot read (openbmc/bmcweb#283). A Sensor is a discrete
// sensor of the controller that is in a state of its own, such as "transition
// to running", as IBM, Lenovo and HPE boards have. Seen is only that the fan is
// there. A Measurement is a reading beside the health.
const (
	NoOpinion   Opinion = ""
	Claim       Opinion = "claim"
	Seen        Opinion = "seen"
	BySensor    Opinion = "sensor"
	Measurement Opinion = "measurement"
)

// Fan is one fan or pump as the controller lists it: a module with its rotors,
// or one rotor where the controller lists these by themselves (Thermal of Dell
// and Lenovo, tachometers of IPMI), see [Module].
type Fan struct {
	// ID is stable over runs and renames: chassis and member id (Redfish) or
	// sensor number (IPMI), such as "1/0" or "0x41". Unique within a server.
	ID string
	// Name is what the controller calls it, as it came; it may repeat.
	Name    string
	Chassis string // chassis id, empty when there is only one
	Serial  string
	// Pump is a pump: it fails as a fan does, but is none, so that it counts
	// neither as present nor as expected fan.
	Pump bool
	// Sensor is the IPMI sensor number, which SEL-type logs name; -1 unknown.
	Sensor   int
	Presence Presence
	// Witness is what a presence sensor of the fan's own says (IPMI kinds 08h
	// and 25h): Present, Absent, Unread when it gave no answer; empty when there
	// is none. A tachometer that answers nothing beside a Witness that says
	// Present belongs to a fan that does not turn, not to an empty bay.
	Witness Presence
	// State is the word of Redfish's Status.State as it came, or empty.
	State string
	// Health is the worst opinion that the controller has of the fan: its own,
	// its roll-up where it has no other (HealthRollup), those of its rotors'
	// sensors.
	Health Health
	// Opinion says what Health rests on.
	Opinion Opinion
	// Rotors are all measurements of the fan, in a stable order; empty when the
	// controller names none.
	Rotors []Rotor
	// Rotor names the worst of several rotors, empty when there is one. Reading,
	// Unit and the thresholds are those of the worst rotor, see [Fan.Weigh].
	Rotor string
	// Reading is nil when there is none ("N/A", null, not available).
	Reading *float64
	// Unit is "RPM", "%" or "Hz".
	Unit string
	// Lower thresholds of the controller; nil when it has none. Zero and null
	// are no thresholds. A fan that turns too fast has not failed: the upper ones
	// are not asked for.
	LowerNonCritical *float64
	LowerCritical    *float64
	LowerFatal       *float64 // non-recoverable
	// Says is what the controller said in its own words, for the evidence:
	// "State Absent, Health OK", "transition to off line".
	Says string
}

// Rotor is one measurement of a fan's turning. A sensor that gives percent and
// revolutions is one rotor, counted in what its thresholds are in; where it has
// none, in revolutions.
type Rotor struct {
	// ID tells the rotors of one fan apart, stable over runs: the property
	// ("SpeedPercent") or the sensor's id ("fan2_1").
	ID   string
	Name string
	// Reading is nil when there is none this time, although it is listed.
	Reading *float64
	Unit    string
	// Thresholds as in [Fan].
	LowerNonCritical *float64
	LowerCritical    *float64
	LowerFatal       *float64
	Health           Health
	// From is where it was read: a path, or "sensor 0x41".
	From string
	// Lent says that it is none of those that the fan tells of itself: a sensor
	// that is shown only while it is worse than these. That it is shown no more is
	// no loss.
	Lent bool
}

// Weigh fills in what follows from the rotors: the fan's reading, unit and
// thresholds are those of its worst rotor, its health the worst opinion of all.
// Of equally bad rotors the first one counts, so that a healthy fan always shows
// the same one.
func (f *Fan) Weigh() {
	if len(f.Rotors) > 0 {
		worst := 0
		for i, r := range f.Rotors {
			f.Health = Worse(f.Health, r.Health)
			if r.trouble() > f.Rotors[worst].trouble() {
				worst = i
			}
		}
		*f = f.Showing(f.Rotors[worst])
		if len(f.Rotors) == 1 {
			f.Rotor = ""
		}
	}
	switch {
	case f.Health == HealthUnknown:
		f.Opinion = NoOpinion
	case f.Reading != nil:
		f.Opinion = Measurement
	case f.Opinion == NoOpinion:
		f.Opinion = Claim
	}
}

// Showing is the fan with the measurement of one of its rotors.
func (f Fan) Showing(r Rotor) Fan {
	f.Reading, f.Unit, f.Rotor = r.Reading, r.Unit, r.Name
	f.LowerNonCritical, f.LowerCritical, f.LowerFatal = r.LowerNonCritical, r.LowerCritical, r.LowerFatal
	return f
}

// trouble orders rotors by how bad they are; only the order means anything. One
// without a reading comes before all that have one, unless its sensor complains:
// what was measured says more.
func (r Rotor) trouble() int {
	under := func(t *float64) bool { return r.Reading != nil && t != nil && *r.Reading <= *t }
	switch {
	case r.Reading != nil && *r.Reading <= 0:
		return 5
	case under(r.LowerCritical), under(r.LowerFatal):
		return 4
	case r.Health == HealthCritical:
		return 3
	case r.Health == HealthWarning, under(r.LowerNonCritical):
		return 2
	case r.Reading != nil:
		return 1
	}
	return 0
}

// Measures says whether the controller gives a reading of any fan at all, not of
// a pump. Where it does not, Health OK of a fan that was never seen with one is a
// [Claim].
func (s Server) Measures() bool {
	return slices.ContainsFunc(s.Fans, func(f Fan) bool { return f.Reading != nil && !f.Pump })
}

// PartKind is what a part of the cooling is.
type PartKind string

// Kinds of parts.
const (
	LeakDetector PartKind = "leak detector"
	// Cooling is the whole of a chassis' cooling, as ThermalSubsystem: its health
	// can be bad although no fan's is. The health of the chassis is not it.
	Cooling PartKind = "cooling"
)

// Part is something of the cooling that neither turns nor is a redundancy set.
type Part struct {
	ID   string // unique within a server, stable over runs
	Name string
	Kind PartKind
	// Presence is Present, Absent (State Absent: never fitted) or Standby
	// (Disabled: not judged).
	Presence Presence
	Health   Health
	Says     string
}

// Redundancy is one redundancy set of fans.
type Redundancy struct {
	ID     string
	Name   string
	Health Health
	// Lost is said in so many words (IPMI offset "redundancy lost").
	Lost bool
	// Disabled sets are information: Intel boards report State Disabled on
	// healthy machines.
	Disabled bool
	Says     string
}
