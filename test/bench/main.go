package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

func main() {
	bin := flag.String("bin", "bin", "folder with the built plugins")
	runs := flag.Int("n", 15, "counted runs of each command")
	flag.Parse()
	if err := fans(*bin, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
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
	silent(bin, sim, account, n)
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
func silent(bin string, sim *bmc.Sim, account []string, n int) {
	mend, err := sim.Break(bmc.Fault{Name: bmc.SilentAccept})
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return
	}
	defer mend()
	fs, err := measure(command{[]string{filepath.Join(bin, "check_fans"), "-H", sim.Host, "--insecure", "--state", "off", "-t", "2s"}, account}, min(n, 5))
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return
	}
	row(os.Stdout, "check_fans -t 2s: controller accepts, is silent", fs)
}
