//go:build real

package schedulers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestNagios: a nagios with the commands as they are shipped asks every plugin
// everything, and status.dat has what the plugins print on a shell.
func TestNagios(t *testing.T) {
	t.Parallel()
	printed := shell(t)
	dir := folder(t, "nagios")
	p := openSite(t).at(t, dir)
	var objects strings.Builder
	objects.WriteString(around)
	for _, a := range questions {
		fmt.Fprintf(&objects, "define service {\n  use plain\n  service_description %s\n  check_command %s!%s@%s\n  check_interval 300\n}\n",
			a.name(), a.plugin, a.name(), p.file)
	}
	setUp(t, dir, objects.String(), "nagios/commands.cfg")
	n := startNagios(t, dir)
	n.await(2*time.Minute, "a check of everything", func() error {
		status := n.status()
		for _, a := range questions {
			if status[a.name()]["has_been_checked"] != "1" {
				return fmt.Errorf("%s was not checked", a.name())
			}
		}
		return nil
	})
	status := n.status()
	for _, a := range questions {
		t.Run(a.name(), func(t *testing.T) { same(t, printed[a.name()], status[a.name()].output()) })
	}
}

// output is what nagios kept of a plugin's answer.
func (s service) output() output {
	return newOutput(int(s.number("current_state")), s["plugin_output"],
		strings.ReplaceAll(s["long_plugin_output"], `\n`, "\n"), strings.Fields(s["performance_data"]))
}

// TestNagiosExamples: nagios has nothing to say against the shipped examples
// beside the objects that Debian installs.
func TestNagiosExamples(t *testing.T) {
	t.Parallel()
	dir := folder(t, "examples")
	setUp(t, dir, debianObjects(t), "nagios/commands.cfg", "nagios/services.cfg", "second/nagios.cfg")
}

// debianObjects are those that come with the packages.
func debianObjects(t testing.TB) string {
	t.Helper()
	var out strings.Builder
	for _, name := range []string{"commands", "contacts", "timeperiods", "templates"} {
		out.WriteString(read(t, "/etc/nagios4/objects/"+name+".cfg"))
	}
	files, err := filepath.Glob("/etc/nagios-plugins/config/*.cfg")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		out.WriteString(read(t, file) + "\n")
	}
	return out.String()
}

// TestNagiosDowntime: the commands with --maintenance are told of a host's
// downtime by an on-demand macro, as the examples do it.
func TestNagiosDowntime(t *testing.T) {
	t.Parallel()
	s := openSite(t)
	dir := folder(t, "downtime")
	file := filepath.Join(dir, "noout.ini")
	write(t, filepath.Join(dir, "memory", "empty"), "")
	write(t, file, s.section("pve", asked{"check_pve", "OK", "pulled", ""}, filepath.Join(dir, "memory"))+
		s.section("ceph", asked{"check_ceph", "OK", "pulled", ""}, filepath.Join(dir, "memory")))
	service := "define service {\n  use plain\n  service_description %[1]s\n  check_command check_%[1]s_maintenance!%[1]s@%[2]s!pve1=$HOSTDOWNTIME:node1$,pve2=$HOSTDOWNTIME:pve2$\n  check_interval 1\n}\n"
	host := "define host {\n  host_name pve2\n  address 127.0.0.1\n  max_check_attempts 1\n  check_period always\n  notification_period always\n  contacts operator\n}\n"
	empty := "define service {\n  use plain\n  host_name pve2\n  service_description nothing\n  check_command nothing\n}\n"
	setUp(t, dir, around+host+empty+fmt.Sprintf(service, "pve", file)+fmt.Sprintf(service, "ceph", file), "nagios/commands.cfg")
	n := startNagios(t, dir)
	shows := func(pve, ceph string) func() error {
		return func() error {
			for name, want := range map[string]string{"pve": pve, "ceph": ceph} {
				if got := n.status()[name]["plugin_output"]; !strings.HasPrefix(got, want) {
					return fmt.Errorf("%s: %s", name, got)
				}
			}
			return nil
		}
	}
	n.await(time.Minute, "a node that is gone", shows("CRITICAL: node pve2 is offline", "WARNING: (1) pve2 is down (2 OSDs), declared by nobody"))
	now := time.Now().Unix()
	n.command(fmt.Sprintf("[%d] SCHEDULE_HOST_DOWNTIME;pve2;%d;%d;1;0;3600;operator;a new fan", now, now-1, now+3600))
	n.await(time.Minute, "a node that is serviced", shows("OK: ", "OK: maintenance of pve2"))
}

// command writes to the command file, which nagios reads.
func (n *nagios) command(line string) {
	n.t.Helper()
	f, err := os.OpenFile(filepath.Join(n.dir, "nagios.cmd"), os.O_WRONLY, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	defer f.Close() // a pipe: what was written is there
	if _, err := f.WriteString(line + "\n"); err != nil {
		n.t.Fatal(err)
	}
}
