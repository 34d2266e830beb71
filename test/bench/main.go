package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
)

func main() {
	bin := flag.String("bin", "bin", "folder with the built plugins")
	runs := flag.Int("n", 15, "counted runs of each command")
	flag.Parse()
	for _, part := range []func(string, int) error{fans, overIPMI} {
		if err := part(*bin, *runs); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}

// fans measures check_fans on a server with six fans, over TLS, with its log.
// CHECK_REDFISH=/path/to/check_redfish.py compares it with that plugin.
func fans(bin string, n int) (err error) {
	sim, err := bmc.Run(bmc.Server{Vendor: bmc.Dell})
	if err != nil {
		return err
	}
	defer sim.Close()
	dir, err := os.MkdirTemp("", "noout-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	plugin := filepath.Join(bin, "check_fans")
	account := []string{"NOOUT_USERNAME=" + bmc.Username, "NOOUT_PASSWORD=" + bmc.Password}
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		return err
	}
	steady := command{[]string{plugin, "-H", sim.Host, "--fingerprint", sim.Fingerprint(), "--state-dir", filepath.Join(dir, "state")}, account}
	start := command{[]string{plugin, "-V"}, nil}
	for _, c := range []struct {
		name string
		command
	}{{"check_fans -V: start and end", start}, {"check_fans: steady run, six fans, TLS, log", steady}} {
		fs, err := measure(c.command, n)
		if err != nil {
			return err
		}
		row(os.Stdout, c.name, fs)
	}
	if err := silent(bin, sim, account, n); err != nil {
		return err
	}
	if peer := os.Getenv("CHECK_REDFISH"); peer != "" {
		as, bs, err := pair(steady, command{[]string{peer, "-H", sim.Host, "-u", bmc.Username, "-p", bmc.Password, "--nosession", "--fan"}, nil}, n)
		if err != nil {
			return err
		}
		row(os.Stdout, "check_redfish --fan --nosession", bs)
		ratios(os.Stdout, as, bs)
	}
	return nil
}

// silent measures by how much a run outlives its own deadline of two seconds
// against a controller that accepts connections and says nothing.
func silent(bin string, sim *bmc.Sim, account []string, n int) error {
	mend, err := sim.Break(bmc.Fault{Name: bmc.SilentAccept})
	if err != nil {
		return err
	}
	defer mend()
	fs, err := measure(command{[]string{filepath.Join(bin, "check_fans"), "-H", sim.Host, "--via", "redfish", "--insecure", "--state", "off", "-t", "2s"}, account}, min(n, 5))
	if err != nil {
		return err
	}
	row(os.Stdout, "check_fans -t 2s: controller accepts, is silent", fs)
	return nil
}

// overIPMI measures check_fans on a server of about a hundred sensor records,
// and pairs it with ipmi-sensors (its cache filled) and check_ipmi_sensor where
// these are installed (Debian: freeipmi-tools, monitoring-plugins-contrib).
func overIPMI(bin string, n int) (err error) {
	const password = "monpw-0123456789" // IPMI takes twenty bytes at most
	sim, err := bmc.Run(bmc.Server{Vendor: bmc.Supermicro, Username: "monitor", Password: password, IPMI: &ipmi.Config{}})
	if err != nil {
		return err
	}
	defer sim.Close()
	dir, err := os.MkdirTemp("", "noout-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		return err
	}
	conf := filepath.Join(dir, "freeipmi.conf")
	text := "driver-type LAN_2_0\nusername monitor\npassword " + password + "\nprivilege-level USER\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return err
	}
	ours := command{[]string{filepath.Join(bin, "check_fans"), "-H", sim.IPMI, "--via", "ipmi", "--state-dir", filepath.Join(dir, "state")},
		[]string{"NOOUT_USERNAME=monitor", "NOOUT_PASSWORD=" + password}}
	fs, err := measure(ours, n)
	if err != nil {
		return err
	}
	row(os.Stdout, "check_fans --via ipmi: steady run", fs)
	peers := [][]string{
		{"ipmi-sensors", "--config-file", conf, "-h", sim.IPMI, "-t", "Fan", "--shared-sensors", "--quiet-cache", "--sdr-cache-directory", dir},
		{"/usr/lib/nagios/plugins/check_ipmi_sensor", "-H", sim.IPMI, "-f", conf, "--nosel", "-T", "Fan"},
	}
	for _, peer := range peers {
		path, err := exec.LookPath(peer[0])
		if err != nil {
			fmt.Printf("%-46s not installed\n", filepath.Base(peer[0]))
			continue
		}
		as, bs, err := pair(ours, command{append([]string{path}, peer[1:]...), nil}, n)
		if err != nil {
			return err
		}
		row(os.Stdout, filepath.Base(path), bs)
		ratios(os.Stdout, as, bs)
	}
	return nil
}
