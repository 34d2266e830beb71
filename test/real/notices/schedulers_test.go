//go:build real

package notices

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// outsourced is a hoster with an outage, whose folder is /etc/noout to whoever is
// started by [beside].
func outsourced(t *testing.T, p *postfix) *hoster {
	t.Helper()
	if _, err := notifier(); err != nil {
		t.Fatal(err)
	}
	h := newHoster(t, p, "")
	h.outage()
	h.put("noout.ini", fmt.Sprintf(`[notify_customers]
customers = %[1]s/customers.ini
auth-file = %[1]s/auth.ini
state-dir = %[1]s/state
journal-dir = %[1]s/journal
mail-from = Example NOC <noc@example.net>
smtp = %[2]s
ca-file = %[3]s
warning = 3600
critical = 7200
`, h.dir, p.submission, h.ca()))
	if err := os.Mkdir(filepath.Join(h.dir, "over"), 0o755); err != nil {
		t.Fatal(err)
	}
	give(t, h.dir)
	return h
}

// private makes the hoster's folder /etc/noout in mounts that nobody else sees: what
// is shipped finds its options where it looks for them.
const private = `set -e
dir=$1
shift
mount -t tmpfs none "$dir/over"
mkdir "$dir/over/upper" "$dir/over/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$dir/over/upper,workdir=$dir/over/work" /etc
mkdir -p /etc/noout
mount --bind "$dir" /etc/noout
exec "$@"
`

// beside are the words that start a daemon beside the hoster's files.
func (h *hoster) beside(daemon ...string) []string {
	return append([]string{"-m", "--propagation", "private", "sh", "-c", private, "sh", h.dir}, daemon...)
}

// shipped is the path of a file of contrib, as it is.
func shipped(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../../../contrib", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// daemon runs a scheduler in the foreground until the test ends.
func daemon(t *testing.T, dir, name string, args ...string) (output func() string) {
	t.Helper()
	out, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() // the daemon has its own
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	output = func() string {
		text, err := os.ReadFile(filepath.Join(dir, "output"))
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("%s ended by itself: %v\n%s", name, err, output())
		}
		killed := time.AfterFunc(time.Minute, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		_ = cmd.Wait() // how it ends is its own affair
		killed.Stop()
		// Workers may have outlived it; mostly nobody is left.
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	})
	return output
}

// say waits until a file says something.
func say(t *testing.T, path string, output func() string, want ...string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		missing := ""
		for _, w := range want {
			if !strings.Contains(string(text), w) {
				missing = w
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %q in %s\n%s\n%s", missing, path, text, output())
		}
	}
}

// made waits until somebody has made a file: nagios4 makes its pipe by a process of its
// own, after it has begun.
func made(t *testing.T, path string, output func() string) string {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		_, err := os.Stat(path)
		if err == nil {
			return path
		}
		if !errors.Is(err, fs.ErrNotExist) || time.Now().After(deadline) {
			t.Fatalf("%v\n%s", err, output())
		}
	}
}

