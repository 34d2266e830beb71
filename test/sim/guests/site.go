package guests

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Manner is how a web site answers. The zero Manner answers 200 at once.
type Manner struct {
	// Status of the answer, 0 for 200, and what else its head says.
	Status int
	Header string
	// Delay before the answer.
	Delay time.Duration
	// Silent sites take the connection and say nothing, those that hang do so
	// before TLS.
	Silent, Hangs bool
	// Raw is sent in the place of an answer.
	Raw string
	// EndlessBody and EndlessHead never end, Early sends answers to come (1xx)
	// without end.
	EndlessBody, EndlessHead, Early bool
}

// Site is a web server that behaves as it is told.
type Site struct {
	// Root is the authority that signed its certificate, and Requests is what it
	// was sent.
	Root *x509.Certificate

	listener net.Listener
	config   *tls.Config
	running  sync.WaitGroup

	mu       sync.Mutex
	manner   Manner
	conns    map[net.Conn]bool
	requests []string
	closed   bool
}

// Certificate of a site that speaks TLS.
type Certificate struct {
	Names    []string
	NotAfter time.Time
}

// OpenSite serves on an address until it is closed, with TLS when it has a
// certificate.
func OpenSite(address string, c *Certificate) (*Site, error) {
	s := &Site{conns: map[net.Conn]bool{}}
	if c != nil {
		if err := s.certify(*c); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("opening a site: %w", err)
	}
	s.listener = l
	s.running.Add(1)
	go s.accept()
	return s, nil
}

// certify makes an authority and a certificate.
func (s *Site) certify(c Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	began := time.Now().Add(-24 * time.Hour)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(24 * time.Hour)
	}
	if c.NotAfter.Before(began) {
		began = c.NotAfter.Add(-24 * time.Hour)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Root"}, NotBefore: began, NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: began, NotAfter: c.NotAfter}
	for _, name := range c.Names {
		if ip := net.ParseIP(name); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, name)
		}
	}
	signed, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err == nil {
		s.Root, err = x509.ParseCertificate(signed)
	}
	if err == nil {
		signed, err = x509.CreateCertificate(rand.Reader, leaf, s.Root, key.Public(), key)
	}
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	s.config = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{signed}, PrivateKey: key}}}
	return nil
}

// Addr is where it listens.
func (s *Site) Addr() string { return s.listener.Addr().String() }

// Set changes how it answers from now on.
func (s *Site) Set(m Manner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manner = m
}

// Requests are the heads of what it was sent.
func (s *Site) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Close ends it and all its connections. It may be closed twice.
func (s *Site) Close() error {
	err := ended(s.listener.Close())
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		err = errors.Join(err, ended(c.Close()))
	}
	s.mu.Unlock()
	s.running.Wait()
	return err
}

func ended(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *Site) accept() {
	defer s.running.Done()
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		s.mu.Lock()
		m := s.manner
		if s.closed {
			_ = c.Close()
		}
		s.conns[c] = true
		s.running.Add(1)
		s.mu.Unlock()
		go s.serve(c, m)
	}
}

// serve answers one request. What cannot be written, the other side did not
// want any more.
func (s *Site) serve(raw net.Conn, m Manner) {
	defer s.running.Done()
	defer func() {
		s.mu.Lock()
		delete(s.conns, raw)
		s.mu.Unlock()
		_ = raw.Close()
	}()
	var c net.Conn = raw
	if m.Hangs {
		s.wait(raw)
		return
	}
	if s.config != nil {
		c = tls.Server(raw, s.config)
	}
	r := bufio.NewReader(c)
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		head.WriteString(line)
		if line == "\r\n" {
			break
		}
	}
	s.mu.Lock()
	s.requests = append(s.requests, head.String())
	s.mu.Unlock()
	s.answer(c, m)
}

// wait until the other side has had enough.
func (s *Site) wait(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

func (s *Site) answer(c net.Conn, m Manner) {
	time.Sleep(m.Delay)
	if m.Silent {
		s.wait(c)
		return
	}
	if m.Status == 0 {
		m.Status = http.StatusOK
	}
	begin := fmt.Sprintf("HTTP/1.1 %d %s\r\n%s", m.Status, http.StatusText(m.Status), m.Header)
	more := ""
	switch {
	case m.Raw != "":
		begin = m.Raw
	case m.EndlessHead:
		more = "X-More: and more\r\n"
	case m.Early:
		begin, more = "", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
	case m.EndlessBody:
		begin, more = begin+"\r\n", strings.Repeat("more\n", 1000)
	default:
		begin += "Content-Length: 0\r\n\r\n"
	}
	_, err := c.Write([]byte(begin))
	for err == nil && more != "" {
		_, err = c.Write([]byte(more))
	}
}
