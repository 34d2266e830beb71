package main

import (
	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
)

// nodesDown are one finding each, however many guests they had.
func (v *verdict) nodesDown() {
	for _, n := range v.nodes() {
		up := v.count(func(s *subject) bool { return s.nodeDown && s.node == n && s.reached() })
		gone := v.take(func(s *subject) bool { return s.nodeDown && s.node == n && !s.reached() })
		switch {
		case len(gone) == 0:
		case up > 0: // it is cut off from its peers, and not from the world
			v.say(check.CRITICAL, "node %s is offline to its peers, %s of %d silent: %s", n, phrase.Count(len(gone), "guest", "guests"), len(gone)+up, phrase.List(gone, few))
		default:
			v.say(check.CRITICAL, "node %s is down: %s (%s)%s", n, phrase.Count(len(gone), "guest", "guests"), phrase.List(gone, few), v.elsewhere(gone))
		}
	}
}

// nodesSilent are nodes that are there, and of whose guests not one answers.
func (v *verdict) nodesSilent() {
	for _, n := range v.nodes() {
		all, silent, ever := 0, 0, false
		for i := range v.subjects {
			s := &v.subjects[i]
			if s.node == n && v.onlyThere(s) {
				all++ // it is not the node
			}
			if s.node != n || !s.asked || v.told[i] {
				continue
			}
			all++
			if v.silent(s) {
				silent++
				ever = ever || s.ever()
			}
		}
		if all < 2 || silent < all || !ever {
			continue
		}
		v.take(func(s *subject) bool { return s.node == n && v.silent(s) })
		v.say(check.CRITICAL, "all %d guests of %s silent: its bridge or uplink", all, n)
	}
}
