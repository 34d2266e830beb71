package transport

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// sentence fails unless err is explained in one line with these words in it.
func sentence(t *testing.T, err error, words ...string) {
	t.Helper()
	var plain *Error
	if !errors.As(err, &plain) {
		t.Fatalf("not explained: %v", err)
	}
	for _, word := range words {
		if !strings.Contains(plain.Text, word) {
			t.Errorf("%q is missing in: %s", word, plain.Text)
		}
	}
	if text := err.Error(); strings.ContainsAny(text, "\n\r;|") || strings.Contains(text, "hush") || len(plain.Text) > maxText+3 {
		t.Errorf("a bad sentence: %s", text)
	}
	if Explain(err) != plain {
		t.Errorf("Explain returns %v", Explain(err))
	}
}

func TestAuthorityOfTheFile(t *testing.T) {
	server, options := device(t, nil)
	if got, err := ask(t, options, server.URL); err != nil || got != "fine" {
		t.Errorf("%q, %v", got, err)
	}
	several := Options{CAFile: file(t, newAuthority(t).certificate, server.Certificate())}
	if got, err := ask(t, several, server.URL); err != nil || got != "fine" {
		t.Errorf("with the certificate itself in the file: %q, %v", got, err)
	}
}

func TestUnknownAuthority(t *testing.T) {
	server, _ := device(t, nil)
	for name, options := range map[string]Options{"none": {}, "another": {CAFile: file(t, newAuthority(t).certificate)}} {
		t.Run(name, func(t *testing.T) {
			_, err := ask(t, options, server.URL)
			found := fingerprintOf(server.Certificate()).String()
			sentence(t, err, server.Listener.Addr().String(), "not signed by a known authority", "--ca-file", "--fingerprint "+found)
			// The next step works as it is printed.
			if got, err := ask(t, Options{Fingerprint: found}, server.URL); err != nil || got != "fine" {
				t.Errorf("with the fingerprint of the message: %q, %v", got, err)
			}
		})
	}
}

