// Package redfish reads the facts about fans from a management controller over
// Redfish (DMTF DSP0266): its fans, their redundancy, and what its event logs
// say about them. It only ever reads, except that it may open and close a
// session of its own.
//
// It asks through github.com/stmcginnis/gofish, the Redfish client that users of
// Go know: requests, authentication, sessions. The [door] holds what it leaves
// open. Bodies are decoded here, tolerantly: one odd value costs gofish's typed
// resources the whole resource.
package redfish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/state"
)

// Options is the address of a management controller.
type Options struct {
	Host string `short:"H" help:"Address of the management controller: name or IP address, with :PORT where it is not the default." placeholder:"HOST"`
	Port int    `short:"p" default:"443" help:"Port of the management controller." placeholder:"PORT"`
}

// Validate asks for a port that can be one.
func (o Options) Validate() error {
	if o.Port < 1 || o.Port > 65535 {
		return fmt.Errorf("--port %d: expected a port from 1 to 65535", o.Port)
	}
	return nil
}

// Source reads one management controller. It implements [bmc.Source].
type Source struct {
	// Remember, when set, changes what all runs remember, one after another: before
	// a login, and as soon as a session was opened that is to be kept. So a poll that
	// is killed later leaves a session that the next one finds, and polls at the same
	// time share one. With an error it says that nothing can be kept: the session is
	// then closed. It is not called from another goroutine.
	Remember func(Change) error

	http *http.Client
	base string
	cred secret.Credentials
	now  func() time.Time
	// grace is how long closing may take when the context has ended.
	grace time.Duration
}

// New makes the source for the controller at base: https://host:port, or just
// host:port.
func New(client *http.Client, base string, cred secret.Credentials) *Source {
	own := *client
	own.Jar = nil
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Source{http: &own, base: base, cred: cred, now: time.Now, grace: bmc.CloseTime}
}

var _ bmc.Source = (*Source)(nil)

// TellTime makes the source read our time from now instead of time.Now, as a
// test does whose controller lives at another time.
func (s *Source) TellTime(now func() time.Time) { s.now = now }

// root is the service root, the only resource that needs no password.
type root struct {
	UUID           text
	Chassis        link
	Systems        link
	Managers       link
	SessionService link
	Links          struct{ Sessions link }
	Features       struct {
		ExpandQuery struct{ NoLinks, Levels flag }
	} `json:"ProtocolFeaturesSupported"`
}

// expands says that lists come with their members as a whole.
func (r root) expands() bool { return r.Features.ExpandQuery.NoLinks.value }

// poll is one poll of one controller.
type poll struct {
	*client
	ask    bmc.Ask
	root   root
	memory memory
	server *bmc.Server
	// chassis that were read, in the order of the collection
	chassis []*chassis
	gone    []string // listed, but not there (Intel, Cray)
	// session is the one that is open, nil without; remember stores it.
	session  *session
	kept     *session // by an earlier poll
	remember func(Change) error
	mark     *state.Process // that we log in
	barred   bool           // a login failed
	unsure   bool           // whether the logs that were found are the best ones
	manager  *manager
	hosts    map[string]*computer
	cooled   map[string]bool // ThermalSubsystems that were read
	fresh    context.Context // for a login that must not be cut off
	closing  context.Context // for a logout
}

// Poll reads the controller, see [bmc.Source]. The error is a [*ConnectError]
// with what to do next.
func (s *Source) Poll(ctx context.Context, ask bmc.Ask) (bmc.Server, error) {
	base, err := s.address()
	if err != nil {
		return bmc.Server{}, err
	}
	server := bmc.Server{}
	p := s.poll(base, ask, &server)
	defer s.http.CloseIdleConnections()
	end := p.outlive(ctx, s.grace)
	defer end()
	if err := p.enter(ctx); err != nil {
		if p.session != nil && p.session != p.kept && s.Remember == nil {
			p.ask.Keep = false // the memory that names it is lost with the error
		}
		p.leave(ctx)
		return bmc.Server{Evidence: p.evidence}, err
	}
	p.look(ctx)
	p.leave(ctx)
	server.Evidence = p.evidence
	server.Memory = p.memory.store()
	return server, nil
}

func (s *Source) poll(base *url.URL, ask bmc.Ask, server *bmc.Server) *poll {
	return &poll{
		client: &client{door: newDoor(s.http, base), base: base, cred: s.cred, now: s.now},
		ask:    ask, server: server, remember: s.Remember,
		memory: recall(ask.Memory),
	}
}

// address is the base URL, which must be one.
func (s *Source) address() (*url.URL, error) {
	base := s.base
	if !strings.Contains(base, "://") {
		base = "https://" + strings.ReplaceAll(base, "%", "%25")
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("the controller's address is not host:port")
	}
	if _, _, err := net.SplitHostPort(u.Host); err != nil && u.Scheme == "https" {
		u.Host = net.JoinHostPort(strings.Trim(u.Host, "[]"), "443")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// enter gets us in.
func (p *poll) enter(ctx context.Context) error {
	if err := p.greet(ctx); err != nil {
		return err
	}
	return p.readChassis(ctx)
}

// greet reads the service root, without credentials: controllers count each
// wrong password, and the root is readable without one.
func (p *poll) greet(ctx context.Context) error {
	at := "/redfish/v1/"
	_, err := p.read(ctx, at, &p.root)
	var refused *StatusError
	if errors.As(err, &refused) && (refused.Code == http.StatusNotFound || refused.Code/100 == 3) {
		at = "/redfish/v1" // the standard wants both, not all have both
		_, err = p.read(ctx, at, &p.root)
	}
	locked := errors.As(err, &refused) && refused.Code == http.StatusUnauthorized
	if err != nil && !locked {
		return p.unreachable(err)
	}
	p.prepare()
	if locked {
		if _, err = p.read(ctx, at, &p.root); err != nil {
			return p.unreachable(err)
		}
	}
	return nil
}

// look reads all else. What cannot be read becomes a gap.
func (p *poll) look(ctx context.Context) {
	p.identify(ctx)
	p.readFans(ctx)
	p.readPower(ctx)
	p.readRestart(ctx)
	p.readLogs(ctx)
}

// gap notes what could not be read.
func (p *poll) gap(what string, log bool, err error) {
	p.server.Gaps = append(p.server.Gaps, bmc.Gap{What: phrase.Clip(what, maxName), Log: log, Err: err})
}

// anyFan is what a gap hides when nobody can say which fans are behind it.
const anyFan = "*"

// hidden records what could not be read and may hold fans, by how their ids
// begin.
func (p *poll) hidden(fans, what string, err error) {
	p.server.Gaps = append(p.server.Gaps, bmc.Gap{What: phrase.Clip(what, maxName), Hides: fans, Err: err})
}
