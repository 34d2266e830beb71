package channel

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// How the connection to a relay is protected.
const (
	startTLS = "starttls" // RFC 3207, never without
	implicit = "implicit" // RFC 8314
	noTLS    = "none"     // to this machine alone
)

// relay is a mail server that takes our mail.
type relay struct {
	address string // host:port
	tls     string
	trust   transport.Options
	login   secret.Credentials // no user name: without login
	from    netmail.Address
}

// Send brings one mail to the relay, for one customer. What the relay said, and
// when, decides: before the last dot the mail is not sent, after it only an
// answer tells.
func (r relay) Send(ctx context.Context, to string, m Message) (Outcome, error) {
	mail, err := compose(r.from, to, m)
	if err != nil {
		return NotSent, err
	}
	conn, err := r.dial(ctx)
	if err != nil {
		return NotSent, err
	}
	defer conn.Close() // after the answer nothing can be lost
	client, err := r.greet(ctx, conn)
	if err != nil {
		return NotSent, err
	}
	return r.deliver(ctx, client, to, mail)
}

// dial connects, and with implicit TLS shakes hands. The connection ends with
// ctx, whatever is done with it.
func (r relay) dial(ctx context.Context) (net.Conn, error) {
	plain, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.address)
	if err != nil {
		return nil, r.trust.Explained(ctx, r.address, false, err)
	}
	conn := &lease{Conn: plain, left: maxAnswers}
	conn.end(ctx)
	if r.tls != implicit {
		return conn, nil
	}
	config, err := r.trust.TLS(r.address)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close() // what matters is why the handshake failed
		return nil, r.trust.Explained(ctx, r.address, true, err)
	}
	return secured, nil
}

// greet comes as far as the first mail: TLS and login.
func (r relay) greet(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(r.address)
	if err != nil {
		return nil, err
	}
	client, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, r.said(ctx, "does not greet", err)
	}
	// The name of this machine is nobody's business: the relay writes it into the
	// mail.
	if err := client.Hello(domain(r.from.Address)); err != nil {
		return nil, r.said(ctx, "does not let us in", err)
	}
	if r.tls == startTLS {
		if err := r.upgrade(ctx, client); err != nil {
			return nil, err
		}
	}
	if r.login.Username == "" {
		return client, nil
	}
	return client, r.authenticate(ctx, client, host)
}

func (r relay) upgrade(ctx context.Context, client *smtp.Client) error {
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return fmt.Errorf("%s offers no STARTTLS, expected it on this port: mail is never sent in the clear", r.address)
	}
	config, err := r.trust.TLS(r.address)
	if err != nil {
		return err
	}
	err = client.StartTLS(config)
	if _, answered := errors.AsType[*textproto.Error](err); answered {
		return r.said(ctx, "refuses STARTTLS", err)
	}
	return r.trust.Explained(ctx, r.address, true, err)
}

// authenticate logs in. It is reached under TLS only, see Options.Validate.
func (r relay) authenticate(ctx context.Context, client *smtp.Client, host string) error {
	_, offered := client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	password := r.login.Password.Reveal()
	var auth smtp.Auth
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		auth = smtp.PlainAuth("", r.login.Username, password, host, false)
	case slices.Contains(mechanisms, "LOGIN"):
		auth = smtp.LoginAuth(r.login.Username, password, host, false)
	default:
		return fmt.Errorf("%s offers no login by PLAIN or LOGIN, expected it on a submission port: try --smtp %s:587", r.address, host)
	}
	if err := client.Auth(auth); err != nil {
		return r.said(ctx, "refuses the login of --auth-file", err)
	}
	return nil
}

// deliver hands over one mail.
func (r relay) deliver(ctx context.Context, client *smtp.Client, to string, mail []byte) (Outcome, error) {
	if err := client.Mail("<" + r.from.Address + ">"); err != nil {
		return NotSent, r.said(ctx, "refuses the sender of --mail-from", err)
	}
	if err := client.Rcpt("<" + to + ">"); err != nil {
		return NotSent, r.said(ctx, "refuses the customer's address", err)
	}
	body, err := client.Data()
	if err != nil {
		return NotSent, r.said(ctx, "refuses the mail", err)
	}
	if _, err := body.Write(mail); err != nil {
		return NotSent, r.said(ctx, "did not take all of the mail", err)
	}
	// From here on the last dot may be on its way.
	err = body.Close()
	var answer *textproto.Error
	switch {
	case err == nil:
		_, _ = client.Text.Cmd("QUIT") // it has the mail, whatever it says now
		return Sent, nil
	case errors.As(err, &answer) && answer.Code >= 400:
		return NotSent, r.said(ctx, "refuses the mail", err)
	}
	return Unknown, r.said(ctx, "may have the mail, its answer is missing", err)
}

// said is one sentence of what went wrong: the relay's own words when it spoke.
func (r relay) said(ctx context.Context, what string, err error) error {
	var answer *textproto.Error
	var timeout net.Error
	reason := ""
	switch {
	case errors.As(err, &answer):
		reason = fmt.Sprintf("%d %s", answer.Code, cut(oneLine(answer.Msg), 200))
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		reason = "it did not answer in time"
	case errors.Is(err, errTalkative):
		reason = errTalkative.Error()
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		reason = "it ended the connection"
	default:
		reason = cut(oneLine(err.Error()), 200)
	}
	return secret.Scrub(fmt.Errorf("%s %s: %s", r.address, what, reason), r.login.Secrets()...)
}

// cut shortens text to at most n bytes.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "..."
}

// maxAnswers is how much a relay may say in all, in bytes: the answers to one
// mail have a few hundred, with TLS some thousand.
const maxAnswers = 256 << 10

var errTalkative = errors.New("it says more than 256 KiB")

// lease is a connection that ends when its time is up: go-mail's deadlines begin
// anew with each step, and a peer that drips would never meet them.
type lease struct {
	net.Conn
	left int
	stop func() bool
}

// end bounds the connection by ctx.
func (l *lease) end(ctx context.Context) {
	if until, ok := ctx.Deadline(); ok {
		_ = l.Conn.SetDeadline(until) // a connection that has none is at its end
	}
	l.stop = context.AfterFunc(ctx, func() {
		defer func() { _ = recover() }()
		_ = l.Conn.SetDeadline(time.Unix(1, 0))
	})
}

// Close ends the connection.
func (l *lease) Close() error {
	l.stop()
	return l.Conn.Close()
}

// SetDeadline and its like change nothing: the time is that of the context.
func (l *lease) SetDeadline(time.Time) error      { return nil }
func (l *lease) SetReadDeadline(time.Time) error  { return nil }
func (l *lease) SetWriteDeadline(time.Time) error { return nil }

func (l *lease) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTalkative
	}
	n, err := l.Conn.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
