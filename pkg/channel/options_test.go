package channel

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/test/sim/executable"
)

func TestValidate(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "sendmail")
	if err := executable.Write(program, "#!/bin/sh\n"); err != nil {
		t.Fatal(err)
	}
	const from = "noc@example.net"
	ca := newIdentities(t).ca
	for name, test := range map[string]struct {
		o    Options
		want string
	}{
		"nothing":            {Options{}, ""},
		"all of it":          {Options{MailFrom: "Example NOC <noc@example.net>", SMTP: "relay.example.net", CAFile: ca, Pages: dir}, ""},
		"sendmail":           {Options{MailFrom: from, Sendmail: program}, ""},
		"on this machine":    {Options{MailFrom: from, SMTP: "[::1]:2525", SMTPTLS: noTLS}, ""},
		"two ways":           {Options{MailFrom: from, SMTP: "relay", Sendmail: program}, "--smtp and --sendmail exclude each other"},
		"nobody sends":       {Options{SMTP: "relay"}, "--mail-from: expected the sender of mail"},
		"whose pages":        {Options{Pages: dir}, "--mail-from: expected with --pages"},
		"no address":         {Options{MailFrom: "noc"}, "--mail-from: expected an address such as noc@example.net"},
		"two senders":        {Options{MailFrom: "a@example.net, b@example.net"}, "--mail-from: expected an address"},
		"another script":     {Options{MailFrom: "büro@example.net"}, "--mail-from: expected an address"},
		"a header":           {Options{MailFrom: "\"a\r\nBcc: x\" <noc@example.net>"}, "--mail-from: expected an address"},
		"no relay":           {Options{MailFrom: from, SMTP: "smtp://relay"}, "a URL, expected a host"},
		"in the clear":       {Options{MailFrom: from, SMTP: "relay", SMTPTLS: noTLS}, "--smtp-tls none: expected with --smtp 127.0.0.1"},
		"no authority":       {Options{MailFrom: from, SMTP: "relay", CAFile: dir + "/none"}, "--ca-file " + dir + "/none: no such file"},
		"authority alone":    {Options{CAFile: ca}, "--ca-file: expected with --smtp only"},
		"sendmail by name":   {Options{MailFrom: from, Sendmail: "sendmail"}, "--sendmail: expected a whole path"},
		"no sendmail":        {Options{MailFrom: from, Sendmail: dir + "/none"}, "no such file or directory: install a mail system"},
		"sendmail no file":   {Options{MailFrom: from, Sendmail: dir}, "expected a program"},
		"no directory":       {Options{MailFrom: from, Pages: dir + "/none"}, "--pages " + dir + "/none: no such file or directory"},
		"a file as a folder": {Options{MailFrom: from, Pages: program}, "expected a directory"},
	} {
		err := test.o.Validate()
		said(t, err, test.want)
		if _, again := test.o.Mail(secret.Options{}); (again == nil) != (err == nil) {
			t.Errorf("%s: Validate says %v, Mail %v", name, err, again)
		}
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
		if err := (Options{MailFrom: "noc@example.net", Pages: name}).Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	said(t, Options{MailFrom: "noc@example.net", Pages: "pages"}.Validate(), "others can write in "+dir)
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
