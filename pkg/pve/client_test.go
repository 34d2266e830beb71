package pve_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

const corpus = "../../../shared/corpus/proxmox"

// client asks the nodes of a simulator with its usual token.
func client(t *testing.T, s *sim.Sim, nodes ...string) *pve.Client {
	t.Helper()
	return made(t, pve.Options{
		Hosts: strings.Split(s.Addresses(nodes...), ","), Port: 8006,
		Transport: transport.Options{Fingerprint: s.Fingerprint()}, Secret: file(t, sim.Token),
	})
}

// file holds a token for every host.
func file(t *testing.T, token string) secret.Options {
	t.Helper()
	name := filepath.Join(t.TempDir(), "auth")
	if err := os.WriteFile(name, []byte("[*]\ntoken = "+token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return secret.Options{AuthFile: name}
}

func made(t *testing.T, o pve.Options) *pve.Client {
	t.Helper()
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	c, err := o.Client()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// patient is a question to somebody who answers: its end is for a test that
// hangs, and far away on the slowest machine.
func patient(t *testing.T) context.Context {
	t.Helper()
	return within(t, 5*time.Minute)
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestCluster(t *testing.T) {
	s := sim.Start(t, sim.Lab())
	c, err := client(t, s).Cluster(patient(t), pve.Ask{Votes: true})
	if err != nil || len(c.Gaps) > 0 || len(c.Rights) > 0 {
		t.Fatalf("error %v, gaps %v, rights %v", err, c.Gaps, c.Rights)
	}
	if c.Name != "lab" || c.Asked != "pve1" || !c.Quorate || len(c.Nodes) != 3 || len(c.Guests) != 7 {
		t.Errorf("%+v", c)
	}
	if !c.Votes.Known || c.Votes.Margin() != 1 || c.Votes.Expected() != 3 {
		t.Errorf("votes %+v", c.Votes)
	}
	if g, _ := c.Index().Guest(105); g.String() != "vm105 db1" || g.Status != "running" || g.Stale || g.SID() != "vm:105" {
		t.Errorf("guest %+v", g)
	}
	if got := len(s.Requests()); got != 7 {
		t.Errorf("%d requests, want 7", got)
	}
}

func TestRecordings(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(corpus, "*", "cluster_resources.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Skip("no recordings at " + corpus)
	}
	for _, name := range dirs {
		dir := filepath.Dir(name)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			r := sim.Replay(t, dir)
			c := made(t, pve.Options{
				Hosts: []string{r.Address}, Port: 8006,
				Transport: transport.Options{Fingerprint: r.Fingerprint()}, Secret: file(t, sim.Token),
			})
			found, err := c.Cluster(patient(t), pve.Ask{Votes: true})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(dir, "nopriv") {
				if len(found.Rights) == 0 || found.Quorate {
					t.Errorf("a token without privileges: rights %v, quorate %v", found.Rights, found.Quorate)
				}
				return
			}
			if len(found.Gaps) > 0 || len(found.Rights) > 0 || !found.Votes.Known {
				t.Errorf("gaps %v, rights %v, votes %+v", found.Gaps, found.Rights, found.Votes)
			}
			if want := !strings.Contains(dir, "noquorum") && !strings.Contains(dir, "disconnected"); found.Quorate != want {
				t.Errorf("quorate %v", found.Quorate)
			}
			if len(found.Guests) != 7 && !strings.Contains(dir, "qdevice") || len(found.HA.Services) != 3 {
				t.Errorf("%d guests, %d services", len(found.Guests), len(found.HA.Services))
			}
		})
	}
}

// TestAlone: a node that stands alone has no votes, so that whoever does not tell them
// leaves nothing open. One that is asked and says nothing may still be in local mode.
func TestAlone(t *testing.T) {
	for code, want := range map[int]int{200: 0, 403: 0, 404: 0, 501: 0, 500: 1} {
		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			data, known := map[string]string{
				"/access/permissions":               `{"/":{"Sys.Audit":1,"VM.Audit":1},"/vms":{"VM.Audit":1}}`,
				"/cluster/status":                   `[{"type":"node","name":"pve1","nodeid":0,"local":1,"online":1}]`,
				"/cluster/ha/status/manager_status": `{"manager_status":{},"lrm_status":{},"quorum":{"node":"pve1","quorate":"1"}}`,
				"/cluster/resources":                `[{"type":"node","node":"pve1","status":"online"}]`,
				"/cluster/tasks":                    `[]`,
			}[strings.TrimPrefix(r.URL.Path, "/api2/json")]
			switch {
			case known:
			case code == 200 && strings.HasSuffix(r.URL.Path, "/nodes"):
				data = `[]`
			default:
				w.WriteHeader(code)
				data = `null`
			}
			_, _ = w.Write([]byte(`{"data":` + data + `}`))
		}))
		t.Cleanup(s.Close)
		c, err := made(t, pve.Options{
			Hosts: []string{s.Listener.Addr().String()}, Port: 8006,
			Transport: transport.Options{Insecure: true}, Secret: file(t, sim.Token),
		}).Cluster(patient(t), pve.Ask{Votes: true})
		if err != nil || !c.Standalone || !c.Quorate || len(c.Gaps) != want {
			t.Errorf("%d: error %v, gaps %v, %+v", code, err, c.Gaps, c)
		}
	}
}

