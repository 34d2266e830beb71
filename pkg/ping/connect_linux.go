package ping

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// mostAtOnce is how many connections are tried at once. Fewer, when the limit
// of file descriptors is lower.
const mostAtOnce = 128

// Connect tries TCP connections to every target and closes them at once. It
// needs no privilege. It ends when every target has answered, when o.Wait has
// passed for all, or with ctx.
func Connect(ctx context.Context, targets []Target, o ConnectOptions) ([]Connection, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if err := validateTargets(targets); err != nil {
		return nil, err
	}
	c := connector{o: o, limit: mostAtOnce, out: make([]Connection, len(targets))}
	for i, t := range targets {
		t.Addr = canonical(t.Addr)
		c.out[i].Target = t
	}
	for ctx.Err() == nil && c.fill() {
		c.poll()
	}
	c.end(ctx.Err() != nil)
	return c.out, nil
}

// attempt is a connection that is being made.
type attempt struct {
	fd     int
	target int
	port   int
	began  time.Time
}

// connector makes connections in one loop, without goroutines.
type connector struct {
	o     ConnectOptions
	limit int
	next  int // attempt to be made, of len(out)*len(Ports)
	open  []attempt
	out   []Connection
}

// fill begins connections as far as it may, and says whether any is open.
func (c *connector) fill() bool {
	for len(c.open) < c.limit && c.next < len(c.out)*len(c.o.Ports) {
		target, port := c.next/len(c.o.Ports), c.o.Ports[c.next%len(c.o.Ports)]
		if c.out[target].Answered {
			c.next++
			continue
		}
		err := c.begin(target, port)
		if scarce(err) && len(c.open) > 0 {
			c.limit = len(c.open)
			break // again when one is done
		}
		c.next++
		if err != nil {
			c.out[target].Refusals = addRefusal(c.out[target].Refusals, err)
		}
	}
	return len(c.open) > 0
}

// scarce errors pass when a descriptor is closed.
func scarce(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.ENOMEM)
}

// begin begins one connection. An error is one of this machine.
func (c *connector) begin(target, port int) error {
	to := c.out[target].Addr
	domain := unix.AF_INET
	if to.Is6() {
		domain = unix.AF_INET6
	}
	address, err := sockaddr(to, port)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return err
	}
	a := attempt{fd, target, port, time.Now()}
	switch err := unix.Connect(fd, address); {
	case errors.Is(err, unix.EINPROGRESS):
		c.open = append(c.open, a)
		return nil
	case err == nil || errors.Is(err, unix.ECONNREFUSED):
		c.answered(a, err != nil)
		return unix.Close(fd)
	default:
		return errors.Join(err, unix.Close(fd))
	}
}

func sockaddr(to netip.Addr, port int) (unix.Sockaddr, error) {
	if to.Is4() {
		return &unix.SockaddrInet4{Port: port, Addr: to.As4()}, nil
	}
	a := &unix.SockaddrInet6{Port: port, Addr: to.As16()}
	if to.Zone() == "" {
		return a, nil
	}
	card, err := net.InterfaceByName(to.Zone())
	if err != nil {
		return nil, syscall.ENODEV
	}
	a.ZoneId = uint32(card.Index)
	return a, nil
}

// poll waits for connections and ends those that are done.
func (c *connector) poll() {
	fds := make([]unix.PollFd, len(c.open))
	for i, a := range c.open {
		fds[i] = unix.PollFd{Fd: int32(a.fd), Events: unix.POLLOUT}
	}
	left := time.Until(c.open[0].began.Add(c.o.Wait)) // the oldest
	limit := unix.NsecToTimespec(int64(min(max(left, 0), nap)))
	if _, err := unix.Ppoll(fds, &limit, nil); err != nil {
		return // an interruption: the caller looks at the context
	}
	now := time.Now()
	open := c.open[:0]
	for i, a := range c.open {
		switch {
		case fds[i].Revents != 0:
			c.done(a)
		case c.out[a.target].Answered:
		case now.Sub(a.began) >= c.o.Wait:
			c.expired(a)
		default:
			open = append(open, a)
			continue
		}
		c.close(a)
	}
	c.open = open
}

// done takes the result of a connection.
func (c *connector) done(a attempt) {
	number, err := unix.GetsockoptInt(a.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	errno := syscall.Errno(number)
	switch {
	case err != nil:
		c.out[a.target].Refusals = addRefusal(c.out[a.target].Refusals, err)
	case errno == 0 || errno == unix.ECONNREFUSED:
		c.answered(a, errno != 0)
	default:
		c.out[a.target].Reason = errno.Error()
	}
}

// expired asks for an error that came back while the system still had hope,
// such as a router's when it answers before connect(2) has returned.
func (c *connector) expired(a attempt) {
	if number, err := unix.GetsockoptInt(a.fd, unix.SOL_SOCKET, unix.SO_ERROR); err == nil && number != 0 {
		c.out[a.target].Reason = syscall.Errno(number).Error()
	}
}

func (c *connector) answered(a attempt, refused bool) {
	if out := &c.out[a.target]; !out.Answered {
		out.Answered, out.Port, out.Refused, out.RTT = true, a.port, refused, time.Since(a.began)
	}
}

func (c *connector) close(a attempt) {
	if err := unix.Close(a.fd); err != nil {
		c.out[a.target].Refusals = addRefusal(c.out[a.target].Refusals, err)
	}
}

// end closes what is open and says why there was no answer.
func (c *connector) end(cut bool) {
	pending := map[int]bool{}
	for _, a := range c.open {
		pending[a.target] = true
		c.close(a)
	}
	for ; c.next < len(c.out)*len(c.o.Ports); c.next++ {
		pending[c.next/len(c.o.Ports)] = true
	}
	for i := range c.out {
		out := &c.out[i]
		if out.Answered {
			out.Reason = ""
			continue
		}
		out.Pending = cut && pending[i]
		if out.Reason == "" && len(out.Refusals) == 0 && !out.Pending {
			out.Reason = noAnswer
		}
	}
}
