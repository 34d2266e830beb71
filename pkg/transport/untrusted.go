package transport

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
)

// untrusted explains why a certificate was not accepted.
func (p peer) untrusted(err *tls.CertificateVerificationError) string {
	if len(err.UnverifiedCertificates) == 0 {
		return p.address + " shows no certificate"
	}
	leaf := err.UnverifiedCertificates[0]
	pin := p.options.flag("fingerprint") + " " + fingerprintOf(leaf).String()
	authority := "use " + p.options.flag("ca-file") + " or "
	text, step := flaw(leaf, err.Err, authority)
	text = "the certificate of " + p.address + " " + text
	if _, none := errors.AsType[x509.SystemRootsError](err); none {
		text, step = "this machine has no list of known authorities", authority
	}
	return text + ": " + cmp.Or(p.options.advice, step+pin)
}

// Flaw says behind "the certificate" why verifying it ended in an error.
func Flaw(leaf *x509.Certificate, err error) string {
	text, _ := flaw(leaf, err, "")
	return text
}

// flaw adds what helps, up to the pin at its end; trust is that for an authority.
func flaw(leaf *x509.Certificate, err error, trust string) (text, step string) {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "is not signed by a known authority", trust
	case errors.As(err, &name):
		return "is made out to " + bearers(leaf), "ask by that name or use "
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return dates(invalid.Cert), "renew it or use "
	}
	return "cannot be trusted (" + withoutPrefix(err.Error()) + ")", "use "
}

// bearers names whom a certificate is made out to.
func bearers(leaf *x509.Certificate) string {
	names := slices.Clone(leaf.DNSNames)
	for _, address := range leaf.IPAddresses {
		names = append(names, address.String())
	}
	if len(names) == 0 {
		return "nobody (no subject alternative name)"
	}
	if more := len(names) - 3; more > 0 {
		names = append(names[:3], fmt.Sprintf("%d more", more))
	}
	for i, name := range names {
		names[i] = bounded(name, 60)
	}
	return strings.Join(names, ", ")
}

func dates(certificate *x509.Certificate) string {
	if now := time.Now(); certificate != nil && now.Before(certificate.NotBefore) {
		return "is not valid before " + phrase.Time(certificate.NotBefore) + " (compare the clocks)"
	}
	if certificate == nil {
		return "has expired"
	}
	return "expired on " + phrase.Time(certificate.NotAfter)
}
