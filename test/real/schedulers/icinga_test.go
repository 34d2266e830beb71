//go:build real

package schedulers

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	icinga2 = "/usr/sbin/icinga2"
	apiUser = "noout"
	apiPass = "nobody else may ask"
)

// icinga is one node of our own.
type icinga struct {
	t    testing.TB
	name string // of its certificate, endpoint and zone
	dir  string
	port int
	*process
}

// newIcinga makes the directories of a node.
func newIcinga(t testing.TB, dir, name string) *icinga {
	t.Helper()
	n := &icinga{t: t, name: name, dir: filepath.Join(dir, name), port: port(t)}
	for _, d := range []string{"conf", "zones.d", "data/certs", "log", "cache", "spool", "run"} {
		write(t, filepath.Join(n.dir, d, "empty"), "")
	}
	return n
}

// path of a file of the node.
func (n *icinga) path(names ...string) string {
	return filepath.Join(append([]string{n.dir}, names...)...)
}

// own are the options by which icinga2 stays in its own directories.
func (n *icinga) own() []string {
	var out []string
	for _, d := range []struct{ constant, dir string }{
		{"ConfigDir", "conf"}, {"ZonesDir", "zones.d"}, {"DataDir", "data"}, {"LogDir", "log"},
		{"CacheDir", "cache"}, {"SpoolDir", "spool"}, {"InitRunDir", "run"},
	} {
		out = append(out, "-D", "Configuration."+d.constant+"="+n.path(d.dir))
	}
	return out
}

// authority makes a CA, and certify a certificate that it signs.
func (n *icinga) authority() {
	n.t.Helper()
	give(n.t, n.dir)
	n.pki("new-ca")
}

func (n *icinga) certify(x *icinga) {
	n.t.Helper()
	give(n.t, x.dir)
	base := x.path("data", "certs", x.name)
	n.pki("new-cert", "--cn", x.name, "--key", base+".key", "--csr", base+".csr")
	n.pki("sign-csr", "--csr", base+".csr", "--cert", base+".crt")
	write(n.t, x.path("data", "certs", "ca.crt"), read(n.t, n.path("data", "ca", "ca.crt")))
}

func (n *icinga) pki(args ...string) {
	n.t.Helper()
	if out, err := exec.Command(icinga2, append(append([]string{"pki"}, args...), n.own()...)...).CombinedOutput(); err != nil {
		n.t.Fatalf("icinga2 pki %s: %v\n%s", args[0], err, out)
	}
}

// configure writes the node's icinga2.conf around the rest of its configuration.
func (n *icinga) configure(plugins, rest string) {
	n.t.Helper()
	write(n.t, n.path("conf", "icinga2.conf"), fmt.Sprintf(`const NodeName = %[1]q
const ZoneName = NodeName
const PluginDir = %[2]q
const PluginContribDir = PluginDir
const ManubulonPluginDir = PluginDir
const TicketSalt = ""
include <itl>
include <plugins>
object FileLogger "main" {
  severity = "information"
  path = %[3]q
}
%[4]s`, n.name, plugins, n.path("log", "icinga2.log"), rest))
	give(n.t, n.dir)
}

// verify has icinga2 look at the configuration. It must find nothing to say.
func (n *icinga) verify() {
	n.t.Helper()
	out, err := exec.Command(icinga2, append(n.daemon(), "-C")...).CombinedOutput()
	if err != nil || strings.Contains(string(out), "warning/") || strings.Contains(string(out), "critical/") {
		n.t.Fatalf("icinga2 daemon -C for %s: %v\n%s", n.name, err, out)
	}
}

func (n *icinga) start() {
	n.t.Helper()
	n.verify()
	n.process = start(n.t, n.dir, icinga2, n.daemon()...)
}

func (n *icinga) daemon() []string {
	return append([]string{"daemon", "-c", n.path("conf", "icinga2.conf")}, n.own()...)
}

// listener is an ApiListener with somebody who may ask it.
func (n *icinga) listener() string {
	return fmt.Sprintf("object ApiListener \"api\" {\n  bind_host = \"127.0.0.1\"\n  bind_port = %d\n}\n", n.port) + asker
}

var asker = fmt.Sprintf("object ApiUser %q {\n  password = %q\n  permissions = [ \"*\" ]\n}\n", apiUser, apiPass)

// checked is a service as the API tells of it.
type checked struct {
	Name      string `json:"name"`
	LastCheck *struct {
		Exit   float64  `json:"exit_status"`
		State  float64  `json:"state"`
		Output string   `json:"output"`
		Perf   []string `json:"performance_data"`
		Source string   `json:"check_source"`
	} `json:"last_check_result"`
}

// api asks the API, or tells it what to do, and reads the answer into out.
func (n *icinga) api(method, path, body string, out any) error {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(read(n.t, n.path("data", "certs", "ca.crt"))))
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: n.name}, DisableKeepAlives: true,
	}}
	q, err := http.NewRequest(method, "https://127.0.0.1:"+strconv.Itoa(n.port)+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	q.SetBasicAuth(apiUser, apiPass)
	q.Header.Set("Accept", "application/json")
	r, err := client.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return errors.New(r.Status)
	}
	return json.NewDecoder(r.Body).Decode(out)
}

