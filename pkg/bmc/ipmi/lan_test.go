package ipmi

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// client is a LAN source that reaches the board without a socket.
func (b *board) client() *lan {
	l := b.remote(623)
	l.socket = func(context.Context, string, string) (net.Conn, error) {
		return &wire{board: b, inbox: make(chan []byte, 1000), delay: b.delay}, nil
	}
	return l
}

// remote is a LAN source that reaches the board through UDP.
func (b *board) remote(port int) *lan {
	b.t.Helper()
	source, err := LAN(Endpoint{Host: "127.0.0.1", Credentials: secret.Credentials{
		Username: b.user, Password: secret.NewText(b.password), Kg: secret.NewText(b.kg),
	}}, Options{Port: port})
	if err != nil {
		b.t.Fatal(err)
	}
	return source.(*lan)
}

// poll1 polls and expects that something can be read.
func poll1(t testing.TB, l *lan, ask bmc.Ask) bmc.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	server, err := l.Poll(ctx, ask)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// rack is a board with eight tachometers that turn, redundancy, and as many
// other records as a real one has.
func rack(t testing.TB) *board {
	b := newBoard(t)
	for n := range byte(100) {
		b.put(other(n))
	}
	b.furnish()
	for n := range byte(40) {
		b.put(other(0x80 + n))
	}
	for n := range byte(60) {
		b.entry(0x01, n, 0x01, 0x57)
	}
	b.entry(typeFan, 0x41, 0x01, 0x52, 0x03, 0x05)
	b.entry(typeFan, 0x41, 0x81, 0x52, 0x38, 0x05)
	return b
}

// shelf is a board with the fans of a rack and little else.
func shelf(t testing.TB) *board {
	b := newBoard(t)
	b.put(other(1))
	b.furnish()
	b.entry(typeFan, 0x41, 0x01, 0x52, 0x03, 0x05)
	return b
}

// furnish puts eight tachometers and a redundancy sensor in.
func (b *board) furnish() {
	for n := range byte(8) {
		b.put(tach(0x41+n, "FAN"+string('1'+rune(n))))
		b.turn(0x41+n, 0x38+n)
	}
	b.put(discrete(0x75, typeFan, kindRedundancy, "Fan Redundancy"))
	b.turn(0x75, 0, 0xc0, 0x01, 0x80)
}

// repeat polls with what the poll before left.
func repeat(t testing.TB, l *lan, before bmc.Server) bmc.Server {
	t.Helper()
	return poll1(t, l, bmc.Ask{Logs: true, Memory: before.Memory})
}

func TestPoll(t *testing.T) {
	b := rack(t)
	l := b.remote(b.listen())
	server := poll1(t, l, bmc.Ask{Logs: true})
	if len(server.Gaps) > 0 {
		t.Errorf("gaps: %v", server.Gaps)
	}
	if server.Power != bmc.PowerOn {
		t.Errorf("power %q", server.Power)
	}
	if want := "12345678-9abc-4df0-8102-030405060708"; server.Identity.UUID != want || server.Identity.Firmware != "2.41" {
		t.Errorf("identity %+v", server.Identity)
	}
	if len(server.Fans) != 8 || len(server.Redundancies) != 1 {
		t.Fatalf("%d fans, %d redundancy sets", len(server.Fans), len(server.Redundancies))
	}
	five, seven, three := 500.0, 700.0, 300.0
	speed := 5600.0
	want := bmc.Fan{
		ID: "0x41", Name: "FAN1", Sensor: 0x41, Presence: bmc.Present, Health: bmc.HealthOK, Unit: "RPM", Reading: &speed,
		LowerNonCritical: &seven, LowerCritical: &five, LowerFatal: &three,
		Says: "no threshold crossed", Opinion: bmc.Measurement,
	}
	want.Rotors = []bmc.Rotor{{
		ID: want.ID, Name: want.Name, From: "sensor 0x41", Health: want.Health, Unit: want.Unit, Reading: want.Reading,
		LowerNonCritical: &seven, LowerCritical: &five, LowerFatal: &three,
	}}
	if diff := cmp.Diff(want, server.Fans[0]); diff != "" {
		t.Error(diff)
	}
	redundancy := bmc.Redundancy{ID: "0x75", Name: "Fan Redundancy", Health: bmc.HealthOK, Says: "fully redundant"}
	if diff := cmp.Diff(redundancy, server.Redundancies[0]); diff != "" {
		t.Error(diff)
	}
	if len(server.Logs) != 1 || !server.Logs[0].Whole || len(server.Logs[0].Events) != 2 {
		t.Fatalf("logs %+v", server.Logs)
	}
	if n := b.open(); n != 0 {
		t.Errorf("%d sessions left", n)
	}
}

