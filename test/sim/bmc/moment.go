package bmc

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/noout-monitoring/noout/test/sim/bmc/ipmi"
)

// Moment is a point in a conversation, as the controller sees it. A test that
// stops a client chooses among them, so that every kind of moment is met on a
// machine of any speed.
type Moment struct {
	// What is one of the words below, or for IPMI one of its package.
	What string
	// Method and Path of the request that it belongs to; empty outside of one.
	Method, Path string
	// Left is closed when the client gave up the request; nil outside of one.
	Left <-chan struct{}
}

// Moments of a conversation.
const (
	Connected = "connected" // nothing was read yet, TLS has not begun
	Came      = "came"      // the request was read, nothing was done
	Done      = "done"      // what was asked for is done, nothing of it was told
	Told      = "told"      // the whole answer is on its way
)

// Watch calls f at each moment of the connections that are made from now on,
// before the conversation goes on: as long as f does not return, the client
// waits. It is called from several goroutines. Nil ends it.
func (s *Sim) Watch(f func(Moment)) error {
	if f == nil {
		s.watch.Store(nil)
		if s.ipmi != nil {
			return s.ipmi.Watch(nil)
		}
		return nil
	}
	if err := s.catchUp(); err != nil {
		return fmt.Errorf("a connection of the simulator to itself: %w", err)
	}
	s.watch.Store(&f)
	if s.ipmi == nil {
		return nil
	}
	return s.ipmi.Watch(func(m ipmi.Moment) { f(Moment{What: string(m)}) })
}

// catchUp returns when all connections were accepted that were made before:
// the last of them is its own.
func (s *Sim) catchUp() error {
	s.own.Lock()
	c, err := net.Dial("tcp", s.Host)
	if err != nil {
		s.own.Unlock()
		return err
	}
	accepted := make(chan struct{})
	s.own.address, s.own.accepted = c.LocalAddr().String(), accepted
	s.own.Unlock()
	select {
	case <-accepted:
	case <-s.done:
	}
	return c.Close()
}

// own is a connection of the simulator to itself.
type own struct {
	sync.Mutex
	address  string
	accepted chan struct{}
}

// is says whether a connection is that one.
func (o *own) is(c net.Conn) bool {
	o.Lock()
	defer o.Unlock()
	if o.address == "" || o.address != c.RemoteAddr().String() {
		return false
	}
	close(o.accepted)
	o.address = ""
	return true
}

// watcher is who watches a connection; nil: nobody.
type watcher func(Moment)

// watched is the key of a connection's watcher in the context of its requests.
type watched struct{}

// tell tells it of a moment; r is nil outside of a request.
func (f watcher) tell(what string, r *http.Request) {
	if f == nil {
		return
	}
	m := Moment{What: what}
	if r != nil {
		m.Method, m.Path, m.Left = r.Method, r.URL.Path, r.Context().Done()
	}
	f(m)
}

// within puts the watcher of a connection where its requests find it.
func within(ctx context.Context, c net.Conn) context.Context {
	if secured, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = secured.NetConn()
	}
	if c, ok := c.(*conn); ok && c.watch != nil {
		return context.WithValue(ctx, watched{}, c.watch)
	}
	return ctx
}

// watching is who watches a request.
func watching(r *http.Request) watcher {
	f, _ := r.Context().Value(watched{}).(watcher)
	return f
}