func TestBadCertificates(t *testing.T) {
	ca := newAuthority(t)
	expired, early, foreign, nameless, wordy := leaf(), leaf(), leaf(), leaf(), leaf()
	expired.NotBefore, expired.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	early.NotBefore, early.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
	foreign.IPAddresses, foreign.DNSNames = []net.IP{net.IPv4(192, 0, 2, 9)}, []string{"bmc9.example.net"}
	nameless.IPAddresses, nameless.DNSNames = nil, nil
	wordy.IPAddresses, wordy.DNSNames = nil, nil
	for range 200 {
		wordy.DNSNames = append(wordy.DNSNames, strings.Repeat("w", 60)+"."+strings.Repeat("v", 60))
	}
	tests := []struct {
		name     string
		template *x509.Certificate
		by       *authority
		words    []string
	}{
		{"expired", expired, &ca, []string{"expired on " + expired.NotAfter.Local().Format("2006-01-02"), "renew it"}},
		{"not yet valid", early, &ca, []string{"is not valid before " + early.NotBefore.Local().Format("2006-01-02"), "clocks"}},
		{"another name", foreign, &ca, []string{"made out to bmc9.example.net, 192.0.2.9", "ask by that name"}},
		{"no name", nameless, &ca, []string{"made out to nobody"}},
		{"many names", wordy, &ca, []string{"197 more", "ask by that name"}},
		{"self-signed", leaf(), nil, []string{"not signed by a known authority"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key := newKey(t)
			certificate := sign(t, test.template, key, test.by)
			server := serve(t, &tls.Config{Certificates: []tls.Certificate{pair(certificate, key)}}, nil)
			_, err := ask(t, Options{CAFile: file(t, ca.certificate)}, server.URL)
			sentence(t, err, append(test.words, "--fingerprint "+fingerprintOf(certificate).String())...)
			for _, options := range []Options{{Fingerprint: fingerprintOf(certificate).String()}, {Insecure: true}} {
				if got, err := ask(t, options, server.URL); err != nil || got != "fine" {
					t.Errorf("%+v: %q, %v", options, got, err)
				}
			}
			// With both, both must hold.
			if test.by != nil {
				both := Options{CAFile: file(t, ca.certificate), Fingerprint: fingerprintOf(certificate).String()}
				if got, err := ask(t, both, server.URL); err == nil {
					t.Errorf("the pin overrules the authority: %q", got)
				}
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	var asked atomic.Int32
	server, options := device(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		io.WriteString(w, "fine")
	})
	good := fingerprintOf(server.Certificate()).String()
	for _, form := range []string{good, strings.ToLower(good), strings.ReplaceAll(good, ":", ""), " " + good + " ", "sha256 Fingerprint=" + good} {
		if got, err := ask(t, Options{Fingerprint: form}, server.URL); err != nil || got != "fine" {
			t.Errorf("%s: %q, %v", form, got, err)
		}
	}
	if got, err := ask(t, Options{Fingerprint: good, CAFile: options.CAFile}, server.URL); err != nil || got != "fine" {
		t.Errorf("with its authority: %q, %v", got, err)
	}
	before := asked.Load()
	bad := fingerprint{1, 2, 3}.String()
	for _, options := range []Options{{Fingerprint: bad}, {Fingerprint: bad, CAFile: options.CAFile}} {
		_, err := ask(t, options, server.URL)
		sentence(t, err, good, bad, "--fingerprint", "compare")
		// What to do stands before the fingerprints, of which a pager shows one.
		if text := err.Error(); strings.Index(text, "before trusting it") > strings.Index(text, good) {
			t.Error(text)
		}
	}
	if asked.Load() != before {
		t.Error("a request, with its credentials, was sent to another device than the pinned one")
	}
}

// The pin is that of the leaf: an authority's certificate sent along is not
// what --fingerprint means.
func TestFingerprintIsOfTheLeaf(t *testing.T) {
	ca := newAuthority(t)
	identity := ca.identity(t)
	identity.Certificate = append(identity.Certificate, ca.certificate.Raw)
	server := serve(t, &tls.Config{Certificates: []tls.Certificate{identity}}, nil)
	_, err := ask(t, Options{Fingerprint: fingerprintOf(ca.certificate).String()}, server.URL)
	sentence(t, err, "--fingerprint")
}

func TestOldControllers(t *testing.T) {
	ca := newAuthority(t)
	key := rsaKey(t)
	identity := pair(sign(t, leaf(), key, &ca), key)
	tests := map[string]*tls.Config{
		"RSA key exchange": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}},
		"3DES":             {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}},
		"TLS 1.0":          {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10},
		"TLS 1.1":          {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"TLS 1.0 with RSA key exchange": {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10,
			CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_256_CBC_SHA}},
	}
	for name, config := range tests {
		t.Run(name, func(t *testing.T) {
			config.Certificates = []tls.Certificate{identity}
			server := serve(t, config, nil)
			options := Options{CAFile: file(t, ca.certificate)}
			_, err := ask(t, options, server.URL)
			sentence(t, err, server.Listener.Addr().String(), "--tls-legacy")
			options.TLSLegacy = true
			if got, err := ask(t, options, server.URL); err != nil || got != "fine" {
				t.Errorf("with --tls-legacy: %q, %v", got, err)
			}
		})
	}
}

func TestLegacyStillVerifies(t *testing.T) {
	server, options := device(t, nil)
	_, err := ask(t, Options{TLSLegacy: true}, server.URL)
	sentence(t, err, "not signed by a known authority")
	client, err := Options{TLSLegacy: true, CAFile: options.CAFile}.Client()
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.TLS == nil || response.TLS.Version != tls.VersionTLS13 {
		t.Errorf("a modern device is talked down to: %+v", response.TLS)
	}
}

// The flags of a second device are the ones that its sentences name: with the pin
// of the one, the other would not be believed any more.
func TestNamed(t *testing.T) {
	ca := newAuthority(t)
	server := serve(t, &tls.Config{Certificates: []tls.Certificate{ca.identity(t)}}, nil)
	old := serve(t, &tls.Config{Certificates: []tls.Certificate{ca.identity(t)}, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}, nil)
	for name, c := range map[string]struct {
		options Options
		url     string
		words   []string
	}{
		"untrusted":   {Options{}, server.URL, []string{"use --bmc-ca-file or --bmc-fingerprint "}},
		"another pin": {Options{Fingerprint: fingerprint{1, 2, 3}.String()}, server.URL, []string{"not that of --bmc-fingerprint: compare"}},
		"old":         {Options{}, old.URL, []string{"share no TLS version or cipher", "may need --bmc-tls-legacy"}},
	} {
		_, err := ask(t, c.options.Named("bmc"), c.url)
		sentence(t, err, c.words...)
		for _, flag := range []string{"--ca-file", "--fingerprint", "--tls-legacy"} {
			if strings.Contains(err.Error(), flag) {
				t.Errorf("%s: it names %s of another device: %v", name, flag, err)
			}
		}
	}
}