func TestTokens(t *testing.T) {
	for name, tc := range map[string]struct{ token, want string }{
		"none":         {"", "there is none"},
		"a password":   {"secret-of-root", "no token id"},
		"no uuid":      {"monitor@pve!noout=hunter2hunter2", "malformed"},
		"no realm":     {"monitor!noout=0f8fad5b-d9cb-469f-a165-70867728950e", "malformed"},
		"good":         {sim.Token, ""},
		"with a blank": {strings.Replace(sim.Token, "=", " ", 1), ""},
		"with header":  {"PVEAPIToken=" + sim.Token, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NOOUT_TOKEN", tc.token)
			_, err := pve.Options{Hosts: []string{"pve1"}, Port: 8006}.Client()
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "0f8fad5b")) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

// Every fault ends in an error or a gap that says what happened, in time, and
// never in facts.
func TestFaults(t *testing.T) {
	texts := map[string]string{
		sim.Login: "web page titled Sign in", sim.Gateway: "502 Bad Gateway", sim.Redirect: "redirection",
		sim.Garbage: "not the API's JSON", sim.Broken: "not the API's JSON", sim.Empty: "not the API's JSON",
		sim.NoData: "no data", sim.Refused: "595 Connection refused", sim.Failing: "500 got timeout",
	}
	for _, kind := range sim.Faults() {
		for _, path := range []string{"", "/cluster/resources"} {
			if kind == sim.Silent && path != "" {
				continue // it hits connections, not paths
			}
			t.Run(kind+path, func(t *testing.T) {
				t.Parallel()
				s := sim.Start(t, sim.Lab())
				ask := client(t, s, "pve1")
				if err := s.Break(sim.Fault{Name: kind, Path: path}); err != nil {
					t.Fatal(err)
				}
				ctx := patient(t)
				if kind == sim.Silent || kind == sim.Hang || kind == sim.Drip {
					ctx = within(t, 10*time.Second) // all the rest is read in 50 ms, on a slow machine in 3 s
				}
				c, err := ask.Cluster(ctx, pve.Ask{Votes: true})
				if path == "" {
					if !errors.Is(err, pve.ErrUnreachable) && kind != sim.Wrong {
						t.Fatalf("got %v", err)
					}
				} else if err != nil || len(c.Gaps) == 0 || c.Gaps[0].Path != path || len(c.Guests) > 0 {
					t.Fatalf("error %v, gaps %v, %d guests", err, c.Gaps, len(c.Guests))
				}
				if err == nil {
					err = c.Gaps[0].Err
				}
				if !strings.Contains(err.Error(), texts[kind]) {
					t.Errorf("%v does not say %q", err, texts[kind])
				}
			})
		}
	}
}

// The first host that answers and has quorum is asked.
func TestHosts(t *testing.T) {
	for name, tc := range map[string]struct {
		faults []sim.Fault
		do     []string
		asked  string
	}{
		"first":             {asked: "pve1"},
		"first is off":      {do: []string{"crash?node=pve1"}, asked: "pve2"},
		"first hangs":       {faults: []sim.Fault{{Name: sim.Hang, Node: "pve1"}}, asked: "pve2"},
		"first hangs later": {faults: []sim.Fault{{Name: sim.Hang, Node: "pve1", After: 3}}, asked: "pve2"},
		"first drips":       {faults: []sim.Fault{{Name: sim.Drip, Node: "pve1"}}, asked: "pve2"},
		"first is isolated": {do: []string{"link?node=pve1&on=0"}, asked: "pve2"},
		"first two broken":  {faults: []sim.Fault{{Name: sim.Login, Node: "pve1"}, {Name: sim.Refused, Node: "pve2"}}, asked: "pve3"},
		"one part broken":   {faults: []sim.Fault{{Name: sim.Failing, Node: "pve1", Path: "/cluster/tasks"}}, asked: "pve2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sim.Start(t, sim.Lab())
			s.Must(tc.do...)
			for _, f := range tc.faults {
				if err := s.Break(f); err != nil {
					t.Fatal(err)
				}
			}
			c, err := client(t, s).Cluster(within(t, 8*time.Second), pve.Ask{})
			if err != nil || c.Asked != tc.asked || !c.Quorate || len(c.Gaps) > 0 {
				t.Errorf("asked %s, error %v, quorate %v, gaps %v", c.Asked, err, c.Quorate, c.Gaps)
			}
		})
	}
}

