package web

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/guests"
)

// site answers as it is told until the test ends.
func site(t *testing.T, c *guests.Certificate, m guests.Manner) *guests.Site {
	t.Helper()
	s, err := guests.OpenSite("127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Set(m)
	return s
}

// one asks one site.
func one(t *testing.T, address string, o Options) Answer {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if o.Network = "tcp4"; o.Wait == 0 {
		o.Wait = 10 * time.Second
	}
	return Ask(context.Background(), []*url.URL{u}, o)[0]
}

// TestManners: what a site may say, and what is made of it.
func TestManners(t *testing.T) {
	for name, c := range map[string]struct {
		manner guests.Manner
		status int
		phase  Phase
		err    string
	}{
		"well":         {guests.Manner{}, 200, Answered, ""},
		"slow":         {guests.Manner{Delay: 50 * time.Millisecond}, 200, Answered, ""},
		"broken":       {guests.Manner{Status: 503}, 503, Answered, ""},
		"redirecting":  {guests.Manner{Status: 301, Header: "Location: http://127.0.0.1:1/\r\n"}, 301, Answered, ""},
		"endless body": {guests.Manner{EndlessBody: true}, 200, Answered, ""},
		"hints first":  {guests.Manner{Raw: "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"}, 204, Answered, ""},
		"endless head": {guests.Manner{EndlessHead: true}, 0, Asking, "no end to the head of its answer"},
		"hints only":   {guests.Manner{Early: true}, 0, Asking, "no end to the head of its answer"},
		"no HTTP":      {guests.Manner{Raw: "SSH-2.0-OpenSSH_10.0\r\n\r\n"}, 0, Asking, "its answer is not HTTP"},
		"ends":         {guests.Manner{Raw: "\n"}, 0, Asking, "its answer is not HTTP"},
		"in the midst": {guests.Manner{Raw: "HTTP/1.1 200 OK\r\nServer:"}, 0, Asking, "the connection was ended instead of an answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := site(t, nil, c.manner)
			a := one(t, "http://"+s.Addr()+"/shop?token=x", Options{})
			text := ""
			if a.Err != nil {
				text = a.Err.Error()
			}
			if a.Status != c.status || a.Phase != c.phase || text != c.err || a.Own || a.Silent() != (c.status == 0) || a.Addr.String() != "127.0.0.1" {
				t.Errorf("%+v", a)
			}
			if a.Total() < c.manner.Delay {
				t.Errorf("took %s", a.Total())
			}
		})
	}
}

// TestRequest: one GET, nothing secret, and of a redirect nothing more.
func TestRequest(t *testing.T) {
	other := site(t, nil, guests.Manner{})
	s := site(t, nil, guests.Manner{Status: 302, Header: "Location: http://" + other.Addr() + "/\r\nSet-Cookie: a=b\r\n"})
	for range 2 {
		one(t, "http://"+s.Addr()+"/a%20b?c=d", Options{})
	}
	want := "GET /a%20b?c=d HTTP/1.1\r\nHost: " + s.Addr() + "\r\nUser-Agent: noout\r\nConnection: close\r\nAccept: */*\r\n\r\n"
	if got := s.Requests(); len(got) != 2 || got[0] != want || got[1] != want || len(other.Requests()) != 0 {
		t.Errorf("%q, and elsewhere %q", got, other.Requests())
	}
}

// TestPatience: a site that is silent takes its wait, and says how far it came.
func TestPatience(t *testing.T) {
	good := &guests.Certificate{Names: []string{"127.0.0.1"}}
	for name, c := range map[string]struct {
		scheme string
		cert   *guests.Certificate
		manner guests.Manner
		phase  Phase
		text   string
	}{
		"no answer": {"http", nil, guests.Manner{Silent: true}, Asking, "then no answer for"},
		"no TLS":    {"https", good, guests.Manner{Hangs: true}, Shaking, "then no TLS for"},
		"plain":     {"https", nil, guests.Manner{Raw: "HTTP/1.1 400 Bad Request\r\n\r\n"}, Shaking, "no TLS for"},
	} {
		s := site(t, c.cert, c.manner)
		a := one(t, c.scheme+"://"+s.Addr(), Options{Wait: 200 * time.Millisecond})
		if !a.Silent() || a.Phase != c.phase || !strings.Contains(fmt.Sprint(a.Err), c.text) || !strings.Contains(fmt.Sprint(a.Err), "connected in") {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestNobody: nobody listens, there is no such name, no time is left.
func TestNobody(t *testing.T) {
	s := site(t, nil, guests.Manner{})
	gone := s.Addr()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if a := one(t, "http://"+gone, Options{}); !a.Silent() || a.Phase != Connecting || a.Err.Error() != "connection refused, no web server listens" {
		t.Errorf("%+v", a)
	}
	if a := one(t, "http://no.such.name.invalid/", Options{}); !a.Own || a.Status != 0 || !strings.HasPrefix(a.Err.Error(), "DNS: ") {
		t.Errorf("%+v", a)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	u := &url.URL{Scheme: "http", Host: gone}
	if a := Ask(ctx, []*url.URL{u}, Options{Network: "tcp", Wait: time.Second})[0]; !a.Own || !strings.Contains(a.Err.Error(), "no time was left") {
		t.Errorf("%+v", a)
	}
}

// TestCertificates: a wrong one is said, and the site is asked all the same.
func TestCertificates(t *testing.T) {
	for name, c := range map[string]struct {
		certificate guests.Certificate
		known       bool
		flaw        string
	}{
		"right":     {guests.Certificate{Names: []string{"127.0.0.1"}}, true, ""},
		"other":     {guests.Certificate{Names: []string{"www.example.net"}}, true, "is made out to www.example.net"},
		"expired":   {guests.Certificate{Names: []string{"127.0.0.1"}, NotAfter: time.Now().Add(-48 * time.Hour)}, true, "expired on "},
		"of nobody": {guests.Certificate{Names: []string{"127.0.0.1"}}, false, "is not signed by a known authority"},
	} {
		s := site(t, &c.certificate, guests.Manner{})
		roots := x509.NewCertPool()
		if c.known {
			roots.AddCert(s.Root)
		}
		a := one(t, "https://"+s.Addr(), Options{Roots: roots})
		if a.Status != 200 || !strings.HasPrefix(a.Flaw, c.flaw) || c.flaw == "" && a.Flaw != "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestMany: all at once, each with its own answer.
func TestMany(t *testing.T) {
	s := site(t, nil, guests.Manner{Delay: 100 * time.Millisecond})
	var list []*url.URL
	for range 200 {
		list = append(list, &url.URL{Scheme: "http", Host: s.Addr(), Path: "/"})
	}
	for i, a := range Ask(context.Background(), list, Options{Network: "tcp", Wait: 20 * time.Second}) {
		if a.Status != 200 {
			t.Errorf("%d: %+v", i, a)
		}
	}
}