// folder is a directory of the schedulers' user.
func folder(t *testing.T, parts ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp(home, "scheduler")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	for _, p := range parts {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, p), 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func configure(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	give(t, filepath.Dir(path))
}

const answered = "OK: 1 customer told, 1 disturbance open"

const nagiosCfg = `cfg_file=%[1]s/objects.cfg
cfg_file=%[2]s
resource_file=%[1]s/resource.cfg
execute_service_checks=%[3]d
check_external_commands=1
accept_passive_service_checks=1
log_file=%[1]s/nagios.log
object_cache_file=%[1]s/objects.cache
precached_object_file=%[1]s/objects.precache
status_file=%[1]s/status.dat
status_update_interval=1
nagios_user=nagios
nagios_group=nagios
command_file=%[1]s/nagios.cmd
query_socket=%[1]s/nagios.qh
lock_file=%[1]s/nagios.pid
temp_file=%[1]s/nagios.tmp
temp_path=%[1]s
check_result_path=%[1]s/results
state_retention_file=%[1]s/retention.dat
retain_state_information=0
log_rotation_method=n
use_syslog=0
check_for_updates=0
event_broker_options=0
execute_host_checks=0
enable_notifications=1
interval_length=1
service_inter_check_delay_method=n
service_check_timeout=60
notification_timeout=60
`

// nagiosObjects are what the shipped file expects of others.
const nagiosObjects = `define timeperiod {
  timeperiod_name 24x7
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
  command_name silent
  command_line /bin/sh -c "echo CRITICAL: vm103 is silent&& exit 2"
}
define host {
  host_name cluster
  address 127.0.0.1
  max_check_attempts 1
  check_period 24x7
  notification_period 24x7
  contacts noout-customers
}
define service {
  name noout-service
  register 0
  check_period 24x7
  retry_interval 1
  notification_period 24x7
  notification_interval 0
  contacts noout-customers
}
define service {
  use noout-service
  host_name cluster
  service_description guests
  check_command silent
  check_interval 3600
  max_check_attempts 1
}
`

// startNagios starts nagios4 with the objects that are shipped.
func startNagios(t *testing.T, h *hoster, checks int) (dir string, output func() string) {
	t.Helper()
	dir = folder(t, "results")
	configure(t, dir+"/objects.cfg", nagiosObjects)
	configure(t, dir+"/resource.cfg", "$USER1$="+home+"\n")
	configure(t, dir+"/nagios.cfg", fmt.Sprintf(nagiosCfg, dir, shipped(t, "notify/nagios.cfg"), checks))
	return dir, daemon(t, dir, "/usr/bin/unshare", h.beside("/usr/sbin/nagios4", dir+"/nagios.cfg")...)
}

// TestNagios: nagios4 calls the plugin as a service, and to notify at the same time,
// with the file that is shipped. The customer is told once.
func TestNagios(t *testing.T) {
	p := start(t)
	dir, output := startNagios(t, outsourced(t, p), 1)
	say(t, dir+"/status.dat", output, "\tplugin_output="+answered)
	say(t, dir+"/nagios.log", output, "SERVICE NOTIFICATION: noout-customers;cluster;guests;CRITICAL;noout_tell_now;")
	toldOnce(t, p)
}

// TestNagiosNotification: the notification tells by itself, without the service.
func TestNagiosNotification(t *testing.T) {
	p := start(t)
	dir, output := startNagios(t, outsourced(t, p), 0)
	say(t, dir+"/status.dat", output, "service_description=guests")
	pipe, err := os.OpenFile(made(t, dir+"/nagios.cmd", output), os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintf(pipe, "[%d] PROCESS_SERVICE_CHECK_RESULT;cluster;guests;2;CRITICAL: vm103 is silent\n", time.Now().Unix())
		err = errors.Join(err, pipe.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	toldOnce(t, p)
}

// toldOnce: the customer has one mail, and it is right.
func toldOnce(t *testing.T, p *postfix) {
	t.Helper()
	for _, m := range p.arrived(t, 1) {
		if len(m.Defects) > 0 || !strings.Contains(m.Text, "shop") || m.Headers["Content-Language"] != "es" {
			t.Errorf("%+v", m)
		}
	}
}

const icingaConf = `const NodeName = "lab"
const ZoneName = NodeName
const PluginDir = "%[2]s"
include <itl>
object FileLogger "main" {
  severity = "information"
  path = "%[1]s/log/icinga2.log"
}
object CheckerComponent "checker" { }
object NotificationComponent "notification" { }
object PerfdataWriter "answers" {
  service_perfdata_path = "%[1]s/run/answers"
  service_temp_path = "%[1]s/run/answers.tmp"
  host_perfdata_path = "%[1]s/run/hosts"
  host_temp_path = "%[1]s/run/hosts.tmp"
  rotation_interval = 1s
  service_format_template = "$service.name$ is $service.state$: $service.output$"
}
object CheckCommand "silent" {
  command = [ "/bin/sh", "-c", "echo 'CRITICAL: vm103 is silent'; exit 2" ]
}
object Host "cluster" {
  check_command = "dummy"
  vars.noout_nodes = [ "pve3.example.net" ]
}
template Service "noout-service" {
  check_interval = 1s
  retry_interval = 1s
  enable_active_checks = %[4]t
}
include "%[3]s"
object Service "guests" {
  host_name = "cluster"
  check_command = "silent"
  check_interval = 1h
  retry_interval = 1h
  max_check_attempts = 1
}
`

// startIcinga starts icinga2 with the objects that are shipped.
func startIcinga(t *testing.T, h *hoster, checks bool) (dir string, output func() string) {
	t.Helper()
	dir = folder(t, "conf", "zones.d", "data", "log", "cache", "spool", "run")
	give(t, dir)
	configure(t, dir+"/conf/icinga2.conf", fmt.Sprintf(icingaConf, dir, home, shipped(t, "notify/icinga2.conf"), checks))
	args := []string{"/usr/sbin/icinga2", "daemon", "-c", dir + "/conf/icinga2.conf"}
	for constant, d := range map[string]string{"ConfigDir": "conf", "ZonesDir": "zones.d", "DataDir": "data", "LogDir": "log", "CacheDir": "cache", "SpoolDir": "spool", "InitRunDir": "run"} {
		args = append(args, "-D", "Configuration."+constant+"="+filepath.Join(dir, d))
	}
	return dir, daemon(t, dir, "/usr/bin/unshare", h.beside(args...)...)
}

// TestIcingaNotification: the notification tells by itself, without the service.
func TestIcingaNotification(t *testing.T) {
	p := start(t)
	startIcinga(t, outsourced(t, p), false)
	toldOnce(t, p)
}

// TestIcinga: icinga2 does the same as nagios4.
func TestIcinga(t *testing.T) {
	p := start(t)
	dir, output := startIcinga(t, outsourced(t, p), true)
	toldOnce(t, p)
	found := false
	for deadline := time.Now().Add(2 * time.Minute); !found; time.Sleep(100 * time.Millisecond) {
		files, err := filepath.Glob(dir + "/run/answers*")
		if err != nil {
			t.Fatal(err)
		}
		all := ""
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil && !errors.Is(err, fs.ErrNotExist) { // it may be renamed in this moment
				t.Fatal(err)
			}
			all += string(text)
		}
		found = strings.Contains(all, "customers is OK: "+answered)
		if time.Now().After(deadline) {
			t.Fatalf("no answer of the service in %q\n%s", all, output())
		}
	}
	toldOnce(t, p)
}
