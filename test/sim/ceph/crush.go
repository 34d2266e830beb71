package ceph

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// crushMap is the CRUSH map as crushtool writes it and Proxmox VE hands it on.
func (w *World) crushMap() string {
	var b strings.Builder
	b.WriteString("# begin crush map\ntunable choose_total_tries 50\n\n# devices\n")
	for _, o := range w.osds {
		fmt.Fprintf(&b, "device %d osd.%d class %s\n", o.id, o.id, o.class)
	}
	b.WriteString("\n# types\ntype 0 osd\ntype 1 host\ntype 8 datacenter\ntype 11 root\n\n# buckets\n")
	for i, h := range w.config.Hosts {
		fmt.Fprintf(&b, "host %s {\n\tid %d\t\t# do not change unnecessarily\n\talg straw2\n\thash 0\t# rjenkins1\n", h.Name, -2-i)
		for _, o := range w.osds {
			if o.host == h.Name {
				fmt.Fprintf(&b, "\titem osd.%d weight 0.00098\n", o.id)
			}
		}
		b.WriteString("}\n")
	}
	var below []string
	for site := range w.sites() {
		below = append(below, site)
	}
	slices.Sort(below)
	for _, site := range below {
		fmt.Fprintf(&b, "datacenter %s {\n\tid %d\t\t# do not change unnecessarily\n\talg straw2\n\thash 0\t# rjenkins1\n", site, w.bucketOf(site))
		for _, h := range w.config.Hosts {
			if w.config.Sites[h.Name] == site {
				fmt.Fprintf(&b, "\titem %s weight 0.00195\n", h.Name)
			}
		}
		b.WriteString("}\n")
	}
	b.WriteString("root default {\n\tid -1\t\t# do not change unnecessarily\n\talg straw2\n\thash 0\t# rjenkins1\n")
	for _, h := range w.config.Hosts {
		if w.config.Sites == nil {
			below = append(below, h.Name)
		}
	}
	for _, name := range below {
		fmt.Fprintf(&b, "\titem %s weight 0.00195\n", name)
	}
	b.WriteString("}\n\n# rules\n")
	for _, p := range w.pools {
		take := "default"
		choose := map[string]string{"host": "step chooseleaf firstn 0 type host", "osd": "step choose firstn 0 type osd", "site": fmt.Sprintf("step choose firstn 0 type datacenter\n\tstep chooseleaf firstn %d type host", p.Size/2)}[p.Domain]
		if p.Class != "" {
			take += " class " + p.Class
		}
		fmt.Fprintf(&b, "rule %s {\n\tid %d\n\ttype replicated\n\tstep take %s\n\t%s\n\tstep emit\n}\n", p.Name, p.id, take, choose)
	}
	b.WriteString("\n# end crush map\n")
	return b.String()
}

// cmdSafety is Proxmox VE's way to ask whether one daemon may be stopped; nil
// for what is not asked here.
func (w *World) cmdSafety(q url.Values) any {
	var id int
	if _, err := fmt.Sscan(q.Get("id"), &id); err != nil || q.Get("service") != "osd" || q.Get("action") != "stop" || id < 0 || id >= len(w.osds) || w.Active() == nil {
		return nil
	}
	safe := 0
	if w.okToStop([]int{id})["ok_to_stop"] == true {
		safe = 1
	}
	return object{"safe": safe, "status": ""}
}
