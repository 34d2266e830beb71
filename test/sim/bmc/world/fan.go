package world

import (
	"maps"
	"slices"
)

// Fan is one fan as it was built in, or an empty bay.
type Fan struct {
	ID      string // what the controller calls it for good, such as "Fan.Embedded.1A"
	Name    string // what it is called today
	LogName string // what the event log calls it; empty means Name
	Sensor  int    // IPMI sensor number
	Serial  string
	Speed   float64 // when it turns as it should
	Unit    Unit
	Top     float64 // most it can do
	// Lower thresholds; 0 means that the controller has none.
	LowerNonCritical, LowerCritical, LowerFatal float64
	// Empty bays are shown as absent, or not at all when Hidden.
	Empty, Hidden bool
	// Module is the fan that this rotor turns in; empty: it is one by itself.
	Module string
	// Pump is a pump: it fails like a fan and is no member of the redundancy.
	Pump bool
}

// Unit is the unit of a fan's reading.
type Unit string

// Units.
const (
	RPM     Unit = "RPM"
	Percent Unit = "Percent"
)

// Health is what a controller says about a part; empty when it says nothing.
type Health string

// Health values, in Redfish's words.
const (
	OK      Health = "OK"
	Warning Health = "Warning"
	Bad     Health = "Critical"
)

// View is a fan as the controller shows it.
type View struct {
	Fan
	Number  int // its place, 1 for the first
	Listed  bool
	State   string // Enabled, Absent or StandbyOffline
	Health  Health
	Reading *float64 // nil is a null
	Failed  bool     // something is wrong with it, noticed or not
}

// Shape is how a failed fan looks.
type Shape string

// Shapes.
const (
	Healthy Shape = ""
	// Absent with Health OK and 0 RPM is what OpenBMC shows for a fan that was
	// pulled while the host runs (ibm-openbmc/dev#3449).
	Absent Shape = "absent"
	// AbsentMute says State Absent and no Health, as HPE shows an empty bay.
	AbsentMute Shape = "absent-nohealth"
	// Gone leaves the list.
	Gone Shape = "gone"
	// Zero stands still, Enabled and Health OK.
	Zero Shape = "zero"
	// Critical stands still and is called so.
	Critical Shape = "critical"
	// Slow turns at half of its lowest threshold, Health OK.
	Slow Shape = "slow"
	// Caution turns too slowly and is called Warning.
	Caution Shape = "warning"
	// Null lost its reading, Health OK: a sensor that cannot be read.
	Null Shape = "null"
	// Mute lost its reading and its Health.
	Mute Shape = "mute"
	// Standby is how some hosts without power show their fans.
	Standby Shape = "standby"
)

// shapes says for each shape what the controller shows, and whether it notices
// the failure itself, which is when redundancy suffers.
var shapes = map[Shape]struct {
	noticed bool
	gone    bool // the fan is not there: logged as removed where that is a habit
	show    func(*View)
}{
	Healthy:    {show: func(*View) {}},
	Absent:     {gone: true, show: func(v *View) { v.State, v.Reading = "Absent", number(0) }},
	AbsentMute: {noticed: true, gone: true, show: func(v *View) { v.State, v.Health, v.Reading = "Absent", "", number(0) }},
	Gone:       {noticed: true, gone: true, show: func(v *View) { v.Listed = false }},
	Zero:       {show: func(v *View) { v.Reading = number(0) }},
	Critical:   {noticed: true, show: func(v *View) { v.Health, v.Reading = Bad, number(0) }},
	Slow:       {show: func(v *View) { v.Reading = number(v.lowest() / 2) }},
	Caution:    {noticed: true, show: func(v *View) { v.Health, v.Reading = Warning, number(v.cautious()) }},
	Null:       {show: func(v *View) { v.Reading = nil }},
	Mute:       {show: func(v *View) { v.Reading, v.Health = nil, "" }},
	Standby:    {show: func(v *View) { v.State, v.Reading = "StandbyOffline", number(0) }},
}

// Shapes lists the shapes that have a name.
func Shapes() []Shape {
	named := slices.Collect(maps.Keys(shapes))
	slices.Sort(named)
	return named[1:] // the first one is Healthy, the empty name
}

func number(f float64) *float64 { return &f }

// Judged is the health of a controller that compares what it measures with its
// thresholds, and shows neither: what it says of a rotor that stands still.
func (v View) Judged() Health {
	switch {
	case v.State != "Enabled" || v.Reading == nil:
	case v.Health == Bad, *v.Reading <= max(v.LowerCritical, v.LowerFatal):
		return Bad
	case *v.Reading <= v.LowerNonCritical:
		return Warning
	}
	return v.Health
}

// lowest is the lowest threshold that a fan has, or a tenth of its speed.
func (f Fan) lowest() float64 {
	for _, t := range []float64{f.LowerFatal, f.LowerCritical, f.LowerNonCritical} {
		if t > 0 {
			return t
		}
	}
	return f.Speed / 10
}

// cautious is a speed between the non-critical and the critical threshold.
func (f Fan) cautious() float64 {
	if f.LowerNonCritical > f.LowerCritical {
		return (f.LowerNonCritical + f.LowerCritical) / 2
	}
	return f.lowest() * 1.1
}

// Threshold is the value of a threshold; 0 when the fan has none.
func (f Fan) Threshold(l Level) float64 {
	switch l {
	case LowerNonCritical:
		return f.LowerNonCritical
	case LowerFatal:
		return f.LowerFatal
	default:
		return f.LowerCritical
	}
}

func (w *World) view(i int, f *state) View {
	v := View{
		Fan: f.Fan, Number: i + 1, Listed: true, State: "Enabled", Health: OK,
		Reading: number(f.Speed), Failed: f.shape != Healthy,
	}
	switch {
	case f.Empty:
		shapes[AbsentMute].show(&v)
		v.Listed = !f.Hidden
	case w.power == Off:
		shapes[w.config.Off].show(&v)
	default:
		shapes[f.shape].show(&v)
	}
	return v
}
