package test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/executable"
	"github.com/noout-monitoring/noout/test/sim/guests"
	"github.com/noout-monitoring/noout/test/sim/pve"
	"github.com/noout-monitoring/noout/test/story/room"
)

var record = flag.Bool("record", false, "write what the examples of the plugins answer into contrib/generate/examples.txt")

// recordedExamples holds every example of a plugin with the first line that it
// answers. A line "# ..." before it is what happens in the machine room first.
const recordedExamples = "../contrib/generate/examples.txt"

// standIn makes this test binary the ceph command of the simulator.
const standIn = "NOOUT_TEST_CEPH"

func TestMain(m *testing.M) {
	if os.Getenv(standIn) != "" {
		os.Exit(ceph.Command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir) // of no consequence for what was tested
	}
	os.Exit(code)
}

// built are the plugins, compiled once for all tests.
var built struct {
	once sync.Once
	dir  string
	err  error
}

type recording struct {
	before          []string
	command, answer string
}

func recordings(t *testing.T) []recording {
	t.Helper()
	text, err := os.ReadFile(recordedExamples)
	if err != nil {
		t.Fatal(err)
	}
	var out []recording
	var next recording
	for l := range strings.Lines(string(text)) {
		l = strings.TrimRight(l, "\n")
		switch {
		case strings.HasPrefix(l, "# "):
			next.before = append(next.before, l[2:])
		case strings.HasPrefix(l, "$ "):
			next.command = l[2:]
		case l != "":
			next.answer = l
			out, next = append(out, next), recording{}
		}
	}
	return out
}

// build is the directory of the compiled plugins.
func build(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "noout"); built.err != nil {
			return
		}
		if out, err := exec.Command("go", "build", "-o", built.dir, "../plugins/...").CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.dir
}

// ownExamples are the commands that the plugins' descriptions show.
func ownExamples(t *testing.T, bin string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(bin, "*_*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no plugins: %v", err)
	}
	var out []string
	for _, path := range paths {
		for _, e := range describe(t, path).Examples {
			out = append(out, e.Command)
		}
	}
	return out
}

