package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/executable"
)

// office is a scene with a sendmail and a directory of pages: db1 is silent.
type office struct {
	*testing.T
	dir string
}

func newOffice(t *testing.T) office {
	o := office{t, scene(t)}
	write(t, o.dir+"/journal/2026-11.jsonl", strings.Join(strings.SplitAfter(inDoubt, "\n")[:2], ""))
	for _, d := range []string{"/state", "/pages"} {
		o.must(os.Mkdir(o.dir+d, 0o700))
	}
	write(t, o.dir+"/customers.ini", "[acme]\nname = Acme\nmail = ops@acme.example\npages = acme\nguests = pool:acme\n")
	o.must(executable.Write(o.dir+"/sendmail", "#!/bin/sh\ncat >> "+o.dir+"/mail\n"))
	return o
}

func (o office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// at runs the plugin at a minute after two, DIR being the office's.
func (o office) at(minute int, more string) string {
	args := append(arguments(o.dir), strings.Fields(strings.ReplaceAll(more, "DIR", o.dir))...)
	now := time.Date(2026, 11, 28, 2, minute, 0, 0, time.UTC)
	var out bytes.Buffer
	pluginWith(func() time.Time { return now }, nil).Run(args, &out)
	return out.String()
}

// told says by which ways the customer was told, and forgets it.
func (o office) told() string {
	o.Helper()
	told := ""
	for _, way := range []string{"/mail", "/pages/acme/index.html"} {
		text, err := os.ReadFile(o.dir + way)
		if err == nil {
			told += strings.Repeat(way[:5]+" ", max(1, bytes.Count(text, []byte("Message-ID:"))))
			o.must(os.Remove(o.dir + way))
		}
	}
	return strings.TrimSpace(told)
}

// TestEachChannelFailsAlone: a way that cannot be used keeps nothing from the
// others. What waits for it goes with the first run that can use it.
func TestEachChannelFailsAlone(t *testing.T) {
	for name, test := range map[string]struct{ broken, told, said, mended, then string }{
		"pages gone":       {"--sendmail DIR/sendmail --pages DIR/none", "/mail", "by pages until this is put right, 1 notice waits: --pages DIR/none: no such file or directory: mount it", "--sendmail DIR/sendmail --pages DIR/pages", "/page"},
		"sendmail gone":    {"--sendmail DIR/none --pages DIR/pages", "/page", "by mail until this is put right, 1 notice waits: --sendmail DIR/none: no such file or directory: install", "--sendmail DIR/sendmail --pages DIR/pages", "/mail"},
		"authority gone":   {"--smtp 127.0.0.1:1 --ca-file DIR/none --pages DIR/pages", "/page", "by mail until this is put right, 1 notice waits: --ca-file DIR/none: no such file", "--sendmail DIR/sendmail --pages DIR/pages", "/mail"},
		"credentials gone": {"--smtp 127.0.0.1:1 --auth-file DIR/none --pages DIR/pages", "/page", "by mail until this is put right, 1 notice waits: --auth-file DIR/none: no such file", "--sendmail DIR/sendmail --pages DIR/pages", "/mail"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			for minute := 5; minute < 9; minute++ {
				got := o.at(minute, test.broken)
				told := o.told()
				if want := strings.Repeat(test.told, 1-min(minute-5, 1)); told != want {
					t.Errorf("minute %d: told by %q, expected %q: %s", minute, told, want, got)
				}
				if !strings.HasPrefix(got, "WARNING") || !strings.Contains(got, strings.ReplaceAll(test.said, "DIR", o.dir)) {
					t.Errorf("minute %d: %s", minute, got)
				}
			}
			got := o.at(9, test.mended)
			if told := o.told(); told != test.then || !strings.HasPrefix(got, "OK") {
				t.Errorf("mended: told by %q: %s", told, got)
			}
		})
	}
}

// TestClosedChannelIsSaid: when nothing is to be told too, because what comes next
// would not go. That nobody can be told is the worst, whoever waits.
func TestClosedChannelIsSaid(t *testing.T) {
	for name, test := range map[string]struct{ options, customers, want string }{
		"one":            {"--sendmail DIR/sendmail --pages DIR/none", "mail = a@acme.example\npages = acme\n", "WARNING: nothing goes by pages until this is put right: --pages "},
		"all":            {"--sendmail DIR/none --pages DIR/none", "mail = a@acme.example\npages = acme\n", "[CRITICAL] nobody can be told: nothing goes by mail until this is put right: --sendmail "},
		"all there is":   {"--sendmail DIR/none", "mail = a@acme.example\npages = acme\n", "CRITICAL: nobody can be told: nothing goes by mail until this is put right: --sendmail "},
		"all they have":  {"--sendmail DIR/sendmail --pages DIR/none", "pages = acme\n", "CRITICAL: nobody can be told: nothing goes by pages until this is put right: --pages "},
		"nobody uses it": {"--sendmail DIR/sendmail --pages DIR/none", "mail = a@acme.example\n", "WARNING: nothing goes by pages until this is put right: --pages "},
		"no keys":        {"--sendmail DIR/sendmail --auth-file DIR/none", "mail = a@acme.example\nwebhook = https://acme.example/x\n", "WARNING: nothing goes by webhook until this is put right: --auth-file "},
		"no need":        {"--sendmail DIR/sendmail --auth-file DIR/none", "mail = a@acme.example\n", "OK: nobody has to be told anything"},
	} {
		o := newOffice(t)
		write(t, o.dir+"/journal/2026-11.jsonl", `{"v":1,"id":"b","at":"2026-11-28T02:05:00Z","seen":"2026-11-28T02:05:00Z","by":"check_guests","cluster":"lab","kind":"observed","from":"2026-11-28T02:00:00Z","until":"2026-11-28T02:05:00Z","polls":5,"pause_s":60}`+"\n")
		write(t, o.dir+"/customers.ini", "[acme]\nname = Acme\nguests = pool:acme\n"+test.customers)
		if got := o.at(5, test.options); !strings.Contains(got, test.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestClosedChannelInPreview: who looks sees what would go, and what is in its way.
func TestClosedChannelInPreview(t *testing.T) {
	o := newOffice(t)
	for options, want := range map[string]string{
		"--send=false --sendmail DIR/sendmail --pages DIR/none":       "[WARNING] nothing goes by pages until this is put right, 1 notice waits: --pages ",
		"--send=false --smtp 127.0.0.1:1 --auth-file DIR/none":        "OK: 1 notice would go, nothing is sent", // the service's to read
		"--send=false --smtp 127.0.0.1:1 --smtp-tls none":             "OK: 1 notice would go, nothing is sent",
		"--send=false --sendmail DIR/none --pages DIR/pages":          "--sendmail DIR/none: no such file or directory: install",
		"--send=false --sendmail sendmail --pages DIR/pages":          "UNKNOWN: option --sendmail: expected a whole path",
		"--send=false --smtp relay --ca-file DIR/none --pages DIR/no": "--pages DIR/no: no such file",
	} {
		got := o.at(5, options)
		if !strings.Contains(got, strings.ReplaceAll(want, "DIR", o.dir)) || !strings.Contains(got, "\nTo acme by mail: ops@acme.example\n") && !strings.HasPrefix(got, "UNKNOWN") {
			t.Errorf("%s: %s", options, got)
		}
	}
	if told := o.told(); told != "" {
		t.Errorf("told by %s", told)
	}
}
