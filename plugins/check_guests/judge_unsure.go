package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// shared addresses prove nothing: the answer is that of one of the guests.
func (v *verdict) shared() {
	owners := map[netip.Addr][]string{}
	if v.cluster != nil {
		for _, n := range v.cluster.Nodes {
			if a, err := netip.ParseAddr(n.IP); err == nil {
				owners[a.Unmap()] = append(owners[a.Unmap()], "node "+n.Name)
			}
		}
	}
	var several []netip.Addr
	for i := range v.subjects {
		s := &v.subjects[i]
		if s.guest.ID == 0 || !s.reached() {
			continue
		}
		owners[s.addr] = append(owners[s.addr], s.name)
		if len(owners[s.addr]) == 2 {
			several = append(several, s.addr)
		}
	}
	if len(several) == 0 {
		return
	}
	texts := make([]string, len(several))
	for i, a := range several {
		texts[i] = fmt.Sprintf("%s of %s", a, strings.Join(owners[a], " and "))
	}
	v.say(check.UNKNOWN, "%s, an answer proves one of them: %s", phrase.Count(len(several), "address is shared", "addresses are shared"), phrase.List(texts, few))
}

// cutWatch: what would have happened in the rest of a watch nobody knows.
func (v *verdict) cutWatch() {
	if v.watched && v.cut {
		v.say(check.UNKNOWN, "the watch was cut off after %s, -t is too short", check.DurationText(v.ended.Sub(v.began).Round(time.Second)))
	}
}

// untold guests were on a node that had been away before anybody looked, and
// do not answer.
func (v *verdict) untold() {
	for _, n := range v.nodes() {
		of := v.take(func(s *subject) bool { return s.stopped == untold && s.node == n && !s.reached() })
		switch {
		case len(of) == 0:
		case of[0].nodeDown:
			v.say(check.UNKNOWN, "node %s is down, and whether %s ran is not known: %s", n, phrase.Count(len(of), "guest", "guests"), phrase.List(of, few))
		default:
			v.say(check.UNKNOWN, "%s does not tell whether %s: %s", n, phrase.Count(len(of), "guest runs", "guests run"), phrase.List(of, few))
		}
	}
}
