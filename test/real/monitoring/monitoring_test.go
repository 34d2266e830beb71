//go:build real

// Package monitoring takes what the plugins write with --output openmetrics
// through Debian's Prometheus: the textfile collector of its node exporter reads
// it, the rules of contrib/prometheus alert. And it imports contrib/director into
// Debian's Icinga Director, which deploys it to Icinga 2. That needs root, to
// become the user nagios.
package monitoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

const rules = "../../../contrib/prometheus/noout.rules.yml"

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "noout-monitoring")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "check_fans")
	if out, err := exec.Command("go", "build", "-o", binary, "../../../plugins/check_fans").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build: %v\n%s", err, out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir) // of no consequence for what was tested
	os.Exit(code)
}

func TestRules(t *testing.T) {
	for _, args := range [][]string{{"check", "rules", rules}, {"test", "rules", "testdata/rules_test.yml"}} {
		out, err := exec.Command("promtool", args...).CombinedOutput()
		if err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestAlerts has one controller whose fans turn, one with a dead fan, and one
// that does not answer: Prometheus is silent about the first, and not about the
// third.
func TestAlerts(t *testing.T) {
	t.Parallel()
	files := t.TempDir()
	well, dead := controller(t), controller(t)
	if err := dead.Do("drop?fan=2"); err != nil {
		t.Fatal(err)
	}
	gone := free(t)
	want := map[string]int{well.Host: 0, dead.Host: 2, gone: 3}
	for host, status := range want {
		if got := write(t, filepath.Join(files, strings.ReplaceAll(host, ":", "-")+".prom"), host); got != status {
			t.Fatalf("check_fans -H %s: exit code %d, want %d", host, got, status)
		}
	}
	exporter, prometheus := free(t), free(t)
	start(t, "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
		"--collector.textfile.directory="+files, "--web.listen-address="+exporter)
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	absolute, err := filepath.Abs(rules)
	if err == nil {
		err = os.WriteFile(config, fmt.Appendf(nil, "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%s]\n"+
			"scrape_configs: [{job_name: node, static_configs: [{targets: [%q]}]}]\n", absolute, exporter), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	start(t, "prometheus", "--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+prometheus)
	alerts := []string{"NooutCritical firing " + dead.Host, "NooutUnknown pending " + gone}
	slices.Sort(alerts)
	until(t, "the alerts are there", func() error {
		got, err := ask(prometheus, "ALERTS", func(m map[string]string) string {
			return m["alertname"] + " " + m["alertstate"] + " " + m["target"]
		})
		if err == nil && !slices.Equal(got, alerts) {
			err = fmt.Errorf("alerts %q, want %q", got, alerts)
		}
		return err
	})
	got, err := ask(prometheus, "noout_status == 0", func(m map[string]string) string { return m["plugin"] + " " + m["target"] })
	if want := []string{"check_fans " + well.Host}; err != nil || !slices.Equal(got, want) {
		t.Errorf("well: %q, %v, want %q", got, err, want)
	}
}

// controller is a simulated one.
func controller(t *testing.T) *bmc.Sim {
	t.Helper()
	sim, err := bmc.Run(bmc.Server{Vendor: bmc.Supermicro})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

// write asks a controller and writes what Prometheus reads; it returns the exit
// code.
func write(t *testing.T, file, host string) int {
	t.Helper()
	auth := filepath.Join(t.TempDir(), "bmc.ini")
	if err := os.WriteFile(auth, []byte("[*]\nusername = "+bmc.Username+"\npassword = "+bmc.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-H", host, "--insecure", "--auth-file", auth, "--state", "off", "--via", "redfish", "--output", "openmetrics")
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out, 0o644); err != nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// free is a loopback address where nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// start runs a daemon until the test ends.
func start(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, &out)
		}
	})
}

// until waits for a state, and for minutes where the machine is slow.
func until(t *testing.T, what string, holds func() error) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within 3m: %v", what, err)
		}
	}
}

// ask returns the series of a query, each as name tells it, in order.
func ask(server, query string, name func(labels map[string]string) string) ([]string, error) {
	a, err := http.Get("http://" + server + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	if err := json.NewDecoder(a.Body).Decode(&answer); err != nil {
		return nil, err
	}
	var out []string
	for _, r := range answer.Data.Result {
		out = append(out, name(r.Metric))
	}
	slices.Sort(out)
	return out, nil
}
