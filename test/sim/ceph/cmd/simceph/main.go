// Simceph runs a simulated Ceph cluster: the dashboards of its mgrs, the API of
// Proxmox VE about it, and what the ceph stand-in command asks. It prints one
// line when it is ready and stops by itself.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/test/sim/ceph"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	control := flag.String("control", "127.0.0.1:0", "address for control: POST a line such as stop?host=node1")
	dir := flag.String("dir", "", "directory for ceph.conf and keyrings")
	stop := flag.Duration("for", 10*time.Minute, "stop after this time")
	flag.Parse()
	s, err := ceph.Run(ceph.Config{}, *control)
	if err != nil {
		return err
	}
	defer s.Close()
	if *dir != "" {
		if err := s.Files(*dir); err != nil {
			return err
		}
	}
	fmt.Printf("ready control=%s dashboards=%s pve=%s questions=%s fingerprint=%s\n",
		s.Control, strings.Join(s.Dashboards, ","), s.API, s.Questions, s.Fingerprint())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-signals:
	case <-time.After(*stop):
	}
	return nil
}
