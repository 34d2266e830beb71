package redfish

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// thermalFan is a fan of a Thermal resource, in the words of the standard and
// of iLO4, which wrote FanName, CurrentReading and Units.
type thermalFan struct {
	Self             link   `json:"@odata.id"`
	MemberID         text   `json:"MemberId"`
	Name             text   `json:"Name"`
	FanName          text   `json:"FanName"`
	Reading          number `json:"Reading"`
	CurrentReading   number `json:"CurrentReading"`
	ReadingUnits     text   `json:"ReadingUnits"`
	Units            text   `json:"Units"`
	SensorNumber     number `json:"SensorNumber"`
	SerialNumber     text   `json:"SerialNumber"`
	Status           status `json:"Status"`
	LowerNonCritical number `json:"LowerThresholdNonCritical"`
	LowerCritical    number `json:"LowerThresholdCritical"`
	LowerFatal       number `json:"LowerThresholdFatal"`
	UpperNonCritical number `json:"UpperThresholdNonCritical"`
	UpperCritical    number `json:"UpperThresholdCritical"`
}

// empty says that nothing in the element is about a fan.
func (f thermalFan) empty() bool {
	return f.MemberID == "" && f.Name == "" && f.FanName == "" && !f.Status.said &&
		f.Reading.value == nil && f.CurrentReading.value == nil && f.SensorNumber.value == nil
}

