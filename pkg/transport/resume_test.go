package transport

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// drawer keeps sessions as a file would.
type drawer struct {
	texts map[string][]byte
	err   error
	loads int
}

func (d *drawer) Load(name string) ([]byte, error) { d.loads++; return d.texts[name], d.err }

func (d *drawer) Store(name string, text []byte) error {
	if d.err == nil {
		d.texts[name] = text
	}
	return d.err
}

// spoil changes all that is kept.
func (d *drawer) spoil(change func(*ticket)) {
	for name, text := range d.texts {
		var k ticket
		if json.Unmarshal(text, &k) == nil {
			change(&k)
			d.texts[name], _ = json.Marshal(k)
		}
	}
}

// resumer is a device whose certificate can be exchanged while it keeps its
// ticket keys, and that counts its handshakes.
type resumer struct {
	*httptest.Server
	ca            authority
	mu            sync.Mutex
	shown         tls.Certificate
	config        *tls.Config
	breaks        bool // when it is offered a session
	full, resumed atomic.Int32
}

func newResumer(t *testing.T, version uint16) *resumer {
	t.Helper()
	r := &resumer{ca: newAuthority(t)}
	r.shown = r.ca.identity(t)
	r.config = &tls.Config{MaxVersion: version}
	r.config.SetSessionTicketKeys([][32]byte{{1}})
	config := &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		const preSharedKey = 41
		if r.breaks && slices.Contains(hello.Extensions, preSharedKey) {
			return nil, errors.New("what is this")
		}
		config := r.config.Clone()
		config.Certificates = []tls.Certificate{r.shown}
		return config, nil
	}}
	r.Server = serve(t, config, func(w http.ResponseWriter, request *http.Request) {
		if request.TLS.DidResume {
			r.resumed.Add(1)
		} else {
			r.full.Add(1)
		}
		io.WriteString(w, "fine")
	})
	return r
}

func (r *resumer) show(c tls.Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = c
}

// counts are the handshakes since it was asked last.
func (r *resumer) counts() [2]int32 { return [2]int32{r.full.Swap(0), r.resumed.Swap(0)} }

// run is one run: a client of its own. It returns what a run says with -vv.
func (r *resumer) run(t *testing.T, o Options, k Keep) (notes string, err error) {
	t.Helper()
	client, err := o.Keeping(k).Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	text, err := askWith(t, 5*time.Minute, client, r.URL)
	if err == nil && text != "fine" {
		t.Errorf("answered %q", text)
	}
	return strings.Join(Handshakes(client), "\n"), err
}

// well fails unless the run has an answer, and returns its notes.
func (r *resumer) well(t *testing.T, o Options, k Keep) string {
	t.Helper()
	notes, err := r.run(t, o, k)
	if err != nil {
		t.Error(err)
	}
	return notes
}

func (r *resumer) expect(t *testing.T, full, resumed int32) {
	t.Helper()
	if got := r.counts(); got != [2]int32{full, resumed} {
		t.Errorf("%d full handshakes and %d resumed, expected %d and %d", got[0], got[1], full, resumed)
	}
}

var versions = map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}

func TestSessionsAreResumed(t *testing.T) {
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			r, k := newResumer(t, version), &drawer{texts: map[string][]byte{}}
			pin := Options{Fingerprint: fingerprintOf(r.shown.Leaf).String()}
			ca := Options{CAFile: file(t, r.ca.certificate)}
			for _, o := range []Options{ca, pin, {CAFile: ca.CAFile, Fingerprint: pin.Fingerprint}, {Insecure: true}, {CAFile: ca.CAFile, TLSLegacy: true}} {
				for i := range 4 {
					if notes := r.well(t, o, k); notes != "" {
						t.Errorf("%+v, run %d: %s", o, i, notes)
					}
				}
				r.expect(t, 1, 3)
			}
			off := ca
			off.Resume = "off"
			r.well(t, off, k)
			r.well(t, ca, nil)
			r.expect(t, 2, 0)
		})
	}
}