// A refused token costs three seconds each time: it is never tried twice.
func TestDeniedOnce(t *testing.T) {
	s := sim.Start(t, sim.Lab())
	ask := made(t, pve.Options{
		Hosts: strings.Split(s.Addresses(), ","), Port: 8006,
		Transport: transport.Options{Fingerprint: s.Fingerprint()},
		Secret:    file(t, strings.Replace(sim.Token, "0f8f", "ffff", 1)),
	})
	_, err := ask.Cluster(patient(t), pve.Ask{})
	if !errors.Is(err, pve.ErrDenied) || !strings.Contains(err.Error(), "401 Authentication failed!") {
		t.Errorf("got %v", err)
	}
	if n := len(s.Requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestRights(t *testing.T) {
	grants := func(list ...sim.Grant) []sim.Grant { return list }
	for name, tc := range map[string]struct {
		grants []sim.Grant
		want   string // within the rights that are missing; empty: none
	}{
		"auditor":           {sim.Auditor(), ""},
		"none":              {grants(), "Sys.Audit on /,VM.Audit on /vms"},
		"guests only":       {grants(sim.Grant{Path: "/vms", Privileges: sim.Audit}), "Sys.Audit on /"},
		"one pool":          {grants(sim.Grant{Path: "/pool/hosting", Privileges: sim.Audit}), "VM.Audit on /vms"},
		"not down the tree": {grants(sim.Grant{Path: "/", Privileges: sim.Audit, NoPropagate: true}), "VM.Audit on /vms"},
		"system only":       {grants(sim.Grant{Path: "/", Privileges: []string{"Sys.Audit"}}), "VM.Audit on /vms"},
		"less on one guest": {grants(sim.Auditor()[0], sim.Grant{Path: "/vms/105", Privileges: []string{"Sys.Audit"}}), "VM.Audit on /vms/105"},
		"less on one node":  {grants(sim.Auditor()[0], sim.Grant{Path: "/nodes/pve3", Privileges: []string{"VM.Audit"}}), "Sys.Audit on /nodes/pve3"},
	} {
		t.Run(name, func(t *testing.T) {
			config := sim.Lab()
			config.Tokens = map[string][]sim.Grant{sim.Token: tc.grants}
			s := sim.Start(t, config)
			c, err := client(t, s).Cluster(patient(t), pve.Ask{})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(c.Rights, ",")
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("missing %q, want %q", got, tc.want)
			}
		})
	}
}

// The role NoAccess on one guest leaves no trace among the privileges; a guest
// under HA is missed all the same.
func TestHiddenGuest(t *testing.T) {
	config := sim.Lab()
	config.Tokens = map[string][]sim.Grant{sim.Token: append(sim.Auditor(), sim.Grant{Path: "/vms/103"})}
	s := sim.Start(t, config)
	c, err := client(t, s).Cluster(patient(t), pve.Ask{})
	if err != nil || len(c.Rights) > 0 {
		t.Fatalf("error %v, rights %v", err, c.Rights)
	}
	if got := c.Hidden(); len(got) != 1 || got[0] != "vm:103" {
		t.Errorf("hidden %v", got)
	}
}

// What the nodes themselves tell.
func TestProxied(t *testing.T) {
	config := sim.Lab()
	config.Jobs = []sim.Job{{Guest: 105, Target: "pve1", Fails: 2, Error: "no route to host"}}
	for i := range config.Guests {
		if id := config.Guests[i].ID; id == 105 || id == 200 {
			config.Guests[i].Addresses = []string{"192.0.2.77", "2001:db8::77"}
		}
	}
	s := sim.Start(t, config)
	ask := client(t, s)
	ctx := patient(t)
	var data any
	if err := ask.Get(ctx, "/version", &data); err == nil {
		t.Error("a document before a host was chosen")
	}
	c, err := ask.Cluster(ctx, pve.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ask.Get(ctx, "/version", &data); err != nil {
		t.Error(err)
	}
	if v, err := ask.Version(ctx, "pve3"); err != nil || v != "9.2.11" {
		t.Errorf("version %q, %v", v, err)
	}
	if jobs, err := ask.Replication(ctx, "pve3"); err != nil || len(jobs) != 1 || jobs[0].Fails != 2 || jobs[0].Error != "no route to host" {
		t.Errorf("%+v, %v", jobs, err)
	}
	if list, err := ask.Presence(ctx, "pve3"); err != nil || len(list) != 3 || list[0].ID != 103 || !list[1].Template {
		t.Errorf("%+v, %v", list, err)
	}
	for id, want := range map[int]string{105: "[192.0.2.77 2001:db8::77]", 200: "[192.0.2.77 2001:db8::77]"} {
		g, _ := c.Index().Guest(id)
		config, err := ask.Config(ctx, g)
		if err != nil || !config.Onboot || len(config.NICs) != 1 {
			t.Errorf("%+v, %v", config, err)
		}
		reported, err := ask.Interfaces(ctx, g)
		if got := fmt.Sprint(pve.Addresses(config, reported)); err != nil || got != want {
			t.Errorf("%d: %s, %v", id, got, err)
		}
	}
	g, _ := c.Index().Guest(103)
	if _, err := ask.Interfaces(ctx, g); err == nil || !strings.Contains(err.Error(), "500 No QEMU guest agent configured") {
		t.Errorf("got %v", err)
	}
	s.Must("migrate?id=103&to=pve1&for=1s", "advance?by=2s")
	if _, err := ask.Config(ctx, g); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a guest that has just moved: %v", err)
	}
	s.Must("crash?node=pve3")
	if _, err := ask.Version(ctx, "pve3"); err == nil || !strings.Contains(err.Error(), "595 No route to host") {
		t.Errorf("got %v", err)
	}
}

// Learning asks for what is not known, once, and no node twice that is silent.
func TestLearn(t *testing.T) {
	s := sim.Start(t, sim.Lab())
	ask := client(t, s)
	ctx := patient(t)
	c, err := ask.Cluster(ctx, pve.Ask{})
	if err != nil {
		t.Fatal(err)
	}
	want := pve.Want{Nodes: []string{"pve1", "pve2", "pve3"}, Configs: 2}
	for _, id := range []int{101, 105, 102} {
		g, _ := c.Index().Guest(id)
		want.Guests = append(want.Guests, g)
	}
	learned := func(m pve.Memory, now time.Time, requests, gaps int) pve.Memory {
		t.Helper()
		s.Requests()
		m, missing := ask.Learn(ctx, m, want, now)
		if got := len(s.Requests()); got != requests || len(missing) != gaps {
			t.Errorf("%d requests, want %d, gaps %v", got, requests, missing)
		}
		return m
	}
	now := s.Now()
	m := learned(pve.Memory{}, now, 3*2+2, 0)
	m = learned(m, now.Add(time.Minute), 1, 0)        // the third guest
	m = learned(m, now.Add(10*time.Minute), 0, 0)     // steady
	m = learned(m, now.Add(20*time.Minute), 3*2+2, 0) // nodes, and guests that start with theirs
	m = learned(m, now.Add(-time.Hour), 3*2+2, 0)     // the clock was set back
	s.Must("crash?node=pve3")
	m = learned(m, now.Add(30*time.Hour), 2*2+1+2, 2) // pve3 is asked once
	if len(m.Nodes) != 3 || len(m.Configs) != 3 {
		t.Errorf("what was known of it is kept: %+v", m)
	}
}
