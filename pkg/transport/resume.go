package transport

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// A full handshake is most of what a steady run costs a controller: it signs
// with RSA, hundreds of milliseconds on a management processor. A TLS session
// that is kept between runs saves it, and gives nothing away:
//
//   - What is kept is bound to host, port and all settings that say which
//     certificate is right, the content of the CA file too. Another setting finds
//     nothing.
//   - A pin is compared on resumed connections too (VerifyConnection), and
//     crypto/tls offers no session whose certificate has expired, bears another
//     name or leads to no authority that is trusted now.
//   - The certificate is shown anew at least every [longestKept]: a device whose
//     certificate was exchanged while it kept its ticket keys is found out then.

// longestKept is how long after a full handshake its session is resumed.
const longestKept = time.Hour

// renewed is the age from which a newer ticket replaces the one that is kept.
// OpenSSL forgets a ticket after two hours.
const renewed = 15 * time.Minute

// Keep is where TLS sessions live between runs, each by a name of its own. They
// are secrets: who reads one can listen to the connections that resume it.
type Keep interface {
	// Load returns nothing where nothing is kept.
	Load(name string) ([]byte, error)
	Store(name string, text []byte) error
}

// Keeping is o whose clients resume TLS sessions of earlier runs, unless
// --tls-resume is off.
func (o Options) Keeping(k Keep) Options {
	if o.Resume != "off" {
		o.keep = k
	}
	return o
}

// Handshakes says what was odd about sessions that were to be resumed since it
// was called last, for the evidence. The client is one of [Options.Client];
// another has nothing to say.
func Handshakes(client *http.Client) []string {
	r, ok := client.Transport.(*rounds)
	if !ok {
		return nil
	}
	return r.resume.told()
}

// resumption keeps the sessions of all addresses that a client dials.
type resumption struct {
	keep     Keep
	settings string // a digest of what says which certificate is right

	mu       sync.Mutex
	sessions map[string]*session
	notes    []string
}

func (r *resumption) told() []string {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	notes := r.notes
	r.notes = nil
	return notes
}

// of is the session with an address, nil where none is kept.
func (r *resumption) of(address string) *session {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sessions[address]
	if s == nil {
		digest := sha256.Sum256([]byte(address + "\n" + r.settings))
		binding := hex.EncodeToString(digest[:])
		s = &session{resumption: r, address: address, binding: binding, name: address + " " + binding[:12]}
		r.sessions[address] = s
	}
	return s
}

// ticket is what is kept.
type ticket struct {
	Binding string    `json:"binding"`
	Full    time.Time `json:"full"` // of the last full handshake
	At      time.Time `json:"at"`
	Ticket  []byte    `json:"ticket"`
	State   []byte    `json:"state"` // with the certificates
}

// session is the [tls.ClientSessionCache] of one address.
type session struct {
	*resumption
	address, binding, name string

	read    bool   // whether the kept one was looked for
	kept    ticket // zero when there is none
	latest  *tls.ClientSessionState
	offered bool // to the handshake that goes on
	resumed bool // by the last handshake
	noted   bool
}

// note adds a line of evidence, one for each address. The lock is held.
func (s *session) note(format string, args ...any) {
	if s.noted {
		return
	}
	s.noted = true
	s.notes = append(s.notes, fmt.Sprintf("TLS session with %s %s: a full handshake", s.address, fmt.Sprintf(format, args...)))
}

// Get is asked at the begin of each handshake.
func (s *session) Get(string) (*tls.ClientSessionState, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.read {
		s.read = true
		if err := s.recall(); err != nil {
			s.kept = ticket{}
			s.note("cannot be resumed (%v)", err)
		}
	}
	s.offered = s.latest != nil
	return s.latest, s.offered
}

// recall reads what an earlier run kept. Too old is not worth a word.
func (s *session) recall() error {
	text, err := s.keep.Load(s.name)
	if err != nil || len(text) == 0 {
		return err
	}
	if err := json.Unmarshal(text, &s.kept); err != nil {
		return errors.New("it is damaged")
	}
	if s.kept.Binding != s.binding {
		return errors.New("it is another device's or was made with other settings")
	}
	if age := time.Since(s.kept.Full); age < 0 || age > longestKept {
		return nil
	}
	state, err := tls.ParseSessionState(s.kept.State)
	if err != nil {
		return errors.New("it is damaged")
	}
	s.latest, err = tls.NewResumptionState(s.kept.Ticket, state)
	return err
}

// Put is handed a ticket of the device, or nil when the one there is is no good.
// It is kept at once: a run may be killed.
func (s *session) Put(_ string, fresh *tls.ClientSessionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest = fresh
	now := time.Now()
	if fresh == nil || s.resumed && now.Sub(s.kept.At) < renewed {
		return
	}
	id, state, err := fresh.ResumptionState()
	if err != nil || state == nil {
		return // a device that gives no ticket
	}
	raw, err := state.Bytes()
	if err != nil {
		return
	}
	full := now
	if s.resumed {
		full = s.kept.Full
	}
	s.kept = ticket{Binding: s.binding, Full: full, At: now, Ticket: id, State: raw}
	s.resumed = true // what comes next in this run is no news
	text, err := json.Marshal(s.kept)
	if err == nil {
		err = s.keep.Store(s.name, text)
	}
	if err != nil {
		s.notes = append(s.notes, fmt.Sprintf("TLS session with %s is not kept for the next run: %v", s.address, err))
	}
}

// shaken is called in every handshake, once it is known how it goes.
func (s *session) shaken(resumed bool) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resumed = resumed
	if s.offered && !resumed {
		s.note("was forgotten by the device")
	}
}

// refused says whether a handshake that failed had offered a session, which is
// then not offered again.
func (s *session) refused(err error) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var pin *pinError
	var certificate *tls.CertificateVerificationError
	if !s.offered || errors.As(err, &pin) && !s.resumed || errors.As(err, &certificate) {
		return false
	}
	s.latest, s.offered, s.resumed = nil, false, false
	s.note("was offered and the handshake failed (%v)", err)
	return true
}
