package pve

import (
	"slices"
	"strings"
)

// rights are what a token is granted.
type rights []Grant

// at are the privileges at a path, each with whether it reaches further down.
// A grant at a deeper path replaces those above it; a guest also has what its
// pool has.
func (r rights) at(w *World, path string) map[string]bool {
	out := r.plain(path)
	if vmid, is := strings.CutPrefix(path, "/vms/"); is {
		for _, g := range w.guests {
			if g.Pool != "" && vmid == itoa(g.ID) {
				for p := range r.plain("/pool/" + g.Pool) {
					if _, has := out[p]; !has && !r.denied(path) {
						out[p] = true
					}
				}
			}
		}
	}
	return out
}

// denied is the role NoAccess: an entry without privileges.
func (r rights) denied(path string) bool {
	return slices.ContainsFunc(r, func(g Grant) bool { return g.Path == path && len(g.Privileges) == 0 })
}

func (r rights) plain(path string) map[string]bool {
	out := map[string]bool{}
	for _, prefix := range prefixes(path) {
		var here []Grant
		for _, g := range r {
			if g.Path == prefix && (prefix == path || !g.NoPropagate) {
				here = append(here, g)
			}
		}
		if len(here) == 0 {
			continue
		}
		out = map[string]bool{}
		for _, g := range here {
			for _, p := range g.Privileges {
				out[p] = !g.NoPropagate
			}
		}
	}
	return out
}

// prefixes of /vms/105 are /, /vms and /vms/105.
func prefixes(path string) []string {
	out := []string{"/"}
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			out = append(out, path[:i])
		}
	}
	if path != "/" {
		out = append(out, path)
	}
	return out
}

func (r rights) has(w *World, path, privilege string) bool {
	_, found := r.at(w, path)[privilege]
	return found
}

// dump is /access/permissions: the top-level paths, those of every entry of
// the access control list, and those of pools' members. Paths without any
// privilege are left out.
func (r rights) dump(w *World) object {
	paths := []string{"/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"}
	for _, grants := range w.config.Tokens {
		for _, g := range grants {
			paths = append(paths, g.Path)
		}
	}
	for _, g := range w.guests {
		if g.Pool != "" {
			paths = append(paths, "/vms/"+itoa(g.ID))
		}
	}
	out := object{}
	for _, path := range paths {
		privileges := object{}
		for p, further := range r.at(w, path) {
			privileges[p] = bit(further)
		}
		if len(privileges) > 0 {
			out[path] = privileges
		}
	}
	return out
}

// loseVerb takes one privilege from the token: "lose?privilege=Datastore.Audit".
func loseVerb(w *World, c *call) {
	if c.Get("privilege") == "" {
		c.fail("privilege is missing")
	}
	w.when(c, func() {
		grants := slices.Clone(w.config.Tokens[Token])
		for i, g := range grants {
			grants[i].Privileges = slices.DeleteFunc(slices.Clone(g.Privileges), func(p string) bool { return p == c.Get("privilege") })
		}
		w.config.Tokens[Token] = grants
	})
}
