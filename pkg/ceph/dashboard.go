package ceph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Dashboard asks the REST API of the mgr's dashboard module: three documents,
// with a token that is kept between runs.
type Dashboard struct {
	// MayFollow says why the mgr that a standby names must not be sent what is
	// for the standby. Without it nobody is followed.
	MayFollow func(asked, named string) error

	client *http.Client
	hosts  []dashboardHost
}

type dashboardHost struct {
	name string
	base *url.URL
	cred secret.Credentials
}

// MaxDashboard is the largest answer that is read of a dashboard, in bytes:
// health/full has 3.3 KiB of each OSD.
const MaxDashboard = 40 << 20

// DashboardPort is where the dashboard listens with TLS unless told otherwise.
const DashboardPort = 8443

// NewDashboard makes the source for the mgrs at hosts, in this order. The
// standbys among them say who is active. It needs a username and a password
// for each; a user with the role read-only is enough.
func NewDashboard(client *http.Client, hosts []string, port int, credentials func(host string) (secret.Credentials, error)) (*Dashboard, error) {
	d := &Dashboard{client: client}
	for _, name := range hosts {
		base, err := transport.URL(name, port)
		if err != nil {
			return nil, fmt.Errorf("-H: %w", err)
		}
		cred, err := credentials(name)
		if err != nil {
			return nil, err
		}
		if cred.Username == "" || cred.Password.IsZero() {
			return nil, fmt.Errorf("no username and password for %s: expected both in the file of --auth-file, or in NOOUT_USERNAME and NOOUT_PASSWORD", name)
		}
		d.hosts = append(d.hosts, dashboardHost{name, base, cred})
	}
	if len(d.hosts) == 0 {
		return nil, errors.New("no host to ask, expected -H with the machines of the mgrs")
	}
	return d, nil
}

// standbyError says that a mgr is not the active one, and which is.
type standbyError struct{ active *url.URL }

func (e *standbyError) Error() string {
	return "is a standby, the active mgr is at " + e.active.Host + " (name it with -H)"
}

// refusal is an answer that another mgr would give too.
type refusal struct{ text string }

func (e *refusal) Error() string { return e.text }

// statusError is an HTTP status that is no document.
type statusError struct {
	code   int
	status string
}

func (e *statusError) Error() string { return e.status }

// Poll asks the mgr that answered last, then the hosts in their order, then the
// one a standby names. The mgr answers from its memory, also while no monitor
// lets it know anything new; so the answer is believed only with a sign of life
// of the monitors, see [dashboardPoll.alive].
func (d *Dashboard) Poll(ctx context.Context, ask Ask) (Cluster, error) {
	p := &dashboardPoll{Dashboard: d, memory: recall(ask.Memory)}
	candidates := p.order()
	var failed error
	silent := true
	for i := 0; i < len(candidates); i++ {
		h := candidates[i]
		found, err := p.ask(ctx, h, len(candidates)-i)
		var standby *standbyError
		var refused *refusal
		switch {
		case err == nil:
			return found, nil
		case errors.As(err, &standby):
			next, why := p.follow(h, standby.active, candidates)
			switch {
			case why != nil:
				err, silent = fmt.Errorf("%w, which was not asked: %w", err, why), false
			case next != nil:
				candidates = append(candidates, *next)
			}
		case errors.As(err, &refused):
			return Cluster{Evidence: p.evidence}, fmt.Errorf("dashboard of %s: %w", h.name, err)
		}
		silent = silent && (standby != nil || unanswered(err))
		failed = errors.Join(failed, fmt.Errorf("%s: %w", h.name, err))
	}
	if ctxErr := ctx.Err(); errors.Is(ctxErr, context.Canceled) {
		return Cluster{Evidence: p.evidence}, ctxErr
	}
	reason := phrase.Clip(strings.ReplaceAll(failed.Error(), "\n", ", "), maxText)
	if silent {
		return Cluster{Evidence: p.evidence}, &SilentError{Reason: "no dashboard answers: " + reason}
	}
	return Cluster{Evidence: p.evidence}, errors.New("dashboard: " + reason)
}

