package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// ipmiPassword fits into the 20 bytes that IPMI has for one.
const ipmiPassword = "horse-battery-staple"

// newIPMISite is a site whose controller is asked over IPMI.
func newIPMISite(t *testing.T, s bmc.Server) site {
	t.Helper()
	if s.IPMI == nil {
		s.IPMI = new(ipmi.Config)
	}
	s.Username, s.Password = bmc.Username, ipmiPassword
	all := newSite(t, s)
	auth := credentials(t, all.home, "username = "+bmc.Username, "password = "+ipmiPassword)
	all.args = []string{"-H", "127.0.0.1", "--ipmi-port", port(t, all.sim.IPMI), "--via", "ipmi", "--auth-file", auth, "--state-dir", filepath.Join(all.home, "state")}
	return all
}

// credentials writes a file for --auth-file.
func credentials(t *testing.T, dir string, lines ...string) string {
	t.Helper()
	name := filepath.Join(dir, "ipmi.ini")
	if err := os.WriteFile(name, []byte("[*]\n"+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func port(t *testing.T, address string) string {
	t.Helper()
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// cleanIPMI asserts what must never happen over IPMI. The last datagram of a run, with
// which it closes its session, may still have to be read.
func (s site) cleanIPMI(t *testing.T) {
	t.Helper()
	if stats := s.closed(); stats.IPMI.Sessions != 0 || len(stats.IPMI.Violations) > 0 || len(stats.Broken) > 0 {
		t.Errorf("%d sessions left, violations %v, broken %v", stats.IPMI.Sessions, stats.IPMI.Violations, stats.Broken)
	}
}

// closed waits until no session is left, or will not be closed any more.
func (s site) closed() bmc.Stats {
	stats := s.sim.Stats()
	for until := time.Now().Add(20 * time.Second); stats.IPMI.Sessions != 0 && time.Now().Before(until); stats = s.sim.Stats() {
		time.Sleep(10 * time.Millisecond)
	}
	return stats
}

// TestIPMIFaults: whatever comes back, or does not, a run ends by its own
// deadline with an answer: that of the fans as they are, or that it does not
// know; a fan that stands still is never hidden, and a good one never accused.
func TestIPMIFaults(t *testing.T) {
	// What makes closing a session impossible leaves it to the controller.
	leaves := map[string]bool{
		ipmi.DropRequest: true, ipmi.Mute: true, ipmi.DropAnswer: true, ipmi.Busy: true, ipmi.Refuse: true, ipmi.Delay: true,
	}
	moments := map[string]ipmi.Fault{"always": {}, "half way": {After: 9}, "every third": {Every: 3}}
	for _, name := range ipmi.Faults() {
		for moment, fault := range moments {
			for _, still := range []bool{false, true} {
				fault.Name = name
				t.Run(fmt.Sprintf("%s %s still=%v", name, moment, still), func(t *testing.T) {
					if testing.Short() && still != (moment == "always") {
						t.Skip("-short: one world for each moment")
					}
					t.Parallel()
					var s site
					for try := 1; ; try++ {
						s = newIPMISite(t, bmc.Server{Vendor: bmc.Supermicro})
						took := s.faulty(t, fault, still)
						// One that was given so little of the machine that it ended late may
						// have had no time to close its session, but not each time.
						if took < 2200*time.Millisecond || leaves[name] || try == 10 || s.closed().IPMI.Sessions == 0 {
							break
						}
						t.Log("this run was given too little of the machine")
					}
					if !leaves[name] {
						s.cleanIPMI(t)
					}
				})
			}
		}
	}
}

// faulty is a run of two seconds with a fault, and how long it took.
func (s site) faulty(t *testing.T, fault ipmi.Fault, still bool) time.Duration {
	t.Helper()
	if still {
		if err := s.sim.Do("drop?fan=3&shape=zero"); err != nil {
			t.Fatal(err)
		}
	}
	s.sim.MustBreakIPMI(t, fault)
	begun := time.Now()
	o := s.run(t, "-t", "2s", "-vv")
	took := time.Since(begun)
	switch {
	case o.code == 3:
	case still && o.code == 2 && strings.Contains(o.out, "FAN3 stands still"):
	case still && o.code == 1 && strings.Contains(o.out, "[UNKNOWN]"): // the log alone was read
	case !still && o.code == 0 && strings.Contains(o.out, "OK: 6 fans turn") && strings.Contains(o.out, "fan_0x43=10780;"):
	default:
		t.Errorf("exit code %d:\n%s", o.code, o.out)
	}
	return took
}

// TestIPMISensorCodes: a completion code of one sensor is about this sensor
// only; the others are judged.
func TestIPMISensorCodes(t *testing.T) {
	for _, code := range []byte{0xc0, 0xc3, 0xc9, 0xcb, 0xcc, 0xcd, 0xce, 0xd3, 0xd5, 0xff} {
		t.Run(fmt.Sprintf("%02x", code), func(t *testing.T) {
			t.Parallel()
			s := newIPMISite(t, bmc.Server{Vendor: bmc.Supermicro})
			if o := s.run(t, "-t", "60s"); o.code != 0 {
				t.Fatalf("exit code %d:\n%s", o.code, o.out)
			}
			s.sim.MustBreakIPMI(t, ipmi.Fault{Name: ipmi.Refuse, Code: code, Sensor: 0x44})
			var o outcome
			for range 2 {
				o = s.run(t, "-t", "60s")
			}
			if o.code != 2 && o.code != 3 || !strings.Contains(o.out, "FAN4") || strings.Contains(o.out, "FAN3 ") {
				t.Errorf("fan 4 was known and cannot be read: exit code %d:\n%s", o.code, o.out)
			}
			if err := s.sim.Do("drop?fan=3&shape=zero"); err != nil {
				t.Fatal(err)
			}
			if o := s.run(t, "-t", "60s"); o.code != 2 || !strings.Contains(o.out, "FAN3 stands still") {
				t.Errorf("fan 3 stands still: exit code %d:\n%s", o.code, o.out)
			}
			s.cleanIPMI(t)
		})
	}
}

// act is something that happens and what a run then answers.
type act struct {
	name string
	do   []string
	args []string
	code int
	says string
}

var acts = []act{
	{"healthy", nil, nil, 0, "OK: "},
	{"drop-out that only the log saw", []string{"drop?fan=3&for=11s", "advance?by=5m"}, nil, 1, "dropped out once in 24h"},
	{"acknowledged", []string{"advance?by=5m"}, []string{"--acknowledge", "reseated"}, 0, "acknowledged 1 drop-out"},
	{"drop-out that is seen", []string{"advance?by=5m", "drop?fan=4&for=11s"}, nil, 2, "down since"},
	{"acknowledging what is down", nil, []string{"--acknowledge", "reseated"}, 2, ""},
	{"it is over", []string{"advance?by=5m"}, nil, 2, "dropped out once in 24h"},
	{"acknowledged again", nil, []string{"--acknowledge", "reseated"}, 0, "acknowledged 1 drop-out"},
	{"two together", []string{"advance?by=10m", "drop?fan=3,6&for=11s&apart=1s", "advance?by=5m"}, nil, 1, "bus, connector or power"},
	{"acknowledged once more", []string{"advance?by=5m"}, []string{"--acknowledge", "bus reseated"}, 0, "acknowledged 1 drop-out"},
	{"host off", []string{"power?state=off", "advance?by=1m"}, nil, 0, "server is off"},
	{"host on", []string{"power?state=on", "advance?by=10m"}, nil, 0, "OK: "},
	{"missing", []string{"advance?by=10m", "drop?fan=5&shape=absent-nohealth", "advance?by=5m"}, nil, 2, "down since"},
	{"still missing", []string{"advance?by=5m"}, nil, 2, "down since"},
}

// TestSameVerdicts: the same story gives the same verdicts over both ways of
// asking, on every vendor's machine.
func TestSameVerdicts(t *testing.T) {
	for _, vendor := range []bmc.Vendor{bmc.Supermicro, bmc.Dell, bmc.HPE, bmc.Lenovo, bmc.Intel, bmc.OpenBMC} {
		for _, via := range []string{"redfish", "ipmi"} {
			t.Run(string(vendor)+" "+via, func(t *testing.T) {
				clock := world.Still(time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC))
				s := newIPMISite(t, bmc.Server{Vendor: vendor, Clock: clock})
				if via == "redfish" {
					s.args = append([]string{"-H", s.sim.Host, "--fingerprint", s.sim.Fingerprint(), "--via", via}, s.args[6:]...)
				}
				for _, a := range acts {
					for _, do := range a.do {
						if err := s.sim.Do(do); err != nil {
							t.Fatal(err)
						}
					}
					var out bytes.Buffer
					code := pluginAt(clock.Now).Run(append(append([]string{}, s.args...), a.args...), &out)
					// A reading that is gone says less than State Absent.
					if a.name == "missing" && via == "ipmi" && code != 0 && strings.Contains(out.String(), "the next poll decides") {
						continue
					}
					if code != a.code || !strings.Contains(out.String(), a.says) {
						t.Errorf("%s: exit code %d, want %d and %q:\n%s", a.name, code, a.code, a.says, out.String())
					}
				}
				s.cleanIPMI(t)
			})
		}
	}
}

// ipmiBudgets are the packets of a steady run beside the seven of session,
// repository and log: one for each sensor, but for presence where a state says
// that the fan runs. In the commit b1aba32 each sensor was asked.
var ipmiBudgets = []struct {
	vendor          bmc.Vendor
	sensors, before int
}{
	{bmc.Supermicro, 6, 6},
	{bmc.Dell, 6 + 1, 7},
	{bmc.HPE, 6*2 + 2*3 + 1, 25}, // six fans with state and duty cycle, two empty bays
	{bmc.Lenovo, 10 + 5 + 1 + 2, 18},
	{bmc.Intel, 6 + 6 + 1, 13},
}

// TestIPMIBudget counts the packets of a steady run: seven, the budget, and one
// for each new entry of the log.
func TestIPMIBudget(t *testing.T) {
	for _, budget := range ipmiBudgets {
		vendor, n := budget.vendor, budget.sensors
		t.Run(string(vendor), func(t *testing.T) {
			s := newIPMISite(t, bmc.Server{Vendor: vendor})
			if o := s.run(t); o.code != 0 {
				t.Fatalf("exit code %d:\n%s", o.code, o.out)
			}
			cold := s.asked()
			for _, entries := range []int{0, 0, 3} {
				if err := s.sim.Do(fmt.Sprintf("write?count=%d", max(1, entries))); entries > 0 && err != nil {
					t.Fatal(err)
				} else if entries == 0 {
					entries = 1 // written by this very line
				}
				s.sim.Forget()
				o := s.run(t, "-vv")
				if o.code != 0 {
					t.Fatalf("exit code %d:\n%s", o.code, o.out)
				}
				if got := s.asked(); got > 7+n+entries {
					t.Errorf("%d packets with %d sensors and %d new entries\n%s", got, n, entries, o.out)
				}
			}
			s.sim.Forget()
			s.run(t)
			steady := s.asked()
			t.Logf("%d packets cold, %d steady", cold, steady)
			if steady != 7+n || n > budget.before {
				t.Errorf("%d packets with nothing new, expected 7 and %d, at most 7 and %d", steady, n, budget.before)
			}
			if budget.before <= 7 && cold < 10*steady {
				t.Errorf("%d packets steady, not ten times fewer than %d cold", steady, cold)
			}
			s.cleanIPMI(t)
		})
	}
}

// asked is how many packets the controller was asked with. One that came again
// after a second is left out: this machine was busy, and the budget is the
// plugin's.
func (s site) asked() int {
	stats := s.sim.Stats().IPMI
	return stats.Packets - stats.Again
}

// TestIPMIRefused: a run says which of name, password, key, rights and cipher
// suite is wrong.
func TestIPMIRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config ipmi.Config
		auth   []string
		args   []string
		code   int
		says   string
	}{
		{"user", ipmi.Config{}, []string{"username = nobody", "password = " + ipmiPassword}, nil, 3, "user name"},
		{"password", ipmi.Config{}, []string{"username = monitor", "password = wrong"}, nil, 3, "password"},
		{"Kg", ipmi.Config{Kg: "key of the controller"[:20]}, []string{"username = monitor", "password = " + ipmiPassword, "kg = another"}, nil, 3, "Kg"},
		{"no Kg", ipmi.Config{Kg: "key of the controller"[:20]}, []string{"username = monitor", "password = " + ipmiPassword}, nil, 3, "Kg"},
		{"right Kg", ipmi.Config{Kg: "secretsecret"}, []string{"username = monitor", "password = " + ipmiPassword, "kg = secretsecret"}, nil, 0, "OK: "},
		{"privilege", ipmi.Config{}, nil, []string{"--ipmi-privilege", "admin"}, 3, "privilege"},
		{"suite", ipmi.Config{Suites: []byte{}}, nil, nil, 3, "cipher suite"},
		{"only suite 3", ipmi.Config{Suites: []byte{3}}, nil, nil, 0, "OK: "},
		{"only suite 17", ipmi.Config{Suites: []byte{17}}, nil, nil, 0, "OK: "},
		{"suite 17 ignored", ipmi.Config{Suites: []byte{3}, Ignore: []byte{17}}, nil, nil, 0, "OK: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newIPMISite(t, bmc.Server{Vendor: bmc.Supermicro, IPMI: &tt.config})
			if tt.auth != nil {
				credentials(t, s.home, tt.auth...)
			}
			o := s.run(t, tt.args...)
			if o.code != tt.code || !strings.Contains(o.out, tt.says) || strings.Contains(o.out, ipmiPassword) {
				t.Errorf("exit code %d, want %d and %q:\n%s", o.code, tt.code, tt.says, o.out)
			}
			if n := s.sim.Stats().IPMI.WrongPasswords; n > 2 {
				t.Errorf("the password was tried %d times", n)
			}
			if tt.says == "Kg" {
				// The password was right, so that the controller has opened a session,
				// which only somebody who knows its key could close.
				s.sim.Advance(time.Minute)
			}
			s.cleanIPMI(t)
		})
	}
}

