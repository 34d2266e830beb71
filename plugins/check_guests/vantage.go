package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// vantage is what the same plugin saw from another place, as its answer in JSON
// tells it.
type vantage struct {
	// at is when it asked, by its own clock, and age how long ago that was.
	at  time.Time
	age time.Duration
	// trouble says why it does not count: it is as if it were not there.
	trouble error
	seen    map[guestAddress]reachability
}

// guestAddress is a guest at an address. An answer at another address is none at this
// one: it is of another network, or of the other family. Targets have no number.
type guestAddress struct {
	id   int
	addr netip.Addr
}

// reachability is what the second vantage point says of a guest, empty for nothing.
type reachability string

const (
	answersThere reachability = "answers"
	silentThere  reachability = "silent"
)

const (
	largestAnswer = 64 << 20
	// apart is by how much two clocks may differ that are kept right.
	apart = 10 * time.Second
	// longestAge of an answer that says something about now.
	longestAge = time.Hour
)

// answer is what is read of the second answer.
type answer struct {
	Plugin string  `json:"plugin"`
	Facts  *report `json:"facts"`
}

// look reads the second answer, and marks what it says of each guest. Whatever is
// wrong with it is told, and takes nothing from what is seen here.
func (o *options) look(f *facts) {
	if o.Second == "" {
		return
	}
	v := &vantage{}
	f.second = v
	raw, err := secret.Guarded(o.Second, largestAnswer)
	if err != nil {
		v.trouble = err
		return
	}
	if v.trouble = v.read(raw, f.subject(), o.clock.Now()); v.trouble == nil && v.age > o.SecondAge {
		v.trouble = fmt.Errorf("it is %s old", check.DurationText(v.age.Round(time.Second)))
	}
	if v.trouble == nil {
		f.compare()
	}
}

// read takes an answer apart. Subject is the cluster that is meant, empty for
// targets.
func (v *vantage) read(raw []byte, subject string, now time.Time) error {
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil || a.Plugin != "check_guests" || a.Facts == nil || a.Facts.At.IsZero() {
		return errors.New("expected an answer of check_guests --output json, whole")
	}
	v.at, v.age = a.Facts.At, max(0, now.Sub(a.Facts.At))
	switch {
	case a.Facts.Cluster != subject:
		return errors.New("it is about another cluster")
	case v.at.Sub(now) > apart:
		return fmt.Errorf("it is dated %s, which is later than now", phrase.Time(v.at))
	}
	v.seen = map[guestAddress]reachability{}
	reachesAny, owners := a.Facts.reachesAny(), map[netip.Addr]int{}
	for _, g := range a.Facts.Guests {
		if g.Reachable {
			owners[g.at()]++
		}
	}
	for _, g := range a.Facts.Guests {
		switch addr := g.at(); {
		case !addr.IsValid():
		case g.Reachable && (g.ID == 0 || owners[addr] == 1): // else it is the answer of one of them
			v.seen[guestAddress{g.ID, addr}] = answersThere
		case g.Silent && !g.Migrating && reachesAny && (g.ID == 0 || !g.Answered.IsZero()):
			v.seen[guestAddress{g.ID, addr}] = silentThere
		}
	}
	return nil
}

func (g subjectReport) at() netip.Addr {
	a, err := netip.ParseAddr(g.Address)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// reachesAny says that the second vantage point can see at all: its gateway answers,
// or one of the guests. Else its silence may be that of its own path.
func (r report) reachesAny() bool {
	if r.Parent != nil {
		return r.Parent.Reachable
	}
	return slices.ContainsFunc(r.Guests, func(g subjectReport) bool { return g.Reachable })
}

// compare marks what the second vantage point says of the subjects. An answer that
// it had before the last one that was had here says nothing about a silence that
// began since.
func (f *facts) compare() {
	for i := range f.subjects {
		s := &f.subjects[i]
		there := f.second.seen[guestAddress{s.guest.ID, s.addr}]
		if there == answersThere && !f.second.at.After(s.known.Answered.time()) {
			there = ""
		}
		s.there = there
	}
}

// subject is what the cluster is known by; targets have none.
func (f *facts) subject() string {
	if f.cluster == nil {
		return ""
	}
	return f.cluster.Subject()
}

// onlyThere says that a guest was asked in vain here, and answers there. Guests
// of a node that is offline are judged with it.
func (f *facts) onlyThere(s *subject) bool {
	return s.asked && !s.reached() && !s.nodeDown && s.there == answersThere
}

func (v *vantage) ago() string { return check.DurationText(v.age.Round(time.Second)) + " ago" }
