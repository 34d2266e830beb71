package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/journal"
	"github.com/noout-monitoring/noout/pkg/state"
)

// The month that has to be reported in 64 MiB and in a second: 400 guests of 40 customers on
// five nodes, 40 maintenances, 100,000 lines.
const (
	monthGuests = 400
	monthWorks  = 40
	monthNodes  = 5
	monthLines  = 100000
	monthMiB    = 64
)

// bigMonth writes a busy November through the journal itself. In each work a
// node's guests leave and come back, every move was measured, and every fourth left
// a silence; the rest of the lines are looks, as on any site.
func bigMonth(t testing.TB, dir string) {
	t.Helper()
	store, err := state.Options{Dir: dir}.Open("check_guests")
	if err != nil {
		t.Fatal(err)
	}
	var batch []journal.Entry
	n := 0
	flush := func(now time.Time) {
		if err := (journal.Options{}).Write(store, journal.Witness{Plugin: "check_guests", Now: now}, batch); err != nil {
			t.Fatal(err)
		}
		n, batch = n+len(batch), nil
	}
	guest := func(i int) *journal.Guest {
		return &journal.Guest{ID: 1000 + i, Type: "vm", Name: fmt.Sprintf("server%d.example.net", i), Pool: fmt.Sprintf("c%d", i%40)}
	}
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	note := func(g *journal.Guest, f journal.Fact) {
		e := journal.Entry{At: at, Cluster: "lab-pve1-192.0.2.11", Guest: g, Fact: f}
		if asked, is := f.(*journal.Asked); is {
			e.Node = asked.Nodes[0]
		}
		batch = append(batch, e)
	}
	for i := range monthGuests {
		note(guest(i), &journal.GuestListed{Answers: true})
	}
	yes := true
	move := func(i int, from, to string) {
		started := at
		at = at.Add(7 * time.Second)
		note(guest(i), &journal.GuestMoved{From: from, To: to, Started: started, Ended: at, Live: &yes, Task: fmt.Sprintf("UPID:%s:%08X:%08X:qmigrate:%d:root@pam:", from, n, at.Unix(), 1000+i)})
		note(guest(i), &journal.Gap{MS: 300, LeastMS: 279, MostMS: 320, From: started, Until: at, EveryMS: 20, Moving: true})
		if i/monthNodes%4 == 0 {
			note(guest(i), &journal.GuestSilent{Class: journal.ClassMigration})
			note(guest(i), &journal.GuestAnswers{})
		}
	}
	looks := 0
	look := func() {
		looks++
		batch = append(batch, journal.Entry{At: at, Cluster: "lab-pve1-192.0.2.11", Fact: &journal.Observed{From: at.Add(-time.Minute), Until: at, Polls: 2, PauseS: float64(looks%600) / 10}})
		at = at.Add(time.Second)
	}
	each := (monthLines - monthGuests - monthWorks*(5+monthGuests/monthNodes*2*5/2)) / monthWorks
	for k := range monthWorks {
		node, other := "pve"+strconv.Itoa(k%monthNodes+1), "pve"+strconv.Itoa((k+1)%monthNodes+1)
		at = time.Date(2026, 11, 1, 8+18*k, 0, 0, 0, time.UTC)
		ask := func(gate string) {
			note(nil, &journal.Asked{Gate: gate, Nodes: []string{node}, Answer: journal.AnswerYes, Conditions: 12, Holding: 12})
		}
		half := func(from, to string) {
			for i := range monthGuests / monthNodes {
				move(monthNodes*i+k%monthNodes, from, to)
			}
		}
		half(node, other)
		ask(gateDrained)
		ask(gateServiceable)
		batch = append(batch, journal.Entry{At: at.Add(time.Minute), Cluster: "lab-pve1-192.0.2.11", Node: node, Since: at, Fact: &journal.NodeOffline{}})
		at = at.Add(time.Hour)
		batch = append(batch, journal.Entry{At: at, Cluster: "lab-pve1-192.0.2.11", Node: node, Since: at.Add(-time.Minute), Fact: &journal.NodeOnline{}})
		half(other, node)
		ask(gateReintegrated)
		for range each {
			if look(); len(batch) > 300 {
				flush(at)
			}
		}
		flush(at)
	}
	if n != monthLines {
		t.Fatalf("%d lines, expected %d", n, monthLines)
	}
}

const childJournal = "REPORT_TEST_JOURNAL"

func TestMain(m *testing.M) {
	dir := os.Getenv(childJournal)
	if dir == "" {
		os.Exit(m.Run())
	}
	os.Exit(reportMonth(dir))
}

// reportMonth makes a report in a process of its own, with what a plugin's process
// has, and says on its last line how much memory that took, in KiB, and how many
// objects were made.
func reportMonth(dir string) int {
	runtime.GOMAXPROCS(1)
	p := pluginAt(func() time.Time { return time.Date(2026, 12, 1, 6, 0, 0, 0, time.UTC) })
	if p.Memory > 0 {
		debug.SetMemoryLimit(p.Memory << 20)
	}
	code := p.Run(os.Args[1:], os.Stdout)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fmt.Println(err)
		return 3
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	var made runtime.MemStats
	runtime.ReadMemStats(&made)
	fmt.Printf("\n%s %d\n", kib, made.Mallocs)
	return code
}

// TestMonth: the report of a busy month stays within its memory, whoever it is for.
// How long it takes is printed, because machines differ. What it costs is held by
// how many objects are made: two for a line of the journal, few for a row of the
// report. As a template makes rows there were five times as many, and in this memory
// each has to be collected.
func TestMonth(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	bigMonth(t, dir)
	customers := filepath.Join(t.TempDir(), "customers.ini")
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "[c%d]\nname = Customer %d\nguests = pool:c%d\n", i, i, i)
	}
	if err := os.WriteFile(customers, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	forms := []struct {
		args string
		most int // objects
	}{
		{"", 600000}, {"--customer c7", 350000}, {"--format json", 600000}, {"--format html", 600000},
		{"--format html,text --all --out " + filepath.Join(t.TempDir(), "out"), 1100000},
	}
	if testing.Short() {
		forms = forms[3:4]
		t.Log("-short: the form that takes most, alone")
	}
	for _, x := range forms {
		args := x.args
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", append([]string{"-t", "300", "--month", "2026-11", "--journal-dir", filepath.Join(dir, "journal"), "--customers", customers}, strings.Fields(args)...)...)
		cmd.Env = []string{childJournal + "=" + dir, "TZ=UTC"}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		text := strings.TrimSpace(string(out))
		var kib, made int
		if _, err := fmt.Sscan(text[strings.LastIndexByte(text, '\n')+1:], &kib, &made); err != nil {
			t.Fatal(err)
		}
		used := cmd.ProcessState
		t.Logf("%-28q %3d MiB, %4d ms of processor, %d objects", args, kib>>10, (used.UserTime() + used.SystemTime()).Milliseconds(), made)
		if !raced && kib>>10 > monthMiB {
			t.Errorf("%q took %d MiB, expected at most %d", args, kib>>10, monthMiB)
		}
		if !raced && made > x.most {
			t.Errorf("%q made %d objects, expected at most %d", args, made, x.most)
		}
	}
}
