//go:build real

package monitoring

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const root = "../../.."

// TestDirector imports the basket as contrib/director/README.md says, makes hosts and
// services of its templates, deploys them to Icinga 2, and has all of them
// checked, against the simulated room.
func TestDirector(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	plugins := l.plugins()
	room := newRoom(l)
	l.database()
	l.web()
	n := newIcinga(l, plugins)
	host, port, _ := strings.Cut(n.address, ":")
	l.write(fmt.Sprintf("[config]\nendpoint = %q\nhost = %q\nport = %s\nusername = %q\npassword = %q\n", node, host, port, apiUser, apiPass),
		"web", "modules", "director", "kickstart.ini")
	l.director("", "kickstart", "run")
	b := l.restore()
	l.hosts(room)
	services := l.services(b, room)
	l.director("", "config", "deploy")
	until(t, "the deployed services", func() error {
		all, err := n.services()
		if err == nil && len(all) != len(services) {
			err = fmt.Errorf("%d of %d are there", len(all), len(services))
		}
		return err
	})
	n.verify()
	t.Run("every plugin", func(t *testing.T) { everyPlugin(t, n, services) })
	t.Run("address", func(t *testing.T) { address(t, n, room) })
	t.Run("fans", func(t *testing.T) { fans(t, n, room) })
	t.Run("maintenance", func(t *testing.T) { maintenance(t, n) })
}

// create makes an object as its JSON says.
func (l *lab) create(kind string, object map[string]any) {
	l.Helper()
	object["object_type"] = "object"
	text, err := json.Marshal(object)
	if err != nil {
		l.Fatal(err)
	}
	l.director("", kind, "create", "--json", string(text))
}

// hosts are a controller, the nodes and the cluster. check_ping is not among the
// plugins here: nobody asks whether the hosts are up.
func (l *lab) hosts(r room) {
	l.Helper()
	l.create("host", map[string]any{"object_name": "bmc3", "imports": "noout-controller", "check_command": "dummy", "address": r.bmc})
	l.create("host", map[string]any{"object_name": "cluster", "imports": "noout-cluster", "vars": map[string]any{"noout_cluster": "lab"}})
	for i, address := range r.nodes {
		name := fmt.Sprintf("pve%d", i+1)
		l.create("host", map[string]any{
			"object_name": name, "imports": "noout-node", "check_command": "dummy", "address": address,
			"vars": map[string]any{"noout_node": name, "noout_cluster": "lab"},
		})
	}
}

// services makes one of every template that has a command, with this room's
// files for those of /etc/noout, and returns their names by the plugin's.
func (l *lab) services(b basket, r room) map[string]string {
	l.Helper()
	out := map[string]string{}
	for _, s := range b.ServiceTemplate {
		if s.Command == "" {
			continue
		}
		short := strings.TrimPrefix(s.Command, "noout-")
		host, vars := l.service(short, r)
		l.serviceOf(s.Command, host, short, vars)
		out[short] = host + "!" + short
	}
	host, vars := l.service("pve", r)
	vars["maintenance"] = []string{"pve2=1"}
	l.serviceOf("noout-pve", host, "said", vars)
	out["said"] = host + "!said"
	return out
}

// service is the host that a plugin's service hangs on, and what has to be said
// for it to work in this room. The address is left to the templates where the host
// has the right one.
func (l *lab) service(short string, r room) (host string, vars map[string]any) {
	vars = map[string]any{"state_dir": l.path("site", "state"), "auth_file": l.path("site", "auth.ini"), "ca_file": l.path("site", "pve-root-ca.pem")}
	saved := l.path("site", "before-$host.vars.noout_node$.json")
	switch short {
	case "fans":
		vars["ca_file"] = l.path("site", "bmc-ca.pem")
		return "bmc3", vars
	case "drained":
		vars["save"] = saved
		return "pve3", vars
	case "reintegrated":
		vars["baseline"] = saved
		return "pve3", vars
	case "serviceable":
		return "pve3", vars
	case "report_service":
		return "pve3", map[string]any{"extra_opts": short + "@" + r.settings}
	case "notify_customers":
		return "cluster", map[string]any{"extra_opts": short + "@" + r.settings}
	default:
		vars["host"] = r.nodes
		return "cluster", vars
	}
}

// serviceOf makes a service of a template, which is named like its command.
func (l *lab) serviceOf(template, host, name string, vars map[string]any) {
	l.Helper()
	prefixed := map[string]any{}
	for key, value := range vars {
		prefixed["noout_"+strings.TrimPrefix(template, "noout-")+"_"+key] = value
	}
	l.create("service", map[string]any{"object_name": name, "host": host, "imports": template, "vars": prefixed})
}