// follow is the mgr that a standby names, nil when it is among those that are
// asked anyway. It would be sent the standby's token or password; so it is asked
// once, over TLS, at the same port, and where [Dashboard.MayFollow] allows it.
// The error says why not.
func (p *dashboardPoll) follow(from dashboardHost, to *url.URL, known []dashboardHost) (*dashboardHost, error) {
	for _, h := range known {
		if h.base.Host == to.Host {
			return nil, nil
		}
	}
	switch {
	case to.Scheme != "https" || to.User != nil || to.Port() != from.base.Port() || to.Hostname() == "":
		return nil, fmt.Errorf("expected https and port %s", from.base.Port())
	case p.followed:
		return nil, errors.New("another standby named another")
	case p.MayFollow == nil:
		return nil, errors.New("only the hosts of -H are")
	}
	if err := p.MayFollow(from.name, to.Hostname()); err != nil {
		return nil, err
	}
	p.followed = true
	return &dashboardHost{name: to.Host, base: &url.URL{Scheme: to.Scheme, Host: to.Host}, cred: from.cred}, nil
}

// dashboardPoll is one poll.
type dashboardPoll struct {
	*Dashboard
	memory   dashboardMemory
	followed bool
	evidence []string
}

// dashboardMemory is what is kept between polls: the token, whose it is, and
// the mgr that gave it.
type dashboardMemory struct {
	Base  string `json:"base"`
	User  string `json:"user"`
	Token string `json:"token"`
	// Versions are those that were spoken, by path, where not the first.
	Versions map[string]string `json:"versions,omitempty"`
}

func recall(raw Memory) dashboardMemory {
	var m dashboardMemory
	if json.Unmarshal(raw, &m) != nil {
		return dashboardMemory{}
	}
	return m
}

// order puts the mgr that was active last in front, if it is one of the hosts.
func (p *dashboardPoll) order() []dashboardHost {
	var first, rest []dashboardHost
	for _, h := range p.hosts {
		if h.base.String() == p.memory.Base {
			first = append(first, h)
			continue
		}
		rest = append(rest, h)
	}
	return append(first, rest...)
}

// ask polls one mgr; left is the number of those that may still be asked, this
// one included.
func (p *dashboardPoll) ask(ctx context.Context, h dashboardHost, left int) (Cluster, error) {
	if end, bound := ctx.Deadline(); bound && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(left))
		defer cancel()
	}
	s := &dashboardSession{dashboardPoll: p, host: h}
	if p.memory.User == h.cred.Username && p.memory.Token != "" {
		s.token = secret.NewText(p.memory.Token)
	}
	found, err := s.collect(ctx)
	if err != nil {
		return Cluster{}, secret.Scrub(err, append(h.cred.Secrets(), s.token)...)
	}
	kept, err := json.Marshal(dashboardMemory{Base: h.base.String(), User: h.cred.Username, Token: s.token.Reveal(), Versions: p.memory.Versions})
	if err != nil {
		return Cluster{}, fmt.Errorf("keeping the token: %w", err)
	}
	found.Memory = kept
	found.Evidence = p.evidence
	return found, nil
}

// unanswered says that nobody answered: a refused connection, a silent mgr. A
// name or a certificate that is wrong is our own affair.
func unanswered(err error) bool {
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		var name *net.DNSError
		return !errors.As(err, &name)
	}
	for _, cause := range []error{
		errIdle, context.DeadlineExceeded, os.ErrDeadlineExceeded, io.EOF, io.ErrUnexpectedEOF,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EPIPE,
	} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
}

// versions of the API's documents, in the order they are tried; 16 and 17 have
// 1.0 everywhere, from 18 on /api/osd has 1.1. Any other than the right one is
// answered with 415, as are application/json and */*.
var versions = []string{"1.0", "1.1", "2.0"}

// send makes a request in the version that was spoken last, else in the first
// that the mgr takes. A body makes it a login, else it is a GET with the token.
func (s *dashboardSession) send(ctx context.Context, path string, body []byte) ([]byte, http.Header, error) {
	tries := versions
	if known := s.memory.Versions[path]; slices.Contains(versions, known) {
		tries = append([]string{known}, versions...)
	}
	for _, v := range tries {
		raw, header, err := s.once(ctx, path, body, v)
		var status *statusError
		if errors.As(err, &status) && status.code == http.StatusUnsupportedMediaType {
			continue
		}
		if v != versions[0] {
			if s.memory.Versions == nil {
				s.memory.Versions = map[string]string{}
			}
			s.memory.Versions[path] = v
		}
		return raw, header, err
	}
	return nil, nil, fmt.Errorf("%s: none of the versions %v is spoken", path, versions)
}
