package main

import (
	"net/netip"
	"slices"
)

// locate finds where those that may run are to be asked, by what is remembered.
func (p policy) locate(subjects []subject, m memory) {
	for i := range subjects {
		if s := &subjects[i]; s.stopped == running || s.stopped == untold {
			s.addr = p.address(m, s)
			_, read := m.Homes[s.guest.ID]
			s.unread = !read && !s.addr.IsValid()
		}
	}
}

// address at which a guest is asked: the one given, else the one at which it
// last answered, else the first of the wanted family.
func (p policy) address(m memory, s *subject) netip.Addr {
	if a, given := p.addresses[s.guest.ID]; given {
		return a
	}
	all := p.candidates(m, s)
	switch {
	case slices.Contains(all, s.known.At):
		return s.known.At
	case len(all) > 0:
		return all[0]
	}
	return netip.Addr{}
}

// candidates are a guest's addresses of the wanted family, IPv4 before IPv6
// when both are.
func (p policy) candidates(m memory, s *subject) (out []netip.Addr) {
	for _, six := range []bool{false, true} {
		if six && p.wanted.IPv4 || !six && p.wanted.IPv6 {
			continue
		}
		for _, a := range m.addresses(s.guest.ID) {
			if a.Is6() == six {
				out = append(out, a)
			}
		}
	}
	return out
}
