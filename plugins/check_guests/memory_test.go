package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
	sim "github.com/noout-monitoring/noout/test/sim/pve"
)

// argumentsFor tells the child of TestHalfSilent what to run.
const argumentsFor = "NOOUT_TEST_HALF_SILENT"

// TestHalfSilent: the most that a run has to remember of 50,000 guests that answered
// a minute ago, when half of them do not any more: the cluster is asked a second
// time, and each of them is news. The real binary and real pings are in test, where
// nobody is silent.
func TestHalfSilent(t *testing.T) {
	if text := os.Getenv(argumentsFor); text != "" {
		halfSilent(t, text)
		return
	}
	if testing.Short() {
		t.Skip("runs the plugin with 50,000 guests: run without -short")
	}
	const (
		guests = 50_000
		most   = 128 << 10
		alone  = 10 << 10 // check_guests -V; a test binary has more
	)
	dir := authFile(t)
	args := append([]string{"--auth-file", filepath.Join(dir, "auth"), "--state-dir", filepath.Join(dir, "state"), "-t", "10m"}, crowded(t, guests)...)
	store, path := remembering(t, args, guests)
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHalfSilent$", "-test.v")
	child.Env = append(os.Environ(), argumentsFor+"="+string(text))
	out, err := child.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("25000 guests silent")) {
		t.Fatalf("%v %.900s", err, out)
	}
	_, after, _ := strings.Cut(string(out), "before: ")
	var before, peak int
	if _, err := fmt.Sscanf(after, "%d KiB, peak: %d KiB", &before, &peak); err != nil {
		t.Fatalf("%v %.900s", err, out)
	}
	t.Logf("from %d to %d KiB", before, peak)
	if peak-before+alone > most {
		t.Errorf("from %d to %d KiB, at most %d with the %d of the plugin alone: %.900s", before, peak, most, alone, out)
	}
	m, err := state.Load[memory](store, path)
	if err != nil {
		t.Fatal(err)
	}
	silent := 0
	for _, k := range m.Guests {
		if k.Silent != 0 && k.Name != "" && k.Answered != 0 {
			silent++
		}
	}
	if len(m.Guests) != guests || len(m.Homes) != guests || silent != guests/2 {
		t.Errorf("%d guests and %d configurations are remembered, %d silent", len(m.Guests), len(m.Homes), silent)
	}
}

// crowded is a node with so many guests before a simulated one, which has few.
func crowded(t *testing.T, guests int) (args []string) {
	t.Helper()
	s := sim.Start(t, sim.Presets["plain"]())
	first, _, _ := strings.Cut(s.Addresses(), ",")
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: first})
	behind.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	var list bytes.Buffer
	for i := range 3 {
		fmt.Fprintf(&list, `,{"id":"node/pve%d","type":"node","node":"pve%d","status":"online","uptime":86400}`, i+1, i+1)
	}
	for i := range guests {
		fmt.Fprintf(&list, `,{"id":"qemu/%d","type":"qemu","vmid":%d,"name":"customer-%05d-web.example.net","node":"pve1","status":"running","pool":"customers",`+
			`"tags":"web;production","template":0,"uptime":86400,"cpu":0.0123,"maxcpu":4,"mem":4294967296,"maxmem":8589934592,"disk":0,"maxdisk":34359738368}`, 1000+i, 1000+i, i)
	}
	list.Bytes()[0] = '['
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/cluster/resources") {
			behind.ServeHTTP(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, `{"data":%s]}`, list.Bytes()) // it may have read enough
	}))
	t.Cleanup(front.Close)
	sum := sha256.Sum256(front.Certificate().Raw)
	return []string{"-H", strings.TrimPrefix(front.URL, "https://"), "--fingerprint", hex.EncodeToString(sum[:])}
}

// remembering writes the memory of a run a minute ago.
func remembering(t *testing.T, args []string, guests int) (*state.Store, string) {
	t.Helper()
	if err := os.Mkdir(args[3], 0o700); err != nil {
		t.Fatal(err)
	}
	store, err := state.Options{Dir: args[3], Mode: "require"}.Open("check_guests")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second).Add(-time.Minute)
	m := memory{Told: told{At: now}}.writable()
	for i := range guests {
		m.Guests[1000+i] = known{Name: fmt.Sprintf("customer-%05d-web.example.net", i), Node: "pve1", Pool: "customers", Tags: []string{"web", "production"}, Learned: stampOf(now), Answered: stampOf(now), At: street(i)}
		m.Homes[1000+i] = homeOf(pve.ConfigFacts{Time: now, Config: pve.Config{NICs: []pve.NIC{{Slot: "net0", MAC: "BC:24:11:00:00:01", Addresses: []netip.Addr{street(i)}}}}})
	}
	const subject = "lab-pve1-192.0.2.1"
	if _, err := state.Update(store, subject, func(memory) (memory, error) { return m, nil }); err != nil {
		t.Fatal(err)
	}
	return store, subject
}

func street(i int) netip.Addr { return netip.AddrFrom4([4]byte{100, 64, byte(i >> 8), byte(i)}) }

// halfSilent is the process that is measured: the plugin as it is, but for pings.
func halfSilent(t *testing.T, text string) {
	var args []string
	if err := json.Unmarshal([]byte(text), &args); err != nil {
		t.Fatal(err)
	}
	p := pluginWith(state.Wall{Now: time.Now, Up: state.Uptime}, prober{run: func(_ context.Context, targets []ping.Target, o ping.Options) (ping.Report, error) {
		r := ping.Report{Targets: make([]ping.Reach, len(targets))}
		for i, target := range targets {
			r.Targets[i] = ping.Reach{Target: target, Sent: o.Packets}
			if target.Addr.As4()[3]%2 == 0 {
				r.Targets[i].Received, r.Targets[i].Avg = o.Packets, time.Millisecond
			}
		}
		return r, nil
	}, resolve: ping.Resolve})
	debug.SetMemoryLimit(p.Memory << 20) // as check.Main does
	var out bytes.Buffer
	before := peak(t)
	code := p.Run(args, &out)
	t.Logf("before: %d KiB, peak: %d KiB\nexit code %d: %.500s", before, peak(t), code, out.String())
}

// peak is the most memory that this process has had, in KiB.
func peak(t *testing.T) (kb int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(after, &kb); err != nil {
		t.Fatal(err)
	}
	return kb
}