// A controller without any TLS that we know, with --tls-legacy given already.
func TestNoHintWithoutHope(t *testing.T) {
	ca := newAuthority(t)
	server := serve(t, &tls.Config{Certificates: []tls.Certificate{ca.identity(t)}, MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}, nil) // an ECDSA key cannot do that
	_, err := ask(t, Options{CAFile: file(t, ca.certificate), TLSLegacy: true}, server.URL)
	sentence(t, err, "share no TLS version or cipher")
	if strings.Contains(err.Error(), "--tls-legacy") {
		t.Errorf("it recommends what is given: %v", err)
	}
}

func TestValidate(t *testing.T) {
	ca := newAuthority(t)
	good := file(t, ca.certificate)
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	writable := put("writable", "hello\n")
	if err := os.Chmod(writable, 0o664); err != nil {
		t.Fatal(err)
	}
	pin := fingerprintOf(ca.certificate).String()
	tests := []struct {
		name    string
		options Options
		want    string
	}{
		{"nothing", Options{}, ""},
		{"all that fits", Options{CAFile: good, Fingerprint: pin, TLSLegacy: true, IPv4: true}, ""},
		{"insecure", Options{Insecure: true, TLSLegacy: true, IPv6: true}, ""},
		{"families", Options{IPv4: true, IPv6: true}, "--ipv4-only and --ipv6-only exclude each other"},
		{"insecure with pin", Options{Insecure: true, Fingerprint: pin}, "--insecure verifies nothing, expected it without --fingerprint"},
		{"insecure with file", Options{Insecure: true, CAFile: good}, "--insecure verifies nothing, expected it without --ca-file"},
		{"no hex", Options{Fingerprint: "hush"}, "--fingerprint: expected the SHA-256 of a certificate, 64 hex digits"},
		{"odd", Options{Fingerprint: "abc"}, "--fingerprint: expected the SHA-256 of a certificate, 64 hex digits"},
		{"SHA-1", Options{Fingerprint: strings.Repeat("ab:", 19) + "ab"}, "this is a SHA-1"},
		{"short", Options{Fingerprint: strings.Repeat("ab", 31)}, "found 62"},
		{"long", Options{Fingerprint: strings.Repeat("ab", 33)}, "found 66"},
		{"no file", Options{CAFile: dir + "/none"}, "--ca-file " + dir + "/none: no such file or directory"},
		{"directory", Options{CAFile: dir}, "--ca-file " + dir + ": expected a regular file, this is a directory"},
		{"FIFO", Options{CAFile: fifo}, "--ca-file " + fifo + ": expected a regular file, this is a pipe"},
		{"empty", Options{CAFile: put("empty", "")}, "no certificate in it, expected PEM with BEGIN CERTIFICATE"},
		{"text", Options{CAFile: put("text", "hello\n")}, "no certificate in it"},
		{"DER", Options{CAFile: put("der", string(ca.certificate.Raw))}, "no certificate in it"},
		{"key", Options{CAFile: put("key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}, "no certificate in it"},
		{"broken", Options{CAFile: put("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}, "certificate 1 in it cannot be read"},
		{"writable", Options{CAFile: writable}, "--ca-file " + writable + ": has mode 0664, expected that nobody else can write it"},
		{"large", Options{CAFile: put("large", strings.Repeat("x", maxAuthorities+1))}, "larger than 4 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.options.Validate()
			if _, clientErr := test.options.Client(); (clientErr == nil) != (err == nil) {
				t.Errorf("Validate says %v, Client %v", err, clientErr)
			}
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// TestValidated: what was validated is what is believed, whoever writes the file
// afterwards; other options read it anew.
func TestValidated(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	authority := newAuthority(t)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.certificate.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{CAFile: file}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Client(); err != nil {
		t.Error(err)
	}
	if _, err := (Options{CAFile: file}).Client(); err == nil {
		t.Error("expected an error: there is no such file")
	}
	o.CAFile = file + "2"
	if _, err := o.Client(); err == nil {
		t.Error("expected an error: there is no other file")
	}
}
