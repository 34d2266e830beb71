//go:build real

// Package ipmi_test compares our client with ipmitool and FreeIPMI on the same
// simulated controller, Debian's ipmi_sim, which none of us wrote. It needs the
// packages openipmi, ipmitool and freeipmi-tools.
package ipmi_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// fact is a fan, a redundancy set or another part of the cooling as a peer would
// show it.
type fact struct {
	id, name, reading, says string
	health                  bmc.Health
}

func factsOf(server bmc.Server) []fact {
	var all []fact
	for _, f := range server.Fans {
		reading := ""
		if f.Reading != nil {
			reading = fmt.Sprintf("%.2f %s", *f.Reading, f.Unit)
		}
		all = append(all, fact{id: f.ID, name: f.Name, reading: reading, health: f.Health, says: f.Says})
	}
	for _, r := range server.Redundancies {
		all = append(all, fact{id: r.ID, name: r.Name, health: r.Health, says: r.Says})
	}
	for _, p := range server.Parts {
		all = append(all, fact{id: p.ID, name: p.Name, health: p.Health, says: p.Says})
	}
	return all
}

// words makes the states of ipmitool comparable with ours.
func words(text string) string {
	text = strings.ToLower(text)
	text = strings.TrimPrefix(text, "device ")
	return strings.NewReplacer("to ok", "to good", "from ok", "from good", ":", ",", " resources", "").Replace(text)
}

// merged are sensors that are shown as part of another fan.
var merged = map[int]string{0x5b: "0x47"}

// compareSensors holds every reading and state against both peers.
func compareSensors(s *sim, server bmc.Server) error {
	byID := map[string]fact{}
	for _, f := range factsOf(server) {
		byID[f.id] = f
	}
	rows, err := s.sensorsOfIpmitool()
	if err != nil {
		return err
	}
	var wrong []error
	compared := 0
	for _, row := range rows {
		if row.name == "simC" || row.name == "Ambient" || row.name == "12V" || row.name == "PS1 Status" || row.value == "Event-Only" {
			continue
		}
		id := fmt.Sprintf("0x%02x", row.number)
		f, found := byID[id]
		if at, is := merged[row.number]; is {
			f, found = byID[at]
			f.reading, f.health = "", ""
		}
		if !found {
			wrong = append(wrong, fmt.Errorf("%s %s is missing, ipmitool has it", id, row.name))
			continue
		}
		compared++
		wrong = append(wrong, compareIpmitool(f, row))
	}
	if compared < 19 {
		wrong = append(wrong, fmt.Errorf("only %d sensors compared", compared))
	}
	return errors.Join(errors.Join(wrong...), compareFreeIPMI(s, byID))
}

// compareIpmitool holds one fact against a row of ipmitool.
func compareIpmitool(f fact, row row) error {
	fields := strings.Fields(row.value)
	var number float64
	measured := len(fields) == 2 && (fields[1] == "RPM" || fields[1] == "percent")
	if measured {
		if _, err := fmt.Sscan(fields[0], &number); err != nil {
			return err
		}
	}
	want := ""
	if measured {
		want = fmt.Sprintf("%.2f %s", number, map[string]string{"RPM": "RPM", "percent": "%"}[fields[1]])
	}
	switch {
	case f.reading != want && !(f.id == "0x47" && f.reading == ""):
		return fmt.Errorf("%s %s reads %q, ipmitool %q", f.id, f.name, f.reading, row.value)
	case measured:
		state := map[string]bmc.Health{"ok": bmc.HealthOK, "lnc": bmc.HealthWarning, "lcr": bmc.HealthCritical, "lnr": bmc.HealthCritical}[row.status]
		if f.health != state && f.id != "0x47" {
			return fmt.Errorf("%s %s is %q, ipmitool says %q", f.id, f.name, f.health, row.status)
		}
	case row.status == "ns":
		if f.health != bmc.HealthUnknown {
			return fmt.Errorf("%s %s is %q, ipmitool has no reading", f.id, f.name, f.health)
		}
	case !strings.Contains(words(f.says), words(row.value)):
		return fmt.Errorf("%s %s says %q, ipmitool %q", f.id, f.name, f.says, row.value)
	}
	return nil
}

