package channel

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// Options are the flags of the channels. Mail goes through a relay (--smtp) or
// through this machine's own (--sendmail); web hooks need no flag, their
// addresses are the customers'.
type Options struct {
	MailFrom string `name:"mail-from" help:"Sender of mail, such as Example NOC <noc@example.net>: answers and bounces go there." placeholder:"ADDRESS"`
	SMTP     string `name:"smtp" help:"Mail relay, with its port unless it is the usual one. Its login is its section of --auth-file." placeholder:"HOST[:PORT]"`
	SMTPTLS  string `name:"smtp-tls" enum:"starttls,implicit,none" default:"starttls" help:"How the way to the relay is protected: starttls (port 587), implicit (port 465), none (port 25, on this machine only)." placeholder:"MODE"`
	CAFile   string `name:"ca-file" help:"PEM file with the authority that signed the relay's certificate, or that certificate itself." placeholder:"FILE"`
	Sendmail string `name:"sendmail" help:"Program that takes mail on this machine, such as /usr/sbin/sendmail." placeholder:"FILE"`
	Pages    string `name:"pages" help:"Directory with a folder of pages for each customer: index.html, feed.xml (Atom), notices.json." placeholder:"DIR"`
}

// ports are the usual ones.
var ports = map[string]int{startTLS: 587, implicit: 465, noTLS: 25}

// Validate returns an error that names the option and what was expected. It looks
// at no file: one that is gone closes its own channel, and [Options.Mail],
// [Options.Webhook] and [Options.Directory] say so.
func (o Options) Validate() error {
	mail := o.SMTP != "" || o.Sendmail != ""
	switch {
	case o.SMTP != "" && o.Sendmail != "":
		return errors.New("--smtp and --sendmail exclude each other, expected at most one")
	case mail && o.MailFrom == "":
		return errors.New("--mail-from: expected the sender of mail, such as noc@example.net")
	case o.Pages != "" && o.MailFrom == "":
		return errors.New("--mail-from: expected with --pages, whose ids have its domain, such as noc@example.net")
	case o.CAFile != "" && o.SMTP == "":
		return errors.New("--ca-file: expected with --smtp only")
	}
	if o.MailFrom != "" {
		if _, err := sender(o.MailFrom); err != nil {
			return err
		}
	}
	if err := o.validRelay(); err != nil {
		return err
	}
	if o.Sendmail != "" && !filepath.IsAbs(o.Sendmail) {
		return errors.New("--sendmail: expected a whole path, such as /usr/sbin/sendmail")
	}
	return nil
}

func (o Options) validRelay() error {
	if o.SMTP == "" {
		return nil
	}
	address, err := transport.Address(o.SMTP, ports[o.mode()])
	if err != nil {
		return fmt.Errorf("--smtp: %w", err)
	}
	if o.mode() == noTLS && !loopback(address) {
		return errors.New("--smtp-tls none: expected with --smtp 127.0.0.1, ::1 or localhost only, others could read the mail")
	}
	return nil
}

// program is nil when the sendmail can be run.
func (o Options) program() error {
	info, err := os.Stat(o.Sendmail)
	switch {
	case err != nil:
		return fmt.Errorf("--sendmail %s: %w: install a mail system, or use --smtp", o.Sendmail, bare(err))
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("--sendmail %s: expected a program", o.Sendmail)
	}
	return nil
}

// mode is how the relay is reached.
func (o Options) mode() string { return cmp.Or(o.SMTPTLS, startTLS) }

// trust says which certificate of the relay is right. There is no way around it.
func (o Options) trust() transport.Options {
	return transport.Options{CAFile: o.CAFile}.Advising("give the relay by the name in it, its authority as --ca-file, or renew it")
}

// loopback says that host:port is this machine.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip, parsed := netip.ParseAddr(host)
	return err == nil && (host == "localhost" || parsed == nil && ip.IsLoopback())
}

// Mail is the way that the flags choose, nil without one. Its error is that of a
// file which it needs, as those of the other two are.
func (o Options) Mail(auth secret.Options) (Sender, error) {
	if err := o.Validate(); err != nil || o.SMTP == "" && o.Sendmail == "" {
		return nil, err
	}
	from, err := sender(o.MailFrom)
	if err != nil {
		return nil, err
	}
	if o.Sendmail != "" {
		if err := o.program(); err != nil {
			return nil, err
		}
		return sendmail{path: o.Sendmail, from: from}, nil
	}
	return o.relay(from, auth)
}

// relay is the way through --smtp.
func (o Options) relay(from netmail.Address, auth secret.Options) (Sender, error) {
	address, err := transport.Address(o.SMTP, ports[o.mode()])
	if err != nil {
		return nil, fmt.Errorf("--smtp: %w", err)
	}
	r := relay{address: address, tls: o.mode(), trust: o.trust(), from: from}
	if r.tls == noTLS { // a login is never sent in the clear
		return r, nil
	}
	if _, err := r.trust.TLS(address); err != nil {
		return nil, err
	}
	if r.login, err = auth.FromFile(o.SMTP); err != nil && !errors.Is(err, secret.ErrNoSection) {
		return nil, err
	}
	return r, nil
}

// Webhook posts to customers' programs. The keys that sign are the tokens of
// their hosts' sections in the credentials file.
func (o Options) Webhook(auth secret.Options) (Sender, error) {
	if err := auth.Check(); err != nil {
		return nil, err
	}
	client, err := transport.Options{}.Advising("tell the customer, whose server it is").Client()
	if err != nil {
		return nil, err
	}
	return webhook{client: client, auth: auth, now: time.Now}, nil
}

// Directory is the directory of pages, nil without one.
func (o Options) Directory() (Sender, error) {
	if o.Pages == "" {
		return nil, nil
	}
	from, err := sender(o.MailFrom)
	if err != nil {
		return nil, err
	}
	if err := validPages(o.Pages); err != nil {
		return nil, err
	}
	return pages{dir: o.Pages, domain: domain(from.Address)}, nil
}