// A session is never worth more than the certificate it began with.
func TestResumedCertificates(t *testing.T) {
	r := newResumer(t, tls.VersionTLS13)
	old := r.shown
	pinned := Options{Fingerprint: fingerprintOf(old.Leaf).String()}
	ca := Options{CAFile: file(t, r.ca.certificate)}
	other := newAuthority(t)

	t.Run("another pin", func(t *testing.T) {
		k := &drawer{texts: map[string][]byte{}}
		r.well(t, pinned, k)
		r.counts()
		_, err := r.run(t, Options{Fingerprint: fingerprintOf(other.certificate).String()}, k)
		sentence(t, err, "has the fingerprint "+pinned.Fingerprint)
		r.expect(t, 0, 0)
	})
	t.Run("exchanged, tickets lost", func(t *testing.T) {
		for name, o := range map[string]Options{"pin": pinned, "ca": ca} {
			k := &drawer{texts: map[string][]byte{}}
			r.show(old)
			r.well(t, o, k)
			r.counts()
			r.show(other.identity(t))
			r.config.SetSessionTicketKeys([][32]byte{{2}})
			if _, err := r.run(t, o, k); err == nil {
				t.Errorf("%s: the exchanged certificate is accepted", name)
			}
			r.expect(t, 0, 0)
			r.config.SetSessionTicketKeys([][32]byte{{1}})
		}
	})
	t.Run("exchanged, tickets kept", func(t *testing.T) {
		k := &drawer{texts: map[string][]byte{}}
		r.show(old)
		r.well(t, pinned, k)
		r.show(other.identity(t))
		k.spoil(func(s *ticket) { s.Full = s.Full.Add(-longestKept - time.Second) })
		r.counts()
		_, err := r.run(t, pinned, k)
		sentence(t, err, "not "+pinned.Fingerprint)
		r.expect(t, 0, 0)
	})
	t.Run("the authority is trusted no more", func(t *testing.T) {
		k := &drawer{texts: map[string][]byte{}}
		r.show(old)
		r.well(t, ca, k)
		r.counts()
		_, err := r.run(t, Options{CAFile: file(t, other.certificate)}, k)
		sentence(t, err, "not signed by a known authority")
		r.expect(t, 0, 0)
	})
	t.Run("verified now, not before", func(t *testing.T) {
		k := &drawer{texts: map[string][]byte{}}
		r.show(other.identity(t))
		r.well(t, Options{Insecure: true}, k)
		r.counts()
		_, err := r.run(t, ca, k)
		sentence(t, err, "not signed by a known authority")
		r.expect(t, 0, 0)
	})
}

// An expired certificate is refused although its session could be resumed, and a
// renewed one is accepted.
func TestResumedExpired(t *testing.T) {
	r, k := newResumer(t, tls.VersionTLS13), &drawer{texts: map[string][]byte{}}
	brief, key := leaf(), newKey(t)
	brief.NotBefore, brief.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(3*time.Second)
	r.show(pair(sign(t, brief, key, &r.ca), key))
	ca := Options{CAFile: file(t, r.ca.certificate)}
	r.well(t, ca, k)
	r.counts()
	for time.Now().Before(brief.NotAfter.Add(time.Second)) {
		time.Sleep(100 * time.Millisecond) // a certificate has whole seconds
	}
	_, err := r.run(t, ca, k)
	sentence(t, err, "expired on")
	r.expect(t, 0, 0)
	r.show(r.ca.identity(t))
	r.well(t, ca, k)
	r.expect(t, 1, 0)
}

