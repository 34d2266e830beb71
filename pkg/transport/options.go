// Package transport makes the http.Client that every source uses. It verifies
// the device's certificate, follows no redirect and uses no proxy, bounds
// everything a device may send, obeys the request's context in every phase, and
// says in one plain sentence what went wrong and what to do.
package transport

import (
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/noout-monitoring/noout/pkg/secret"
)

// Options are the connection flags, spelled alike in every plugin.
type Options struct {
	CAFile      string `name:"ca-file" help:"PEM file with the authority that signed the device's certificate, or that certificate itself." placeholder:"FILE"`
	Fingerprint string `help:"SHA-256 of the device's certificate, in hex, colons allowed. With --ca-file both must hold." placeholder:"SHA256"`
	Insecure    bool   `help:"Do not verify the device's certificate."`
	TLSLegacy   bool   `name:"tls-legacy" help:"Allow RSA key exchange and TLS 1.0, for old controllers."`
	Resume      string `name:"tls-resume" enum:"auto,off" default:"auto" help:"TLS sessions between runs, which spare the device a full handshake: kept where there is a memory (auto), or off." placeholder:"MODE"`
	IPv4        bool   `name:"ipv4-only" short:"4" help:"Connect over IPv4 only."`
	IPv6        bool   `name:"ipv6-only" short:"6" help:"Connect over IPv6 only."`

	keep   Keep
	most   int64
	advice string
	prefix string // of the flags, see Named
	trust  trust  // that Validate read
}

// Named returns the options as those of a second device, whose flags begin with a
// word of their own, such as "bmc" of --bmc-ca-file: what is said of a certificate
// names these.
func (o Options) Named(device string) Options {
	o.prefix = device + "-"
	return o
}

// flag is how a flag is spelled.
func (o Options) flag(name string) string { return "--" + o.prefix + name }

// Advising returns the options with another next step in what is said of a
// certificate: for a plugin that has none of these flags, or a peer that is not
// the reader's to mend. It stands behind a colon, such as "tell its owner".
func (o Options) Advising(step string) Options {
	o.advice = step
	return o
}

// Reading returns the options with another bound for the body of an answer, in
// bytes, for a device whose answers are larger than [MaxBody].
func (o Options) Reading(most int64) Options {
	o.most = most
	return o
}

func (o Options) bound() int64 { return cmp.Or(o.most, MaxBody) }

// Validate returns an error that names the option and what was expected.
// The CA file that it reads is the one that clients of o believe.
func (o *Options) Validate() error {
	t, _, err := o.ready()
	if err == nil {
		o.trust = t
	}
	return err
}

// ready is whom to believe, and how to shake hands.
func (o Options) ready() (trust, *tls.Config, error) {
	if err := o.exclusive(); err != nil {
		return trust{}, nil, err
	}
	t, err := o.trusted()
	if err != nil {
		return trust{}, nil, err
	}
	config, err := o.tlsConfig(t)
	return t, config, err
}

func (o Options) exclusive() error {
	other := ""
	switch {
	case o.IPv4 && o.IPv6:
		return errors.New("--ipv4-only and --ipv6-only exclude each other, expected at most one")
	case o.Insecure && o.Fingerprint != "":
		other = o.flag("fingerprint")
	case o.Insecure && o.CAFile != "":
		other = o.flag("ca-file")
	default:
		return nil
	}
	return fmt.Errorf("%s verifies nothing, expected it without %s", o.flag("insecure"), other)
}

// Client makes a client for HTTPS over HTTP/1.1, the only protocol that every
// controller speaks; plain HTTP is an error, because it would show the
// credentials. It keeps connections open for the next request, returns
// redirects as they are (with them credentials would go to another host), and
// ignores proxies of the environment. Bodies end in [ErrTooLarge] after
// [MaxBody], or after what [Options.Reading] says. Errors of requests and bodies
// hold an [Error].
//
// The client has no timeout of its own: give every request a context that ends.
func (o Options) Client() (*http.Client, error) {
	t, config, err := o.ready()
	if err != nil {
		return nil, err
	}
	var resume *resumption
	if o.keep != nil {
		resume = &resumption{keep: o.keep, settings: o.settings(t.authorities), sessions: map[string]*session{}}
	}
	return &http.Client{
		Transport:     newRounds(dialer{config: config, options: o, resume: resume}),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// settings is a digest of all that says which certificate is right.
func (o Options) settings(authorities []byte) string {
	return fmt.Sprintf("%x %q %t %t", sha256.Sum256(authorities), o.Fingerprint, o.Insecure, o.TLSLegacy)
}

func (o Options) network() string {
	switch {
	case o.IPv4:
		return "tcp4"
	case o.IPv6:
		return "tcp6"
	}
	return "tcp"
}

func (o Options) tlsConfig(t trust) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure, RootCAs: t.pool}
	if o.Fingerprint != "" {
		pin, err := parseFingerprint(o.Fingerprint)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.flag("fingerprint"), err)
		}
		// The pin says which certificate it must be. Name, authority and dates
		// are checked as well only when an authority was given.
		config.InsecureSkipVerify = o.CAFile == ""
		config.VerifyConnection = pin.verify
	}
	if o.TLSLegacy {
		config.MinVersion = tls.VersionTLS10
		for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			config.CipherSuites = append(config.CipherSuites, suite.ID)
		}
		// Without the post-quantum key share the first message fits into one
		// packet, which some old TLS stacks take for granted.
		config.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}
	}
	return config, nil
}

