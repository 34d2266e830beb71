package transport

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// backlog returns an address that neither accepts nor refuses: its queue of
// connections is full.
func backlog(t testing.TB) string {
	t.Helper()
	return backlogOn(t, "127.0.0.1", 0)
}

func backlogOn(t testing.TB, host string, port int) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte(net.ParseIP(host).To4()), Port: port}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := (&net.TCPAddr{IP: net.ParseIP(host), Port: bound.(*syscall.SockaddrInet4).Port}).String()
	for { // until a connection has to wait
		conn, err := net.DialTimeout("tcp", address, 50*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { conn.Close() })
	}
}

// names is a resolver that knows some names. "silent" is never answered.
func names(t testing.TB, known map[string][]string) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	go func() {
		query := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(query)
			if err != nil {
				return
			}
			if answer := answerTo(query[:n], known); answer != nil {
				socket.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

func answerTo(query []byte, known map[string][]string) []byte {
	var message dnsmessage.Message
	if message.Unpack(query) != nil || len(message.Questions) != 1 {
		return nil
	}
	question := message.Questions[0]
	name := strings.TrimSuffix(question.Name.String(), ".")
	if strings.HasPrefix(name, "silent") {
		return nil
	}
	message.Response, message.Authoritative = true, true
	addresses, found := known[name]
	if !found {
		message.RCode = dnsmessage.RCodeNameError
	}
	for _, text := range addresses {
		header := dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 1}
		address := net.ParseIP(text)
		switch v4 := address.To4(); {
		case v4 != nil && question.Type == dnsmessage.TypeA:
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: [4]byte(v4)}})
		case v4 == nil && question.Type == dnsmessage.TypeAAAA:
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: [16]byte(address)}})
		}
	}
	message.Additionals = nil
	packed, err := message.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// clientOf makes a client that trusts everybody and whose names are those given.
func clientOf(t testing.TB, network string, known map[string][]string) *http.Client {
	t.Helper()
	return &http.Client{Transport: newRounds(dialer{
		config:   &tls.Config{InsecureSkipVerify: true},
		options:  Options{IPv4: network == "tcp4", IPv6: network == "tcp6"},
		resolver: names(t, known),
	})}
}

func port(t testing.TB, address string) (string, int) {
	t.Helper()
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return text, tcp.Port
}

// net/http dials with a context without deadline. If it were left so, the
// first address of a name would use up all the time.
func TestSecondAddressOfAName(t *testing.T) {
	server, _ := device(t, nil)
	text, number := port(t, server.Listener.Addr().String())
	for name, first := range map[string]func(*testing.T){
		"first refuses":   func(*testing.T) {},
		"first is silent": func(t *testing.T) { backlogOn(t, "127.0.0.2", number) },
	} {
		t.Run(name, func(t *testing.T) {
			first(t)
			client := clientOf(t, "tcp", map[string][]string{"bmc.example": {"127.0.0.2", "127.0.0.1"}})
			// net.Dialer gives an address 2 s at least.
			if got, err := askWith(t, 5*time.Second, client, "https://bmc.example:"+text); err != nil || got != "fine" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	server, _ := device(t, nil)
	text, _ := port(t, server.Listener.Addr().String())
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shut, _ := port(t, closed.Addr().String())
	closed.Close()
	known := map[string][]string{
		"four.example": {"127.0.0.1"},
		"six.example":  {"::1"},
		"both.example": {"127.0.0.1", "::1"},
		"none.example": {},
	}
	tests := []struct{ name, network, url, words string }{
		{"unknown name", "tcp", "https://nosuch.example:" + text, "cannot resolve nosuch.example: no such host"},
		{"name without address", "tcp", "https://none.example:" + text, "cannot resolve none.example: no such host"},
		{"silent name server", "tcp", "https://silent.example:" + text, "silent.example could not be resolved in time"},
		{"refused", "tcp", "https://127.0.0.1:" + shut, "127.0.0.1:" + shut + ": connection refused, nothing listens on this port"},
		{"refused by name", "tcp", "https://four.example:" + shut, "four.example:" + shut + " (127.0.0.1:" + shut + "): connection refused"},
		{"IPv6 of an IPv4 name", "tcp6", "https://four.example:" + text, "four.example"},
		{"IPv6 of an IPv4 address", "tcp6", "https://127.0.0.1:" + text, "127.0.0.1 has no address of the family that -4 or -6 asks for"},
		{"IPv4 of an IPv6 address", "tcp4", "https://[::1]:" + text, "::1 has no address of the family that -4 or -6 asks for"},
		{"IPv4 of an IPv6 name", "tcp4", "https://six.example:" + text, "six.example"},
		{"link-local without interface", "tcp", "https://[fe80::1]:" + text, "[fe80::1]:" + text},
		{"unknown interface", "tcp", "https://[fe80::1%25nosuch0]:" + text, "[fe80::1%nosuch0]:" + text},
		{"no TLS", "tcp", "http://127.0.0.1:" + text, "expected https"},
		{"no host", "tcp", "https:///", ""},
		{"IPv4 of both", "tcp4", "https://both.example:" + text, "fine"},
		{"both of both", "tcp", "https://both.example:" + text, "fine"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			limit := 20 * time.Second
			if strings.Contains(test.url, "silent") {
				limit = short
			}
			got, err := askWith(t, limit, clientOf(t, test.network, known), test.url)
			t.Log(err)
			switch {
			case test.words == "fine":
				if err != nil || got != "fine" {
					t.Errorf("%q, %v", got, err)
				}
			case test.words != "":
				sentence(t, err, test.words)
			case err == nil:
				t.Errorf("an answer: %q", got)
			}
		})
	}
}

func TestFamilyOptions(t *testing.T) {
	server, options := device(t, nil)
	options.IPv4 = true
	if got, err := ask(t, options, server.URL); err != nil || got != "fine" {
		t.Errorf("-4: %q, %v", got, err)
	}
	options.IPv4, options.IPv6 = false, true
	_, err := ask(t, options, server.URL)
	sentence(t, err, "-6")
}

func TestIPv6(t *testing.T) {
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6 loopback:", err)
	}
	ca := newAuthority(t)
	key := newKey(t)
	template := leaf()
	template.IPAddresses = append(template.IPAddresses, net.IPv6loopback)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") }))
	server.Listener.Close()
	server.Listener = listener
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair(sign(t, template, key, &ca), key)}}
	server.StartTLS()
	t.Cleanup(server.Close)
	options := Options{CAFile: file(t, ca.certificate)}
	_, number := port(t, listener.Addr().String())
	for _, host := range []string{"::1", "::1%lo"} {
		url, err := URL(host, number)
		if err != nil {
			t.Fatal(err)
		}
		// No certificate bears a zone, so it must not be compared.
		if got, err := ask(t, options, url.String()); err != nil || got != "fine" {
			t.Errorf("%s: %q, %v", url, got, err)
		}
	}
}
