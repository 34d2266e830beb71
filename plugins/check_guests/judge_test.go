package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/ping"
	"github.com/noout-monitoring/noout/pkg/pve"
	"pgregory.net/rapid"
)

func TestThreshold(t *testing.T) {
	for text, want := range map[string]threshold{
		"100,20%":         {rta: 100 * time.Millisecond, loss: 20},
		"100.0,20%":       {rta: 100 * time.Millisecond, loss: 20},
		"100:20%":         {rta: 100 * time.Millisecond, loss: 20},
		"200.000ms,40%":   {rta: 200 * time.Millisecond, loss: 40},
		"0.5s,12.5%":      {rta: 500 * time.Millisecond, loss: 12.5},
		"250us,0%":        {rta: 250 * time.Microsecond, loss: 0},
		"300":             {rta: 300 * time.Millisecond, loss: 40},
		"60%":             {rta: 200 * time.Millisecond, loss: 60},
		"3600000,100.00%": {rta: time.Hour, loss: 100},
	} {
		var got threshold
		if err := got.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got = got.or(defaultWarning); got.rta != want.rta || got.loss != want.loss {
			t.Errorf("%s: %s and %v%%", text, got.rta, got.loss)
		}
	}
	for _, text := range []string{"", ",", "%", "0", "0,0%", "-1,5%", "5,-1%", "5,5", "5%,5", "5%,5%", "1e3,5%", "NaN,5%", "Inf,5%", "5,101%", "5,5%,5%", "5 ,5%", " 5,5%", "0x5,5%", "1_0,5%",
		"5.,5%", ".,5%", "5m,5%", "5h,5%", "5,5%%", "5ms5,5%", "9999999999999,5%", "3601s,5%", "5;5%", "a", strings.Repeat("9", 400)} {
		var got threshold
		if err := got.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "expected RTA,LOSS%") || len(err.Error()) > 300 {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func FuzzThreshold(f *testing.F) {
	for _, text := range []string{"100,20%", "0.5s:5%", "60%", "1e3,5%", "\xff,5%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got threshold
		if got.UnmarshalText([]byte(text)) != nil {
			return
		}
		got = got.or(defaultWarning)
		if got.rta <= 0 || got.rta > time.Hour || !(got.loss >= 0 && got.loss <= 100) {
			t.Errorf("%q: %+v", text, got)
		}
	})
}

func FuzzTargets(f *testing.F) {
	f.Add("192.0.2.1 web\n# x\n\nnosuch\r\n\ufefffe80::1%eth0\n")
	f.Add("\x00\xff 1")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := targetLines(text)
		if err != nil && (len(list) > 0 || !strings.HasPrefix(err.Error(), "line ")) {
			t.Errorf("%q, %v", list, err)
		}
		for _, target := range list {
			if target.host == "" || target.name == "" || len(target.host) > 300 || len(target.name) > 300 || strings.ContainsAny(target.host, " \t\r\n") {
				t.Errorf("%q", target)
			}
		}
	})
}

// A limit of no loss at all is met by the first packet that is lost.
func TestNoLossAtAll(t *testing.T) {
	limit := threshold{rta: time.Second, loss: 0, hasLoss: true}
	if limit.exceeded(time.Millisecond, 0) || !limit.exceeded(time.Millisecond, 0.1) {
		t.Error("expected any loss, and not none")
	}
}

// TestAnswerOfANode: a guest that is remembered at a node's address answers
// with the node's voice.
func TestAnswerOfANode(t *testing.T) {
	f := facts{now: evening, cluster: &pve.Cluster{Quorate: true, Nodes: []pve.Node{{Name: "pve1", IP: "192.0.2.1", Online: true}}}}
	f.subjects = []subject{{name: "vm101", asked: true, addr: netip.MustParseAddr("192.0.2.1"), place: &place{guest: &pve.Guest{ID: 101}, node: "pve1"},
		reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5, Avg: time.Millisecond}}}}
	r := judge(f, policy{warn: defaultWarning, crit: defaultCritical})
	if r.Status() != check.UNKNOWN || !strings.Contains(r.Findings[0].Text, "192.0.2.1 of node pve1 and vm101") {
		t.Errorf("%+v", r.Findings)
	}
}

