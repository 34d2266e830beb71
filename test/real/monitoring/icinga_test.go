//go:build real

package monitoring

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

const (
	node    = "master.example.net"
	apiUser = "director"
	apiPass = "nobody else may ask"
)

// icinga is the Icinga 2 that the Director talks to.
type icinga struct {
	*lab
	address string
	client  *http.Client
}

// newIcinga starts one with a certificate of its own, which knows nothing to
// check yet. plugins is where its commands look.
func newIcinga(l *lab, plugins string) *icinga {
	l.Helper()
	n := &icinga{lab: l, address: free(l.T)}
	for _, d := range []string{"conf", "zones.d", "data/certs", "log", "cache", "spool", "run"} {
		l.write("", "icinga", d, "empty")
	}
	base := l.path("icinga", "data", "certs", node)
	n.pki("new-ca")
	n.pki("new-cert", "--cn", node, "--key", base+".key", "--csr", base+".csr")
	n.pki("sign-csr", "--csr", base+".csr", "--cert", base+".crt")
	authority, err := os.ReadFile(l.path("icinga", "data", "ca", "ca.crt"))
	if err != nil {
		l.Fatal(err)
	}
	l.write(string(authority), "icinga", "data", "certs", "ca.crt")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	n.client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: node}, DisableKeepAlives: true,
	}}
	l.write(n.configuration(plugins), "icinga", "conf", "icinga2.conf")
	n.verify()
	l.serve("icinga2", n.daemon()...)
	until(l.T, "Icinga's API", func() error { return n.api(http.MethodGet, "/v1/status/IcingaApplication", "", nil) })
	return n
}

// configuration is the least that the Director works with: an endpoint, which
// says where its API is, and the two zones. Director's own example has no more.
func (n *icinga) configuration(plugins string) string {
	host, port, err := net.SplitHostPort(n.address)
	if err != nil {
		n.Fatal(err)
	}
	return fmt.Sprintf(`const NodeName = %[1]q
const ZoneName = "master"
const PluginDir = %[2]q
const PluginContribDir = PluginDir
const ManubulonPluginDir = PluginDir
const TicketSalt = ""
include <itl>
include <plugins>
object Endpoint NodeName {
  host = %[3]q
  port = %[4]s
}
object Zone ZoneName { endpoints = [ NodeName ] }
object Zone "director-global" { global = true }
object CheckerComponent "checker" { }
object ApiListener "api" {
  bind_host = %[3]q
  bind_port = %[4]s
}
object ApiUser %[5]q {
  password = %[6]q
  permissions = [ "*" ]
}
`, node, plugins, host, port, apiUser, apiPass)
}

func (n *icinga) own() []string {
	var out []string
	for _, d := range []struct{ constant, dir string }{
		{"ConfigDir", "conf"}, {"ZonesDir", "zones.d"}, {"DataDir", "data"}, {"LogDir", "log"},
		{"CacheDir", "cache"}, {"SpoolDir", "spool"}, {"InitRunDir", "run"},
	} {
		out = append(out, "-D", "Configuration."+d.constant+"="+n.path("icinga", d.dir))
	}
	return out
}

func (n *icinga) pki(args ...string) {
	n.Helper()
	n.run("", "icinga2", append(append([]string{"pki"}, args...), n.own()...)...)
}

func (n *icinga) daemon() []string {
	return append([]string{"daemon", "-c", n.path("icinga", "conf", "icinga2.conf")}, n.own()...)
}

// verify has icinga2 look at its configuration, with what was deployed. It must
// find nothing to say.
func (n *icinga) verify() {
	n.Helper()
	if out := n.run("", "icinga2", append(n.daemon(), "-C")...); strings.Contains(out, "warning/") || strings.Contains(out, "critical/") {
		n.Fatalf("icinga2 daemon -C:\n%s", out)
	}
}

// api asks, or tells what to do, and reads the answer into out.
func (n *icinga) api(method, path, body string, out any) error {
	q, err := http.NewRequest(method, "https://"+n.address+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	q.SetBasicAuth(apiUser, apiPass)
	q.Header.Set("Accept", "application/json")
	r, err := n.client.Do(q)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(r.Body) // as much of the reason as there is
		return fmt.Errorf("%s: %s", r.Status, text)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(r.Body).Decode(out)
}

// checked is a service's last check.
type checked struct {
	State   float64
	Output  string
	Command []string
	Start   float64 `json:"execution_start"`
}

// services are all there are, those without a check as nil, by host!service.
func (n *icinga) services() (map[string]*checked, error) {
	var body struct {
		Results []struct {
			Name  string
			Attrs struct {
				Last *checked `json:"last_check_result"`
			}
		}
	}
	if err := n.api(http.MethodGet, "/v1/objects/services?attrs=last_check_result", "", &body); err != nil {
		return nil, err
	}
	out := map[string]*checked{}
	for _, s := range body.Results {
		out[s.Name] = s.Attrs.Last
	}
	return out, nil
}

// check is "Check now", and what came of it.
func (n *icinga) check(t *testing.T, service string) *checked {
	t.Helper()
	asked := float64(time.Now().UnixMicro()) / 1e6
	n.do(t, "reschedule-check?force=true&service="+url.QueryEscape(service), "")
	var got *checked
	until(t, "a check of "+service, func() error {
		all, err := n.services()
		got = all[service]
		if err == nil && (got == nil || got.Start < asked) {
			err = errors.New("none yet")
		}
		return err
	})
	return got
}

// do carries out an action on something that is there.
func (n *icinga) do(t *testing.T, action, body string) {
	t.Helper()
	var out struct {
		Results []struct{ Code float64 }
	}
	if err := n.api(http.MethodPost, "/v1/actions/"+action, body, &out); err != nil || len(out.Results) == 0 {
		t.Fatalf("%s: %v, %+v", action, err, out.Results)
	}
}
