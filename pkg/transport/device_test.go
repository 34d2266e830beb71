package transport

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs the certificates of a test.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newAuthority(t testing.TB) authority {
	t.Helper()
	key := newKey(t)
	certificate := sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "a test's authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, key, nil)
	return authority{certificate, key}
}

// sign makes a certificate that is valid around now, unless the template says
// otherwise; without an authority it is self-signed.
func sign(t testing.TB, template *x509.Certificate, key crypto.Signer, by *authority) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotBefore.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// leaf is a template for 127.0.0.1.
func leaf() *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: "bmc"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
}

func pair(certificate *x509.Certificate, key crypto.Signer) tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key, Leaf: certificate}
}

// identity is a certificate for 127.0.0.1 with its key.
func (a authority) identity(t testing.TB) tls.Certificate {
	t.Helper()
	key := newKey(t)
	return pair(sign(t, leaf(), key, &a), key)
}

// file writes certificates down for --ca-file.
func file(t testing.TB, certificates ...*x509.Certificate) string {
	t.Helper()
	var text []byte
	for _, certificate := range certificates {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serve answers over TLS as config says, with a body of "fine" unless a handler
// is given.
func serve(t testing.TB, config *tls.Config, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	if handler == nil {
		handler = func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") }
	}
	server := httptest.NewUnstartedServer(handler)
	server.TLS = config
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// device serves with a good certificate and returns the options to reach it.
func device(t testing.TB, handler http.HandlerFunc) (*httptest.Server, Options) {
	t.Helper()
	ca := newAuthority(t)
	server := serve(t, &tls.Config{Certificates: []tls.Certificate{ca.identity(t)}}, handler)
	return server, Options{CAFile: file(t, ca.certificate)}
}

// listen hands every connection to a function, with all that a test of a
// hostile peer needs. The connections end with the test.
func listen(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go serve(conn)
		}
	}()
	return listener.Addr().String()
}

// raw is listen behind a good TLS handshake, after the request was read.
func raw(t testing.TB, answer func(net.Conn)) (string, Options) {
	t.Helper()
	ca := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.identity(t)}}
	address := listen(t, func(conn net.Conn) {
		secured := tls.Server(conn, config)
		request := make([]byte, 4096)
		if _, err := secured.Read(request); err == nil {
			answer(secured)
		}
	})
	return address, Options{CAFile: file(t, ca.certificate)}
}

func rsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// ask sends one request and reads the answer.
func ask(t testing.TB, options Options, url string) (string, error) {
	t.Helper()
	return askWithin(t, 5*time.Minute, options, url)
}

func askWithin(t testing.TB, limit time.Duration, options Options, url string) (string, error) {
	t.Helper()
	client, err := options.Client()
	if err != nil {
		t.Fatal(err)
	}
	return askWith(t, limit, client, url)
}

func askWith(t testing.TB, limit time.Duration, client *http.Client, url string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("root", "hush-hush")
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}
