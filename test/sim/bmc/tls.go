package bmc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// TLS is how a controller secures its connections.
type TLS string

// TLS values.
const (
	TLSGood       TLS = ""           // a certificate for 127.0.0.1 by a CA of its own
	TLSRSA        TLS = "rsakey"     // the same with an RSA key, as most have
	TLSSelfSigned TLS = "selfsigned" // as most controllers are delivered
	TLSExpired    TLS = "expired"
	TLSWrongName  TLS = "wrongname" // for another address
	TLSOldRSA     TLS = "rsa"       // TLS 1.2 with RSA key exchange only, as iLO 3 and old iDRACs
	TLS10         TLS = "tls10"     // nothing newer than TLS 1.0
	TLSNone       TLS = "none"      // plain HTTP
)

func (t TLS) scheme() string {
	if t == TLSNone {
		return "http"
	}
	return "https"
}

// identity is a certificate with what a client needs to trust it.
type identity struct {
	ca          []byte // PEM
	fingerprint string
	certificate tls.Certificate
}

// secure puts TLS on a listener.
func (s *Sim) secure(l net.Listener) (net.Listener, error) {
	if s.server.TLS == TLSNone {
		return l, nil
	}
	id, err := newIdentity(s.server.TLS)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	s.identity = id
	config := &tls.Config{
		Certificates: []tls.Certificate{id.certificate},
		NextProtos:   []string{"http/1.1"}, // no controller speaks HTTP/2
		VerifyConnection: func(c tls.ConnectionState) error {
			s.stats.handshake(c.DidResume)
			return nil
		},
	}
	switch s.server.TLS {
	case TLSOldRSA:
		config.MaxVersion = tls.VersionTLS12
		config.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_GCM_SHA384}
	case TLS10:
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
		config.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
	}
	return tls.NewListener(l, config), nil
}

func newIdentity(kind TLS) (identity, error) {
	key, err := newKey(kind)
	if err != nil {
		return identity{}, err
	}
	leaf := certificate(2, "simulated controller")
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leaf.DNSNames = []string{"localhost"}
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	switch kind {
	case TLSExpired:
		leaf.NotBefore, leaf.NotAfter = time.Now().AddDate(-2, 0, 0), time.Now().AddDate(0, 0, -1)
	case TLSWrongName:
		leaf.IPAddresses, leaf.DNSNames = []net.IP{net.IPv4(192, 0, 2, 9)}, []string{"bmc-of-another-server.example.net"}
	}
	parent, signer := leaf, key
	if kind != TLSSelfSigned {
		if signer, err = newKey(""); err != nil {
			return identity{}, err
		}
		parent = certificate(1, "simulated authority")
		parent.IsCA, parent.BasicConstraintsValid = true, true
		parent.KeyUsage = x509.KeyUsageCertSign
	}
	ca, err := x509.CreateCertificate(rand.Reader, parent, parent, signer.Public(), signer)
	if err != nil {
		return identity{}, err
	}
	der := ca
	if kind != TLSSelfSigned {
		if der, err = x509.CreateCertificate(rand.Reader, leaf, parent, key.Public(), signer); err != nil {
			return identity{}, err
		}
	}
	sum := sha256.Sum256(der)
	return identity{
		ca:          pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca}),
		fingerprint: hex.EncodeToString(sum[:]),
		certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
	}, nil
}

// newKey makes a key: RSA where it is wanted, or the key exchange of old TLS
// needs it.
func newKey(kind TLS) (crypto.Signer, error) {
	if kind == TLSRSA || kind == TLSOldRSA || kind == TLS10 {
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func certificate(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
}