// Whatever is in the file, there is a full handshake, once, and it is said.
func TestSpoiltSessions(t *testing.T) {
	elsewhere, strange := newResumer(t, tls.VersionTLS13), &drawer{texts: map[string][]byte{}}
	elsewhere.well(t, Options{Insecure: true}, strange)
	var foreign ticket
	strange.spoil(func(s *ticket) { foreign = *s })
	tests := map[string]struct {
		spoil func(*resumer, *drawer)
		words string
	}{
		"no JSON":        {func(_ *resumer, d *drawer) { d.all([]byte("{")) }, "damaged"},
		"no state":       {func(_ *resumer, d *drawer) { d.spoil(func(s *ticket) { s.State = nil }) }, "damaged"},
		"cut off":        {func(_ *resumer, d *drawer) { d.spoil(func(s *ticket) { s.State = s.State[:len(s.State)/2] }) }, "damaged"},
		"ticket changed": {func(_ *resumer, d *drawer) { d.spoil(func(s *ticket) { s.Ticket[5] ^= 1 }) }, "forgotten by the device"},
		"a foreign file": {func(_ *resumer, d *drawer) { d.spoil(func(s *ticket) { *s = foreign }) }, "another device's"},
		"a foreign state": {func(_ *resumer, d *drawer) {
			d.spoil(func(s *ticket) { s.Ticket, s.State = foreign.Ticket, foreign.State })
		}, "a full handshake"},
		"keys forgotten": {func(r *resumer, _ *drawer) { r.config.SetSessionTicketKeys([][32]byte{{9}}) }, "forgotten by the device"},
		"from tomorrow":  {func(_ *resumer, d *drawer) { d.spoil(func(s *ticket) { s.Full = s.Full.Add(24 * time.Hour) }) }, ""},
		"too old":        {func(_ *resumer, d *drawer) { d.spoil(func(s *ticket) { s.Full = s.Full.Add(-24 * time.Hour) }) }, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, k := newResumer(t, tls.VersionTLS13), &drawer{texts: map[string][]byte{}}
			o := Options{Fingerprint: fingerprintOf(r.shown.Leaf).String()}
			r.well(t, o, k)
			r.well(t, o, k)
			r.expect(t, 1, 1)
			test.spoil(r, k)
			notes := r.well(t, o, k)
			if !strings.Contains(notes, test.words) || strings.Count(notes, "full handshake") != min(len(test.words), 1) {
				t.Errorf("said %q, expected %q, once", notes, test.words)
			}
			r.expect(t, 1, 0)
			if notes := r.well(t, o, k); notes != "" {
				t.Errorf("it is not mended: %s", notes)
			}
			r.expect(t, 0, 1)
		})
	}
}

func (d *drawer) all(text []byte) {
	for name := range d.texts {
		d.texts[name] = text
	}
}

// A memory that cannot be used costs a handshake and a word, no answer.
func TestKeepFails(t *testing.T) {
	r, k := newResumer(t, tls.VersionTLS13), &drawer{err: errors.New("disk on fire")}
	notes := r.well(t, Options{CAFile: file(t, r.ca.certificate)}, k)
	if !strings.Contains(notes, "disk on fire") {
		t.Errorf("said %q", notes)
	}
	r.expect(t, 1, 0)
}

// A device that cannot stand being offered a session is asked without one.
func TestResumptionBreaksHandshake(t *testing.T) {
	r, k := newResumer(t, tls.VersionTLS13), &drawer{texts: map[string][]byte{}}
	o := Options{Fingerprint: fingerprintOf(r.shown.Leaf).String()}
	r.well(t, o, k)
	r.counts()
	r.breaks = true
	if notes := r.well(t, o, k); !strings.Contains(notes, "the handshake failed") {
		t.Errorf("said %q", notes)
	}
	r.expect(t, 1, 0)
}

// What is kept for one port or name is not used for another.
func TestSessionsAreBound(t *testing.T) {
	r, k := newResumer(t, tls.VersionTLS13), &drawer{texts: map[string][]byte{}}
	o := Options{CAFile: file(t, r.ca.certificate)}
	r.well(t, o, k)
	_, port, err := net.SplitHostPort(r.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client, err := o.Keeping(k).Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	if _, err := askWith(t, time.Minute, client, "https://localhost:"+port); err != nil {
		t.Fatal(err)
	}
	r.expect(t, 2, 0)
	if len(k.texts) != 2 {
		t.Errorf("%d sessions are kept, expected one for each name", len(k.texts))
	}
}
