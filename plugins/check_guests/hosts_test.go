package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/noout-monitoring/noout/pkg/ping"
)

// What was given with --target is a host in every sentence.
func TestHosts(t *testing.T) {
	refused := &ping.Watched{Reach: ping.Reach{Refusals: []ping.Refusal{{Errno: syscall.ENOBUFS, Count: 5}}}}
	f := facts{now: evening}
	for _, name := range []string{"a", "b"} {
		f.subjects = append(f.subjects, subject{name: name, addr: netip.MustParseAddr("192.0.2.1"), place: nowhere(), asked: true, reach: refused})
	}
	f.subjects = append(f.subjects, subject{name: "c", addr: netip.MustParseAddr("192.0.2.3"), place: nowhere(), asked: true,
		reach: &ping.Watched{Reach: ping.Reach{Sent: 5, Received: 5, Altered: 5, Duplicates: 1}}})
	r := judge(f, policy{})
	text := fmt.Sprint(r.Summary, r.Notes, r.Findings)
	for _, want := range []string{"2 hosts not asked", "1 of 3 hosts answer", "1 host changes the data", "1 host answers more than once"} {
		if !strings.Contains(text, want) {
			t.Errorf("expected %q: %s", want, text)
		}
	}
	if strings.Contains(text, "guest") {
		t.Error(text)
	}
}

// TestTargetsRefused: nobody is asked for a name out of a file that is no list
// of hosts, or that somebody else can write.
func TestTargetsRefused(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	put := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, want := range map[string]string{
		put("passwd", "hush\nroot:hush:0:0\n", 0o600):                "line 2: expected the name or the address of a host",
		put("key", "-----BEGIN hush KEY-----\nhush\n", 0o600):        "line 1: expected the name",
		put("base64", "hush\naGk+/hush==\n", 0o600):                  "line 2: expected the name",
		put("port", "web1:443\n", 0o600):                             "line 1: expected the name",
		put("url", "https://hush\n", 0o600):                          "line 1: expected the name",
		put("octet", "hush\n# x\n192.0.2.256\n", 0o600):              "line 3: expected the name",
		put("long", strings.Repeat("hush.", 60)+"x\n", 0o600):        "line 1: expected the name",
		put("binary", "\x7fELF\x00hush\n", 0o600):                    "line 1: expected the name",
		put("writable", "hush\n", 0o664):                             "has mode 0664, expected that nobody else can write it",
		put("large", strings.Repeat("hush\n", largestFile/4), 0o600): "larger than 4 MiB",
		fifo: "this is a pipe",
		dir:  "this is a directory",
	} {
		o := options{Targets: path, net: prober{resolve: func(context.Context, []string, ping.Wanted) []ping.Resolved {
			t.Errorf("%s: names are looked up", path)
			return nil
		}}}
		_, err := o.targets(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "--targets "+path+": ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	good := put("good", "web1\n192.0.2.1 a b\n2001:db8::1\nfe80::1%eth0 switch\nb\u00fccher.example.\n_x.example\n192.0.2.0/24\n", 0o644)
	if list, err := (&options{Targets: good}).targetList(); err != nil || len(list) != 7 || list[1].name != "a b" {
		t.Errorf("%v, %v", list, err)
	}
}
