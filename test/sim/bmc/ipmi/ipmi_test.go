package ipmi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// ask carries a command out as an administrator's session would.
func ask(t *testing.T, s *Server, netFn, cmd byte, data ...byte) (byte, []byte) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.observe()
	own := &session{id: 1, level: Admin, role: byte(Admin), account: Account{Level: Admin}}
	return s.command(&request{exchange: &exchange{session: own}, netFn: netFn, cmd: cmd, data: data})
}

// told is the log in short: kind and offset of each entry about a fan.
func told(t *testing.T, s *Server) []string {
	t.Helper()
	var out []string
	for id := uint16(0); id != last; {
		code, a := ask(t, s, netStorage, 0x43, 0, 0, byte(id), byte(id>>8), 0, 0xff)
		if code == codeNotPresent {
			return out
		}
		if code != codeOK || len(a) != 18 {
			t.Fatalf("entry %d: code %02x, %d bytes", id, code, len(a))
		}
		id = binary.LittleEndian.Uint16(a)
		e := a[2:]
		if e[2] == 0x02 && (e[10] == typeFan || e[10] == typeCooling) {
			out = append(out, fmt.Sprintf("%02x %02x/%x %c", e[11], e[12]&0x7f, e[13]&0x0f, "+-"[e[12]>>7]))
		}
	}
	return out
}

func TestShapesOfVendors(t *testing.T) {
	for _, vendor := range Vendors() {
		s, _ := started(t, Config{Vendor: vendor}, world.Config{})
		code, info := ask(t, s, netStorage, 0x20)
		if count := binary.LittleEndian.Uint16(info[1:]); code != codeOK || count != 100 {
			t.Errorf("%s: code %02x, %d records, want 100", vendor, code, count)
		}
		for number := range s.machine.sensors {
			code, a := ask(t, s, netSensor, 0x2d, number)
			if code != codeOK || len(a) != 4 || a[1]&0xe0 != 0xc0 {
				t.Errorf("%s: sensor %02x: code %02x, % x", vendor, number, code, a)
			}
		}
	}
}

// TestEveryShapeOfFailure: what each shape looks like on a tachometer with
// thresholds, and on a sensor of presence.
func TestEveryShapeOfFailure(t *testing.T) {
	want := map[world.Shape]string{
		world.Absent: "00 e0 00 present=01", world.AbsentMute: "00 e0 00 present=01", world.Gone: "00 e0 00 present=01",
		world.Zero: "00 c0 00 present=02", world.Critical: "00 c0 06 present=02", world.Slow: "02 c0 00 present=02",
		world.Caution: "03 c0 01 present=02", world.Null: "00 e0 00 present=02", world.Mute: "00 e0 00 present=02",
		world.Standby: "00 a0 00 present=02",
	}
	for _, shape := range world.Shapes() {
		s, w := started(t, Config{}, world.Config{})
		do(t, w, "drop?fan=2&shape="+string(shape))
		_, a := ask(t, s, netSensor, 0x2d, 0x42)
		_, p := ask(t, s, netSensor, 0x2d, s.machine.presence[2])
		if got := fmt.Sprintf("% x %02x present=%02x", a[:2], a[2]&0x3f, p[2]); got != want[shape] {
			t.Errorf("%s: %s, want %s", shape, got, want[shape])
		}
	}
	s, w := started(t, Config{AbsentCode: 0xcb}, world.Config{})
	do(t, w, "drop?fan=2&shape=gone")
	if code, _ := ask(t, s, netSensor, 0x2d, 0x42); code != 0xcb {
		t.Errorf("code %02x for a fan that is not there, want cb", code)
	}
}

// TestLogOfVendors: how each vendor writes that a fan failed and recovered, and
// that one was pulled and put back.
func TestLogOfVendors(t *testing.T) {
	two := []world.Level{world.LowerCritical, world.LowerFatal}
	for _, c := range []struct {
		vendor Vendor
		config world.Config
		drop   string
		want   []string
	}{
		{Supermicro, world.Config{Levels: two, Single: true}, "drop?fan=2&for=11s", []string{"42 01/2 +", "42 01/4 +", "42 01/4 -", "42 01/2 -"}},
		{Dell, world.Config{}, "drop?fan=2&for=11s", []string{"42 01/2 +", "75 0b/1 +", "42 01/2 -", "75 0b/0 +"}},
		{Dell, world.Config{Presence: true}, "drop?fan=2&for=11s&shape=absent-nohealth", []string{"42 08/0 +", "75 0b/1 +", "42 08/1 +", "75 0b/0 +"}},
		{HPE, world.Config{Presence: true, Log: world.LogConfig{Stateful: true}, MinNeeded: 2, Fans: percents()}, "drop?fan=2&for=11s",
			[]string{"51 07/2 +", "2f 0b/2 +", "51 07/0 +", "2f 0b/0 +"}},
		{HPE, world.Config{Presence: true, MinNeeded: 2, Fans: percents()}, "drop?fan=2&for=11s&shape=absent-nohealth",
			[]string{"71 08/0 +", "2f 0b/2 +", "71 08/1 +", "2f 0b/0 +"}},
		{Lenovo, world.Config{}, "drop?fan=2&for=11s", []string{"42 01/2 +", "2e 0b/1 +", "42 01/2 -", "2e 0b/0 +"}},
		{Intel, world.Config{}, "drop?fan=2&for=11s",
			[]string{"42 01/2 +", "0c 0b/0 -", "0c 0b/1 +", "0c 0b/5 +", "42 01/2 -", "0c 0b/1 -", "0c 0b/2 -", "0c 0b/5 -"}},
	} {
		s, w := started(t, Config{Vendor: c.vendor, Single: c.config.Single}, c.config)
		do(t, w, c.drop)
		w.Clock().Advance(time.Minute)
		if diff := cmp.Diff(c.want, told(t, s)); diff != "" {
			t.Errorf("%s, %s: %s", c.vendor, c.drop, diff)
		}
	}
}

