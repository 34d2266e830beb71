package pve

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/noout-monitoring/noout/pkg/regex"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/state"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Options are the flags of everything that asks Proxmox VE, spelled alike in
// every plugin.
type Options struct {
	Hosts     []string          `name:"host" short:"H" required:"" help:"Nodes of the cluster to ask, in this order: the first that answers and has quorum is used. Each may carry its port." placeholder:"NODE[,NODE...]"`
	Port      int               `short:"p" default:"8006" help:"Port of the API." placeholder:"PORT"`
	Transport transport.Options `embed:""`
	Secret    secret.Options    `embed:""`
}

// Forget are the flags of everything that remembers a cluster.
type Forget struct {
	Qdevice bool `name:"forget-qdevice" help:"There is no quorum device any more: what is remembered of one is forgotten."`
}

// Validate refuses addresses that cannot be meant. Transport is validated by
// itself.
func (o Options) Validate() error {
	for _, h := range o.Hosts {
		if _, err := transport.Address(h, usualPort); err != nil {
			return fmt.Errorf("-H: %w", err)
		}
		// A port that no host needs may be 0, and not what is no port at all.
		if _, err := transport.Address(h, o.Port); err != nil || o.Port < 0 || o.Port > 65535 {
			return fmt.Errorf("--port: expected a port from 1 to 65535, got %d", o.Port)
		}
	}
	return nil
}

// usualPort is where the API listens.
const usualPort = 8006

// Keeping is o whose clients resume TLS sessions, those of other plugins that
// ask the same cluster too.
func (o Options) Keeping(s state.Options) Options {
	o.Transport = o.Transport.Keeping(s.Tickets("pve"))
	return o
}

// Client asks the API. It is good for one run and not for two goroutines.
type Client struct {
	http  *http.Client
	hosts []host
	// chosen is the host that the proxied documents are asked from.
	chosen int
	// locals are the nodes behind the hosts, by their place, where they told.
	locals   map[int]string
	evidence []string
}

type host struct {
	name  string // as it was given
	url   *url.URL
	token secret.Text
}

// Client reads the credentials and makes a client. Errors are about the
// command line and the credentials file: nothing is sent yet.
func (o Options) Client() (*Client, error) {
	if len(o.Hosts) == 0 {
		return nil, errors.New("no host to ask, expected -H with a node of the cluster")
	}
	h, err := o.Transport.Client()
	if err != nil {
		return nil, err
	}
	c := &Client{http: h, chosen: -1, locals: map[int]string{}}
	for _, name := range o.Hosts {
		base, err := transport.URL(name, o.Port)
		if err != nil {
			return nil, fmt.Errorf("-H: %w", err)
		}
		credentials, err := o.Secret.For(name)
		if err != nil {
			return nil, err
		}
		token, err := tokenOf(credentials.Token)
		if err != nil {
			return nil, fmt.Errorf("API token for %s: %w", name, err)
		}
		c.hosts = append(c.hosts, host{name, base, token})
	}
	return c, nil
}

// tokenShape is USER@REALM!ID=UUID. The API also takes a blank for the equals
// sign.
var tokenShape = regex.Of(`^[^\s:/!=]+@[A-Za-z][A-Za-z0-9._-]*![A-Za-z][A-Za-z0-9._-]*[= ][0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// tokenOf checks the shape before anything is sent: the API answers a token
// of any other shape like a wrong one, after a delay of three seconds.
func tokenOf(t secret.Text) (secret.Text, error) {
	const expected = "expected token = USER@REALM!ID=UUID in the file of --auth-file, or in NOOUT_TOKEN"
	v := strings.TrimSpace(t.Reveal())
	v = strings.TrimPrefix(v, "Authorization: ")
	v = strings.TrimPrefix(v, "PVEAPIToken=")
	switch {
	case v == "":
		return secret.Text{}, errors.New("there is none, " + expected)
	case !strings.Contains(v, "!"):
		return secret.Text{}, errors.New("it has no token id after a !, " + expected)
	case !tokenShape.MatchString(v):
		return secret.Text{}, errors.New("malformed, " + expected)
	}
	return secret.NewText(v), nil
}