// TestAutoFallsBack: where nobody speaks Redfish, IPMI is asked, and the next
// time at once.
func TestAutoFallsBack(t *testing.T) {
	s := newIPMISite(t, bmc.Server{Vendor: bmc.Supermicro})
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := web.Addr().String()
	if err := web.Close(); err != nil {
		t.Fatal(err)
	}
	s.args = append(s.args[:4:4], s.args[6:]...)
	s.args = append(s.args, "--port", port(t, address))
	if o := s.run(t); o.code != 0 || s.sim.Stats().IPMI.Opened != 1 {
		t.Fatalf("exit code %d, %d sessions over IPMI:\n%s", o.code, s.sim.Stats().IPMI.Opened, o.out)
	}
	if web, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	var visits atomic.Int32
	go func() {
		for {
			c, err := web.Accept()
			if err != nil {
				return
			}
			visits.Add(1)
			c.Close()
		}
	}()
	if o := s.run(t); o.code != 0 || s.sim.Stats().IPMI.Opened != 2 {
		t.Errorf("exit code %d, %s sessions over IPMI:\n%s", o.code, strconv.Itoa(s.sim.Stats().IPMI.Opened), o.out)
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("Redfish was asked %d times although IPMI had answered before", n)
	}
	s.cleanIPMI(t)
}
