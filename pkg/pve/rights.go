package pve

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// permissions is /access/permissions: path, privilege, whether it reaches the
// paths below.
type permissions = table[table[flag]]

// lacking compares the token's privileges with what every verdict about the
// whole cluster needs. It matters more than any other document: a token
// without privileges is not refused, it is answered 200 with empty lists
// (measured on 7.4, 8.3 and 9.2).
//
// The API lists the top-level paths, those in the access control list and
// those of pools' members, and leaves out a path for which the token has no
// privilege at all (pve-access-control, get_effective_permissions). A single
// guest hidden by the role NoAccess can therefore not be told from here, but
// when it is under HA: see [Cluster.Hidden].
func lacking(p permissions) Rights {
	var r Rights
	for _, need := range [][2]string{{"/", "Sys.Audit"}, {"/vms", "VM.Audit"}} {
		if !p[need[0]][need[1]] {
			r = append(r, need[1]+" on "+need[0])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(p)) {
		need := ""
		switch {
		case strings.HasPrefix(path, "/vms/"), strings.HasPrefix(path, "/pool/"):
			need = "VM.Audit"
		case path == "/nodes", strings.HasPrefix(path, "/nodes/"):
			need = "Sys.Audit"
		}
		if _, has := p[path][need]; need != "" && !has {
			r = append(r, need+" on "+phrase.Clip(path, maxName))
		}
	}
	return r
}

// May says whether the token has a privilege on a path such as /storage/pbs: by
// its own entry, or by the nearest path above that hands it down.
func (c Cluster) May(privilege, path string) bool {
	if own, listed := c.granted[path]; listed {
		_, has := own[privilege]
		return has
	}
	for path != "/" && path != "" {
		i := strings.LastIndexByte(path, '/')
		if path = path[:max(i, 0)]; path == "" {
			path = "/"
		}
		if own, listed := c.granted[path]; listed {
			return bool(own[privilege])
		}
	}
	return false
}

// MayBelow says whether it has it on everything below a path such as /vms: a
// privilege may be given on a path alone.
func (c Cluster) MayBelow(privilege, path string) bool { return c.May(privilege, path+"/*") }

// Hidden lists the HA services whose guest is not among those the token was
// shown: proof that the list of guests is not whole.
func (c Cluster) Hidden() []string {
	seen := make(map[string]bool, len(c.Guests))
	for _, g := range c.Guests {
		seen[g.SID()] = true
	}
	var hidden []string
	for _, s := range c.HA.Services {
		if _, is := s.GuestID(); is && !seen[s.SID] {
			hidden = append(hidden, s.SID)
		}
	}
	return hidden
}

// Listed says that the list of guests was read.
func (c Cluster) Listed() bool {
	return !slices.ContainsFunc(c.Gaps, func(g Gap) bool { return g.Path == pathResources })
}

// Untold says in words what of the cluster's documents is missing, each cause
// once. What the token may not see is left to [Cluster.Rights].
func (c Cluster) Untold() []string { return untold(c.Gaps, len(c.Rights) > 0) }

// Untold is the same of any gaps.
func Untold(gaps []Gap) []string { return untold(gaps, false) }

func untold(gaps []Gap, forbidden bool) []string {
	var out, more []string
	said, configs := map[string]bool{}, 0
	for _, g := range gaps {
		var e *Error
		text := g.Err.Error()
		if said[text] || forbidden && errors.As(g.Err, &e) && e.Code == http.StatusForbidden {
			continue
		}
		said[text] = true
		// Tens of thousands of guests may have one that cannot be read.
		guest, is := strings.CutPrefix(g.Path, configOfGuest)
		if is {
			configs++
		}
		if configs > fewDoubts && is {
			more = append(more, guest)
			continue
		}
		out = append(out, text)
	}
	if len(more) > 0 {
		out = append(out, phrase.Count(len(more), "more configuration", "more configurations")+" cannot be read: "+phrase.List(more, phrase.Some))
	}
	return out
}
