package ping

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLoopback asks this machine itself, or is told in words why it may not.
func TestLoopback(t *testing.T) {
	var targets []Target
	for i := range 1000 {
		targets = append(targets, Target{Addr: netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)})})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r, err := Run(ctx, targets, Options{Packets: 5, Wait: time.Minute}) // it ends with the last answer
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Faults) > 0 && errors.Is(r.Faults[0].Err, ErrPrivilege) {
		t.Logf("left out: pings of this machine, this user may not send: %v", r.Faults[0])
		if text := r.Faults[0].String(); !strings.Contains(text, "ping_group_range") || !strings.Contains(text, "CAP_NET_RAW") && !strings.Contains(text, "cap_net_raw") {
			t.Errorf("it does not say what helps: %s", text)
		}
		for _, x := range r.Targets {
			if x.Unsent != 5 || x.Lost() != 0 {
				t.Fatalf("%+v", x)
			}
		}
		return
	}
	if len(r.Faults) > 0 || r.Cut {
		t.Fatalf("cut %v, %v", r.Cut, r.Faults)
	}
	for _, x := range r.Targets {
		if x.Sent != 5 || x.Received != 5 || x.Duplicates+x.Altered+x.Corrupt+x.Strange > 0 || x.Min <= 0 || x.Max < x.Min {
			t.Fatalf("%+v", x)
		}
	}
}

func TestPrivilegeText(t *testing.T) {
	for _, c := range []struct {
		r    rights
		want string
	}{
		{rights{groups: "1 0"}, "no right to send ICMP echo requests (raw socket: operation not permitted, datagram socket: permission denied): " +
			"net.ipv4.ping_group_range is 1 0 and holds no group of this user: the line net.ipv4.ping_group_range = 0 2147483647 in /etc/sysctl.d helps, or setcap cap_net_raw+ep on the plugin"},
		{rights{groups: "1 0", frozen: true}, "NoNewPrivileges is set, so setcap on the plugin has no effect here: give AmbientCapabilities=CAP_NET_RAW instead"},
		{rights{bound: true, frozen: true}, "cap_net_raw is not in the bounding set of this service, so setcap cannot help: give it with CapabilityBoundingSet and AmbientCapabilities=CAP_NET_RAW"},
	} {
		err := privilege(c.r, unix.EPERM, unix.EACCES)
		if text := err.Error(); !strings.HasSuffix(text, c.want) || strings.ContainsAny(text, ";|$<>\\\"`'") || !errors.Is(err, ErrPrivilege) {
			t.Errorf("%+v: %s", c.r, text)
		}
	}
}

// stamp is an SCM_TIMESTAMPNS message.
func stamp(at time.Time) []byte {
	b := make([]byte, unix.CmsgSpace(16))
	binary.NativeEndian.PutUint64(b, uint64(unix.CmsgLen(16)))
	binary.NativeEndian.PutUint32(b[8:], unix.SOL_SOCKET)
	binary.NativeEndian.PutUint32(b[12:], unix.SCM_TIMESTAMPNS)
	binary.NativeEndian.PutUint64(b[16:], uint64(at.Unix()))
	binary.NativeEndian.PutUint64(b[24:], uint64(at.Nanosecond()))
	return b
}

// TestArrivalWhenClocksJump: the stamp is of the wall clock, which may be set
// between a packet's arrival and its reading.
func TestArrivalWhenClocksJump(t *testing.T) {
	began := time.Now()
	s := &socket{machine: &machine{began}, empty: 100 * ms}
	now := began.Add(110 * ms)
	for _, c := range []struct {
		name string
		oob  []byte
		want time.Duration
	}{
		{"right", stamp(now.Add(-4 * ms)), 106 * ms},
		{"set forward by an hour", stamp(now.Add(-time.Hour)), 100 * ms},
		{"set back by an hour", stamp(now.Add(time.Hour)), 110 * ms},
		{"none", nil, 110 * ms},
		{"cut", stamp(now)[:20], 110 * ms},
	} {
		if got := s.arrival(c.oob, now); (got - c.want).Abs() > time.Microsecond {
			t.Errorf("%s: %s, expected %s", c.name, got, c.want)
		}
	}
}

// FuzzAncillary: what the kernel puts beside a message is never trusted to be
// whole.
func FuzzAncillary(f *testing.F) {
	f.Add(stamp(time.Unix(1, 2)))
	whole := make([]byte, unix.CmsgSpace(32))
	binary.NativeEndian.PutUint64(whole, uint64(unix.CmsgLen(32)))
	binary.NativeEndian.PutUint32(whole[12:], unix.IP_RECVERR)
	binary.NativeEndian.PutUint32(whole[16:], uint32(unix.EHOSTUNREACH))
	whole[20], whole[21], whole[22] = unix.SO_EE_ORIGIN_ICMP, 3, 1
	binary.NativeEndian.PutUint16(whole[32:], unix.AF_INET)
	f.Add(whole)
	f.Add([]byte{})
	if c, ok := complaintOf(whole); !ok || c.kind != 3 || c.code != 1 || !c.by.IsValid() {
		f.Fatalf("%+v", c)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if at, ok := stampOf(b); !ok && at != 0 {
			t.Error("a time that is none")
		}
		if c, ok := complaintOf(b); ok && !c.by.IsValid() && c.mtu == 0 {
			t.Errorf("an error that says nothing: %+v", c)
		}
		var table neighbourTable
		table.add(b)
	})
}

func TestNeighboursOfThisMachine(t *testing.T) {
	tables := newMachine().neighbours()
	if tables[v4].limit <= 0 || tables[v4].entries < 0 || tables[v4].entries > tables[v4].limit*2 {
		t.Errorf("%+v", tables[v4])
	}
}