// percents are fans as HPE has them.
func percents() []world.Fan {
	var fans []world.Fan
	for i := range 4 {
		fans = append(fans, world.Fan{ID: fmt.Sprint(i), Name: fmt.Sprintf("Fan %d", i+1), Sensor: 0x30 + i, Speed: 35, Unit: world.Percent})
	}
	return fans
}

func TestLogIsClearedAndReplaced(t *testing.T) {
	s, w := started(t, Config{}, world.Config{Log: world.LogConfig{Noise: 5}})
	count := func() (int, uint32) {
		_, info := ask(t, s, netStorage, 0x40)
		return int(binary.LittleEndian.Uint16(info[1:])), binary.LittleEndian.Uint32(info[9:])
	}
	if n, erased := count(); n != 5 || erased == math.MaxUint32 {
		t.Errorf("%d entries, erased %x", n, erased)
	}
	w.Clock().Advance(time.Hour)
	do(t, w, "clear-log")
	if n, erased := count(); n != 1 || erased != uint32(noon.Add(time.Hour).Unix()) {
		t.Errorf("cleared: %d entries, erased %v", n, time.Unix(int64(erased), 0).UTC())
	}
	do(t, w, "replace?serial=OTHER")
	if n, _ := count(); n != 0 {
		t.Errorf("another server: %d entries", n)
	}
	if code, _ := ask(t, s, netStorage, 0x43, 0, 0, 0, 0, 0, 0xff); code != codeNotPresent {
		t.Errorf("empty log: code %02x, want cb", code)
	}
	never, _ := started(t, Config{NeverCleared: true}, world.Config{})
	if _, info := ask(t, never, netStorage, 0x40); binary.LittleEndian.Uint32(info[9:]) != math.MaxUint32 {
		t.Error("a log that was never cleared says when it was")
	}
}

// TestRecordsAreReadInParts: in parts with a reservation, never whole where the
// vendor refuses.
func TestRecordsAreReadInParts(t *testing.T) {
	s, _ := started(t, Config{Vendor: Dell}, world.Config{})
	if code, _ := ask(t, s, netStorage, 0x23, 0, 0, 3, 0, 0, 0xff); code != codeTooMuch {
		t.Errorf("whole record: code %02x, want ca", code)
	}
	if code, _ := ask(t, s, netStorage, 0x23, 9, 9, 3, 0, 8, 16); code != codeReservation {
		t.Errorf("wrong reservation: code %02x, want c5", code)
	}
	_, r := ask(t, s, netStorage, 0x22)
	var record []byte
	for at := byte(0); int(at) < len(s.machine.records[2]); at += 16 {
		code, a := ask(t, s, netStorage, 0x23, r[0], r[1], 3, 0, at, 16)
		if code != codeOK || a[0] != 4 {
			t.Fatalf("at %d: code %02x, next %d", at, code, a[0])
		}
		record = append(record, a[2:]...)
	}
	if !bytes.Equal(record, s.machine.records[2]) || !strings.HasSuffix(string(record), "FAN1") {
		t.Errorf("record % x", record)
	}
}

// TestOnlyReads: what would change something is refused and remembered.
func TestOnlyReads(t *testing.T) {
	s, _ := started(t, Config{}, world.Config{})
	for _, c := range [][2]byte{{netChassis, 0x02}, {netSensor, 0x26}, {netStorage, 0x47}, {netApp, 0x02}, {netStorage, 0x49}} {
		if code, _ := ask(t, s, c[0], c[1], 1, 2, 3, 4, 5, 6); code != codeNoPrivilege {
			t.Errorf("%02x %02x: code %02x, want d4", c[0], c[1], code)
		}
	}
	ask(t, s, netSensor, 0x25, 1, 0xff)
	if n := len(s.Stats().Violations); n != 5 {
		t.Errorf("%d violations, want 5", n)
	}
}

