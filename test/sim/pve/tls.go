package pve

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"time"

	"github.com/noout-monitoring/noout/test/sim/wire"
)

// identity is the cluster's authority and the certificate of its nodes.
type identity struct {
	ca          []byte // PEM
	fingerprint string
	certificate tls.Certificate
}

func (i identity) listener(l net.Listener, counter *wire.Counter) net.Listener {
	return tls.NewListener(counter.Listen(l), &tls.Config{
		Certificates: []tls.Certificate{i.certificate}, NextProtos: []string{"http/1.1"},
		VerifyConnection: counter.Shaken,
	})
}

func newIdentity(nodes []Node) (identity, error) {
	authority, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	parent := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Proxmox Virtual Environment"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "node.example.net"},
		NotBefore: parent.NotBefore, NotAfter: parent.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, DNSNames: []string{"localhost"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	for _, n := range nodes {
		leaf.DNSNames = append(leaf.DNSNames, n.Name)
	}
	root, err := x509.CreateCertificate(rand.Reader, parent, parent, authority.Public(), authority)
	if err != nil {
		return identity{}, err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, key.Public(), authority)
	if err != nil {
		return identity{}, err
	}
	sum := sha256.Sum256(der)
	return identity{
		ca:          pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root}),
		fingerprint: hex.EncodeToString(sum[:]),
		certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
	}, nil
}