// judgement is FreeIPMI's word for what we say, but where we differ on purpose:
// a fan that is off line or has a fault asserted has failed, and one at or
// below its lower non-critical threshold is not fine.
func judgement(row row) bmc.Health {
	switch {
	case row.event == "'State Asserted'", strings.Contains(row.event, "Off Line"):
		return bmc.HealthCritical
	case row.status == "Nominal" && strings.Contains(row.event, "Lower Non-Critical"):
		return bmc.HealthWarning
	}
	return map[string]bmc.Health{"Nominal": bmc.HealthOK, "Warning": bmc.HealthWarning, "Critical": bmc.HealthCritical, "N/A": bmc.HealthUnknown}[row.status]
}

// compareFreeIPMI holds health and readings against ipmi-sensors, by name.
// Release 1.6.10 names both sensors of "PS Fan Run" A.
func compareFreeIPMI(s *sim, byID map[string]fact) error {
	rows, err := s.sensorsOfFreeIPMI()
	if err != nil {
		return err
	}
	health, value := map[string][]bmc.Health{}, map[string]string{}
	for _, row := range rows {
		health[row.name] = append(health[row.name], judgement(row))
		value[row.name] = row.value
	}
	health["Fan 6"] = append(health["Fan 6"], health["Fan 6 DutyCycle"]...)
	value["Fan 6"] = value["Fan 6 DutyCycle"]
	for _, name := range []string{"PS Fan Run A", "PS Fan Run B"} {
		health[name] = health["PS Fan Run A"]
	}
	var wrong []error
	for id, f := range byID {
		states, found := health[f.name]
		switch {
		case !found:
			wrong = append(wrong, fmt.Errorf("%s %s: ipmi-sensors does not have it", id, f.name))
		case strings.Contains(f.says, "absent"):
			if !slices.Contains(states, bmc.HealthCritical) {
				wrong = append(wrong, fmt.Errorf("%s %s is absent, ipmi-sensors says %v", id, f.name, states))
			}
		case !slices.Contains(states, f.health), f.name == "Fan 6" && f.health != worst(states):
			wrong = append(wrong, fmt.Errorf("%s %s is %q, ipmi-sensors says %v", id, f.name, f.health, states))
		case f.reading != "" && f.reading != value[f.name]:
			wrong = append(wrong, fmt.Errorf("%s %s reads %q, ipmi-sensors %q", id, f.name, f.reading, value[f.name]))
		}
	}
	return errors.Join(wrong...)
}

func worst(all []bmc.Health) bmc.Health {
	for _, h := range []bmc.Health{bmc.HealthCritical, bmc.HealthWarning, bmc.HealthOK} {
		if slices.Contains(all, h) {
			return h
		}
	}
	return bmc.HealthUnknown
}