// TestClock: the controller's clock is an hour ahead, and answers take time.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := shelf(t)
		b.delay = 300 * time.Millisecond
		b.intercept = func(c asked) ([]byte, bool) {
			return append([]byte{0}, le(uint32(time.Now().Add(time.Hour).Unix()))...), c.netFn == netStorage && c.cmd == 0x48
		}
		server := poll1(t, b.client(), bmc.Ask{Logs: true})
		if clock := server.Logs[0].Clock; clock == nil || (*clock-time.Hour).Abs() > time.Second {
			t.Errorf("clock %v ahead, want an hour", clock)
		}
	})
}

// TestSteadyBudget counts the packets of a steady run: seven, one for each
// sensor, one for each new entry of the log; and of a run without memory.
func TestSteadyBudget(t *testing.T) {
	b := rack(t)
	l := b.client()
	const sensors = 9
	server := poll1(t, l, bmc.Ask{Logs: true})
	cold := b.total()
	packets := func(what string, want int) {
		t.Helper()
		before := b.total()
		if server = repeat(t, l, server); len(server.Gaps) > 0 {
			t.Errorf("%s: gaps %v", what, server.Gaps)
		}
		if got := b.total() - before; got != want {
			t.Errorf("%s: %d packets, want %d\n%s", what, got, want, strings.Join(server.Evidence, "\n"))
		}
	}
	packets("steady", 7+sensors)
	packets("steady again", 7+sensors)
	if steady := 7 + sensors; cold < 10*steady {
		t.Errorf("cold %d packets, steady %d: less than ten times fewer", cold, steady)
	}
	b.change(func() {
		for n := range byte(5) {
			b.entry(0x01, n, 0x01, 0x57)
		}
	})
	packets("five new entries about temperatures", 7+sensors+5)
	packets("steady after them", 7+sensors)
	b.change(func() { b.entry(typeFan, 0x42, 0x01, 0x52, 0x03, 0x05) })
	packets("one new entry about a fan, and the clock", 7+sensors+1+1)
	packets("steady at last", 7+sensors)
	t.Logf("cold %d packets, steady %d", cold, 7+sensors)
}

// A controller that is suite 3 only is asked for 17 once.
func TestSuiteIsRemembered(t *testing.T) {
	b := rack(t)
	b.change(func() { b.suites = map[byte]byte{1: 1} })
	l := b.client()
	server := poll1(t, l, bmc.Ask{})
	if n := b.count("open"); n != 2 {
		t.Errorf("%d Open Session Requests at first, want 2", n)
	}
	repeat(t, l, server)
	if n := b.count("open"); n != 3 {
		t.Errorf("%d Open Session Requests after the second run, want 3", n)
	}
	// The firmware learns suite 17 and drops 3.
	b.change(func() { b.suites = map[byte]byte{3: 4} })
	server = repeat(t, l, server)
	if n := b.count("open"); n != 5 {
		t.Errorf("%d Open Session Requests after the change, want 5", n)
	}
	if !strings.Contains(server.Evidence[0], "cipher suite 17") {
		t.Error(server.Evidence[0])
	}
}
