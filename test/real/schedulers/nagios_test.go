//go:build real

package schedulers

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const nagios4 = "/usr/sbin/nagios4"

// settings of a nagios of our own. Thresholds of flap detection are those of
// Debian's package; a time unit is a second.
const settings = `cfg_dir=%[1]s/objects
%[2]slog_file=%[1]s/nagios.log
object_cache_file=%[1]s/objects.cache
precached_object_file=%[1]s/objects.precache
resource_file=%[1]s/resource.cfg
status_file=%[1]s/status.dat
status_update_interval=1
nagios_user=nagios
nagios_group=nagios
check_external_commands=1
command_file=%[1]s/nagios.cmd
query_socket=%[1]s/nagios.qh
lock_file=%[1]s/nagios.pid
temp_file=%[1]s/nagios.tmp
temp_path=%[1]s
check_result_path=%[1]s/results
log_archive_path=%[1]s/archives
debug_file=%[1]s/nagios.debug
state_retention_file=%[1]s/retention.dat
retain_state_information=0
log_rotation_method=n
use_syslog=0
log_notifications=1
log_service_retries=1
check_for_updates=0
event_broker_options=0
execute_host_checks=0
interval_length=1
service_inter_check_delay_method=n
max_concurrent_checks=0
check_result_reaper_frequency=1
service_check_timeout=60
service_check_timeout_state=c
enable_notifications=1
enable_flap_detection=1
low_service_flap_threshold=5.0
high_service_flap_threshold=20.0
illegal_object_name_chars=` + "`~!$%%^&*|'\"<>?,()=" + `
illegal_macro_output_chars=` + "`~$&|'\"<>" + `
`

// around are the objects that every configuration needs. No comment, no date.
const around = `define timeperiod {
  timeperiod_name always
  alias always
  sunday 00:00-24:00
  monday 00:00-24:00
  tuesday 00:00-24:00
  wednesday 00:00-24:00
  thursday 00:00-24:00
  friday 00:00-24:00
  saturday 00:00-24:00
}
define command {
  command_name nothing
  command_line /bin/true
}
define contact {
  contact_name operator
  host_notifications_enabled 0
  host_notification_period always
  host_notification_options n
  host_notification_commands nothing
  service_notification_period always
  service_notification_options w,u,c,r,f
  service_notification_commands nothing
}
define host {
  host_name node1
  address 127.0.0.1
  max_check_attempts 1
  check_period always
  notification_period always
  contacts operator
}
define service {
  name plain
  register 0
  host_name node1
  check_period always
  notification_period always
  notification_interval 0
  notification_options w,u,c,r,f
  first_notification_delay 0
  contacts operator
  max_check_attempts 1
  check_interval 5
  retry_interval 1
}
`

// nagios is one of our own.
type nagios struct {
	*process
	dir string
}

// setUp writes a configuration around objects and shipped files and has nagios
// verify it: without any warning.
func setUp(t testing.TB, dir, objects string, shipped ...string) {
	t.Helper()
	var files strings.Builder
	for _, name := range shipped {
		fmt.Fprintf(&files, "cfg_file=%s\n", contrib(t, name))
	}
	write(t, filepath.Join(dir, "nagios.cfg"), fmt.Sprintf(settings, dir, files.String()))
	write(t, filepath.Join(dir, "resource.cfg"), "$USER1$="+built(t)+"\n")
	write(t, filepath.Join(dir, "objects", "ours.cfg"), objects)
	write(t, filepath.Join(dir, "results", "empty"), "")
	give(t, dir)
	verify(t, dir)
}

// verify has nagios look at a configuration. It must find nothing to say.
func verify(t testing.TB, dir string) {
	t.Helper()
	out, err := exec.Command(nagios4, "-v", filepath.Join(dir, "nagios.cfg")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Total Warnings: 0") || !strings.Contains(string(out), "Total Errors:   0") {
		t.Fatalf("nagios4 -v: %v\n%s", err, out)
	}
	if line := regexp.MustCompile(`(?im)^.*\b(warning|error):.*$`).Find(out); line != nil {
		t.Errorf("nagios4 -v: %s", line)
	}
}

func startNagios(t testing.TB, dir string) *nagios {
	t.Helper()
	n := &nagios{start(t, dir, nagios4, filepath.Join(dir, "nagios.cfg")), dir}
	n.log = filepath.Join(dir, "nagios.log")
	return n
}

// service is a service as status.dat tells of it.
type service map[string]string

func (s service) number(key string) float64 {
	v, err := strconv.ParseFloat(s[key], 64)
	if err != nil {
		return -1
	}
	return v
}

// status reads status.dat, which nagios replaces as a whole.
func (n *nagios) status() map[string]service {
	out := map[string]service{}
	text, err := readIfThere(filepath.Join(n.dir, "status.dat"))
	if err != nil {
		n.t.Fatal(err)
	}
	for block := range strings.SplitSeq(text, "\n\n") {
		head, body, _ := strings.Cut(strings.TrimSpace(block), "\n")
		if head != "servicestatus {" {
			continue
		}
		s := service{}
		for line := range strings.Lines(body) {
			if key, value, found := strings.Cut(strings.TrimPrefix(strings.TrimRight(line, "\n"), "\t"), "="); found {
				s[key] = value
			}
		}
		out[s["service_description"]] = s
	}
	return out
}

// event is a line of nagios.log about a service.
type event struct {
	kind    string // such as SERVICE ALERT
	service string
	state   string
	soft    bool // of an alert
	text    string
}

var logLine = regexp.MustCompile(`^\[\d+\] ([A-Z ]+): (.*)$`)

// events reads nagios.log.
func (n *nagios) events() []event {
	text, err := readIfThere(filepath.Join(n.dir, "nagios.log"))
	if err != nil {
		n.t.Fatal(err)
	}
	var out []event
	for line := range strings.Lines(text) {
		m := logLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		f := strings.Split(m[2], ";")
		switch {
		case m[1] == "SERVICE ALERT" && len(f) > 5: // host, service, state, type, attempt, text
			out = append(out, event{m[1], f[1], f[2], f[3] == "SOFT", f[5]})
		case m[1] == "SERVICE NOTIFICATION" && len(f) > 5: // contact, host, service, state, command, text
			out = append(out, event{m[1], f[2], f[3], false, f[5]})
		case m[1] == "SERVICE FLAPPING ALERT" && len(f) > 3: // host, service, STARTED or STOPPED, text
			out = append(out, event{m[1], f[1], f[2], false, f[3]})
		}
	}
	return out
}

// notified are the states that were notified about a service, in their order.
func (n *nagios) notified(service string) []string {
	var out []string
	for _, e := range n.events() {
		if e.kind == "SERVICE NOTIFICATION" && e.service == service {
			out = append(out, e.state)
		}
	}
	return out
}

// checked waits until every service was checked since a moment.
func (n *nagios) checked(since time.Time, limit time.Duration, services ...string) {
	n.t.Helper()
	n.await(limit, "checks of all services", func() error {
		status := n.status()
		for _, name := range services {
			if s := status[name]; s.number("last_check") <= float64(since.Unix()) {
				return errors.New(name + " was not checked")
			}
		}
		return nil
	})
}
