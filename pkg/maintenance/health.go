package maintenance

import (
	"slices"

	"github.com/noout-monitoring/noout/pkg/ceph"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// warning is what Ceph's health says besides errors: a maintenance warns of its
// own flag, and of nothing else.
func (l leaving) warning() string {
	status := l.Health.Status
	if status == ceph.HealthOK {
		return status
	}
	var codes []string
	for _, h := range l.Health.Checks {
		if !h.Muted {
			codes = append(codes, h.Code)
		}
	}
	slices.Sort(codes)
	switch {
	case len(codes) == 0:
		return status
	case l.onlyNoout(codes):
		return status + ", nothing but noout"
	}
	return status + " (" + phrase.List(codes, phrase.Few) + ")"
}

// onlyNoout says that the flags which health warns of are noout, in any scope.
func (l leaving) onlyNoout(codes []string) bool {
	if l.Map == nil || l.Map.ScopesUnknown || len(l.Scopes("noout")) == 0 {
		return false
	}
	for _, c := range codes {
		if c != "OSDMAP_FLAGS" && c != "OSD_FLAGS" {
			return false
		}
	}
	others := slices.Concat(stopping, ceph.FlagsHolding, ceph.FlagsHarmless)
	return !slices.ContainsFunc(others, func(f string) bool {
		return slices.ContainsFunc(l.Scopes(f), func(s ceph.Scope) bool { return f != "full" || s.Kind == ceph.ScopeCluster })
	})
}
