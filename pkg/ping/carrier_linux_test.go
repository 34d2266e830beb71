package ping

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// This machine reaches itself by an interface that always has a carrier.
func TestWayToItself(t *testing.T) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		index, err := way(fd, netip.MustParseAddr("127.0.0.1"))
		if err != nil || carrierless()[index] {
			t.Errorf("interface %d, %v", index, err)
		}
	}
	if _, err := way(fd, netip.MustParseAddr("fe80::1%nosuch0")); err == nil {
		t.Error("a way by an interface that is not there")
	}
	if err := unix.Close(fd); err != nil {
		t.Error(err)
	}
	if got := newMachine().unplugged([]netip.Addr{netip.MustParseAddr("127.0.0.1")}); got[0] {
		t.Error("loopback has no carrier")
	}
}

func FuzzInterfaceOf(f *testing.F) {
	route := make([]byte, routeHeader+8)
	binary.NativeEndian.PutUint16(route[4:], unix.RTM_NEWROUTE)
	binary.NativeEndian.PutUint16(route[routeHeader:], 8)
	binary.NativeEndian.PutUint16(route[routeHeader+2:], unix.RTA_OIF)
	binary.NativeEndian.PutUint32(route[routeHeader+4:], 7)
	if index, err := interfaceOf(route); err != nil || index != 7 {
		f.Fatalf("%s: %d, %v", hex.EncodeToString(route), index, err)
	}
	f.Add(route)
	f.Add(route[:routeHeader+6])
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = interfaceOf(b) })
}
