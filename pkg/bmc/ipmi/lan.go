package ipmi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Endpoint is a controller in the network and the account to use there.
type Endpoint struct {
	// Host is a name or an address, with a port or without, as
	// [transport.Address] takes it.
	Host        string
	Credentials secret.Credentials
	// IPv4 and IPv6 restrict a name to addresses of that family.
	IPv4, IPv6 bool
}

// Limits of RMCP+ (IPMI 2.0, sections 13.20 and 22.30).
const (
	maxName     = 16
	maxPassword = 20
	maxKg       = 20
)

// lan is a controller reached over UDP.
type lan struct {
	endpoint Endpoint
	host     string
	port     string
	role     byte
	lookup   func(ctx context.Context, network, host string) ([]netip.Addr, error)
	socket   func(ctx context.Context, network, address string) (net.Conn, error)
}

// LAN is the controller at an endpoint. The error says which part of the
// endpoint IPMI cannot use.
func LAN(endpoint Endpoint, opts Options) (bmc.Source, error) {
	login := endpoint.Credentials
	switch {
	case login.Username == "":
		return nil, errors.New("IPMI needs a user name and a password, see --auth-file")
	case len(login.Username) > maxName:
		return nil, fmt.Errorf("user name %q has %d bytes, IPMI allows %d", login.Username, len(login.Username), maxName)
	case len(login.Password.Reveal()) > maxPassword:
		return nil, fmt.Errorf("the password of user %q has %d bytes, IPMI allows %d", login.Username, len(login.Password.Reveal()), maxPassword)
	case len(login.Kg.Reveal()) > maxKg:
		return nil, fmt.Errorf("kg has %d bytes, IPMI allows %d", len(login.Kg.Reveal()), maxKg)
	}
	level, err := opts.level()
	if err != nil {
		return nil, err
	}
	address, err := transport.Address(endpoint.Host, opts.Port)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return &lan{
		endpoint: endpoint, host: host, port: port, role: level | nameOnly,
		lookup: net.DefaultResolver.LookupNetIP, socket: new(net.Dialer).DialContext,
	}, nil
}

// Poll reads the controller in one session: three packets to open it, one to
// close it.
func (l *lan) Poll(ctx context.Context, ask bmc.Ask) (server bmc.Server, err error) {
	known := recall(ask.Memory)
	s, err := l.connect(ctx, known.Suite)
	if err != nil {
		return bmc.Server{}, err
	}
	defer func() {
		closing := s.close(ctx)
		line := fmt.Sprintf("Close Session: %d packets sent in all, %d datagrams dropped", s.sent, s.dropped)
		if closing != nil {
			line += ", " + closing.Error()
		}
		server.Evidence = append(server.Evidence, line)
		_ = s.conn.Close() // a UDP socket has nothing left to say
	}()
	known.belongs(s.exchange.guid)
	known.Suite = s.exchange.suite.id
	p := poll{link: s, ask: ask, memory: known, now: time.Now()}
	p.note("Open Session: %s, cipher suite %d, %d packets", s.address, s.exchange.suite.id, s.sent)
	if server, err = p.run(ctx); err != nil {
		err = fmt.Errorf("%s: %w", s.address, err)
	}
	return server, err
}

// connect tries the addresses of the host in turn. What one address says about
// the account goes for all; only where nobody answers in IPMI the next is
// tried.
func (l *lan) connect(ctx context.Context, preferred byte) (*session, error) {
	addresses, err := l.resolve(ctx)
	if err != nil {
		return nil, &OpenError{Cause: CauseNetwork, Address: l.host, Text: "cannot resolve the name", Err: err, Next: "check the name and the resolver"}
	}
	var failures error
	for i, address := range addresses {
		share, cancel := l.share(ctx, len(addresses)-i)
		s, err := l.dial(share, address, preferred)
		cancel()
		if err == nil {
			return s, nil
		}
		if failures == nil {
			failures = err
		} else {
			failures = fmt.Errorf("%w, %w", failures, err)
		}
		failure := (*OpenError)(nil)
		if !errors.As(err, &failure) || failure.Cause != CauseNetwork && failure.Cause != CauseProtocol || ctx.Err() != nil {
			break
		}
	}
	return nil, failures
}

// share gives one of n addresses its part of what is left until the deadline.
func (l *lan) share(ctx context.Context, n int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok || n < 2 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(n))
}

// resolve finds the addresses to try, in the resolver's order.
func (l *lan) resolve(ctx context.Context) ([]netip.Addr, error) {
	network := "ip"
	switch {
	case l.endpoint.IPv4 && !l.endpoint.IPv6:
		network = "ip4"
	case l.endpoint.IPv6 && !l.endpoint.IPv4:
		network = "ip6"
	}
	return l.lookup(ctx, network, l.host)
}

// dial opens a session with one address. When the controller has no slot free
// it is asked once more a moment later: other pollers hold one for less than a
// second.
func (l *lan) dial(ctx context.Context, address netip.Addr, preferred byte) (*session, error) {
	target := net.JoinHostPort(address.Unmap().String(), l.port)
	suites := []suite{suite17, suite3}
	if preferred == suite3.id {
		suites = []suite{suite3, suite17}
	}
	for last := false; ; last = true {
		s, err := l.session(ctx, target)
		if err != nil {
			return nil, &OpenError{Cause: CauseNetwork, Address: target, Text: "no UDP socket", Err: err}
		}
		err = s.open(ctx, suites)
		if err == nil {
			return s, nil
		}
		_ = s.conn.Close()
		failure := (*OpenError)(nil)
		if last || !errors.As(err, &failure) || failure.Cause != CauseSlots || !pause(ctx, answerTime) {
			return nil, err
		}
	}
}

func (l *lan) session(ctx context.Context, target string) (*session, error) {
	conn, err := l.socket(ctx, "udp", target)
	if err != nil {
		return nil, err
	}
	login := l.endpoint.Credentials
	return &session{conn: conn, address: target, wait: answerTime, exchange: exchange{
		role:     l.role,
		username: login.Username,
		password: []byte(login.Password.Reveal()),
		kg:       []byte(login.Kg.Reveal()),
	}}, nil
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
