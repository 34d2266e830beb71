package notice

import (
	"fmt"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
)

// reign is what the journal tells of one cluster's name: from when to when it was
// used, and by which guests.
type reign struct {
	first, last time.Time
	guests      map[string]bool
}

// heirs are names of clusters that another name has taken the place of: a cluster
// is told apart by its first node, which may be replaced, or get another address. The
// new name came after the old one's last word, and has most of its guests.
func heirs(entries []journal.Entry) map[string]string {
	if !slices.ContainsFunc(entries, func(e journal.Entry) bool { return e.Cluster != entries[0].Cluster }) {
		return nil // as nearly always
	}
	all, order := map[string]*reign{}, []string{}
	for _, e := range entries {
		if e.By != "check_guests" {
			continue
		}
		r := all[e.Cluster]
		if r == nil {
			r = &reign{first: e.At, guests: map[string]bool{}}
			all[e.Cluster], order = r, append(order, e.Cluster)
		}
		if e.At.After(r.last) {
			r.last = e.At
		}
		if e.Guest != nil && e.Guest.Name != "" { // a number alone is no guest: all clusters begin with 100
			gone, listed := e.Fact.(*journal.GuestListed)
			r.guests[fmt.Sprint(e.Guest.ID, e.Guest.Name)] = !listed || !gone.Gone
		}
	}
	out := map[string]string{}
	for i, old := range slices.Backward(order) {
		for _, name := range order[i+1:] {
			if all[name].first.After(all[old].last) && all[name].follows(all[old]) {
				out[old] = name
				if last, is := out[name]; is {
					out[old] = last
				}
				break
			}
		}
	}
	return out
}

// follows says whether most of the guests there were are here.
func (r *reign) follows(old *reign) bool {
	there, here := 0, 0
	for guest, is := range old.guests {
		if !is {
			continue
		}
		there++
		if _, known := r.guests[guest]; known {
			here++
		}
	}
	return here*2 > there
}

// now is the name that a cluster has now.
func (s *Story) now(cluster string) string {
	if name, is := s.heirs[cluster]; is {
		return name
	}
	return cluster
}

// Under are the orders with the names that clusters have now.
func (o Orders) Under(s *Story) Orders {
	o.Plans = slices.Clone(o.Plans)
	for i := range o.Plans {
		o.Plans[i].Cluster = s.now(o.Plans[i].Cluster)
	}
	return o
}

// under is the ledger with the names that clusters have now.
func (l Ledger) under(s *Story) Ledger {
	out := l.copy()
	for i := range out.Events {
		last := &out.Events[i].Last
		last.Servers = slices.Clone(last.Servers)
		for k := range last.Servers {
			last.Servers[k].Cluster = s.now(last.Servers[k].Cluster)
		}
	}
	return out
}
