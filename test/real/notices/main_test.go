//go:build real

package notices

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// home holds all that the tests make.
var home string

func TestMain(m *testing.M) {
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "postfix is started as root: expected root")
		os.Exit(1)
	}
	var err error
	home, err = os.MkdirTemp("", "noout-notices")
	if err == nil {
		err = os.Chmod(home, 0o755)
	}
	if err == nil {
		err = certificates()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Web hooks are held against the authorities that this machine knows.
	os.Setenv("SSL_CERT_FILE", filepath.Join(home, "ca.pem"))
	code := m.Run()
	_ = os.RemoveAll(home) // of no consequence for what was tested
	os.Exit(code)
}

// certificates writes ca.pem, and cert.pem with key.pem for 127.0.0.1.
func certificates() error {
	make := func(template, parent *x509.Certificate, by crypto.Signer) (*x509.Certificate, *ecdsa.PrivateKey, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, nil, err
		}
		template.SerialNumber = big.NewInt(time.Now().UnixNano())
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
		if parent == nil {
			parent, by = template, key
		}
		raw, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
		if err != nil {
			return nil, nil, err
		}
		leaf, err := x509.ParseCertificate(raw)
		return leaf, key, err
	}
	root, rootKey, err := make(&x509.Certificate{Subject: pkix.Name{CommonName: "a test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	if err != nil {
		return err
	}
	leaf, key, err := make(&x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"relay.example.net"}}, root, rootKey)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem": {Type: "CERTIFICATE", Bytes: root.Raw}, "cert.pem": {Type: "CERTIFICATE", Bytes: leaf.Raw}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		err = errors.Join(err, os.WriteFile(filepath.Join(home, name), pem.EncodeToMemory(block), 0o600))
	}
	return err
}

// read runs one of the readers in Python and decodes what it prints.
func read[T any](t *testing.T, reader string, args ...string) T {
	t.Helper()
	// Debian's, which has Debian's packages.
	cmd := exec.Command("/usr/bin/python3", append([]string{filepath.Join("reader", reader)}, args...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", reader, err, said.String())
	}
	var v T
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("%s: %v\n%s", reader, err, out)
	}
	return v
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
