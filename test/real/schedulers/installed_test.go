//go:build real

package schedulers

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// private gives a daemon /etc/noout, a memory in /var/lib/noout and the
// directory of the plugins as an installed package has them, in mounts that
// nobody else sees: the machine's own stay as they are.
const private = `set -e
dir=$1 plugins=$2
shift 2
mount -t tmpfs none "$dir/over"
for at in etc var/lib; do
	mkdir -p "$dir/over/$at/upper" "$dir/over/$at/work"
	mount -t overlay overlay -o "lowerdir=/$at,upperdir=$dir/over/$at/upper,workdir=$dir/over/$at/work" "/$at"
done
mkdir -p /etc/noout /var/lib/noout
mount --bind "$dir/etc" /etc/noout
mount -t tmpfs none /var/lib/noout
install -d -o nagios -g nagios -m 0700 /var/lib/noout/nagios
mount --bind "$plugins" /usr/lib/nagios/plugins
exec "$@"
`

// installed are the arguments of unshare that start a daemon beside an
// installed noout; dir/etc is its /etc/noout.
func installed(t testing.TB, dir string, daemon ...string) []string {
	t.Helper()
	write(t, filepath.Join(dir, "over", "empty"), "")
	return append([]string{"-m", "--propagation", "private", "sh", "-c", private, "sh", dir, built(t)}, daemon...)
}

// TestIcingaInstalled: the services as they are shipped, on hosts of our own,
// with credentials and memory where a package has them. A downtime of a host
// explains that host; a gate answers when it is asked.
func TestIcingaInstalled(t *testing.T) {
	t.Parallel()
	dir := folder(t, "installed")
	names := openSite(t).names["pulled"]
	for to, from := range map[string]string{"pve.ini": "AUTH", "bmc.ini": "AUTH", "pve-root-ca.pem": "CA", "bmc-ca.pem": "BMCCA"} {
		write(t, filepath.Join(dir, "etc", to), read(t, names[from]))
	}
	n := newIcinga(t, dir, "node1.example.net")
	n.authority()
	n.certify(n)
	rest := alone + checker + n.listener()
	for _, name := range []string{"commands", "services"} {
		rest += fmt.Sprintf("include %q\n", contrib(t, "icinga2/"+name+".conf"))
	}
	n.configure("/usr/lib/nagios/plugins", rest+installedHosts(names))
	n.verify()
	n.process = start(t, dir, "/usr/bin/unshare", installed(t, dir, append([]string{icinga2}, n.daemon()...)...)...)

	n.answers("bmc3", "fans", "OK: 6 fans turn")
	n.answers("cluster", "pve", "CRITICAL: node pve2 is offline")
	n.answers("cluster", "ceph", "WARNING: (1) pve2 is down (2 OSDs), declared by nobody")
	now := time.Now().Unix()
	if err := n.do("schedule-downtime", fmt.Sprintf(`{"type":"Host","filter":"host.name==\"pve2\"","author":"operator","comment":"a new fan","fixed":true,"start_time":%d,"end_time":%d}`, now-1, now+3600)); err != nil {
		t.Fatal(err)
	}
	n.answers("cluster", "pve", "OK: ")
	n.answers("cluster", "ceph", "OK: maintenance of pve2")
	n.answers("pve2", "serviceable", "UNKNOWN: NOT PROVEN: pve2 is offline")
	// What the one gate saves for the other is in the memory's directory.
	n.answers("pve1", "drained", "CRITICAL: NO, 3 guests are left on pve1")
	n.answers("pve1", "reintegrated", "CRITICAL: NO, pve1 is not fully back, ")
}

// installedHosts have the variables that the shipped services go by.
func installedHosts(names map[string]string) string {
	list := `[ "` + strings.ReplaceAll(names["NODES"], ",", `", "`) + `" ]`
	var b strings.Builder
	for _, h := range []struct{ name, vars string }{
		{"cluster", "noout_cluster = \"lab\"\n  vars.noout_nodes = " + list},
		{"pve1", "noout_cluster = \"lab\"\n  vars.noout_node = name\n  vars.noout_nodes_to_ask = " + list},
		{"pve2", "noout_cluster = \"lab\"\n  vars.noout_node = name\n  vars.noout_nodes_to_ask = " + list},
		{"pve3", "noout_cluster = \"lab\"\n  vars.noout_node = name\n  vars.noout_nodes_to_ask = " + list},
		{"switch", "noout_cluster = \"none\""},
		{"bmc3", fmt.Sprintf("noout_switch = \"switch\"\n  vars.noout_bmc = %q", names["BMC"])},
	} {
		fmt.Fprintf(&b, "object Host %q {\n  check_command = \"dummy\"\n  vars.dummy_state = 0\n  vars.%s\n}\n", h.name, h.vars)
	}
	return b.String()
}

// answers asks, every other second, until a service says something.
func (n *icinga) answers(host, service, want string) {
	n.t.Helper()
	var asked time.Time
	n.await(2*time.Minute, host+" "+service, func() error {
		if time.Since(asked) > 2*time.Second {
			asked = time.Now()
			if err := n.do("reschedule-check", fmt.Sprintf(`{"type":"Service","filter":"host.name==\"%s\" && service.name==\"%s\"","force":true}`, host, service)); err != nil {
				return err
			}
		}
		list, err := n.services(host)
		if err != nil {
			return err
		}
		if c, there := list[service]; !there || !strings.HasPrefix(c.LastCheck.Output, want) {
			return fmt.Errorf("want %s, got %+v", want, c.LastCheck)
		}
		return nil
	})
}
