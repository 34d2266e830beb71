package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

// clusters measures check_ceph through a dashboard whose token it keeps, and
// check_pve, at simulators. What the ceph command costs only a real one can
// tell: on a machine of a cluster CEPH='--id nagios --keyring FILE' pairs
// check_ceph with one ceph status. The cluster that make test-real starts has
// the same pair as a benchmark: go test -tags real -run xxx -bench Cost
// ./test/real/ceph
func clusters(s sizes) (err error) {
	dir, state, done, err := scratch()
	if err != nil {
		return err
	}
	defer func() { err = done(err) }()
	lab, err := pve.Run(pve.Lab())
	if err != nil {
		return err
	}
	defer lab.Close()
	storage, err := ceph.Run(ceph.Config{}, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer storage.Close()
	auth, ca := filepath.Join(dir, "auth.ini"), filepath.Join(dir, "ca.pem")
	for path, text := range map[string]string{
		auth: fmt.Sprintf("[*]\nusername = %s\npassword = %s\ntoken = %s\n", ceph.Username, ceph.Password, pve.Token),
		ca:   string(lab.CA()),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		name string
		args []string
	}{
		{"check_ceph --via dashboard (cpu at most 15 ms)", []string{s.plugin("check_ceph"), "--via", "dashboard", "-H", storage.Dashboards[0], "--fingerprint", storage.Fingerprint(), "--auth-file", auth, "--state-dir", state}},
		{"check_pve (cpu at most 20 ms)", []string{s.plugin("check_pve"), "-H", lab.Addresses(), "--ca-file", ca, "--auth-file", auth, "--state-dir", state}},
	} {
		fs, err := measure(command{args: c.args}, s.runs)
		if err != nil {
			return err
		}
		row(os.Stdout, c.name, fs)
	}
	return s.status(state)
}

// status pairs check_ceph with one ceph status on a real cluster.
func (s sizes) status(state string) error {
	options := strings.Fields(os.Getenv("CEPH"))
	if len(options) == 0 {
		left("ceph status", "CEPH='--id NAME --keyring FILE' names a real cluster")
		return nil
	}
	path, err := exec.LookPath("ceph")
	if err != nil {
		left("ceph status", "not installed")
		return nil
	}
	ours := command{args: append([]string{s.plugin("check_ceph"), "--state-dir", state}, options...)}
	as, bs, err := pair(ours, command{args: append(append([]string{path}, options...), "status", "-f", "json")}, s.runs)
	if err != nil {
		return err
	}
	row(os.Stdout, "check_ceph (wall at most 1.9 of ceph status)", as)
	row(os.Stdout, "ceph status", bs)
	ratios(os.Stdout, as, bs, 0)
	return nil
}
