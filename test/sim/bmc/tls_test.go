package bmc

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"net"
	"strings"
	"testing"
)

// shake connects and returns the certificate that was shown.
func shake(s *Sim, c *tls.Config) ([]byte, error) {
	raw, err := net.Dial("tcp", s.Host)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	conn := tls.Client(raw, c)
	if err := conn.Handshake(); err != nil {
		return nil, err
	}
	return conn.ConnectionState().PeerCertificates[0].Raw, nil
}

func TestCertificates(t *testing.T) {
	for _, c := range []struct {
		tls  TLS
		want string // in the error; "" is none
	}{
		{TLSGood, ""},
		{TLSSelfSigned, ""}, // when it is trusted itself
		{TLSExpired, "expired"},
		{TLSWrongName, "bmc-of-another-server.example.net"},
		{TLSOldRSA, "handshake failure"},
		{TLS10, "protocol version"},
	} {
		s := Start(t, Server{TLS: c.tls})
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(s.CA()) {
			t.Fatal("no certificate to trust")
		}
		_, err := shake(s, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.tls, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) && !strings.Contains(err.Error(), "192.0.2.9")):
			t.Errorf("%q: %v, want %s", c.tls, err, c.want)
		}
		legacy := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
		for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			legacy.CipherSuites = append(legacy.CipherSuites, suite.ID)
		}
		shown, err := shake(s, legacy)
		if err != nil {
			t.Errorf("%q, asking for little: %v", c.tls, err)
			continue
		}
		if sum := sha256.Sum256(shown); hex.EncodeToString(sum[:]) != s.Fingerprint() {
			t.Errorf("%q: the fingerprint is of something else", c.tls)
		}
	}
}

func TestASelfSignedCertificateIsNotTrustedByItself(t *testing.T) {
	s := Start(t, Server{TLS: TLSSelfSigned})
	if _, err := shake(s, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}); err == nil {
		t.Error("trusted")
	}
}
