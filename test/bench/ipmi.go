package main

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
)

// overIPMI measures check_fans on a server of about a hundred sensor records,
// and pairs it with ipmi-sensors (its cache filled) and check_ipmi_sensor where
// these are installed (Debian: freeipmi-tools, monitoring-plugins-contrib).
func overIPMI(s sizes) (err error) {
	const password = "monpw-0123456789" // IPMI takes twenty bytes at most
	sim, err := bmc.Run(bmc.Server{Vendor: bmc.Supermicro, Username: "monitor", Password: password, IPMI: &ipmi.Config{}})
	if err != nil {
		return err
	}
	defer sim.Close()
	dir, state, done, err := scratch()
	if err != nil {
		return err
	}
	defer func() { err = done(err) }()
	conf := filepath.Join(dir, "freeipmi.conf")
	text := "driver-type LAN_2_0\nusername monitor\npassword " + password + "\nprivilege-level USER\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return err
	}
	ours := command{[]string{s.plugin("check_fans"), "-H", sim.IPMI, "--via", "ipmi", "--state-dir", state},
		[]string{"NOOUT_USERNAME=monitor", "NOOUT_PASSWORD=" + password}}
	fs, err := measure(ours, s.runs)
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
			left(filepath.Base(peer[0]), "not installed")
			continue
		}
		as, bs, err := pair(ours, command{append([]string{path}, peer[1:]...), nil}, s.runs)
		if err != nil {
			return err
		}
		row(os.Stdout, filepath.Base(path), bs)
		ratios(os.Stdout, as, bs, 0)
	}
	return nil
}
