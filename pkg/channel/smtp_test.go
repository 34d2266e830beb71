package channel

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"net"
	"strings"
	"sync"
	"testing"
)

// fake is a relay that answers as it is told. Beside what it says, an answer may
// be "close"; "silent", after which it only listens; "half", the same in the
// middle of a line; or "endless".
type fake struct {
	t        *testing.T
	config   *tls.Config
	implicit bool
	answers  map[string]string // by verb; "" is the greeting, "." the end of the mail
	stalled  chan struct{}     // closed when it falls silent
	end      func()            // once everybody has left

	mu       sync.Mutex
	commands []string
	secured  []bool // the command came under TLS
	mail     string
}

func (f *fake) listen() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.t.Fatal(err)
	}
	var all sync.WaitGroup
	f.end = sync.OnceFunc(func() { l.Close(); all.Wait() })
	f.t.Cleanup(f.end)
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				f.serve(conn)
			})
		}
	})
	return l.Addr().String()
}

// heard are the commands, when no more can come, and which came under TLS.
func (f *fake) heard() (commands []string, secured []bool) {
	f.end()
	return f.commands, f.secured
}

func (f *fake) serve(conn net.Conn) {
	under := f.implicit
	if under {
		secured := tls.Server(conn, f.config)
		if secured.Handshake() != nil {
			return
		}
		conn = secured
	}
	r := bufio.NewReader(conn)
	if !f.answer(conn, r, "", "220 relay.example.net ESMTP") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0])
		f.mu.Lock()
		f.commands, f.secured = append(f.commands, line), append(f.secured, under)
		f.mu.Unlock()
		standard := map[string]string{"EHLO": "250-relay\r\n250-STARTTLS\r\n250 AUTH LOGIN PLAIN", "HELO": "502 no", "STARTTLS": "220 go", "AUTH": "235 welcome", "DATA": "354 go", "QUIT": "221 bye", "*": "501 no"}[verb]
		if standard == "" {
			standard = "250 fine"
		}
		if !f.answer(conn, r, verb, standard) {
			return
		}
		switch {
		case verb == "STARTTLS" && f.answers[verb] == "":
			conn, under = tls.Server(conn, f.config), true
			r = bufio.NewReader(conn)
		case verb == "DATA" && f.answers[verb] == "":
			if !f.take(r) || !f.answer(conn, r, ".", "250 queued") {
				return
			}
		}
	}
}

// take reads the mail.
func (f *fake) take(r *bufio.Reader) bool {
	var mail strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			f.mu.Lock()
			f.mail = mail.String()
			f.mu.Unlock()
			return true
		}
		mail.WriteString(line)
	}
}

func (f *fake) answer(conn net.Conn, r *bufio.Reader, verb, text string) bool {
	if other := f.answers[verb]; other != "" {
		text = other
	}
	switch text {
	case "close":
		return false
	case "half", "silent":
		if text == "half" {
			conn.Write([]byte("250-begun"))
		}
		close(f.stalled)
		r.ReadString(0) // until the other side ends it
		return false
	case "endless":
		for {
			if _, err := conn.Write([]byte(strings.Repeat("250-and more\r\n", 100))); err != nil {
				return false
			}
		}
	}
	_, err := conn.Write([]byte(text + "\r\n"))
	return err == nil
}

// mailBy sends the notice through the relay; the context ends when it falls
// silent.
func mailBy(t *testing.T, f *fake, o Options, auth string) (Outcome, error) {
	t.Helper()
	f.t, f.stalled = t, make(chan struct{})
	o.MailFrom, o.SMTP = "Example NOC <noc@example.net>", f.listen()
	sender, err := o.Mail(authFile(t, auth))
	if err != nil {
		t.Fatal(err)
	}
	return sender.Send(until(t, f.stalled), "ops@acme.example", notice())
}

const hush = "hush-hush-0815"

const withLogin = "[127.0.0.1]\nusername = noc\npassword = " + hush + "\n"