// TestClocks: a guest that its user stopped is excused, although the nodes'
// clocks are behind ours or ours was set back.
func TestClocks(t *testing.T) {
	for name, tc := range map[string]struct {
		theirs, answered, stopped time.Duration // beside the time of the run
		want                      int
	}{
		"stopped after it answered":           {0, -5 * time.Minute, -time.Minute, 0},
		"died after it was stopped long ago":  {0, -5 * time.Minute, -time.Hour, 1},
		"their clocks are behind":             {-time.Hour, -5 * time.Minute, -time.Hour - time.Minute, 0},
		"their clocks are before":             {time.Hour, -5 * time.Minute, 50 * time.Minute, 1},
		"ours was set back after it answered": {0, 400 * 24 * time.Hour, -10 * time.Second, 0},
	} {
		c := pve.Cluster{Quorate: true, Time: evening.Add(tc.theirs), Nodes: []pve.Node{{Name: "pve1", Online: true, Status: "online"}},
			Guests: []pve.Guest{{ID: 101, Kind: pve.VM, Node: "pve1", Status: "stopped"}}}
		m := memory{Guests: map[int]known{101: {Node: "pve1", Answered: stampOf(evening.Add(tc.answered))}}}
		m.PVE.Stops = map[int]pve.Stop{101: {Type: "qmstop", End: evening.Add(tc.stopped)}}
		if got, _ := inventory(c, m, policy{}, evening); len(got) != tc.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestForgottenLock: the lock of a migration that nobody ends is none after a
// day, and a guest that was never read about is not one without an address.
func TestForgottenLock(t *testing.T) {
	c := pve.Cluster{Quorate: true, Time: evening, Nodes: []pve.Node{{Name: "pve1", Online: true, Status: "online"}},
		Guests: []pve.Guest{{ID: 101, Kind: pve.VM, Node: "pve1", Status: "running", Lock: "migrate"}}}
	for age, want := range map[time.Duration]bool{time.Hour: true, 23 * time.Hour: true, 25 * time.Hour: false} {
		m := memory{PVE: pve.Memory{Locks: map[int]pve.Lock{101: {Name: "migrate", Since: evening.Add(-age)}}}}
		if got, _ := inventory(c, m, policy{grace: time.Minute}, evening); got[0].moving != want {
			t.Errorf("after %s it is moving: %v", age, got[0].moving)
		}
		task := c
		task.Guests = []pve.Guest{{ID: 101, Kind: pve.VM, Node: "pve1", Status: "running"}}
		task.Tasks = []pve.Task{{ID: "101", Type: "qmigrate", Start: evening.Add(-age)}}
		if got, _ := inventory(task, memory{}, policy{grace: time.Minute}, evening); got[0].moving != want {
			t.Errorf("with a task since %s it is moving: %v", age, got[0].moving)
		}
	}
	f := facts{now: evening, cluster: &c}
	f.subjects, f.idle = inventory(c, memory{}, policy{}, evening)
	r := judge(f, policy{noAddressState: "ok"})
	if r.Status() != check.UNKNOWN || len(r.Findings) != 1 || r.Findings[0].Text != "1 guest not asked, nobody has read yet where: vm101" {
		t.Errorf("%+v", r.Findings)
	}
}

// TestArchived: a stopped guest whose backup runs QEMU is as stopped, and one
// that nobody stopped is not excused by its backup.
func TestArchived(t *testing.T) {
	c := pve.Cluster{Quorate: true, Time: evening, Nodes: []pve.Node{{Name: "pve1", Online: true, Status: "online"}},
		Guests: []pve.Guest{{ID: 101, Kind: pve.VM, Node: "pve1", Status: "prelaunch", Lock: "backup"}}}
	m := memory{Guests: map[int]known{101: {Node: "pve1", Answered: stampOf(evening.Add(-time.Hour))}}}
	for name, tc := range map[string]struct {
		stops map[int]pve.Stop
		want  condition
	}{
		"its user stopped it": {map[int]pve.Stop{101: {Type: "qmshutdown", End: evening.Add(-time.Minute)}}, archived},
		"nobody did":          {nil, held},
	} {
		m.PVE.Stops = tc.stops
		got, _ := inventory(c, m, policy{}, evening)
		if len(got) != 1 || got[0].stopped != tc.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, status := range []string{"running", "paused", "prelaunch"} {
		c.Guests[0].Status, c.Guests[0].Lock = status, ""
		if got, _ := inventory(c, m, policy{}, evening); len(got) != 1 || got[0].stopped != running {
			t.Errorf("%s without a backup: %+v", status, got)
		}
	}
}

// TestOthers: a guest that never answered is looked for at its other cards, one
// that did only where it ought to be.
func TestOthers(t *testing.T) {
	first, second := netip.MustParseAddr("10.20.0.5"), netip.MustParseAddr("192.0.2.10")
	m := memory{Homes: map[int]home{101: homeOf(pve.ConfigFacts{Time: evening, Config: pve.Config{NICs: []pve.NIC{{Slot: "net0", Addresses: []netip.Addr{first, second}}}}})}}
	s := &subject{addr: first, place: &place{guest: &pve.Guest{ID: 101}}}
	if got := (policy{}).others(m, s); len(got) != 1 || got[0] != second {
		t.Errorf("never answered: %v", got)
	}
	s.known = past{Answered: stampOf(evening)} // of a version that did not keep where
	if got := (policy{}).others(m, s); len(got) != 1 || got[0] != second {
		t.Errorf("it answered nobody knows where: %v", got)
	}
	s.known.At = second
	if got := (policy{}).address(m, s); got != second {
		t.Errorf("it answered at the second, and is asked at %s", got)
	}
	s.addr = second
	if got := (policy{}).others(m, s); len(got) != 0 {
		t.Errorf("it answered, and its silence is covered by %v", got)
	}
}

// TestComing: a guest that HA or a task is starting has not died.
func TestComing(t *testing.T) {
	for name, tc := range map[string]struct {
		service pve.Service
		task    pve.Task
		want    condition
	}{
		"nobody starts it":       {want: died},
		"HA starts it":           {service: pve.Service{SID: "vm:101", Node: "pve1", State: "request_start"}, want: running},
		"HA starts it elsewhere": {service: pve.Service{SID: "vm:101", Node: "pve1", State: "request_start_balance"}, want: running},
		"HA has failed":          {service: pve.Service{SID: "vm:101", Node: "pve1", State: "error"}, want: failed},
		"HA recovers it":         {service: pve.Service{SID: "vm:101", Node: "pve1", State: "recovery"}, want: failed},
		"HA fences its node":     {service: pve.Service{SID: "vm:101", Node: "pve1", State: "fence"}, want: failed},
		"HA ignores it":          {service: pve.Service{SID: "vm:101", Node: "pve1", State: "ignored"}, want: died},
		"it is being rebooted":   {task: pve.Task{ID: "101", Type: "qmreboot", Start: evening}, want: running},
		"it was started":         {task: pve.Task{ID: "101", Type: "qmstart", Status: "OK", End: evening.Add(-50 * time.Second)}, want: running},
		"it was long ago":        {task: pve.Task{ID: "101", Type: "qmstart", Status: "OK", End: evening.Add(-5 * time.Minute)}, want: died},
		"it failed to start":     {task: pve.Task{ID: "101", Type: "qmstart", Status: "start failed", End: evening.Add(-5 * time.Second)}, want: died},
		"another is started":     {task: pve.Task{ID: "1010", Type: "qmstart", Start: evening}, want: died},
	} {
		c := pve.Cluster{Quorate: true, Time: evening, Nodes: []pve.Node{{Name: "pve1", Online: true, Status: "online"}}, Tasks: []pve.Task{tc.task},
			Guests: []pve.Guest{{ID: 101, Kind: pve.VM, Node: "pve1", Status: "stopped"}}}
		if tc.service.SID != "" {
			c.HA.Services = []pve.Service{tc.service}
		}
		m := memory{Guests: map[int]known{101: {Node: "pve1", Answered: stampOf(evening.Add(-time.Hour))}}}
		if got, _ := inventory(c, m, policy{}, evening); len(got) != 1 || got[0].stopped != tc.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestGivenAddress: an address is that of one host, and of its own family.
func TestGivenAddress(t *testing.T) {
	got, err := addresses([]string{"103=::ffff:192.0.2.3", "104=fe80::1%eth0"})
	if err != nil || got[103] != netip.MustParseAddr("192.0.2.3") || got[104].Zone() != "eth0" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"103=fe80::1", "103=0.0.0.0", "103=ff02::1", "103=", "x=192.0.2.1", "0=192.0.2.1", "103"} {
		if got, err := addresses([]string{bad}); err == nil {
			t.Errorf("%s: %v", bad, got)
		}
	}
}

func TestGapText(t *testing.T) {
	const ms = time.Millisecond
	for want, g := range map[string]ping.Gap{
		"300 ms (279-320)": {AtLeast: 279*ms + 900*time.Microsecond, AtMost: 320 * ms},
		"300 ms (280-321)": {AtLeast: 280 * ms, AtMost: 320*ms + time.Microsecond},
		"at least 5210 ms": {AtLeast: 5210 * ms, Unbounded: true},
	} {
		if got := gapText(g, 1); got != want {
			t.Errorf("%s, expected %s", got, want)
		}
	}
}

func TestTrip(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"42us": 42 * time.Microsecond, "312us": 312400 * time.Nanosecond, "1.23ms": 1234 * time.Microsecond, "12.3ms": 12345 * time.Microsecond,
		"123ms": 123400 * time.Microsecond, "1.23s": 1234 * time.Millisecond,
	} {
		if got := trip(d); got != want {
			t.Errorf("%s, expected %s", got, want)
		}
	}
}

// drawn facts of a cluster whose subjects are of every kind.
func drawFacts(t *rapid.T) facts {
	f := facts{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	c := pve.Cluster{Quorate: true, Asked: "pve1"}
	for i := range 3 {
		c.Nodes = append(c.Nodes, pve.Node{Name: fmt.Sprintf("pve%d", i+1), Online: rapid.IntRange(0, 4).Draw(t, "online") > 0})
	}
	f.cluster = &c
	if rapid.IntRange(0, 9).Draw(t, "overflow") == 0 {
		f.faults = append(f.faults, ping.Fault{Trouble: ping.Overflow, Family: "IPv4", Count: 1, Err: fmt.Errorf("IPv4: answers dropped")})
	}
	f.cut = rapid.IntRange(0, 9).Draw(t, "cut") == 0
	for i := range rapid.IntRange(0, 12).Draw(t, "guests") {
		n := c.Nodes[rapid.IntRange(0, 2).Draw(t, "node")]
		s := subject{reach: &ping.Watched{}, place: &place{guest: &pve.Guest{ID: 100 + i, Kind: pve.VM, Status: "running", Node: n.Name}, node: n.Name, nodeDown: !n.Online}}
		s.name, s.key = s.guest.String(), fmt.Sprintf("vm%d", 100+i)
		s.moving = rapid.IntRange(0, 5).Draw(t, "moving") == 0
		if rapid.Bool().Draw(t, "answered before") {
			s.known.Answered = stampOf(f.now.Add(-time.Hour))
		}
		s.stopped = condition(rapid.SampledFrom([]int{0, 0, 0, 0, int(failed), int(died), int(held)}).Draw(t, "stopped"))
		if s.stopped == running && rapid.IntRange(0, 7).Draw(t, "address") > 0 {
			s.addr = netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
			s.asked = true
			drawReach(t, &s, f.cut)
		}
		f.subjects = append(f.subjects, s)
	}
	return f
}

func drawReach(t *rapid.T, s *subject, cut bool) {
	r := &s.reach.Reach
	r.Sent = 5
	switch rapid.IntRange(0, 4).Draw(t, "reach") {
	case 0, 1:
		r.Received, r.Avg = 5, time.Millisecond
	case 2:
		r.Received, r.Avg = 1, 300*time.Millisecond
	case 3:
		if cut {
			r.Pending = 5
		}
	case 4:
		r.Sent = 0
		r.Refusals = []ping.Refusal{{Errno: 1, Count: 5}}
	}
}

// TestJudge: what holds of every verdict, whatever the facts. Each subject is
// spoken of once at least and never by two causes, nobody is called silent for
// a fault of this machine, and nothing that is wrong ends in OK.
func TestJudge(t *testing.T) {
	p := policy{warn: defaultWarning, crit: defaultCritical, parentState: "unknown", neverState: "warning", noAddressState: "ok", interval: 80 * time.Millisecond}
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		r := judge(f, p)
		status := r.Status()
		worst := map[string][]check.Status{}
		for _, x := range r.Findings {
			for _, s := range f.subjects {
				if strings.Contains(x.Text+" ", s.name+" ") || strings.Contains(x.Text, s.name+",") || strings.Contains(x.Text, s.name+":") || strings.Contains(x.Text, s.name+")") {
					worst[s.name] = append(worst[s.name], x.Status)
				}
			}
		}
		for _, s := range f.subjects {
			own := s.asked && f.ownFault(&s) != ""
			switch {
			case s.asked && !s.reached() && status == check.OK:
				t.Errorf("%s is silent, and all is well: %+v", s.name, r.Findings)
			case s.stopped != running && status == check.OK:
				t.Errorf("%s does not run, and all is well", s.name)
			case own && !s.nodeDown && slices.Contains(worst[s.name], check.CRITICAL) && !s.reached():
				t.Errorf("%s is blamed for this machine's fault: %+v", s.name, r.Findings)
			case s.reached() && s.reach.Received == 5 && slices.Contains(worst[s.name], check.CRITICAL):
				t.Errorf("%s answers, and is blamed: %+v", s.name, r.Findings)
			case own && !s.nodeDown && (status == check.OK):
				t.Errorf("a fault of this machine, and all is well: %+v", r.Findings)
			}
			if n := len(worst[s.name]); n > 2 || n > 1 && !own {
				t.Errorf("%s is spoken of %d times: %+v", s.name, n, r.Findings)
			}
		}
		if len(f.subjects) == 0 && status != check.UNKNOWN {
			t.Errorf("nobody was asked, and it is %s", status)
		}
	})
}
