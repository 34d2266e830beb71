package maintenance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// addressed are the documents of a model in which every daemon has the address
// of its node, 192.0.2.1 and up.
func (m *model) addressed() string {
	text := m.documents()
	for id, o := range m.osds {
		text = strings.Replace(text, fmt.Sprintf(`"osd":%d,`, id), fmt.Sprintf(`"osd":%d,"public_addr":"192.0.2.%d:6801/9",`, id, o.on+1), 1)
	}
	for i, n := range m.nodes {
		text = strings.Replace(text, `{"name":"`+n.name+`"}`, fmt.Sprintf(`{"name":"%s","public_addr":"192.0.2.%d:6789/0"}`, n.name, i+1), 1)
	}
	return text
}

// machine is the well cluster with addresses, changed.
func machine(t *testing.T, change func(*Evidence, *string)) Evidence {
	m := well()
	e := m.evidence(t)
	text := m.addressed()
	for i := range e.PVE.Cluster.Nodes {
		e.PVE.Cluster.Nodes[i].IP = fmt.Sprintf("198.51.100.%d", i+1)
	}
	change(&e, &text)
	read := cluster(t, text)
	e.Ceph.Cluster = &read
	return m.asked(e)
}

// TestMachines: names of machines and of daemons are habits, and habits are
// broken.
func TestMachines(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Evidence, *string)
		want   string
	}{
		"as it is": {func(e *Evidence, text *string) {}, "yes"},
		"an OSD is on the node and below another in CRUSH": {func(e *Evidence, text *string) {
			*text = strings.Replace(*text, `"192.0.2.2:6801`, `"192.0.2.3:6801`, 1)
		}, "not-proven"},
		"an OSD has the node's address in the cluster": {func(e *Evidence, text *string) {
			e.PVE.Cluster.Nodes[2].IP = "192.0.2.2"
		}, "not-proven"},
		"a second monitor is on the node, and called like another": {func(e *Evidence, text *string) {
			*text = strings.Replace(*text, `{"name":"pve2","public_addr":"192.0.2.2:`, `{"name":"pve2","public_addr":"192.0.2.3:`, 1)
		}, "no"},
		"the same, by the cluster's address": {func(e *Evidence, text *string) {
			*text = strings.Replace(*text, `{"name":"pve2","public_addr":"192.0.2.2:`, `{"name":"pve2","public_addr":"198.51.100.3:`, 1)
		}, "no"},
		"its monitor is called like another": {func(e *Evidence, text *string) {
			*text = strings.Replace(*text, `{"name":"pve3","public_addr":"192.0.2.3:`, `{"name":"pve3","public_addr":"192.0.2.2:`, 1)
		}, "yes"},
		"a gateway stays on a machine that is no node and had OSDs once": {func(e *Evidence, text *string) {
			daemon := func(host string) string { return `{"metadata":{"hostname":"` + host + `"}}` }
			*text = strings.Replace(*text, `"servicemap":{"services":{}}`, `"servicemap":{"services":{"rgw":{"daemons":{"1":`+daemon("pve3")+`,"2":`+daemon("gw1")+`}}}}`, 1)
			*text = strings.ReplaceAll(*text, `],"stray":[]`, `,{"id":-300,"name":"gw1","type":"host","type_id":1,"children":[]}],"stray":[]`)
		}, "yes"},
	} {
		t.Run(name, func(t *testing.T) {
			e := machine(t, tc.change)
			if list := Serviceable(e); list.Decision() != tc.want {
				t.Errorf("%s, want %s: %q", list.Decision(), tc.want, list)
			}
		})
	}
}

// TestNoOSDs: that a node has none must not rest on how a host is called.
func TestNoOSDs(t *testing.T) {
	for name, tc := range map[string]struct {
		hosts  []string
		mapped map[string][]string
		want   string
	}{
		"hosts of others":              {[]string{"pve1", "pve2"}, nil, "yes"},
		"full names":                   {[]string{"pve1.example.net", "pve2.example.net"}, nil, "yes"},
		"a second host, by its name":   {[]string{"pve1", "pve2", "pve1-ssd"}, nil, "not-proven"},
		"a second host, said to be so": {[]string{"pve1", "pve2", "pve1-ssd"}, map[string][]string{"pve1": {"pve1", "pve1-ssd"}}, "yes"},
		"its own host, given away":     {[]string{"pve1", "pve2", "pve3"}, map[string][]string{"pve33": {"pve3"}}, "not-proven"},
		"an empty host of its own":     {[]string{"pve1", "pve2", ""}, nil, "yes"},
		"a host of nobody":             {[]string{"pve1", "pve2", "third"}, nil, "not-proven"},
	} {
		t.Run(name, func(t *testing.T) {
			e := wellByToken(t)
			e.Ceph.Hosts = tc.mapped
			tree := ceph.Tree{}
			for i, h := range tc.hosts {
				tree.Hosts = append(tree.Hosts, ceph.Host{Name: h, OSDs: []int{i}})
			}
			c := *e.Ceph.Cluster
			c.Tree = &tree
			found := (&leaving{Cluster: &c, e: Evidence{PVE: PVE{Cluster: e.PVE.Cluster, Leaving: []string{"pve3"}}, Ceph: Ceph{Hosts: tc.mapped, Cluster: &c}}})
			c.Map = &ceph.Map{}
			for i := range tc.hosts {
				c.Map.OSDs = append(c.Map.OSDs, ceph.OSD{ID: i, Up: true, In: true})
			}
			if tc.hosts[len(tc.hosts)-1] == "" {
				tree.Hosts[2], c.Map.OSDs = ceph.Host{Name: "pve3"}, c.Map.OSDs[:2]
			}
			condition, _ := found.find()
			list := Checklist{condition}
			if list.Decision() != tc.want {
				t.Errorf("%s, want %s: %q", list.Decision(), tc.want, list)
			}
		})
	}
}
