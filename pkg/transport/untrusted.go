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
	step := func(ours string) string { return ": " + cmp.Or(p.options.advice, ours) }
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var roots x509.SystemRootsError
	text := "the certificate of " + p.address + " " + Flaw(leaf, err.Err)
	switch {
	case errors.As(err, &authority):
		return text + step("use "+p.options.flag("ca-file")+" or "+pin)
	case errors.As(err, &name):
		return text + step("ask by that name or use "+pin)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return text + step("renew it or use "+pin)
	case errors.As(err, &roots):
		return "this machine has no list of known authorities" + step("use "+p.options.flag("ca-file")+" or "+pin)
	}
	return text + step("use "+pin)
}

// Flaw says behind "the certificate" why verifying it ended in an error.
func Flaw(leaf *x509.Certificate, err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "is not signed by a known authority"
	case errors.As(err, &name):
		return "is made out to " + bearers(leaf)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return dates(invalid.Cert)
	}
	return "cannot be trusted (" + withoutPrefix(err.Error()) + ")"
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
