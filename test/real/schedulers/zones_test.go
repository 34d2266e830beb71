//go:build real

package schedulers

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The nodes of the shipped example that are run.
const (
	master    = "master1.example.net"
	satellite = "satellite1.example.net"
	agent     = "pve1.example.net"
)

// cluster is a master, a satellite and an agent, with certificates of one CA.
func cluster(t testing.TB, dir string) map[string]*icinga {
	t.Helper()
	nodes := map[string]*icinga{}
	for _, name := range []string{master, satellite, agent} {
		nodes[name] = newIcinga(t, dir, name)
	}
	nodes[master].authority()
	for _, n := range nodes {
		nodes[master].certify(n)
	}
	return nodes
}

// shipped is a file of the distributed example, moved from the machines of the
// example to this one: all nodes are at 127.0.0.1, each at a port of its own.
func (n *icinga) shipped(nodes map[string]*icinga, name string) string {
	n.t.Helper()
	text := read(n.t, contrib(n.t, "icinga2/distributed/"+name))
	text = strings.ReplaceAll(text, "object ApiListener \"api\" {\n", fmt.Sprintf("object ApiListener \"api\" {\n  bind_host = \"127.0.0.1\"\n  bind_port = %d\n", n.port))
	for name, x := range nodes {
		text = strings.ReplaceAll(text, fmt.Sprintf("  host = %q\n", name), fmt.Sprintf("  host = \"127.0.0.1\"\n  port = %d\n", x.port))
	}
	return text
}

// zones is what a role has in zones.conf and api.conf.
func (n *icinga) zones(nodes map[string]*icinga, role string) string {
	return n.shipped(nodes, role+"/zones.conf") + n.shipped(nodes, role+"/api.conf")
}

// What a node has that runs checks, and one that is in a zone of its own.
const (
	checker = "object CheckerComponent \"checker\" { }\n"
	alone   = "object Endpoint NodeName { }\nobject Zone ZoneName {\n  endpoints = [ NodeName ]\n}\n"
)

// TestZones: a master, a satellite and an agent with the zones as they are
// shipped. Checks run on the agent, and the master's API has what they print.
func TestZones(t *testing.T) {
	t.Parallel()
	printed := shell(t)
	dir := folder(t, "zones")
	s := openSite(t)
	p := s.at(t, dir)
	nodes := cluster(t, dir)
	nowhere := filepath.Join(dir, "no-plugins-here") // only the agent has them
	nodes[master].configure(nowhere, nodes[master].zones(nodes, "master")+asker+checker)
	nodes[satellite].configure(nowhere, nodes[satellite].zones(nodes, "satellite")+checker)
	nodes[agent].configure(built(t), nodes[agent].zones(nodes, "agent"))
	write(t, nodes[master].path("zones.d", "global-templates", "commands.conf"), read(t, contrib(t, "icinga2/commands.conf")))
	write(t, nodes[master].path("zones.d", "satellite", "matrix.conf"), matrix(s, filepath.Join(p.dir, "memory"), agent))
	give(t, nodes[master].dir)
	for _, name := range []string{master, satellite, agent} {
		nodes[name].start()
	}
	nodes[master].compare(t, nodes[agent], printed)
}

// TestZonesExamples: icinga2 has nothing to say against the whole distributed
// example, set up as its README says.
func TestZonesExamples(t *testing.T) {
	t.Parallel()
	nodes := cluster(t, folder(t, "zones-examples"))
	// The certificates here are made by hand. Where machines ask for theirs, a
	// master without the salt signs none of them, and says nothing.
	if !strings.Contains(read(t, contrib(t, "icinga2/distributed/master/api.conf")), "  ticket_salt = TicketSalt\n") {
		t.Error("the master's ApiListener has no ticket_salt")
	}
	copies := map[string]string{
		"icinga2/commands.conf": "global-templates/commands.conf",
		"icinga2/services.conf": "satellite/services.conf",
		"second/icinga2.conf":   "satellite/second.conf",
	}
	base := contrib(t, "icinga2/distributed/master/zones.d")
	err := fs.WalkDir(os.DirFS(base), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".conf") {
			copies["icinga2/distributed/master/zones.d/"+path] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const gateway = "  vars.noout_gateway = \"192.0.2.1\"\n"
	for from, to := range copies {
		// as contrib/second says it of the host of the cluster
		text := strings.Replace(read(t, contrib(t, from)), gateway, gateway+"  vars.noout_second = \"satellite2.example.net\"\n", 1)
		write(t, nodes[master].path("zones.d", to), text)
	}
	nodes[master].configure(built(t), nodes[master].zones(nodes, "master")+checker)
	nodes[satellite].configure(built(t), nodes[satellite].zones(nodes, "satellite")+checker)
	nodes[agent].configure(built(t), nodes[agent].zones(nodes, "agent"))
	for _, n := range nodes {
		n.verify()
	}
}
