//go:build real

package ipmi_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// peer runs one of the tools and returns what it prints.
func peer(env string, name string, args ...string) (string, error) {
	var out, complaints bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	cmd.Env = append(os.Environ(), env, "TZ=UTC", "LC_ALL=C")
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %q: %w: %s", name, args, err, complaints.String())
	}
	return out.String(), nil
}

func (s *sim) ipmitool(args ...string) (string, error) {
	return peer("IPMI_PASSWORD="+adminPassword, "ipmitool",
		append([]string{"-I", "lanplus", "-H", "127.0.0.1", "-p", fmt.Sprint(s.port), "-U", adminName, "-E", "-C", "3"}, args...)...)
}

// freeipmi runs ipmi-sensors or ipmi-sel. The workaround is the one that its
// manual names for the OpenIPMI software BMC.
func (s *sim) freeipmi(name string, args ...string) ([][]string, error) {
	out, err := peer("HOME="+s.dir, name, append([]string{
		"-D", "LAN_2_0", "-h", fmt.Sprintf("127.0.0.1:%d", s.port), "-u", adminName, "-p", adminPassword, "-l", "ADMIN", "-I", "3", "-W", "opensesspriv",
		"--comma-separated-output", "--no-header-output", "--quiet-cache", "--sdr-cache-recreate", "--sdr-cache-directory=" + filepath.Join(s.dir, "cache"),
	}, args...)...)
	if err != nil {
		return nil, err
	}
	return csv.NewReader(strings.NewReader(out)).ReadAll()
}

// row is a sensor as a peer shows it.
type row struct {
	name, status, value string
	event               string // FreeIPMI's
	number              int    // -1 where the peer does not tell
}

var elist = regexp.MustCompile(`^(.*?) *\| ([0-9A-F]{2})h \| (\w+) *\| *[0-9.]+ \| ?(.*)$`)

// sensorsOfIpmitool are the rows of sdr elist all.
func (s *sim) sensorsOfIpmitool() ([]row, error) {
	out, err := s.ipmitool("sdr", "elist", "all")
	if err != nil {
		return nil, err
	}
	var rows []row
	for line := range strings.Lines(out) {
		m := elist.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			return nil, fmt.Errorf("ipmitool: %q", line)
		}
		number, err := strconv.ParseUint(m[2], 16, 8)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{name: m[1], number: int(number), status: m[3], value: strings.TrimSpace(m[4])})
	}
	return rows, nil
}

// sensorsOfFreeIPMI are the rows of ipmi-sensors, with its own judgement as
// status.
func (s *sim) sensorsOfFreeIPMI() ([]row, error) {
	records, err := s.freeipmi("ipmi-sensors", "--shared-sensors", "--output-sensor-state")
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, r := range records {
		if len(r) != 7 {
			return nil, fmt.Errorf("ipmi-sensors: %q", r)
		}
		rows = append(rows, row{name: r[1], number: -1, status: r[3], value: r[4] + " " + r[5], event: r[6]})
	}
	return rows, nil
}

// limits are the lower thresholds of ipmitool sensor, by name: non-critical,
// critical, non-recoverable.
func (s *sim) limits() (map[string][3]string, error) {
	out, err := s.ipmitool("sensor")
	if err != nil {
		return nil, err
	}
	all := map[string][3]string{}
	for line := range strings.Lines(out) {
		f := strings.Split(line, "|")
		if len(f) != 10 {
			return nil, fmt.Errorf("ipmitool sensor: %q", line)
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		all[f[0]] = [3]string{f[6], f[5], f[4]}
	}
	return all, nil
}

// entry is an event as a peer shows it.
type entry struct {
	stamp, sensor, event, direction, values string
}

// logOfIpmitool are the entries of sel elist by id.
func (s *sim) logOfIpmitool() (map[int]entry, error) {
	out, err := s.ipmitool("-c", "sel", "elist")
	if err != nil {
		return nil, err
	}
	entries := map[int]entry{}
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimRight(line, "\n"), ",")
		id, err := strconv.ParseInt(strings.TrimSpace(f[0]), 16, 32)
		if err != nil || len(f) < 5 {
			return nil, fmt.Errorf("ipmitool sel elist: %q", line)
		}
		f = append(f, "", "") // entries of vendors have less
		entries[int(id)] = entry{
			stamp: strings.TrimSpace(f[1]) + " " + strings.TrimSpace(f[2]), sensor: f[3],
			event: strings.TrimSpace(f[4]), direction: f[5], values: f[6],
		}
	}
	return entries, nil
}

// logOfFreeIPMI are the entries of ipmi-sel by id, with its own judgement as
// direction.
func (s *sim) logOfFreeIPMI() (map[int]entry, error) {
	records, err := s.freeipmi("ipmi-sel", "--output-event-state")
	if err != nil {
		return nil, err
	}
	entries := map[int]entry{}
	for _, r := range records {
		id, err := strconv.Atoi(r[0])
		if err != nil || len(r) < 7 {
			return nil, fmt.Errorf("ipmi-sel: %q", r)
		}
		event, values, _ := strings.Cut(r[6], " ; ")
		entries[id] = entry{stamp: r[1] + " " + r[2], sensor: r[3], event: event, direction: r[5], values: values}
	}
	return entries, nil
}