// fan makes a fan of an element of Thermal's Fans.
func (f thermalFan) fan() bmc.Fan {
	reading := f.Reading
	if reading.value == nil {
		reading = f.CurrentReading
	}
	out := bmc.Fan{
		Name: cmp.Or(f.Name.Name(), f.FanName.Name()), Serial: word(f.SerialNumber),
		Sensor: sensorNumber(f.SensorNumber), Reading: reading.value,
		Unit:             unit(cmp.Or(f.ReadingUnits.Name(), f.Units.Name())),
		LowerNonCritical: f.LowerNonCritical.threshold(),
		LowerCritical:    f.LowerCritical.threshold(),
		LowerFatal:       f.LowerFatal.threshold(),
		UpperNonCritical: f.UpperNonCritical.threshold(),
		UpperCritical:    f.UpperCritical.threshold(),
	}
	f.Status.put(&out)
	out.ID = f.key(out)
	return out
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

// subsystemFan is a Fan resource of a ThermalSubsystem.
type subsystemFan struct {
	ID           text    `json:"Id"`
	Name         text    `json:"Name"`
	SerialNumber text    `json:"SerialNumber"`
	Status       status  `json:"Status"`
	SpeedPercent excerpt `json:"SpeedPercent"`
}

// excerpt is a sensor inside of another resource. Dell's SpeedPercent has only
// SpeedRPM, HPE's only Reading; where both are given (Lenovo, AMI) Reading may
// be the rotations again.
type excerpt struct{ reading, rpm number }

// UnmarshalJSON never fails; a bare number is the reading.
func (e *excerpt) UnmarshalJSON(raw []byte) error {
	*e = excerpt{}
	if len(raw) > 0 && raw[0] != '{' {
		return e.reading.UnmarshalJSON(raw)
	}
	var o struct {
		Reading  number
		SpeedRPM number
	}
	if json.Unmarshal(raw, &o) == nil {
		*e = excerpt{reading: o.Reading, rpm: o.SpeedRPM}
	}
	return nil
}

func (f subsystemFan) fan() bmc.Fan {
	out := bmc.Fan{
		ID: f.ID.Name(), Name: f.Name.Name(), Serial: word(f.SerialNumber), Sensor: -1,
		Reading: f.SpeedPercent.reading.value, Unit: "%",
	}
	if rpm := f.SpeedPercent.rpm.value; rpm != nil {
		out.Reading, out.Unit = rpm, "RPM"
	}
	out.ID = cmp.Or(out.ID, out.Name)
	f.Status.put(&out)
	return out
}

// sensor is a Sensor resource.
type sensor struct {
	ID           text       `json:"Id"`
	Name         text       `json:"Name"`
	Reading      number     `json:"Reading"`
	ReadingType  text       `json:"ReadingType"`
	ReadingUnits text       `json:"ReadingUnits"`
	Context      text       `json:"PhysicalContext"`
	Status       status     `json:"Status"`
	Thresholds   thresholds `json:"Thresholds"`
}

// thresholds of a Sensor.
type thresholds struct{ lowerCaution, lowerCritical, lowerFatal, upperCaution, upperCritical number }

// UnmarshalJSON never fails.
func (t *thresholds) UnmarshalJSON(raw []byte) error {
	var o struct{ LowerCaution, LowerCritical, LowerFatal, UpperCaution, UpperCritical excerpt }
	*t = thresholds{}
	if json.Unmarshal(raw, &o) == nil {
		*t = thresholds{
			lowerCaution: o.LowerCaution.reading, lowerCritical: o.LowerCritical.reading, lowerFatal: o.LowerFatal.reading,
			upperCaution: o.UpperCaution.reading, upperCritical: o.UpperCritical.reading,
		}
	}
	return nil
}

// turns says whether the sensor measures a fan: pumps turn too.
func (s sensor) turns() bool {
	rotational := strings.EqualFold(s.ReadingType.String(), "Rotational") || strings.EqualFold(s.ReadingUnits.String(), "RPM") ||
		strings.EqualFold(s.ReadingUnits.String(), "{rev}/min")
	return rotational && !strings.Contains(strings.ToLower(s.Context.String()+" "+s.Name.String()), "pump")
}

func (s sensor) fan() bmc.Fan {
	out := bmc.Fan{
		ID: cmp.Or(s.ID.Name(), s.Name.Name()), Name: cmp.Or(s.Name.Name(), s.ID.Name()), Sensor: -1,
		Reading: s.Reading.value, Unit: "RPM",
		LowerNonCritical: s.Thresholds.lowerCaution.threshold(),
		LowerCritical:    s.Thresholds.lowerCritical.threshold(),
		LowerFatal:       s.Thresholds.lowerFatal.threshold(),
		UpperNonCritical: s.Thresholds.upperCaution.threshold(),
		UpperCritical:    s.Thresholds.upperCritical.threshold(),
	}
	s.Status.put(&out)
	return out
}

// put states presence and health.
func (s status) put(fan *bmc.Fan) {
	fan.Presence = bmc.Present
	switch strings.ToLower(s.state) {
	case "absent":
		fan.Presence = bmc.Absent
	case "standbyoffline", "standbyspare", "disabled":
		fan.Presence = bmc.Standby
	}
	fan.Health = health(s.health)
	fan.Says = s.says()
}

func health(word string) bmc.Health {
	switch strings.ToLower(word) {
	case "ok":
		return bmc.HealthOK
	case "warning":
		return bmc.HealthWarning
	case "critical":
		return bmc.HealthCritical
	}
	return bmc.HealthUnknown
}

// unit is RPM unless the controller says percent, as all HPE do.
func unit(word string) string {
	if w := strings.ToLower(word); w == "%" || strings.HasPrefix(w, "percent") {
		return "%"
	}
	return "RPM"
}

// sensorNumber is an IPMI sensor number, -1 without. 0 and 255 are none.
func sensorNumber(n number) int {
	if n.value == nil || *n.value < 1 || *n.value > 254 || *n.value != float64(int(*n.value)) {
		return -1
	}
	return int(*n.value)
}

// unique makes the ids of a server's fans unique: of fans that share one, the
// second gets "~2" and so on, in the order of the controller's list.
func unique(fans []bmc.Fan) {
	taken := make(map[string]int, len(fans))
	for i := range fans {
		id := fans[i].ID
		taken[id]++
		for n := taken[id]; n > 1; n++ {
			again := fmt.Sprintf("%s~%d", id, n)
			if taken[again] == 0 {
				fans[i].ID, taken[again] = again, 1
				break
			}
		}
	}
}