// services asks the API for all services of a host that were checked.
func (n *icinga) services(host string) (map[string]checked, error) {
	var body struct {
		Results []struct{ Attrs checked }
	}
	err := n.api(http.MethodGet, "/v1/objects/services?attrs=name&attrs=last_check_result&filter=host.name==%22"+host+"%22", "", &body)
	if err != nil {
		return nil, err
	}
	out := map[string]checked{}
	for _, x := range body.Results {
		if x.Attrs.LastCheck != nil {
			out[x.Attrs.Name] = x.Attrs
		}
	}
	return out, nil
}

// do carries out an action; something must have been there to do it with.
func (n *icinga) do(action, body string) error {
	var out struct {
		Results []struct{ Code float64 }
	}
	if err := n.api(http.MethodPost, "/v1/actions/"+action, body, &out); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	if len(out.Results) == 0 || out.Results[0].Code != http.StatusOK {
		return fmt.Errorf("%s: %+v", action, out.Results)
	}
	return nil
}

// output is what icinga2 kept of a plugin's answer. It cuts performance data
// off at the bar and leaves the blank before it.
func (c checked) output() output {
	first, long, _ := strings.Cut(c.LastCheck.Output, "\n")
	if len(c.LastCheck.Perf) > 0 {
		first = strings.TrimSuffix(first, " ")
	}
	return newOutput(int(c.LastCheck.Exit), first, long, c.LastCheck.Perf)
}

// matrix is a host with a service for every question, by the CheckCommands as
// they are shipped; endpoint says where they run, if not here.
func matrix(s *site, memory, endpoint string) string {
	var b strings.Builder
	b.WriteString("object Host \"matrix\" {\n  check_command = \"dummy\"\n}\n")
	for _, a := range questions {
		fmt.Fprintf(&b, "object Service %q {\n  host_name = \"matrix\"\n  check_command = %q\n  check_interval = 15s\n  retry_interval = 15s\n  max_check_attempts = 1\n",
			a.name(), strings.Replace(a.plugin, "check_", "noout-", 1))
		if endpoint != "" {
			fmt.Fprintf(&b, "  command_endpoint = %q\n", endpoint)
		}
		for _, v := range s.variables(a, memory) {
			fmt.Fprintf(&b, "  %s\n", v)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// variables are the settings of a question as custom variables. Options that
// may be given several times are arrays.
func (s *site) variables(a asked, memory string) []string {
	var out []string
	prefix := "vars.noout_" + strings.TrimPrefix(a.plugin, "check_") + "_"
	var targets []string
	for _, o := range s.settings(a, memory) {
		if o.key == "target" {
			targets = append(targets, o.value)
			continue
		}
		out = append(out, fmt.Sprintf("%s%s = %q", prefix, strings.ReplaceAll(o.key, "-", "_"), o.value))
	}
	if targets != nil {
		out = append(out, fmt.Sprintf("%starget = [ \"%s\" ]", prefix, strings.Join(targets, `", "`)))
	}
	return out
}

// compare waits until everything was checked, by the endpoint that is to do it.
func (n *icinga) compare(t *testing.T, by *icinga, printed map[string]output) {
	t.Helper()
	var got map[string]checked
	by.await(3*time.Minute, "a check of everything", func() error {
		var err error
		if got, err = n.services("matrix"); err != nil {
			return err
		}
		for _, a := range questions {
			if c, there := got[a.name()]; !there || c.LastCheck.Source != by.name || strings.Contains(c.LastCheck.Output, "does not exist") {
				return fmt.Errorf("%s was not checked by %s: %+v", a.name(), by.name, c.LastCheck)
			}
		}
		return nil
	})
	for _, a := range questions {
		t.Run(a.name(), func(t *testing.T) {
			same(t, printed[a.name()], got[a.name()].output())
			if int(got[a.name()].LastCheck.State) != a.exit() {
				t.Errorf("state %v", got[a.name()].LastCheck.State)
			}
		})
	}
}

// TestIcinga: one node with the CheckCommands as they are shipped.
func TestIcinga(t *testing.T) {
	t.Parallel()
	printed := shell(t)
	dir := folder(t, "icinga")
	s := openSite(t)
	p := s.at(t, dir)
	n := newIcinga(t, dir, "node1.example.net")
	n.authority()
	n.certify(n)
	n.configure(built(t), alone+checker+
		n.listener()+"include "+strconv.Quote(contrib(t, "icinga2/commands.conf"))+"\n"+matrix(s, filepath.Join(p.dir, "memory"), ""))
	n.start()
	n.compare(t, n, printed)
}

// TestIcingaExamples: icinga2 has nothing to say against the shipped examples.
func TestIcingaExamples(t *testing.T) {
	t.Parallel()
	n := newIcinga(t, folder(t, "examples"), "node1.example.net")
	rest := alone
	for _, name := range []string{"commands", "services", "hosts"} {
		rest += "include " + strconv.Quote(contrib(t, "icinga2/"+name+".conf")) + "\n"
	}
	n.configure(built(t), rest)
	n.verify()
}
