package redfish

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// session is a login that is open. It belongs to a host and a user and is used
// for no others.
type session struct {
	Path  string `json:"path"`
	Token string `json:"token"`
	Host  string `json:"host"`
	User  string `json:"user"`
}

// A password that the controller refuses is tried once a poll, because
// controllers lock accounts:
//
//  1. A session that was kept is used until it is refused. Then one new one is
//     opened, and basic authentication is not tried.
//  2. Without one, the first request that needs a password carries it by basic
//     authentication, which leaves nothing behind.
//  3. When that is refused with a challenge that offers Basic, the password is
//     wrong: AccountService.HTTPBasicAuth says that a service where Basic is
//     enabled shall offer it. No further try.
//  4. When it is refused without such an offer, Basic is switched off or hidden,
//     and one session is opened. A wrong password has then been sent twice, on
//     a controller that hides Basic; nothing is known that would tell the two
//     apart before.

// prepare chooses how to authenticate.
func (p *poll) prepare() {
	if p.cred.Username == "" && p.cred.Password.Reveal() == "" {
		p.memory.Session = nil
		return
	}
	p.login = p.logIn
	if kept := p.memory.Session; kept != nil && kept.Host == p.base.Host && kept.User == p.cred.Username {
		p.session, p.kept, p.as = kept, kept, login{token: kept.Token}
		return
	}
	p.memory.Session = nil
	p.as = login{user: p.cred.Username, password: p.cred.Password.Reveal()}
}

var errNoSession = errors.New("basic authentication is refused and there is no session service")

// logIn opens a session after a 401, or takes the one that another run has opened
// meanwhile. The request is not cut off when ctx ends: the session it may already
// have opened could not be closed.
func (p *poll) logIn(ctx context.Context, refused *StatusError) error {
	basic := p.as.token == ""
	if basic && refused.offersBasic {
		return refused
	}
	path := string(p.root.Links.Sessions)
	if path == "" && p.root.SessionService != "" {
		path = trimSlash(string(p.root.SessionService)) + "/Sessions"
	}
	if path == "" {
		if basic {
			return refused
		}
		return errNoSession
	}
	stray, other, err := p.claim(ctx)
	if err != nil {
		p.barred = true
		return err
	}
	p.as, p.session, p.memory.Session = login{}, nil, nil
	if other != nil {
		p.session, p.kept, p.memory.Session = other, other, other
		p.as, p.login = login{token: other.Token}, p.logIn
		return nil
	}
	p.barred = true
	a, err := p.once(p.fresh, http.MethodPost, path, map[string]string{"UserName": p.cred.Username, "Password": p.cred.Password.Reveal()})
	if err != nil {
		if status := (*StatusError)(nil); errors.As(err, &status) {
			p.refused()
		}
		return err
	}
	made := session{
		Path: local(a.head.Get("Location")), Token: a.head.Get("X-Auth-Token"),
		Host: p.base.Host, User: p.cred.Username,
	}
	if made.Path == "" {
		var o struct {
			ID link `json:"@odata.id"`
		}
		if object(a.body, &o) == nil {
			made.Path = local(string(o.ID))
		}
	}
	if made.Token == "" || len(made.Token) > maxLink {
		return errors.New("the login was accepted without a token")
	}
	p.session, p.as, p.barred = &made, login{token: made.Token}, false
	if p.ask.Keep {
		p.made(&made)
	}
	if stray && p.sweep(path) {
		p.swept()
	}
	return nil
}

// maxSweep is more sessions than controllers allow (iDRAC 8, others 4 to 16).
const maxSweep = 16

// sweep ends the sessions of our user but our own, and says whether it saw them
// all. It is asked for only after a run that was killed while it logged in, whose
// session has no other way to be found, and while no other run logs in; another
// poller with the same account then logs in once more.
func (p *poll) sweep(path string) bool {
	members, err := p.members(p.fresh, path)
	if err != nil {
		p.note("a session of a run that was killed may be left: %v", err)
		return false
	}
	for i, m := range members {
		if i == maxSweep {
			break
		}
		if trimSlash(m.path) == trimSlash(p.session.Path) {
			continue
		}
		var other struct {
			UserName text
		}
		if _, err := p.read(p.fresh, m.path, &other); err != nil || other.UserName.String() != p.cred.Username {
			continue
		}
		if _, err := p.once(p.fresh, http.MethodDelete, m.path, nil); err != nil && !missing(err) {
			p.note("the session %s of a run that was killed was not closed: %v", m.path, err)
		}
	}
	return true
}

// local is the path of an address. Controllers put a name of their own in
// front of it, which need not be the one they were asked by.
func local(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Path == "" {
		return ""
	}
	return u.RequestURI()
}

// leave closes the session unless it is kept. One that was interrupted is
// closed always: nobody will store it.
func (p *poll) leave(ctx context.Context) {
	if p.session == nil {
		return
	}
	interrupted := errors.Is(ctx.Err(), context.Canceled)
	if p.ask.Keep && !interrupted {
		p.memory.Session = p.session
		return
	}
	p.memory.Session = nil
	if _, err := p.target(p.session.Path); err != nil {
		p.note("the session cannot be closed: the controller did not say where it is")
		return
	}
	bounded, cancel := context.WithTimeout(p.closing, closeLimit)
	defer cancel()
	p.requests = 0
	if _, err := p.once(bounded, http.MethodDelete, p.session.Path, nil); err != nil && !missing(err) {
		p.note("the session was not closed: %v", err)
	}
	p.session = nil
}

// closeLimit bounds a logout while there is time.
const closeLimit = 2 * time.Second

// outlive makes the contexts that go on for a moment when ctx has ended: a
// login that is under way gets half of grace, so that the rest is left to close
// what it opened.
func (p *poll) outlive(ctx context.Context, grace time.Duration) (end func()) {
	fresh, endLogin := later(ctx, grace/2)
	closing, endClosing := later(ctx, grace-grace/20)
	p.fresh, p.closing = fresh, closing
	return func() { endLogin(); endClosing() }
}

// later is a context that ends some time after ctx does.
func later(ctx context.Context, extra time.Duration) (out context.Context, stop func()) {
	out, end := context.WithCancel(context.WithoutCancel(ctx))
	// Without them the deadline of the whole run ends what goes on.
	halt := context.AfterFunc(ctx, func() {
		defer func() { _ = recover() }()
		time.AfterFunc(extra, func() {
			defer func() { _ = recover() }()
			end()
		})
	})
	return out, func() { halt(); end() }
}