// TestSensors: every reading and state, at the beginning and after each of a
// series of changes, read with the memory of the poll before.
func TestSensors(t *testing.T) {
	withSim(t, func(s *sim) error {
		server, err := s.poll(nil)
		if err != nil {
			return err
		}
		if server.Power != bmc.PowerOn || server.Identity.UUID != "12345678-9abc-4df0-8102-030405060708" {
			return fmt.Errorf("power %q, identity %+v", server.Power, server.Identity)
		}
		if err := compareSensors(s, server); err != nil {
			return err
		}
		for _, step := range [][]string{
			{"sensor_set_value 0x20 0 0x41 0x07 1"}, // at lower non-critical
			{"sensor_set_value 0x20 0 0x41 0x05 1"}, // at lower critical
			{"sensor_set_value 0x20 0 0x41 0x00 1", "sensor_set_value 0x20 0 0x42 0x03 1", "sensor_set_value 0x20 0 0x45 0x06 1"},
			{"sensor_set_value 0x20 0 0x41 0x38 1", "sensor_set_value 0x20 0 0x42 0x39 1", "sensor_set_value 0x20 0 0x43 0x40 1"},
			{"sensor_set_value 0x20 0 0x47 0xff 1", "sensor_set_value 0x20 0 0x48 0x64 1", "sensor_set_value 0x20 0 0x49 0xc8 1"},
			{"sensor_set_bit_clr_rest 0x20 0 0x50 1 1", "sensor_set_bit_clr_rest 0x20 0 0x5a 2 1"},
			{"sensor_set_bit_clr_rest 0x20 0 0x50 3 1", "sensor_set_bit_clr_rest 0x20 0 0x5a 5 1"},
			{"sensor_set_bit_clr_rest 0x20 0 0x50 6 1", "sensor_set_bit_clr_rest 0x20 0 0x5a 7 1"},
			{"sensor_set_bit_clr_rest 0x20 0 0x50 0 1", "sensor_set_bit_clr_rest 0x20 0 0x51 0 1", "sensor_set_bit_clr_rest 0x20 0 0x54 1 1"},
			{"sensor_set_bit_clr_rest 0x20 0 0x5b 6 1", "sensor_set_bit_clr_rest 0x20 0 0x56 2 1", "sensor_set_bit_clr_rest 0x20 0 0x57 2 1"},
			{"sensor_set_bit_clr_rest 0x20 0 0x58 1 1", "sensor_set_bit_clr_rest 0x20 0 0x59 1 1", "sensor_set_bit_clr_rest 0x20 0 0x5b 4 1"},
			{"sensor_set_bit_clr_rest 0x20 0 0x58 2 1", "sensor_set_bit_clr_rest 0x20 0 0x59 0 1", "sensor_set_bit_clr_rest 0x20 0 0x5b 0 1"},
			{"sensor_set_bit_clr_rest 0x20 0 0x58 0 1", "sensor_set_bit_clr_rest 0x20 0 0x56 0 1", "sensor_set_bit_clr_rest 0x20 0 0x57 0 1"},
		} {
			if err := s.set(step...); err != nil {
				return err
			}
			if server, err = s.poll(server.Memory); err != nil {
				return err
			}
			if err := compareSensors(s, server); err != nil {
				return fmt.Errorf("after %q: %w", step, err)
			}
		}
		return nil
	})
}

// TestThresholds: those of the records, and those that an operator sets at run
// time as soon as they matter.
func TestThresholds(t *testing.T) {
	withSim(t, func(s *sim) error {
		server, err := s.poll(nil)
		if err != nil {
			return err
		}
		if err := compareThresholds(s, server); err != nil {
			return err
		}
		if _, err := s.ipmitool("sensor", "thresh", "FAN1", "lower", "100", "200", "300"); err != nil {
			return err
		}
		if err := s.set("sensor_set_value 0x20 0 0x41 0x04 0"); err != nil {
			return err
		}
		if server, err = s.poll(server.Memory); err != nil {
			return err
		}
		if f := server.Fans[0]; f.Health != bmc.HealthOK || *f.LowerCritical != 200 {
			return fmt.Errorf("FAN1 is %q, lower critical %g", f.Health, *f.LowerCritical)
		}
		return compareThresholds(s, server)
	})
}

func compareThresholds(s *sim, server bmc.Server) error {
	limits, err := s.limits()
	if err != nil {
		return err
	}
	text := func(v *float64) string {
		if v == nil {
			return "na"
		}
		return fmt.Sprintf("%.3f", *v)
	}
	var wrong []error
	compared := 0
	for _, f := range server.Fans {
		want, found := limits[f.Name]
		// Where numbers fall as raw values rise, we take no thresholds; and
		// ipmitool shows none of a sensor that does not answer.
		if !found || f.Name == "FAN INV" || f.Name == "FAN NEG" || f.Name == "FAN GONE" || f.Unit == "" {
			continue
		}
		if f.Name == "Fan 6" {
			want = limits["Fan 6 DutyCycle"]
		}
		compared++
		if got := [3]string{text(f.LowerNonCritical), text(f.LowerCritical), text(f.LowerFatal)}; got != want {
			wrong = append(wrong, fmt.Errorf("%s: %v, ipmitool %v", f.Name, got, want))
		}
	}
	if compared < 9 {
		wrong = append(wrong, fmt.Errorf("only %d fans compared", compared))
	}
	return errors.Join(wrong...)
}
