package ipmi

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
)

func TestLANRefusesWhatIPMICannotHave(t *testing.T) {
	good := Endpoint{Host: "192.0.2.1", Credentials: secret.Credentials{Username: "u", Password: secret.NewText("p")}}
	tests := []struct {
		name   string
		change func(e *Endpoint, o *Options)
		says   string
	}{
		{"no user", func(e *Endpoint, _ *Options) { e.Credentials.Username = "" }, "--auth-file"},
		{"long user", func(e *Endpoint, _ *Options) { e.Credentials.Username = strings.Repeat("u", 17) }, "17 bytes, IPMI allows 16"},
		{"long password", func(e *Endpoint, _ *Options) { e.Credentials.Password = secret.NewText(strings.Repeat("p", 21)) }, "21 bytes, IPMI allows 20"},
		{"long kg", func(e *Endpoint, _ *Options) { e.Credentials.Kg = secret.NewText(strings.Repeat("k", 21)) }, "21 bytes, IPMI allows 20"},
		{"privilege", func(_ *Endpoint, o *Options) { o.Privilege = "root" }, "--ipmi-privilege"},
		{"no host", func(e *Endpoint, _ *Options) { e.Host = "" }, "no host"},
		{"no port", func(_ *Endpoint, o *Options) { o.Port = 0 }, "port"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, o := good, Options{Port: 623}
			tt.change(&e, &o)
			_, err := LAN(e, o)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v does not say %q", err, tt.says)
			}
			if err != nil && strings.Contains(err.Error(), "ppp") {
				t.Errorf("the password is in %q", err)
			}
		})
	}
	for host, want := range map[string]string{
		"192.0.2.1": "192.0.2.1 623", "bmc:6230": "bmc 6230", "2001:db8::1": "2001:db8::1 623",
		"[2001:db8::1]:6230": "2001:db8::1 6230", "fe80::1%eth0": "fe80::1%eth0 623",
	} {
		e := good
		e.Host = host
		source, err := LAN(e, Options{Port: 623})
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		if l := source.(*lan); l.host+" "+l.port != want {
			t.Errorf("%s: %s %s, want %s", host, l.host, l.port, want)
		}
	}
}

func TestPortClosed(t *testing.T) {
	b := shelf(t)
	closed, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	port := closed.LocalAddr().(*net.UDPAddr).Port
	closed.Close()
	l := b.remote(port)
	failure := opening(t, l, 30*time.Second)
	if failure.Cause != CauseNetwork || !strings.Contains(failure.Error(), "nothing listens") {
		t.Errorf("%v", failure)
	}
}

// refusing is a port where nothing listens.
type refusing struct{ wire }

func (r *refusing) Write(d []byte) (int, error) { return len(d), nil }

func (r *refusing) Read([]byte) (int, error) {
	return 0, &net.OpError{Op: "read", Err: syscall.ECONNREFUSED}
}

// A name with several addresses: they are tried in turn, and what the account
// is refused for at one is not tried at the next.
func TestSeveralAddresses(t *testing.T) {
	synctest.Test(t, testSeveralAddresses)
}

func testSeveralAddresses(t *testing.T) {
	b, mute := shelf(t), shelf(t)
	mute.muteAfter(0)
	l := b.client()
	l.host = "bmc.example.net"
	l.socket = func(_ context.Context, network, address string) (net.Conn, error) {
		switch address {
		case "127.0.0.1:623":
			return &wire{board: b, inbox: make(chan []byte, 10)}, nil
		case "127.0.0.2:623":
			return &wire{board: mute, inbox: make(chan []byte, 10)}, nil
		}
		return &refusing{}, nil
	}
	addresses := func(all ...string) func(context.Context, string, string) ([]netip.Addr, error) {
		return func(context.Context, string, string) ([]netip.Addr, error) {
			var parsed []netip.Addr
			for _, a := range all {
				parsed = append(parsed, netip.MustParseAddr(a))
			}
			return parsed, nil
		}
	}
	l.lookup = addresses("127.0.0.3", "127.0.0.2", "127.0.0.1") // closed, silent, right
	if server := poll1(t, l, bmc.Ask{}); len(server.Fans) != 8 {
		t.Errorf("%d fans", len(server.Fans))
	}

	l.lookup = addresses("127.0.0.3", "127.0.0.2")
	if f := opening(t, l, 8*time.Second); !strings.Contains(f.Error(), "nothing listens") {
		t.Errorf("%v", f)
	}

	l.lookup = addresses("127.0.0.1", "127.0.0.1")
	l.endpoint.Credentials.Password = secret.NewText("wrong")
	before := b.count("rakp1")
	opening(t, l, 5*time.Second)
	if n := b.count("rakp1") - before; n != 1 {
		t.Errorf("the wrong password was tried %d times", n)
	}

	l.lookup = func(context.Context, string, string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "bmc.example.net", IsNotFound: true}
	}
	if f := opening(t, l, 5*time.Second); f.Cause != CauseNetwork || !strings.Contains(f.Error(), "cannot resolve") {
		t.Errorf("%v", f)
	}
}

func TestAddressFamily(t *testing.T) {
	b := shelf(t)
	for _, tt := range []struct {
		v4, v6 bool
		want   string
	}{{false, false, "ip"}, {true, false, "ip4"}, {false, true, "ip6"}, {true, true, "ip"}} {
		l := b.client()
		l.endpoint.IPv4, l.endpoint.IPv6 = tt.v4, tt.v6
		got := ""
		l.lookup = func(_ context.Context, network, _ string) ([]netip.Addr, error) {
			got = network
			return nil, errors.New("stop")
		}
		opening(t, l, time.Second)
		if got != tt.want {
			t.Errorf("IPv4 %t, IPv6 %t: looked up %q, want %q", tt.v4, tt.v6, got, tt.want)
		}
	}
}
