// Ceph stands in for the ceph command and asks the simulator that --conf names.
package main

import (
	"os"

	"github.com/noout-monitoring/noout/test/sim/ceph"
)

func main() { os.Exit(ceph.Command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
