package redfish

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// thermalFan is a fan of a Thermal resource, in the words of the standard, of
// iLO4, which wrote FanName, CurrentReading and Units, and of Thermal 1.0, where
// the speed was called ReadingRPM (older Dell, Fujitsu and Huawei firmware).
type thermalFan struct {
	Self             link   `json:"@odata.id"`
	MemberID         text   `json:"MemberId"`
	Name             text   `json:"Name"`
	FanName          text   `json:"FanName"`
	Reading          number `json:"Reading"`
	CurrentReading   number `json:"CurrentReading"`
	ReadingRPM       number `json:"ReadingRPM"`
	ReadingUnits     text   `json:"ReadingUnits"`
	Units            text   `json:"Units"`
	SensorNumber     number `json:"SensorNumber"`
	SerialNumber     text   `json:"SerialNumber"`
	Status           status `json:"Status"`
	LowerNonCritical number `json:"LowerThresholdNonCritical"`
	LowerCritical    number `json:"LowerThresholdCritical"`
	LowerFatal       number `json:"LowerThresholdFatal"`
}

// empty says that nothing in the element is about a fan.
func (f thermalFan) empty() bool {
	return f.MemberID == "" && f.Name == "" && f.FanName == "" && !f.Status.said &&
		f.Reading.value == nil && f.CurrentReading.value == nil && f.ReadingRPM.value == nil && f.SensorNumber.value == nil
}

// fan makes a fan of an element of Thermal's Fans.
func (f thermalFan) fan() bmc.Fan {
	out := bmc.Fan{
		Name: cmp.Or(f.Name.Name(), f.FanName.Name()), Serial: word(f.SerialNumber),
		Sensor: sensorNumber(f.SensorNumber), Unit: unit(cmp.Or(f.ReadingUnits.Name(), f.Units.Name())),
	}
	f.Status.put(&out)
	out.Rotors = f.rotors(out.Unit)
	out.Weigh()
	out.ID = f.key(out)
	return out
}

// rotors are the measurements of the element: one, or a second one where a
// reading in percent has the rotations beside it. The thresholds belong to the
// reading.
func (f thermalFan) rotors(in string) []bmc.Rotor {
	main := bmc.Rotor{
		ID: "Reading", Name: "Reading", Reading: f.Reading.value, Unit: in,
		LowerNonCritical: f.LowerNonCritical.threshold(),
		LowerCritical:    f.LowerCritical.threshold(),
		LowerFatal:       f.LowerFatal.threshold(),
	}
	if main.Reading == nil {
		main.Reading = f.CurrentReading.value
	}
	rpm := f.ReadingRPM.value
	switch {
	case rpm == nil:
	case main.Reading == nil:
		main.Reading, main.Unit = rpm, "RPM"
	case main.Unit != "RPM":
		return []bmc.Rotor{main, {ID: "ReadingRPM", Name: "ReadingRPM", Reading: rpm, Unit: "RPM"}}
	}
	return []bmc.Rotor{main}
}

// key tells the fan from the others of its chassis. iDRAC8 and older iDRAC9
// put the device in front of it ("0x17||Fan.Embedded.1A"). A MemberId that is
// just a number is the place in the list (iDRAC9 6.00, Intel, Supermicro, AMI):
// when a fan leaves the list, all behind it move up. The sensor number and the
// name stay, so they go first.
func (f thermalFan) key(fan bmc.Fan) string {
	id := f.MemberID.Name()
	if _, after, ok := strings.Cut(id, "||"); ok && after != "" {
		id = after
	}
	switch {
	case id != "" && strings.Trim(id, "0123456789") != "":
		return id
	case fan.Sensor >= 0:
		return fmt.Sprintf("0x%02x", fan.Sensor)
	default:
		return cmp.Or(fan.Name, id)
	}
}