func TestSMTP(t *testing.T) {
	ids := newIdentities(t)
	for name, f := range map[string]*fake{
		"starttls": {config: &tls.Config{Certificates: []tls.Certificate{ids.good}}},
		"implicit": {config: &tls.Config{Certificates: []tls.Certificate{ids.good}}, implicit: true},
		"by LOGIN": {config: &tls.Config{Certificates: []tls.Certificate{ids.good}}, implicit: true, answers: map[string]string{
			"EHLO": "250-relay\r\n250 AUTH login", "AUTH": "334 VXNlcm5hbWU6", "BM9J": "334 x", base64.StdEncoding.EncodeToString([]byte("noc")): "334 x",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{CAFile: ids.ca, SMTPTLS: startTLS}
			if f.implicit {
				o.SMTPTLS = implicit
			}
			if name == "by LOGIN" {
				f.answers["BM9J"], f.answers[strings.ToUpper(base64.StdEncoding.EncodeToString([]byte(hush)))] = "334 UGFzc3dvcmQ6", "235 welcome"
			}
			outcome, err := mailBy(t, f, o, withLogin)
			if outcome != Sent || err != nil {
				t.Fatalf("%s, %v", outcome, err)
			}
			commands, secured := f.heard()
			if !strings.Contains(f.mail, "Message-ID: <M-1.1.K-1007@example.net>\r\n") || !strings.Contains(f.mail, "To: <ops@acme.example>\r\n") {
				t.Errorf("the mail is %q", f.mail)
			}
			if !strings.Contains(strings.Join(commands, "\n"), "MAIL FROM:<noc@example.net>\nRCPT TO:<ops@acme.example>\nDATA") {
				t.Errorf("commands %q", commands)
			}
			for i, c := range commands {
				if !secured[i] && !strings.HasPrefix(c, "EHLO example.net") && c != "STARTTLS" {
					t.Errorf("in the clear: %q", c)
				}
			}
		})
	}
}

func TestSMTPOutcomes(t *testing.T) {
	ids := newIdentities(t)
	ways := []string{startTLS, implicit}
	const none = ""
	for _, test := range []struct {
		name    string
		answers map[string]string
		want    Outcome
		err     string
	}{
		{"refuses to talk", map[string]string{none: "554 5.7.1 blocked"}, NotSent, "does not greet: 554 5.7.1 blocked"},
		{"no SMTP", map[string]string{none: "HTTP/1.1 400 Bad Request"}, NotSent, "does not greet"},
		{"ends before the greeting", map[string]string{none: "close"}, NotSent, "it ended the connection"},
		{"silent from the start", map[string]string{none: "silent"}, NotSent, "in time"},
		{"half a greeting", map[string]string{none: "half"}, NotSent, "in time"},
		{"endless", map[string]string{"EHLO": "endless"}, NotSent, "it says more than 256 KiB"},
		{"login refused", map[string]string{"AUTH": "535 5.7.8 authentication failed for " + hush}, NotSent, "refuses the login of --auth-file: 535 5.7.8"},
		{"no login", map[string]string{"EHLO": "250-relay\r\n250-STARTTLS\r\n250 AUTH CRAM-MD5"}, NotSent, "offers no login by PLAIN or LOGIN"},
		{"sender refused", map[string]string{"MAIL": "550 5.1.8 not you"}, NotSent, "refuses the sender of --mail-from: 550 5.1.8 not you"},
		{"customer refused", map[string]string{"RCPT": "550 5.1.1 no such user"}, NotSent, "refuses the customer's address: 550 5.1.1 no such user"},
		{"customer refused for now", map[string]string{"RCPT": "451 4.7.1 greylisted"}, NotSent, "451 4.7.1 greylisted"},
		{"silent at the customer", map[string]string{"RCPT": "silent"}, NotSent, "in time"},
		{"no data", map[string]string{"DATA": "452 4.3.1 full"}, NotSent, "refuses the mail: 452 4.3.1 full"},
		{"ends at the data", map[string]string{"DATA": "close"}, NotSent, "it ended the connection"},
		{"mail refused", map[string]string{".": "554 5.6.0 spam\x1b[2J"}, NotSent, "refuses the mail: 554 5.6.0 spam [2J"},
		{"ends after the mail", map[string]string{".": "close"}, Unknown, "may have the mail, its answer is missing: it ended the connection"},
		{"silent after the mail", map[string]string{".": "silent"}, Unknown, "may have the mail, its answer is missing: it did not answer in time"},
		{"half an answer", map[string]string{".": "half"}, Unknown, "may have the mail"},
		{"nonsense after the mail", map[string]string{".": "fine, thanks"}, Unknown, "may have the mail"},
		{"endless after the mail", map[string]string{".": "endless"}, Unknown, "it says more than 256 KiB"},
		{"silent when left", map[string]string{"QUIT": "silent"}, Sent, ""},
	} {
		for _, way := range ways {
			t.Run(test.name+" "+way, func(t *testing.T) {
				f := &fake{config: &tls.Config{Certificates: []tls.Certificate{ids.good}}, implicit: way == implicit, answers: test.answers}
				outcome, err := mailBy(t, f, Options{CAFile: ids.ca, SMTPTLS: way}, withLogin)
				if outcome != test.want {
					t.Errorf("%s, expected %s", outcome, test.want)
				}
				said(t, err, test.err, hush, "\x1b")
			})
		}
	}
}

