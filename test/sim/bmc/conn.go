package bmc

import (
	"net"
	"net/http"
	"sync"
)

// listener counts connections and can fall silent before TLS begins.
type listener struct {
	net.Listener
	sim *Sim
}

// Accept waits for a client.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.sim.own.is(c) {
			l.sim.stats.broke(c.Close())
			continue
		}
		l.sim.stats.connection()
		one := &conn{Conn: c, sim: l.sim, silent: l.sim.faults.accept(), closed: make(chan struct{})}
		if f := l.sim.watch.Load(); f != nil {
			one.watch = *f
		}
		return one, nil
	}
}

// conn counts its bytes and may never read a byte.
type conn struct {
	net.Conn
	sim    *Sim
	silent bool
	watch  watcher
	begin  sync.Once
	once   sync.Once
	closed chan struct{}
}

// Read blocks for ever on a silent connection.
func (c *conn) Read(b []byte) (int, error) {
	c.begin.Do(func() { c.watch.tell(Connected, nil) })
	if c.silent {
		select {
		case <-c.closed:
		case <-c.sim.done:
		}
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(b)
	c.sim.stats.got(n)
	return n, err
}

// Write counts what is sent.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.sim.stats.sent(n)
	return n, err
}

// Close ends a silent read too.
func (c *conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// reset breaks the connection of an exchange off with a TCP reset.
func (s *Sim) reset(w http.ResponseWriter) {
	hijacked, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.stats.broke(err)
		return
	}
	raw := hijacked
	if secured, ok := raw.(interface{ NetConn() net.Conn }); ok {
		raw = secured.NetConn()
	}
	if c, ok := raw.(*conn); ok {
		if tcp, ok := c.Conn.(*net.TCPConn); ok {
			s.stats.broke(tcp.SetLinger(0))
		}
	}
	// Closing what lies below sends no farewell of TLS.
	s.stats.broke(raw.Close())
}
