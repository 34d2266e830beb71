package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/wire"
	"github.com/noout-monitoring/noout/test/story/room"
)

// simulator is a machine room in a process of its own, whose CPU time
// is that of a controller. Each side of a pair has its own.
type simulator struct {
	names  map[string]string // of things, as room.Files has them
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
	behind string
}

// usage is what a simulator has done so far.
type usage struct {
	CPU  time.Duration
	Wire wire.Count
	Err  string
}

// simulate starts a simulator, whose wire is that behind a name, with a
// controller of a vendor.
func (s *session) simulate(behind string, vendor bmc.Vendor) (*simulator, error) {
	dir, err := os.MkdirTemp(s.dir, "room-")
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	sim := &simulator{cmd: exec.Command(self, asSimulator, dir, string(vendor)), behind: behind}
	sim.cmd.Stderr = os.Stderr
	if sim.in, err = sim.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := sim.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := sim.cmd.Start(); err != nil {
		return nil, err
	}
	sim.out = json.NewDecoder(out)
	if err := sim.out.Decode(&sim.names); err != nil {
		return nil, errors.Join(fmt.Errorf("simulator: %w", err), sim.close())
	}
	sim.names["STATE"] = filepath.Join(dir, "state")
	return sim, os.Mkdir(sim.names["STATE"], 0o700)
}

func (s *simulator) usage() (usage, error) {
	if s == nil {
		return usage{}, nil
	}
	return s.ask("count " + s.behind)
}

// ask lets something happen in the room, in its language.
func (s *simulator) ask(line string) (u usage, err error) {
	if _, err := fmt.Fprintln(s.in, line); err != nil {
		return u, err
	}
	if err := s.out.Decode(&u); err != nil {
		return u, fmt.Errorf("simulator: %w", err)
	}
	if u.Err != "" {
		return u, errors.New(u.Err)
	}
	return u, nil
}

func (s *simulator) close() error { return errors.Join(s.in.Close(), s.cmd.Wait()) }

// asSimulator is the argument that makes the bench a simulator.
const asSimulator = "-simulate"

// simulator is that process: it ends with its input.
func beSimulator(dir, vendor string) error {
	signal.Ignore(os.Interrupt) // the bench ends it
	config := room.Lab()
	config.Vendor, config.TLS = bmc.Vendor(vendor), bmc.TLSRSA
	r, err := room.Open(config)
	if err != nil {
		return err
	}
	defer r.Close()
	names, err := r.Files(dir)
	if err != nil {
		return err
	}
	names["PVE"], names["FINGERPRINT"] = r.PVE.Addresses(), r.PVE.Fingerprint()
	names["DASHBOARD"], names["CEPHFINGERPRINT"] = r.Ceph.Dashboards[0], r.Ceph.Fingerprint()
	names["BMCUSER"], names["BMCPASSWORD"] = bmc.Username, room.Password
	names["DASHBOARDAUTH"] = filepath.Join(dir, "dashboard.ini")
	if err := os.WriteFile(names["DASHBOARDAUTH"], fmt.Appendf(nil, "[*]\nusername = %s\npassword = %s\n", ceph.Username, ceph.Password), 0o600); err != nil {
		return err
	}
	return answer(r, names)
}

// answer counts and lets things happen, line by line.
func answer(r *room.Room, names map[string]string) error {
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(names); err != nil {
		return err
	}
	count := map[string]func() wire.Count{
		"count BMC": r.BMC.Wire, "count NODES": r.Wire, "count PVE": r.PVE.Wire.Count, "count DASHBOARD": r.Ceph.Wire.Count,
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var u usage
		if of := count[lines.Text()]; of != nil {
			u.Wire = of()
		} else if err := r.Do(lines.Text()); err != nil {
			u.Err = err.Error()
		}
		var ru syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
			return err
		}
		u.CPU = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
		if err := out.Encode(u); err != nil {
			return err
		}
	}
	return nil
}