// everyPlugin is asked with a command line that it takes, and answers what it
// answers on a shell in that room.
func everyPlugin(t *testing.T, n *icinga, services map[string]string) {
	want := map[string]string{
		"fans": "OK: ", "pve": "OK: ", "ceph": "OK: ", "guests": "UNKNOWN: no guest has a known address", "contingency": "WARNING: ",
		"drained": "CRITICAL: NO", "serviceable": "CRITICAL: NO", "reintegrated": "",
		"report_service": "", "notify_customers": "", "said": "OK: ",
	}
	for plugin, service := range services {
		begin, known := want[plugin]
		if !known {
			t.Errorf("nothing is expected of %s", plugin)
			continue
		}
		got := n.check(t, service)
		t.Logf("%s: %.160s", service, got.Output)
		if !strings.HasPrefix(got.Output, begin) || strings.HasPrefix(got.Output, "UNKNOWN: option") || strings.HasPrefix(got.Output, "UNKNOWN: expected") {
			t.Errorf("%s: %s\n%q", service, got.Output, got.Command)
		}
	}
}

// address: what is not said otherwise asks the host that the service is on, and
// about the node that the host is.
func address(t *testing.T, n *icinga, r room) {
	for service, words := range map[string][]string{
		"bmc3!fans":         {"--host", r.bmc, "--maintenance=0"},
		"pve3!drained":      {"--host", r.nodes[2], "--node", "pve3", "--save", n.path("site", "before-pve3.json")},
		"pve3!reintegrated": {"--host", r.nodes[2], "--node", "pve3", "--baseline", n.path("site", "before-pve3.json")},
		"pve3!serviceable":  {"--host", r.nodes[2], "--node", "pve3"},
	} {
		got := n.check(t, service)
		for _, word := range words {
			if !slices.Contains(got.Command, word) {
				t.Errorf("%s: no %s in %q", service, word, got.Command)
			}
		}
	}
}

// fans: one stands still, and Icinga knows.
func fans(t *testing.T, n *icinga, r room) {
	a, err := http.Post(r.control+"/bmc/drop?fan=3", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.Body.Close() != nil || a.StatusCode != http.StatusOK {
		t.Fatal(a.Status)
	}
	if got := n.check(t, "bmc3!fans"); got.State != 2 || !strings.Contains(got.Output, "FAN3") {
		t.Errorf("state %v: %s", got.State, got.Output)
	}
}

// maintenance: a downtime of the host pve3 is what check_pve and check_ceph are
// told on the cluster's host, unless a variable says who is being serviced.
func maintenance(t *testing.T, n *icinga) {
	pair := func(c *checked) string {
		var out []string
		for i, word := range c.Command {
			if word == "--maintenance" {
				out = append(out, c.Command[i+1])
			}
		}
		slices.Sort(out)
		return strings.Join(out, " ")
	}
	for _, service := range []string{"cluster!pve", "cluster!ceph"} {
		if got := n.check(t, service); pair(got) != "pve1=0 pve2=0 pve3=0" {
			t.Errorf("%s before: %q", service, got.Command)
		}
	}
	now := time.Now().Unix()
	n.do(t, "schedule-downtime", fmt.Sprintf(`{"type": "Host", "filter": "host.name == \"pve3\"", "author": "operator", "comment": "fan 3", "fixed": true, "start_time": %d, "end_time": %d}`, now-1, now+3600))
	until(t, "the downtime", func() error {
		var body struct {
			Results []struct {
				Attrs struct {
					Depth float64 `json:"downtime_depth"`
				}
			}
		}
		err := n.api(http.MethodGet, "/v1/objects/hosts/pve3?attrs=downtime_depth", "", &body)
		if err == nil && (len(body.Results) != 1 || body.Results[0].Attrs.Depth != 1) {
			err = errors.New("the host is in none yet")
		}
		return err
	})
	for service, want := range map[string]string{"cluster!pve": "(pve3 in maintenance)", "cluster!ceph": "maintenance of pve3"} {
		got := n.check(t, service)
		if pair(got) != "pve1=0 pve2=0 pve3=1" || !strings.Contains(got.Output, want) {
			t.Errorf("%s: %q: %s", service, got.Command, got.Output)
		}
	}
	if got := n.check(t, "cluster!said"); pair(got) != "pve2=1" || !strings.Contains(got.Output, "(pve2 in maintenance)") {
		t.Errorf("said: %q: %s", got.Command, got.Output)
	}
}
