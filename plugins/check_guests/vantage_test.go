package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
	"github.com/noout-monitoring/noout/pkg/state"
)

// elsewhere is an answer of the second vantage point about vm101, vm102 and vm103.
func elsewhere(change func(*report)) string {
	r := report{Cluster: "lab-pve1", At: evening.Add(-time.Minute), Faults: []string{}}
	for id := 101; id <= 103; id++ {
		r.Guests = append(r.Guests, subjectReport{ID: id, Address: fmt.Sprintf("192.0.2.%d", id), Reachable: true})
	}
	change(&r)
	raw, err := json.Marshal(map[string]any{"plugin": "check_guests", "facts": r})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func silence(g *subjectReport) {
	g.Reachable, g.Silent, g.Answered = false, true, evening.Add(-time.Hour)
}

// TestVantage: what is read of the second answer, and what says nothing.
func TestVantage(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*report)
		want   string // of vm101, vm102 and vm103
	}{
		"all answer":                    {func(*report) {}, "answers answers answers"},
		"one is silent":                 {func(r *report) { silence(&r.Guests[1]) }, "answers silent answers"},
		"one that never answered there": {func(r *report) { silence(&r.Guests[1]); r.Guests[1].Answered = time.Time{} }, "answers - answers"},
		"one that is being moved":       {func(r *report) { silence(&r.Guests[1]); r.Guests[1].Migrating = true }, "answers - answers"},
		"one that could not be asked":   {func(r *report) { r.Guests[1].Reachable = false }, "answers - answers"},
		"asked at another address":      {func(r *report) { r.Guests[1].Address = "2001:db8::1" }, "answers - answers"},
		"without an address":            {func(r *report) { r.Guests[1].Address = "" }, "answers - answers"},
		"two at one address":            {func(r *report) { r.Guests[1].Address = "192.0.2.101" }, "- - answers"},
		"nobody answers it":             {func(r *report) { silence(&r.Guests[0]); silence(&r.Guests[1]); silence(&r.Guests[2]) }, "- - -"},
		"nobody answers it, but a gateway": {func(r *report) {
			silence(&r.Guests[0])
			r.Guests = r.Guests[:1]
			r.Parent = &subjectReport{Reachable: true}
		}, "silent - -"},
		"its gateway is silent":       {func(r *report) { silence(&r.Guests[1]); r.Parent = &subjectReport{} }, "answers - answers"},
		"a little ahead of our clock": {func(r *report) { r.At = evening.Add(9 * time.Second) }, "answers answers answers"},
		"later than now":              {func(r *report) { r.At = evening.Add(time.Minute) }, "it is dated 2026-11-20T18:01:00Z, which is later than now"},
		"of another cluster":          {func(r *report) { r.Cluster = "other" }, "it is about another cluster"},
		"of targets":                  {func(r *report) { r.Cluster = "" }, "it is about another cluster"},
		"without a time":              {func(r *report) { r.At = time.Time{} }, "expected an answer of check_guests --output json, whole"},
	} {
		v := &vantage{}
		err := v.read([]byte(elsewhere(tc.change)), "lab-pve1", evening)
		var got []string
		for id := 101; id <= 103; id++ {
			seen := string(v.seen[guestAddress{id, netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", id))}])
			if seen == "" {
				seen = "-"
			}
			got = append(got, seen)
		}
		text := strings.Join(got, " ")
		if err != nil {
			text = err.Error()
		}
		if text != tc.want {
			t.Errorf("%s: %s, expected %s", name, text, tc.want)
		}
	}
}

// TestVantageFile: the file decides, so it goes through the door for such files;
// whatever is wrong is said, and takes nothing from what is seen here.
func TestVantageFile(t *testing.T) {
	whole := elsewhere(func(*report) {})
	for name, tc := range map[string]struct {
		make func(path string) error
		want string
	}{
		"missing":     {func(string) error { return nil }, "no such file"},
		"others":      {func(p string) error { return os.WriteFile(p, []byte(whole), 0o600) }, ""},
		"writable":    {func(p string) error { return errJoin(os.WriteFile(p, []byte(whole), 0o600), os.Chmod(p, 0o666)) }, "chmod go-w"},
		"a pipe":      {func(p string) error { return syscall.Mkfifo(p, 0o600) }, "regular"},
		"a directory": {func(p string) error { return os.Mkdir(p, 0o700) }, "regular"},
		"torn":        {func(p string) error { return os.WriteFile(p, []byte(whole[:len(whole)/2]), 0o600) }, "whole"},
		"empty":       {func(p string) error { return os.WriteFile(p, nil, 0o600) }, "whole"},
		"no JSON":     {func(p string) error { return os.WriteFile(p, []byte("OK: 3 of 3 guests answer"), 0o600) }, "whole"},
		"of another": {func(p string) error {
			return os.WriteFile(p, []byte(strings.Replace(whole, "check_guests", "check_pve", 1)), 0o600)
		}, "check_guests --output json"},
		"no facts": {func(p string) error { return os.WriteFile(p, []byte(`{"plugin":"check_guests","facts":null}`), 0o600) }, "whole"},
	} {
		path := filepath.Join(t.TempDir(), "second.json")
		if err := tc.make(path); err != nil {
			t.Fatal(err)
		}
		o := &options{Second: path, SecondAge: 3 * time.Minute, clock: state.Wall{Now: func() time.Time { return evening }}}
		f := town103()
		o.look(&f)
		r := judge(f, policy{warn: defaultWarning, crit: defaultCritical, neverState: "warning"})
		switch trouble := fmt.Sprint(f.second.trouble); {
		case tc.want == "" && (f.second.trouble != nil || r.Status() != check.WARNING):
			t.Errorf("%s: %s, %+v", name, trouble, r.Findings)
		case tc.want != "" && (!strings.Contains(trouble, tc.want) || r.Status() != check.CRITICAL || len(r.Notes) != 1):
			t.Errorf("%s: %s, %+v %q", name, trouble, r.Findings, r.Notes)
		}
	}
}

func errJoin(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// town103 is a cluster of which vm103 is silent, though it answered before.
func town103() facts {
	c := pve.Cluster{Name: "lab", Quorate: true, Nodes: []pve.Node{{Name: "pve1", ID: 1, Online: true}}}
	f := facts{now: evening, cluster: &c}
	for id := 101; id <= 103; id++ {
		s := subject{asked: true, addr: netip.MustParseAddr(fmt.Sprintf("192.0.2.%d", id)), reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5, Avg: time.Millisecond}},
			place: &place{guest: &pve.Guest{ID: id, Kind: pve.VM, Node: "pve1", Status: "running"}, node: "pve1", known: past{Answered: stampOf(evening.Add(-2 * time.Minute))}}}
		s.name = s.guest.String()
		f.subjects = append(f.subjects, s)
	}
	f.subjects[2].reach.Received = 0
	return f
}

// TestVantageOrder: an answer from before our own last one says nothing about a
// silence that began since, and old answers say nothing at all.
func TestVantageOrder(t *testing.T) {
	for name, tc := range map[string]struct {
		at   time.Duration
		want check.Status
	}{
		"after our last answer":  {-time.Minute, check.WARNING},
		"with our last answer":   {-2 * time.Minute, check.CRITICAL},
		"before our last answer": {-150 * time.Second, check.CRITICAL},
	} {
		f := town103()
		f.second = &vantage{at: evening.Add(tc.at), seen: map[guestAddress]reachability{{103, f.subjects[2].addr}: answersThere}}
		f.compare()
		if r := judge(f, policy{warn: defaultWarning, crit: defaultCritical}); r.Status() != tc.want {
			t.Errorf("%s: %+v", name, r.Findings)
		}
	}
}

// TestVantageNeverMilder: the second vantage point excuses those that answer
// there, and makes nothing else milder, whatever the facts.
func TestVantageNeverMilder(t *testing.T) {
	rank := []check.Status{check.OK, check.UNKNOWN, check.WARNING, check.CRITICAL}
	milder := func(a, b check.Status) bool { return slices.Index(rank, a) < slices.Index(rank, b) }
	p := policy{warn: defaultWarning, crit: defaultCritical, parentState: "unknown", neverState: "warning", noAddressState: "ok", interval: 80 * time.Millisecond}
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		if rapid.IntRange(0, 3).Draw(t, "gateway") == 0 {
			f.parent = &subject{name: "gw", asked: true, place: nowhere(), reach: &ping.Watched{Reach: ping.Reach{Sent: 5}}}
		}
		alone := judge(f, p).Status()
		f.second = &vantage{trouble: fmt.Errorf("it is old")}
		if got := judge(f, p).Status(); got != alone {
			t.Fatalf("%s with one that does not count, %s alone", got, alone)
		}
		f.second = &vantage{}
		others, excused := f, 0
		others.second, others.subjects = nil, nil
		for i := range f.subjects {
			s := &f.subjects[i]
			s.there = reachability(rapid.SampledFrom([]string{"", "answers", "silent"}).Draw(t, "there"))
			if f.onlyThere(s) {
				excused++
			} else {
				plain := *s
				plain.there = ""
				others.subjects = append(others.subjects, plain)
			}
		}
		got := judge(f, p)
		if rest := judge(others, p).Status(); milder(got.Status(), rest) && len(others.subjects) > 0 {
			t.Errorf("%s, and those that do not answer there are %s alone: %+v", got.Status(), rest, got.Findings)
		}
		if excused > 0 && milder(got.Status(), check.WARNING) {
			t.Errorf("a path of ours is down, and it is %s", got.Status())
		}
		if excused == 0 && milder(got.Status(), alone) {
			t.Errorf("nobody answers there, and it is %s, %s alone", got.Status(), alone)
		}
	})
}
