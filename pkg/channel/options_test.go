package channel

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/test/sim/executable"
)

func TestValidate(t *testing.T) {
	const from, program, dir, ca = "noc@example.net", "/nowhere/sendmail", "/nowhere/pages", "/nowhere/ca.pem"
	for name, test := range map[string]struct {
		o    Options
		want string
	}{
		"nothing":          {Options{}, ""},
		"all of it":        {Options{MailFrom: "Example NOC <noc@example.net>", SMTP: "relay.example.net", CAFile: ca, Pages: dir}, ""},
		"sendmail":         {Options{MailFrom: from, Sendmail: program}, ""},
		"on this machine":  {Options{MailFrom: from, SMTP: "[::1]:2525", SMTPTLS: noTLS}, ""},
		"two ways":         {Options{MailFrom: from, SMTP: "relay", Sendmail: program}, "--smtp and --sendmail exclude each other"},
		"nobody sends":     {Options{SMTP: "relay"}, "--mail-from: expected the sender of mail"},
		"whose pages":      {Options{Pages: dir}, "--mail-from: expected with --pages"},
		"no address":       {Options{MailFrom: "noc"}, "--mail-from: expected an address such as noc@example.net"},
		"two senders":      {Options{MailFrom: "a@example.net, b@example.net"}, "--mail-from: expected an address"},
		"another script":   {Options{MailFrom: "büro@example.net"}, "--mail-from: expected an address"},
		"a header":         {Options{MailFrom: "\"a\r\nBcc: x\" <noc@example.net>"}, "--mail-from: expected an address"},
		"no relay":         {Options{MailFrom: from, SMTP: "smtp://relay"}, "a URL, expected a host"},
		"in the clear":     {Options{MailFrom: from, SMTP: "relay", SMTPTLS: noTLS}, "--smtp-tls none: expected with --smtp 127.0.0.1"},
		"authority alone":  {Options{CAFile: ca}, "--ca-file: expected with --smtp only"},
		"sendmail by name": {Options{MailFrom: from, Sendmail: "sendmail"}, "--sendmail: expected a whole path"},
	} {
		err := test.o.Validate()
		said(t, err, test.want)
		if _, again := test.o.Mail(secret.Options{}); err != nil && again == nil {
			t.Errorf("%s: Validate says %v, Mail nothing", name, err)
		}
	}
}

// TestFileGone: a file that is gone closes its own channel and no other.
func TestFileGone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "sendmail")
	if err := executable.Write(program, "#!/bin/sh\n"); err != nil {
		t.Fatal(err)
	}
	const from = "noc@example.net"
	none, ca := dir+"/none", newIdentities(t).ca
	noAuth := secret.Options{AuthFile: none}
	for name, test := range map[string]struct {
		o                  Options
		auth               secret.Options
		mail, hooks, pages string
	}{
		"all is there":       {o: Options{MailFrom: from, SMTP: "relay", CAFile: ca, Pages: dir}},
		"sendmail":           {o: Options{MailFrom: from, Sendmail: program, Pages: dir}},
		"no authority":       {o: Options{MailFrom: from, SMTP: "relay", CAFile: none, Pages: dir}, mail: "--ca-file " + none + ": no such file"},
		"no sendmail":        {o: Options{MailFrom: from, Sendmail: none, Pages: dir}, mail: "no such file or directory: install a mail system"},
		"sendmail no file":   {o: Options{MailFrom: from, Sendmail: dir, Pages: dir}, mail: "expected a program"},
		"no credentials":     {o: Options{MailFrom: from, SMTP: "relay", Pages: dir}, auth: noAuth, mail: "--auth-file " + none + ": no such file", hooks: "--auth-file " + none + ": no such file"},
		"none are needed":    {o: Options{MailFrom: from, Sendmail: program}, auth: noAuth, hooks: "--auth-file " + none + ": no such file"},
		"no directory":       {o: Options{MailFrom: from, Sendmail: program, Pages: none}, pages: "--pages " + none + ": no such file or directory: mount it"},
		"a file as a folder": {o: Options{MailFrom: from, Sendmail: program, Pages: program}, pages: "expected a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			said(t, test.o.Validate(), "")
			_, err := test.o.Mail(test.auth)
			said(t, err, test.mail)
			_, err = test.o.Webhook(test.auth)
			said(t, err, test.hooks)
			_, err = test.o.Directory()
			said(t, err, test.pages)
		})
	}
}

// TestRelativePages: a directory is followed up to the root from where we are.
func TestRelativePages(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("pages", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pages", "./pages", ".", "../" + filepath.Base(dir)} {
		if _, err := (Options{MailFrom: "noc@example.net", Pages: name}).Directory(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := Options{MailFrom: "noc@example.net", Pages: "pages"}.Directory()
	said(t, err, "others can write in "+dir)
}

// TestChosen: what is not asked for is not there.
func TestChosen(t *testing.T) {
	none := Options{}
	mail, err := none.Mail(secret.Options{})
	if mail != nil || err != nil {
		t.Errorf("%v, %v", mail, err)
	}
	if dir, err := none.Directory(); dir != nil || err != nil {
		t.Errorf("%v, %v", dir, err)
	}
	for way, want := range map[string]string{startTLS: "relay:587", implicit: "relay:465", "": "relay:587"} {
		s, err := Options{MailFrom: "noc@example.net", SMTP: "relay", SMTPTLS: way}.Mail(authFile(t, "[other]\nusername = x\n"))
		if r, ok := s.(relay); err != nil || !ok || r.address != want || r.login.Username != "" {
			t.Errorf("%s: %v, %v", way, s, err)
		}
	}
	if _, err := (Options{MailFrom: "noc@example.net", SMTP: "relay"}).Mail(authFile(t, "oops")); err == nil {
		t.Error("a credentials file that cannot be read is no reason to go on without login")
	}
	if hook, err := none.Webhook(secret.Options{}); hook == nil || err != nil {
		t.Errorf("%v, %v", hook, err)
	}
}