func TestSMTPTrust(t *testing.T) {
	ids := newIdentities(t)
	good := tls.Config{Certificates: []tls.Certificate{ids.good}}
	for name, test := range map[string]struct {
		f       *fake
		options Options
		want    string
	}{
		"another name":          {&fake{config: &tls.Config{Certificates: []tls.Certificate{ids.other}}}, Options{CAFile: ids.ca}, "is made out to relay.example.net: give the relay by the name in it"},
		"another name implicit": {&fake{config: &tls.Config{Certificates: []tls.Certificate{ids.other}}, implicit: true}, Options{CAFile: ids.ca, SMTPTLS: implicit}, "is made out to relay.example.net"},
		"unknown authority":     {&fake{config: &good}, Options{}, "is not signed by a known authority: give the relay by the name in it, its authority as --ca-file"},
		"no STARTTLS":           {&fake{config: &good, answers: map[string]string{"EHLO": "250-relay\r\n250 AUTH PLAIN"}}, Options{CAFile: ids.ca}, "offers no STARTTLS"},
		"STARTTLS refused":      {&fake{config: &good, answers: map[string]string{"STARTTLS": "454 4.7.0 not now"}}, Options{CAFile: ids.ca}, "refuses STARTTLS: 454 4.7.0 not now"},
		"silent handshake":      {&fake{config: &good, answers: map[string]string{"STARTTLS": "silent"}}, Options{CAFile: ids.ca}, "in time"},
		"implicit against SMTP": {&fake{config: &good}, Options{CAFile: ids.ca, SMTPTLS: implicit}, "does not speak TLS on this port"},
	} {
		t.Run(name, func(t *testing.T) {
			outcome, err := mailBy(t, test.f, test.options, withLogin)
			if outcome != NotSent {
				t.Error(outcome)
			}
			said(t, err, test.want, hush, "--fingerprint", "--tls-legacy")
			commands, secured := test.f.heard()
			for i, c := range commands {
				if strings.HasPrefix(c, "AUTH") || strings.HasPrefix(c, "RCPT") {
					t.Errorf("it went on to %q (under TLS: %v)", c, secured[i])
				}
			}
		})
	}
}

// TestSMTPInTheClear: on this machine alone, and never with a login.
func TestSMTPInTheClear(t *testing.T) {
	f := &fake{}
	outcome, err := mailBy(t, f, Options{SMTPTLS: noTLS}, withLogin)
	if outcome != Sent || err != nil {
		t.Fatalf("%s, %v", outcome, err)
	}
	commands, _ := f.heard()
	if all := strings.Join(commands, "\n"); strings.Contains(all, "AUTH") {
		t.Errorf("commands %q", all)
	}
}

func TestSMTPNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	sender, err := Options{MailFrom: "noc@example.net", SMTP: address}.Mail(authFile(t, "[nobody]\nusername = x\n"))
	if err != nil {
		t.Fatal(err)
	}
	outcome, err := sender.Send(t.Context(), "ops@acme.example", notice())
	if outcome != NotSent {
		t.Error(outcome)
	}
	said(t, err, "connection refused, nothing listens on this port")
}
