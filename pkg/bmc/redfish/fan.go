package redfish

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// subsystemFan is a Fan resource of a ThermalSubsystem.
type subsystemFan struct {
	ID           text    `json:"Id"`
	Name         text    `json:"Name"`
	SerialNumber text    `json:"SerialNumber"`
	Status       status  `json:"Status"`
	SpeedPercent excerpt `json:"SpeedPercent"`
	Secondary    excerpt `json:"SecondarySpeedPercent"`
}

// excerpt is a sensor inside of another resource. Dell's SpeedPercent has only
// SpeedRPM, HPE's only Reading; where both are given (Lenovo, AMI) Reading may
// be the rotations again.
type excerpt struct {
	reading, rpm number
	source       link // the sensor's own resource
	said         bool // there is one, whatever is in it
}

// UnmarshalJSON never fails; a bare number is the reading.
func (e *excerpt) UnmarshalJSON(raw []byte) error {
	*e = excerpt{}
	if len(raw) > 0 && raw[0] != '{' {
		err := e.reading.UnmarshalJSON(raw)
		e.said = e.reading.value != nil
		return err
	}
	var o struct {
		Reading       number
		SpeedRPM      number
		DataSourceURI link `json:"DataSourceUri"`
	}
	if json.Unmarshal(raw, &o) == nil {
		*e = excerpt{reading: o.Reading, rpm: o.SpeedRPM, source: o.DataSourceURI, said: true}
	}
	return nil
}

// rotor is the measurement of an excerpt, false when there is none to speak of.
func (e excerpt) rotor(property string) (bmc.Rotor, bool) {
	r := bmc.Rotor{ID: property, Name: property, Reading: e.reading.value, Unit: "%", From: string(e.source)}
	if e.rpm.value != nil {
		r.Reading, r.Unit = e.rpm.value, "RPM"
	}
	return r, e.said
}

func (f subsystemFan) fan() bmc.Fan {
	out := bmc.Fan{ID: f.ID.Name(), Name: f.Name.Name(), Serial: word(f.SerialNumber), Sensor: -1, Unit: "%"}
	out.ID = cmp.Or(out.ID, out.Name)
	f.Status.put(&out)
	if r, ok := f.SpeedPercent.rotor("SpeedPercent"); ok {
		out.Rotors = append(out.Rotors, r)
	}
	if r, ok := f.Secondary.rotor("SecondarySpeedPercent"); ok {
		out.Rotors = append(out.Rotors, r)
	}
	out.Weigh()
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
	fan.State, fan.Health = s.state, health(cmp.Or(s.health, s.rollup))
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
