package guests

import (
	"container/heap"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// sendTime is how long it takes to send a packet.
const sendTime = 2 * time.Microsecond

// Net is a network in user space. Its time passes when a packet is sent or
// somebody waits, so a minute takes milliseconds and every run is the same.
type Net struct {
	World *World
	// Refuse makes sending a packet fail.
	Refuse func(Sending) error
	// Buffer is how many messages a connection holds that were not read, 0 for
	// any number.
	Buffer int
	// Tick is called when time has passed.
	Tick func(now time.Duration)

	mu    sync.Mutex
	now   time.Duration
	sends int
	onWay deliveries
	order int
}

// Sending is a packet that is about to be sent.
type Sending struct {
	N  int // from 0
	At time.Duration
	To netip.Addr
}

// Now is the time since the network began.
func (n *Net) Now() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}

// Wait lets time pass until something arrives, at most d.
func (n *Net) Wait(d time.Duration) {
	n.mu.Lock()
	end := n.now + d
	if len(n.onWay) > 0 {
		end = min(end, max(n.onWay[0].At, n.now))
	}
	n.pass(end)
	n.mu.Unlock()
	if n.Tick != nil {
		n.Tick(end)
	}
}

// Stall lets time pass in which this machine does nothing.
func (n *Net) Stall(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pass(n.now + d)
}

func (n *Net) pass(until time.Duration) {
	n.now = max(n.now, until)
	for len(n.onWay) > 0 && n.onWay[0].At <= n.now {
		d, _ := heap.Pop(&n.onWay).(delivery)
		d.conn.arrive(d.Delivery, n.Buffer)
	}
}

// Listen returns a connection for one family.
func (n *Net) Listen(v6 bool) *Conn {
	c := &Conn{net: n, v6: v6, addr: netip.MustParseAddr("192.0.2.254"), mtu: map[netip.Addr]int{}}
	if v6 {
		c.addr = netip.MustParseAddr("2001:db8::fe")
	}
	return c
}

// Conn is a [net.PacketConn] that never blocks. It keeps errors that come back
// apart from answers, as a socket with IP_RECVERR does.
type Conn struct {
	net  *Net
	v6   bool
	addr netip.Addr
	// mtu is what was learned of the paths.
	mtu map[netip.Addr]int
	// DontFragment has packets that are too big refused.
	DontFragment bool

	in, errs []Delivery
	dropped  int
	closed   bool
}

var _ net.PacketConn = (*Conn)(nil)

// WriteTo sends an ICMP message.
func (c *Conn) WriteTo(message []byte, to net.Addr) (int, error) {
	ip, ok := to.(*net.IPAddr)
	if !ok {
		return 0, errors.New("expected an IP address")
	}
	a, ok := netip.AddrFromSlice(ip.IP)
	if !ok {
		return 0, errors.New("expected an IP address")
	}
	return c.Send(message, a.Unmap().WithZone(ip.Zone))
}

// Send sends an ICMP message.
func (c *Conn) Send(message []byte, to netip.Addr) (int, error) {
	n := c.net
	n.mu.Lock()
	defer n.mu.Unlock()
	count := n.sends
	n.sends++
	n.pass(n.now + sendTime)
	if n.Refuse != nil {
		if err := n.Refuse(Sending{count, n.now, to}); err != nil {
			return 0, err
		}
	}
	whole := len(message) + ipv4Header
	if c.v6 {
		whole = len(message) + ipv6Header
	}
	known := c.mtu[to]
	if c.DontFragment && known > 0 && whole > known {
		return 0, syscall.EMSGSIZE
	}
	// What is known to be too big goes in fragments, of which the guest makes
	// one packet again.
	fragments := known > 0 && whole > known
	raw := build(c.addr, to, message, !fragments)
	for _, d := range n.World.send(n.now, raw, fragments) {
		n.order++
		heap.Push(&n.onWay, delivery{d, c, n.order})
	}
	n.pass(n.now)
	return len(message), nil
}

// arrive keeps what has come: an answer, an error, or nothing for us.
func (c *Conn) arrive(d Delivery, buffer int) {
	p, ok := parse(d.Packet)
	if !ok || c.closed || c.v6 && !p.right() {
		return
	}
	if p.isError() {
		if q, ok := parse(p.message[icmpHeader:]); ok && q.kind() == q.request() {
			if mtu := p.mtu(); mtu > 0 {
				c.mtu[q.to] = mtu
			}
			c.errs = append(c.errs, d)
		}
		return
	}
	if buffer > 0 && len(c.in) >= buffer {
		c.dropped++
		return
	}
	c.in = append(c.in, d)
}

func (p packet) mtu() int {
	if p.v6 && p.kind() == 2 || !p.v6 && p.kind() == 3 && p.message[1] == 4 {
		return int(binary.BigEndian.Uint32(p.message[4:]))
	}
	return 0
}

// ReadFrom returns the next message, or [os.ErrDeadlineExceeded] when none has
// come.
func (c *Conn) ReadFrom(b []byte) (int, net.Addr, error) {
	message, from, _, ok := c.Receive()
	if !ok {
		return 0, nil, os.ErrDeadlineExceeded
	}
	return copy(b, message), &net.IPAddr{IP: from.AsSlice()}, nil
}

// Receive returns the next message with who sent it and when it came.
func (c *Conn) Receive() (message []byte, from netip.Addr, at time.Duration, ok bool) {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if len(c.in) == 0 {
		return nil, netip.Addr{}, 0, false
	}
	d := c.in[0]
	c.in = c.in[1:]
	p, _ := parse(d.Packet)
	return p.message, p.from, d.At, true
}

// Refusal is an error that came back.
type Refusal struct {
	Type, Code uint8
	By, To     netip.Addr
	MTU        int
	Quoted     []byte // of the message
}

// ReadError returns the next error that has come back.
func (c *Conn) ReadError() (Refusal, bool) {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if len(c.errs) == 0 {
		return Refusal{}, false
	}
	p, _ := parse(c.errs[0].Packet)
	c.errs = c.errs[1:]
	q, _ := parse(p.message[icmpHeader:])
	return Refusal{Type: p.kind(), Code: p.message[1], By: p.from, To: q.to, MTU: p.mtu(), Quoted: q.message}, true
}

// Dropped is how many messages came to a full buffer.
func (c *Conn) Dropped() int {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	return c.dropped
}

// Close ends it.
func (c *Conn) Close() error {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.closed = true
	return nil
}

// LocalAddr is where answers go.
func (c *Conn) LocalAddr() net.Addr { return &net.IPAddr{IP: c.addr.AsSlice()} }

// SetDeadline does nothing: no call ever blocks.
func (c *Conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// delivery is on its way to a connection.
type delivery struct {
	Delivery
	conn  *Conn
	order int
}

type deliveries []delivery

func (d deliveries) Len() int { return len(d) }
func (d deliveries) Less(i, j int) bool {
	if d[i].At != d[j].At {
		return d[i].At < d[j].At
	}
	return d[i].order < d[j].order
}
func (d deliveries) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *deliveries) Push(x any)   { *d = append(*d, x.(delivery)) }
func (d *deliveries) Pop() any {
	old := *d
	last := old[len(old)-1]
	*d = old[:len(old)-1]
	return last
}
