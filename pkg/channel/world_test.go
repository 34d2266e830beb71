package channel

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/secret"
)

var (
	day = time.Date(2026, 8, 6, 9, 30, 0, 0, time.FixedZone("", 2*3600))
	noc = netmail.Address{Name: `Example "NOC", Büro`, Address: "noc@example.net"}
)

// notice is one that every channel can carry.
func notice() Message {
	return Message{
		ID: "M-1.1.K-1007@example.net", Thread: "M-1.0.K-1007@example.net", Date: day, Lang: "de", Event: "M-1", Kind: "reminded",
		Subject: "[M-1] Geplante Wartung: „Bäckerei“", Text: "Guten Tag,\n\nam 13. August wird gewartet.\nEs wird keine Unterbrechung erwartet.\n",
		HTML: "<p>am 13. August wird gewartet</p>", Updated: 1, Facts: map[string]any{"guests": []string{"shop"}},
	}
}

// identities are certificates of an authority in a file: for 127.0.0.1, and for
// somebody else.
type identities struct {
	ca          string
	good, other tls.Certificate
}

func newIdentities(t *testing.T) identities {
	t.Helper()
	sign := func(template, parent *x509.Certificate, signer crypto.Signer) (tls.Certificate, crypto.Signer) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template.SerialNumber = big.NewInt(time.Now().UnixNano())
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		if parent == nil {
			parent, signer = template, key
		}
		raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}, key
	}
	root, key := sign(&x509.Certificate{Subject: pkix.Name{CommonName: "a test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	out := identities{ca: put(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate[0]})))}
	out.good, _ = sign(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, root.Leaf, key)
	out.other, _ = sign(&x509.Certificate{DNSNames: []string{"relay.example.net"}}, root.Leaf, key)
	return out
}

// put writes a private file and returns its path.
func put(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func authFile(t *testing.T, text string) secret.Options {
	t.Helper()
	return secret.Options{AuthFile: put(t, "auth.ini", text)}
}

// said holds an error against what it has to name; it is one line, without
// secrets.
func said(t *testing.T, err error, want string, secrets ...string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("error %v", err)
		}
		return
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, expected %q in it", err, want)
		return
	}
	text := err.Error()
	for _, s := range append(secrets, "\n", "\r", "\x00") {
		if strings.Contains(text, s) {
			t.Errorf("the error repeats %q: %s", s, text)
		}
	}
	if len(text) > 600 {
		t.Errorf("an error of %d bytes", len(text))
	}
}

// late is a context whose time is over when a test says so, and not by a clock.
type late struct{ context.Context }

func (l late) Err() error {
	if l.Context.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// until returns a context whose time is over with an event.
func until(t *testing.T, event <-chan struct{}) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() {
		select {
		case <-event:
			cancel()
		case <-ctx.Done():
		}
	}()
	return late{ctx}
}
