// Request makes HTTPS requests over one connection that resumes the TLS session
// of its last run, and throws the answers away: the least that Go's net/http and
// crypto/tls cost, beside which test/bench puts what the plugins cost. Its
// arguments are a CA file, a file for the session and the URLs.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	_ "github.com/noout-monitoring/noout/pkg/check/oneproc" // as in the plugins
)

func main() {
	if err := ask(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "request:", err)
		os.Exit(1)
	}
}

func ask(args []string) error {
	if len(args) < 3 {
		return errors.New("expected a CA file, a file for the session, and URLs")
	}
	authority, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, ClientSessionCache: &kept{file: args[1]}},
	}}
	for _, url := range args[2:] {
		answer, err := client.Get(url)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		if err := answer.Body.Close(); err != nil {
			return err
		}
	}
	return nil
}

// kept is one session in a file: its ticket, behind the length of it, and its
// state.
type kept struct {
	file string
	full bool // nothing was there to resume
}

func (k *kept) Get(string) (*tls.ClientSessionState, bool) {
	text, err := os.ReadFile(k.file)
	if err != nil || len(text) < 2 || len(text) < 2+int(binary.BigEndian.Uint16(text)) {
		k.full = true
		return nil, false
	}
	end := 2 + int(binary.BigEndian.Uint16(text))
	state, err := tls.ParseSessionState(text[end:])
	if err != nil {
		return nil, false
	}
	session, err := tls.NewResumptionState(text[2:end], state)
	return session, err == nil
}

func (k *kept) Put(_ string, s *tls.ClientSessionState) {
	if !k.full || s == nil {
		return
	}
	ticket, state, err := s.ResumptionState()
	if err != nil || state == nil {
		return
	}
	text, err := state.Bytes()
	if err == nil {
		err = os.WriteFile(k.file, append(append(binary.BigEndian.AppendUint16(nil, uint16(len(ticket))), ticket...), text...), 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "request:", err)
	}
}
