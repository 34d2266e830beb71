//go:build real

package notices

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const password = "hush-hush-0815"

// postfix is one of our own: its configuration, queue, log and Maildir lie in a
// directory of the test, and nothing leaves the machine.
type postfix struct {
	dir string
	// Ports: with STARTTLS and a login, with TLS from the start, in the clear.
	submission, submissions, plain string
}

// relay is started once for all tests.
var relay = sync.OnceValues(func() (*postfix, error) {
	p := &postfix{dir: filepath.Join(home, "postfix")}
	for _, port := range []*string{&p.submission, &p.submissions, &p.plain} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // none gets a port twice
		*port = l.Addr().String()
	}
	return p, p.configure()
})

const mainCF = `compatibility_level = 3.6
queue_directory = $DIR/queue
data_directory = $DIR/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $DIR/log
maillog_file_prefixes = $DIR
myhostname = relay.example.net
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
virtual_transport = virtual
virtual_mailbox_domains = acme.example
virtual_mailbox_base = $DIR/mail
virtual_mailbox_maps = inline:{ops@acme.example=ops/}
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
default_transport = error:nothing leaves this machine
smtpd_tls_cert_file = $HOME/cert.pem
smtpd_tls_key_file = $HOME/key.pem
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = relay.example.net
smtpd_tls_auth_only = yes
`

const masterCF = `$SUBMISSION inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
$SMTPS inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
$PLAIN inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
showq unix n - n - - showq
`

func (p *postfix) configure() error {
	names := strings.NewReplacer("$DIR", p.dir, "$HOME", home, "$SUBMISSION", p.submission, "$SMTPS", p.submissions, "$PLAIN", p.plain)
	for _, d := range []string{"conf/sasl", "queue", "data", "mail", "sasl"} {
		if err := os.MkdirAll(filepath.Join(p.dir, d), 0o755); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"conf/main.cf": mainCF, "conf/master.cf": masterCF,
		// Debian's looks nowhere else (debian/patches: $config_directory/sasl).
		"conf/sasl/smtpd.conf": "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: $DIR/sasl/db\nmech_list: PLAIN LOGIN\n",
	} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(names.Replace(text)), 0o644); err != nil {
			return err
		}
	}
	who, err := user.Lookup("postfix")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(who.Uid)
	if err != nil {
		return err
	}
	account := exec.Command("saslpasswd2", "-c", "-p", "-f", filepath.Join(p.dir, "sasl/db"), "-u", "relay.example.net", "noc")
	account.Stdin = strings.NewReader(password)
	if out, err := account.CombinedOutput(); err != nil {
		return fmt.Errorf("saslpasswd2: %w: %s", err, out)
	}
	return errors.Join(
		os.Chown(filepath.Join(p.dir, "data"), uid, -1), os.Chown(filepath.Join(p.dir, "sasl/db"), uid, -1), os.Chown(filepath.Join(p.dir, "mail"), 65534, -1))
}

// start starts the relay for one test.
func start(t *testing.T) *postfix {
	t.Helper()
	p, err := relay()
	if err == nil {
		err = errors.Join(os.RemoveAll(filepath.Join(p.dir, "mail/ops")), os.RemoveAll(filepath.Join(p.dir, "log")))
	}
	if err != nil {
		t.Fatal(err)
	}
	p.command(t, "start")
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *postfix) command(t *testing.T, what string) {
	t.Helper()
	if out, err := exec.Command("postfix", "-c", filepath.Join(p.dir, "conf"), what).CombinedOutput(); err != nil {
		t.Fatalf("postfix %s: %v\n%s\n%s", what, err, out, p.log())
	}
}

// stop ends it, and holds it to that.
func (p *postfix) stop(t *testing.T) {
	pid, err := os.ReadFile(filepath.Join(p.dir, "queue/pid/master.pid"))
	if err != nil {
		t.Error(err)
	}
	p.command(t, "stop")
	n, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	if err != nil {
		t.Error(err)
		return
	}
	// A zombie that waits for its parent has no command line.
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", n)); err == nil && len(line) > 0 && syscall.Kill(n, 0) == nil {
		t.Errorf("postfix goes on: process %d, %s", n, bytes.ReplaceAll(line, []byte{0}, []byte(" ")))
	}
}

// mail is what the reader of Maildirs says of one.
type mail struct {
	Headers  map[string]string `json:"headers"`
	Parts    []string          `json:"parts"` // their types, in order
	Text     string            `json:"text"`
	HTML     string            `json:"html"`
	Calendar *calendar         `json:"calendar"`
	Defects  []string          `json:"defects"`
}

type calendar struct {
	Method      string            `json:"method"`
	Disposition string            `json:"disposition"`
	Events      int               `json:"events"`
	Event       map[string]string `json:"event"`
	Objects     []string          `json:"objects"`
	Organizer   string            `json:"organizer"`
}

// arrived waits for so many mails in the Maildir and reads them, sorted by Date.
func (p *postfix) arrived(t *testing.T, n int) []mail {
	t.Helper()
	dir := filepath.Join(p.dir, "mail/ops")
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		found, err := filepath.Glob(filepath.Join(dir, "new/*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) >= n {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d mails arrived, expected %d\n%s", len(found), n, p.log())
		}
	}
	mails := read[[]mail](t, "maildir.py", dir)
	if len(mails) != n {
		t.Fatalf("%d mails arrived, expected %d", len(mails), n)
	}
	return mails
}

// log is what postfix wrote down.
func (p *postfix) log() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}