// maxAuthorities is the largest CA file read, in bytes: the bundle of all public
// authorities has a quarter of a MiB.
const maxAuthorities = 4 << 20

// trust is what a CA file says, nothing where none is given.
type trust struct {
	file        string
	authorities []byte
	pool        *x509.CertPool
}

// trusted is what is in the CA file, or was when it was validated.
func (o Options) trusted() (trust, error) {
	if o.trust.file == o.CAFile {
		return o.trust, nil
	}
	authorities, err := o.authorities()
	if err != nil {
		return trust{}, err
	}
	pool := x509.NewCertPool()
	if err := o.addTo(pool, authorities); err != nil {
		return trust{}, err
	}
	return trust{o.CAFile, authorities, pool}, nil
}

// authorities is the CA file, which decides who is believed: see
// [secret.Guarded]. It is nil when none is given.
func (o Options) authorities() ([]byte, error) {
	if o.CAFile == "" {
		return nil, nil
	}
	text, err := secret.Guarded(o.CAFile, maxAuthorities)
	if err != nil {
		return nil, fmt.Errorf("%s %w", o.flag("ca-file"), err)
	}
	return text, nil
}

// Roots are the authorities that this machine knows, and those of --ca-file: for
// peers that anybody visits.
func (o Options) Roots() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without a list knows none
	}
	authorities, err := o.authorities()
	if err != nil || authorities == nil {
		return pool, err
	}
	return pool, o.addTo(pool, authorities)
}

// addTo adds what is in the CA file.
func (o Options) addTo(pool *x509.CertPool, authorities []byte) error {
	found := 0
	for block, rest := pem.Decode(authorities); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("%s %s: certificate %d in it cannot be read: %w", o.flag("ca-file"), o.CAFile, found+1, err)
		}
		pool.AddCert(certificate)
		found++
	}
	if found == 0 {
		return fmt.Errorf("%s %s: no certificate in it, expected PEM with BEGIN CERTIFICATE", o.flag("ca-file"), o.CAFile)
	}
	return nil
}

// fingerprint is the SHA-256 of a certificate.
type fingerprint [sha256.Size]byte

func fingerprintOf(certificate *x509.Certificate) fingerprint { return sha256.Sum256(certificate.Raw) }

// parseFingerprint reads hex with or without colons, in either case, also with
// the words that openssl x509 -fingerprint puts in front.
func parseFingerprint(text string) (fingerprint, error) {
	const expected = "expected the SHA-256 of a certificate, 64 hex digits with or without colons"
	if i := strings.LastIndexByte(text, '='); i >= 0 {
		text = text[i+1:]
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(text), ":", ""))
	switch {
	case err != nil:
		return fingerprint{}, errors.New(expected)
	case len(raw) == 20:
		return fingerprint{}, errors.New(expected + ", this is a SHA-1 of 40")
	case len(raw) != sha256.Size:
		return fingerprint{}, fmt.Errorf("%s, found %d", expected, 2*len(raw))
	}
	return fingerprint(raw), nil
}

// String prints AA:BB:..., as browsers, openssl and Proxmox VE do.
func (f fingerprint) String() string {
	parts := make([]string, len(f))
	for i, octet := range f {
		parts[i] = fmt.Sprintf("%02X", octet)
	}
	return strings.Join(parts, ":")
}

// verify is called at the end of every handshake.
func (f fingerprint) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the device showed no certificate")
	}
	if found := fingerprintOf(state.PeerCertificates[0]); found != f {
		return &pinError{found: found, expected: f}
	}
	return nil
}

// pinError says that the certificate is another one than the pinned one.
type pinError struct{ found, expected fingerprint }

func (e *pinError) Error() string {
	return fmt.Sprintf("the fingerprint of the certificate is %s, not %s", e.found, e.expected)
}
