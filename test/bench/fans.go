package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// fans measures check_fans over Redfish, with TLS, a controller's RSA key and its
// log. CHECK_REDFISH=/path/to/check_redfish.py puts that plugin beside it.
func (s *session) fans(ctx context.Context) error {
	return s.inRooms("BMC", bmc.Dell, func(r rooms) error {
		var others []command
		if peer := os.Getenv("CHECK_REDFISH"); peer != "" {
			others = append(others, command{args: append([]string{peer}, r[0].expand("-H $BMC -u $BMCUSER -p $BMCPASSWORD --nosession --fan")...)})
		} else {
			s.leave("check_redfish", "CHECK_REDFISH gives its path")
		}
		others = append(others, s.request(r[0]))
		if err := s.steady(ctx, r, poll{"check_fans, Redfish", fansLine}, others...); err != nil {
			return err
		}
		return s.steady(ctx, r, poll{"check_fans, Redfish, without TLS resumption", fansLine + " --tls-resume off"})
	})
}

// overIPMI measures check_fans over IPMI beside ipmi-sensors, its cache filled,
// and check_ipmi_sensor where these are installed (Debian: freeipmi-tools,
// monitoring-plugins-contrib).
func (s *session) overIPMI(ctx context.Context) error {
	return s.inRooms("BMC", bmc.Supermicro, func(r rooms) error {
		conf := filepath.Join(s.dir, "freeipmi.conf")
		text := "driver-type LAN_2_0\nusername " + r[0].names["BMCUSER"] + "\npassword \"" + r[0].names["BMCPASSWORD"] + "\"\nprivilege-level USER\n"
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			return err
		}
		var others []command
		for _, line := range []string{
			"ipmi-sensors -h $IPMI -t Fan --shared-sensors --quiet-cache --sdr-cache-directory " + s.dir + " --config-file " + conf,
			"/usr/lib/nagios/plugins/check_ipmi_sensor -H $IPMI --nosel -T Fan -f " + conf,
		} {
			words := r[0].expand(line)
			path, err := exec.LookPath(words[0])
			if err != nil {
				s.leave(filepath.Base(words[0]), "not installed")
				continue
			}
			others = append(others, command{args: append([]string{path}, words[1:]...)})
		}
		return s.steady(ctx, r, poll{"check_fans, IPMI", ipmiLine}, others...)
	})
}
