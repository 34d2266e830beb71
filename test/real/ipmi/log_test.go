//go:build real

package ipmi_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// notTold are events of fans that say nothing about their failing.
var notTold = map[string]bool{"Transition to OK, Deasserted": true}

// compareLog holds the events from a certain id on against both peers.
func compareLog(s *sim, events []bmc.Event, from int) error {
	theirs, err := s.logOfIpmitool()
	if err != nil {
		return err
	}
	judged, err := s.logOfFreeIPMI()
	if err != nil {
		return err
	}
	var wrong []error
	told := map[int]bool{}
	for _, e := range events {
		id := int(e.Order)
		if told[id] {
			wrong = append(wrong, fmt.Errorf("entry %d is told twice", id))
		}
		told[id] = true
		wrong = append(wrong, compareEvent(e, theirs[id], judged[id]))
	}
	for id, entry := range theirs {
		about := strings.HasPrefix(entry.sensor, "Fan ") || strings.HasPrefix(entry.sensor, "Cooling")
		if about && id >= from && !told[id] && !notTold[entry.event+", "+entry.direction] {
			wrong = append(wrong, fmt.Errorf("entry %d is not told: %+v", id, entry))
		}
	}
	return errors.Join(wrong...)
}

// compareEvent holds one event against ipmitool's and FreeIPMI's entry.
func compareEvent(e bmc.Event, ipmitool, freeipmi entry) error {
	text := fmt.Sprintf(": %s, %s", words(ipmitool.event), strings.ToLower(ipmitool.direction))
	stamp := "Pre-Init " + fmt.Sprintf("%010s", e.Stamp)
	if !e.Time.IsZero() {
		stamp = date(e.Time)
	}
	values := ""
	if ipmitool.values != "" {
		f := strings.Fields(ipmitool.values) // Reading 300 < Threshold 500 RPM
		values = fmt.Sprintf(", reading %s %s, threshold %s %s", f[1], f[5], f[4], f[5])
	}
	name := strings.TrimPrefix(strings.TrimPrefix(ipmitool.sensor, "Fan "), "Cooling Device ")
	switch {
	case !strings.Contains(words(e.Text), words(text)), !strings.HasSuffix(e.Text, values):
		return fmt.Errorf("entry %s: %q, ipmitool %+v", e.ID, e.Text, ipmitool)
	case stamp != ipmitool.stamp:
		return fmt.Errorf("entry %s: time %q, ipmitool %q", e.ID, stamp, ipmitool.stamp)
	case !strings.HasPrefix(name, "#") && !strings.Contains(e.Text, name):
		return fmt.Errorf("entry %s: %q is about %q", e.ID, e.Text, name)
	// Release 1.6.10 names all sensors of a record with letters A.
	case !strings.Contains(e.Text, strings.TrimSuffix(freeipmi.sensor, " A")):
		return fmt.Errorf("entry %s: %q, ipmi-sel %+v", e.ID, e.Text, freeipmi)
	case ipmitool.direction == "Asserted" && freeipmi.direction != "Nominal" && good(e.Kind):
		return fmt.Errorf("entry %s is %q, ipmi-sel says %q", e.ID, e.Kind, freeipmi.direction)
	case ipmitool.direction == "Asserted" && freeipmi.direction == "Nominal" && !good(e.Kind):
		return fmt.Errorf("entry %s is %q, ipmi-sel says %q", e.ID, e.Kind, freeipmi.direction)
	}
	return nil
}

func good(k bmc.Kind) bool {
	return k == bmc.Recovered || k == bmc.Inserted || k == bmc.RedundancyRegained
}

// dated writes entries with times of their own: ipmi_sim stamps an entry with
// its clock, which is set before each.
func (s *sim) dated(entries ...string) error {
	var script strings.Builder
	for i, entry := range entries {
		fmt.Fprintf(&script, "raw 0x0a 0x49 0x%02x 0x10 0x00 0x65\n", 8*i)
		fmt.Fprintf(&script, "raw 0x0a 0x44 0 0 0x02 0 0 0 0 0x20 0x00 0x04 %s\n", entry)
	}
	file := filepath.Join(s.dir, "script")
	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		return err
	}
	_, err := s.ipmitool("exec", file)
	return err
}

// TestLog: every entry against both peers, in parts as they come, over a
// cleared log, and with a clock that is years off.
func TestLog(t *testing.T) {
	withSim(t, func(s *sim) error {
		server, err := s.poll(nil)
		if err != nil {
			return err
		}
		from := 1
		steps := []func() error{
			func() error {
				return s.set("sensor_set_value 0x20 0 0x41 0x04 1", "sensor_set_value 0x20 0 0x41 0x00 1", "sensor_set_value 0x20 0 0x41 0x38 1",
					"sensor_set_value 0x20 0 0x10 0x00 1")
			},
			func() error {
				return s.set("sensor_set_bit_clr_rest 0x20 0 0x50 1 1", "sensor_set_bit_clr_rest 0x20 0 0x50 0 1", "sensor_set_bit_clr_rest 0x20 0 0x54 1 1",
					"sensor_set_bit_clr_rest 0x20 0 0x54 0 1", "sensor_set_bit_clr_rest 0x20 0 0x5b 6 1", "sensor_set_bit_clr_rest 0x20 0 0x5b 0 1")
			},
			func() error {
				return s.set("sensor_set_bit_clr_rest 0x20 0 0x58 2 1", "sensor_set_bit_clr_rest 0x20 0 0x58 0 1", "sensor_set_bit_clr_rest 0x20 0 0x59 1 1",
					"sensor_set_bit_clr_rest 0x20 0 0x5a 2 1", "sensor_set_bit_clr_rest 0x20 0 0x57 4 1")
			},
			func() error { return nil },
			func() error {
				return s.dated("0x04 0x42 0x01 0x52 0x03 0x05", "0x04 0x42 0x81 0x52 0x38 0x05", "0x04 0x61 0x07 0x02 0xff 0xff",
					"0x01 0x10 0x01 0x59 0x30 0x20", "0x04 0x62 0x07 0x00 0xff 0xff", "0x0a 0x5a 0x0b 0x01 0xff 0xff")
			},
			func() error { _, err := s.ipmitool("sel", "clear"); return err },
			func() error { return s.dated("0x04 0x43 0x01 0x54 0x01 0x03", "0x04 0x43 0x81 0x54 0x40 0x03") },
		}
		total := 0
		for i, step := range steps {
			if err := step(); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
			if i == 5 {
				from = 1
			}
			if server, err = s.poll(server.Memory); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
			log := server.Logs[0]
			if err := compareLog(s, log.Events, from); err != nil {
				return fmt.Errorf("step %d: %w\n%s", i, err, strings.Join(server.Evidence, "\n"))
			}
			for _, e := range log.Events {
				from = max(from, int(e.Order)+1)
			}
			total += len(log.Events)
			if i == 4 && (log.Clock == nil || *log.Clock > -1000*24*3600e9) {
				return fmt.Errorf("the clock is %v ahead, it was set to 2023", log.Clock)
			}
		}
		if total < 30 {
			return fmt.Errorf("only %d events", total)
		}
		return nil
	})
}

// date is the form of ipmitool's times.
func date(t time.Time) string { return t.UTC().Format("01/02/06 15:04:05") + " UTC" }