// TestExamples runs every example of every plugin as a process against a
// simulated machine room and compares the first line, without performance data,
// with the one that the documentation shows.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("nearly thirty processes with deadlines in real time: run without -short")
	}
	bin := build(t)
	known := map[string]recording{}
	for _, r := range recordings(t) {
		known[r.command] = r
	}
	var file strings.Builder
	for _, command := range ownExamples(t, bin) {
		r := known[command]
		r.command = command
		delete(known, command)
		t.Run(command, func(t *testing.T) {
			got := perform(t, bin, r)
			if strings.HasPrefix(got, "UNKNOWN: unknown option") || strings.HasPrefix(got, "UNKNOWN: option ") {
				t.Fatalf("the example is no command of the plugin: %s", got)
			}
			same := masked(got) == masked(r.answer)
			if !same && !*record {
				t.Errorf("got      %s\nrecorded %s", got, r.answer)
			}
			if !same {
				r.answer = got
			}
		})
		for _, line := range r.before {
			fmt.Fprintf(&file, "# %s\n", line)
		}
		fmt.Fprintf(&file, "$ %s\n%s\n\n", r.command, r.answer)
	}
	for command := range known {
		if !*record {
			t.Errorf("%s is recorded and no example", command)
		}
	}
	if *record {
		if err := os.WriteFile(recordedExamples, []byte(file.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// What no two runs have in common.
var passing = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{moment, "TIME"},
	{regexp.MustCompile(`\brta [0-9.]+(us|ms|s)\b`), "rta N"},
	{regexp.MustCompile(`\banswers within [0-9.]+(us|ms|s)\b`), "answers within N"},
	{regexp.MustCompile(`(in maintenance|\)) for [0-9][0-9a-z]*`), "$1 for N"},
	{regexp.MustCompile(` \(this machine was held up for [^)]*\)`), ""},
}

func masked(text string) string {
	for _, p := range passing {
		text = p.pattern.ReplaceAllString(text, p.with)
	}
	return text
}

// perform runs an example in a room of its own.
func perform(t *testing.T, bin string, r recording) string {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir, r)
	for _, line := range r.before {
		if example, ok := strings.CutPrefix(line, "run "); ok {
			pinged(t, s.run(t, bin, example))
		} else if err := s.room.Do(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	first, _, _ := strings.Cut(s.run(t, bin, r.command), "\n")
	text, _, _ := strings.Cut(first, " | ")
	pinged(t, text)
	if strings.Contains(r.command, "node3") { // here the nodes are called so
		text = strings.ReplaceAll(text, "pve", "node")
	}
	return s.names(text)
}

// pinged leaves the rest out where the user has no right to ping, and says so.
func pinged(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, "no right to send") {
		text, _, _ = strings.Cut(text, " | ")
		t.Skipf("this machine lets nobody ping: %s", text)
	}
}

// run is one run of a plugin, with what it printed.
func (s scene) run(t *testing.T, bin, example string) string {
	t.Helper()
	plugin, _, _ := strings.Cut(example, " ")
	var memory []string
	if slices.ContainsFunc(describe(t, filepath.Join(bin, plugin)).Options, func(o check.Option) bool { return o.Long == "state-dir" }) {
		memory = []string{"--state-dir=" + s.dir + "/state"}
	}
	cmd := exec.Command("sh", "-c", s.command(example, memory))
	cmd.Env = []string{"PATH=" + bin + ":" + s.dir + ":/usr/bin:/bin", "HOME=" + s.dir, "TZ=UTC"}
	cmd.Dir = s.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String()
}

// scene is a room with the names that examples use.
type scene struct {
	room   *room.Room
	guests []pve.Guest
	dir    string
	files  map[string]string
	hosts  map[string]string
}

func open(t *testing.T, dir string, r recording) scene {
	t.Helper()
	c := room.Lab()
	if strings.Contains(r.command, "pve4") {
		c.PVE = pve.Presets["five"]()
		c.Served = "pve3"
	}
	m, err := room.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	files, err := m.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	site, err := guests.OpenSite("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	s := scene{m, c.PVE.Guests, dir, files, map[string]string{
		"mgr1": m.Ceph.Dashboards[0], "mgr2": m.Ceph.Dashboards[1], "www.example.net": "127.0.0.1", "192.0.2.1": "127.0.0.1", "https://shop.example.net/": "http://" + site.Addr() + "/",
		"bmc1.example.net": m.BMC.Host, "192.0.2.10": m.BMC.Host, "bmc1": m.BMC.Host, "bmc3": m.BMC.Host,
	}}
	for _, n := range m.PVE.Nodes() {
		s.hosts[n] = files[strings.ToUpper(n)]
	}
	for name, text := range map[string]string{
		"ceph":          fmt.Sprintf("#!/bin/sh\nexec env %s=1 %s \"$@\"\n", standIn, self),
		"ceph.ini":      "[*]\nusername = " + ceph.Username + "\npassword = " + ceph.Password + "\n",
		"customers.ini": "[acme]\nname = Acme Ltd\nlanguage = es\nguests = pool:hosting\n",
		"second.json":   `{"plugin":"check_guests","facts":{"cluster":"lab-pve1-192.0.2.1","at":"` + time.Now().UTC().Format(time.RFC3339) + `","guests":[]}}`,
		"hosts.txt":     "127.0.0.1 web1\n127.0.0.2 web2\n127.0.0.3 web3\n",
	} {
		if err := executable.Write(filepath.Join(dir, name), text); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// command is an example with the room's names in the place of its own, and with
// the options that the room needs besides: certificates and credentials, and more.
func (s scene) command(example string, more []string) string {
	words := strings.Fields(example)
	has := func(option string) bool { return slices.Contains(words, option) }
	if has("-H") && !has("--auth-file") {
		more = append(more, "--auth-file="+s.files["AUTH"])
	}
	if words[0] == "check_guests" && has("-H") { // loopback answers for them
		for _, g := range s.guests {
			more = append(more, fmt.Sprintf("--address=%d=127.0.1.%d", g.ID, g.ID%250))
		}
	}
	ownCommand := has("--id")
	authority := s.files["CA"]
	if i := slices.Index(words, "-H"); i >= 0 && i+1 < len(words) && s.hosts[words[i+1]] == s.room.BMC.Host {
		authority = s.files["BMCCA"]
	}
	switch {
	case has("dashboard"):
		more = append(more, "--fingerprint="+s.room.Ceph.Fingerprint())
	case has("-H") && !has("--ca-file") && !has("--insecure"):
		more = append(more, "--ca-file="+authority)
	}
	if has("--bmc") {
		more = append(more, "--bmc-ca-file="+s.files["BMCCA"])
	}
	if ownCommand {
		more = append(more, "--conf="+s.files["CONF"])
	}
	if ownCommand && !has("--keyring") {
		more = append(more, "--keyring="+s.files["KEYRING"])
	}
	for i := 1; i < len(words); i++ {
		switch words[i-1] {
		case "-H", "--bmc", "--target", "--parent":
			words[i] = s.addresses(words[i])
		case "--http":
			id, url, _ := strings.Cut(words[i], "=")
			words[i] = id + "=" + s.hosts[url]
		case "--watch":
			words[i] = "2s" // the examples take a minute
		case "--auth-file":
			words[i] = s.files["AUTH"]
			if has("dashboard") {
				words[i] = filepath.Join(s.dir, "ceph.ini")
			}
		case "--ca-file":
			words[i] = authority
		case "--keyring":
			words[i] = s.files["KEYRING"]
		case "--save", "--baseline", "--second":
			words[i] = filepath.Join(s.dir, filepath.Base(words[i]))
		case "--maintenance":
			words[i] = strings.ReplaceAll(words[i], "node3", "pve3")
		}
	}
	return strings.Join(append(words, more...), " ")
}

func (s scene) addresses(list string) string {
	names := strings.Split(list, ",")
	for i, name := range names {
		names[i] = cmp.Or(s.hosts[name], name)
	}
	return strings.Join(names, ",")
}

// names puts the names of the example in the place of the room's.
func (s scene) names(text string) string {
	text = strings.ReplaceAll(text, s.dir, "/root")
	for _, n := range s.room.PVE.Nodes() {
		text = strings.ReplaceAll(text, s.hosts[n], n)
	}
	return strings.ReplaceAll(text, s.room.BMC.Host, "bmc")
}
