package main

import (
	"os"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// fans measures check_fans on a server with six fans, over TLS, with its log.
// CHECK_REDFISH=/path/to/check_redfish.py compares it with that plugin.
func fans(s sizes) (err error) {
	sim, err := bmc.Run(bmc.Server{Vendor: bmc.Dell})
	if err != nil {
		return err
	}
	defer sim.Close()
	_, state, done, err := scratch()
	if err != nil {
		return err
	}
	defer func() { err = done(err) }()
	plugin := s.plugin("check_fans")
	account := []string{"NOOUT_USERNAME=" + bmc.Username, "NOOUT_PASSWORD=" + bmc.Password}
	steady := command{[]string{plugin, "-H", sim.Host, "--fingerprint", sim.Fingerprint(), "--state-dir", state}, account}
	start := command{[]string{plugin, "-V"}, nil}
	for _, c := range []struct {
		name string
		command
	}{{"check_fans -V: start and end", start}, {"check_fans: steady run, six fans, TLS, log", steady}} {
		fs, err := measure(c.command, s.runs)
		if err != nil {
			return err
		}
		row(os.Stdout, c.name, fs)
	}
	if err := s.silent(sim, account); err != nil {
		return err
	}
	if peer := os.Getenv("CHECK_REDFISH"); peer != "" {
		as, bs, err := pair(steady, command{[]string{peer, "-H", sim.Host, "-u", bmc.Username, "-p", bmc.Password, "--nosession", "--fan"}, nil}, s.runs)
		if err != nil {
			return err
		}
		row(os.Stdout, "check_redfish --fan --nosession", bs)
		ratios(os.Stdout, as, bs, 0)
		return nil
	}
	left("check_redfish", "give its path as CHECK_REDFISH")
	return nil
}

// silent measures by how much a run outlives its own deadline of two seconds
// against a controller that accepts connections and says nothing.
func (s sizes) silent(sim *bmc.Sim, account []string) error {
	mend, err := sim.Break(bmc.Fault{Name: bmc.SilentAccept})
	if err != nil {
		return err
	}
	defer mend()
	fs, err := measure(command{[]string{s.plugin("check_fans"), "-H", sim.Host, "--via", "redfish", "--insecure", "--state", "off", "-t", "2s"}, account}, min(s.runs, 5))
	if err != nil {
		return err
	}
	row(os.Stdout, "check_fans -t 2s: controller accepts, is silent", fs)
	return nil
}
