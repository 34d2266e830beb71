package state

import (
	"context"
	"encoding/json"
	"time"
)

// Tickets keeps the TLS sessions of one plugin, as pkg/transport wants it: one
// file for each, as safe as all others. They spare time and are no memory of
// anything: who cannot have the lock at once goes without.
type Tickets struct{ store *Store }

// Tickets of the store; those of a nil Store are never kept.
func (s *Store) Tickets() Tickets { return Tickets{s} }

// Tickets are those of whoever asks the same devices as plugin. Where no
// directory can be used there are none: that is said by who remembers more.
func (o Options) Tickets(plugin string) Tickets {
	store, err := o.Open(plugin)
	if err != nil {
		return Tickets{}
	}
	return store.Tickets()
}

// ticketWait is the longest wait for another process.
const ticketWait = 100 * time.Millisecond

func ticketSubject(name string) string { return "tls " + name }

// Load returns what was stored by this name, nothing where nothing was.
func (t Tickets) Load(name string) ([]byte, error) {
	text, err := Load[json.RawMessage](t.store, ticketSubject(name))
	return text, err
}

// Store replaces it.
func (t Tickets) Store(name string, text []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), ticketWait)
	defer cancel()
	_, err := UpdateContext(ctx, t.store, ticketSubject(name), func(json.RawMessage) (json.RawMessage, error) { return text, nil })
	return err
}