// TestPacketsOfASession: what was sealed is taken once, in any order inside the
// window, and nothing else is.
func TestPacketsOfASession(t *testing.T) {
	for number, suite := range suites {
		s := &session{console: 7, suite: suite, sik: []byte("key")}
		s.derive()
		for length := range 40 {
			message := bytes.Repeat([]byte{0xab}, length)
			raw := s.seal(s.envelope(), message)
			payload := raw[16 : 16+int(binary.LittleEndian.Uint16(raw[14:]))]
			if got, ok := s.unwrap(raw, raw[5], payload); !ok || !bytes.Equal(got, message) {
				t.Fatalf("suite %d: %d bytes do not come back", number, length)
			}
			for i := 4; i < len(raw); i++ {
				raw[i] ^= 0x04
				if _, ok := s.unwrap(raw, raw[5], payload); ok {
					t.Fatalf("suite %d: byte %d of %d was changed and nobody saw it", number, i, len(raw))
				}
				raw[i] ^= 0x04
			}
		}
	}
	var s session
	for i, c := range []struct {
		n  uint32
		ok bool
	}{{0, false}, {1, true}, {1, false}, {3, true}, {2, true}, {2, false}, {19, true}, {3, false}, {4, true}, {36, false}, {35, true}, {18, false}, {20, true}} {
		if got := s.inWindow(c.n); got != c.ok {
			t.Errorf("%d: number %d: %v, want %v", i, c.n, got, c.ok)
		}
	}
}

// TestQuestionsThatComeAgain: the same words twice in a row, and nothing else.
func TestQuestionsThatComeAgain(t *testing.T) {
	s, _ := started(t, Config{}, world.Config{})
	conn, err := net.Dial("udp", s.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i, want := range []int{0, 1, 1, 1, 2} {
		serial := []byte{1, 1, 2, 1, 1}[i]
		m := []byte{0x20, netApp << 2, 0, 0x81, serial << 2, 0x38, 0x0e, 0x04, 0}
		m[2], m[8] = checksum(m[:2]), checksum(m[3:8])
		if _, err := conn.Write(oldPacket(m)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 64)); err != nil {
			t.Fatal(err)
		}
		if stats := s.Stats(); stats.Again != want || stats.Packets != i+1 {
			t.Errorf("packet %d: %d came again, want %d", i+1, stats.Again, want)
		}
	}
}

// TestIdleSessionsEnd on the world's clock, and with a restart.
func TestIdleSessionsEnd(t *testing.T) {
	s, w := started(t, Config{}, world.Config{})
	open := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.observe()
		s.sessions.open[9] = &session{id: 9, used: s.look.Time}
	}
	for _, c := range []struct {
		what func()
		want int
	}{
		{func() { w.Clock().Advance(59 * time.Second) }, 1},
		{func() { w.Clock().Advance(60 * time.Second) }, 0},
		{func() { do(t, w, "restart") }, 0},
	} {
		open()
		c.what()
		if n := s.Stats().Sessions; n != c.want {
			t.Errorf("%d sessions, want %d", n, c.want)
		}
	}
}

// TestFaultsAreCounted: after, every and times.
func TestFaultsAreCounted(t *testing.T) {
	f := fault{Fault: Fault{After: 2, Every: 3, Times: 2}}
	var hits []int
	for i := range 20 {
		if f.due() {
			hits = append(hits, i+1)
		}
	}
	if diff := cmp.Diff([]int{5, 8}, hits); diff != "" {
		t.Error(diff)
	}
	s, _ := started(t, Config{}, world.Config{})
	if _, err := s.Break(Fault{Name: "gremlin"}); err == nil {
		t.Error("a fault that there is not was accepted")
	}
	mend, err := s.Break(Fault{Name: Refuse, Sensor: 0x43, Code: 0xce})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []byte{0xce, codeOK} {
		if code, _ := ask(t, s, netSensor, 0x2d, 0x43); code != want {
			t.Errorf("code %02x, want %02x", code, want)
		}
		if code, _ := ask(t, s, netSensor, 0x2d, 0x42); code != codeOK {
			t.Errorf("another sensor: code %02x", code)
		}
		mend()
	}
}

func TestConfigIsChecked(t *testing.T) {
	w := world.New(world.Config{Clock: world.Still(noon)})
	for _, c := range []Config{
		{}, {World: w, Vendor: "acme"}, {World: w, Suites: []byte{0}}, {World: w, Ignore: []byte{8}},
		{World: w, Kg: strings.Repeat("k", 21)}, {World: w, Listen: "nonsense"},
	} {
		if s, err := Serve(c); err == nil {
			t.Errorf("%+v was accepted", c)
			s.Close()
		}
	}
}
