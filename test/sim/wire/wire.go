// Package wire counts what goes over the connections of a simulator: bytes as
// they are sent, with TLS around them, and handshakes.
package wire

import (
	"crypto/tls"
	"net"
	"sync"
)

// Count is what went over the wire.
type Count struct {
	Connections   int
	Full, Resumed int // TLS handshakes
	// Sent by the simulator, and received by it.
	Sent, Received int64
}

// Add returns the sum of two.
func (c Count) Add(o Count) Count {
	return Count{c.Connections + o.Connections, c.Full + o.Full, c.Resumed + o.Resumed, c.Sent + o.Sent, c.Received + o.Received}
}

// Less returns what came since another.
func (c Count) Less(o Count) Count {
	return c.Add(Count{-o.Connections, -o.Full, -o.Resumed, -o.Sent, -o.Received})
}

// Counter counts, its zero value from the start.
type Counter struct {
	mu    sync.Mutex
	count Count
}

// Count returns what was counted so far.
func (c *Counter) Count() Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

func (c *Counter) add(o Count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count = c.count.Add(o)
}

// Listen counts the connections of a listener and their bytes.
func (c *Counter) Listen(l net.Listener) net.Listener { return listener{l, c} }

// Shaken counts a handshake: it is a server's VerifyConnection.
func (c *Counter) Shaken(s tls.ConnectionState) error {
	if s.DidResume {
		c.add(Count{Resumed: 1})
	} else {
		c.add(Count{Full: 1})
	}
	return nil
}

type listener struct {
	net.Listener
	counter *Counter
}

func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.counter.add(Count{Connections: 1})
	return conn{accepted, l.counter}, nil
}

type conn struct {
	net.Conn
	counter *Counter
}

func (c conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.counter.add(Count{Received: int64(n)})
	return n, err
}

func (c conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.counter.add(Count{Sent: int64(n)})
	return n, err
}
