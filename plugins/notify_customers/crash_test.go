package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/channel"
)

// childDir makes this test binary a plugin that is killed.
const childDir = "NOTIFY_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		stop, err := strconv.Atoi(os.Getenv("NOTIFY_TEST_STOP"))
		if err != nil {
			panic(err)
		}
		d := &doomed{dir: dir, stop: stop}
		p := pluginWith(func() time.Time { return d.at() }, map[string]channel.Sender{byMail: d, byWebhook: d})
		args := arguments(dir)
		if os.Getenv("NOTIFY_TEST_DRY") != "" {
			args = append(args[:len(args)-1], "-t", "5m", "--max-bytes", "1000000") // its time is not what is looked at
		}
		os.Exit(p.Run(args, os.Stdout))
	}
	os.Exit(m.Run())
}

func arguments(dir string) []string {
	return []string{"--customers", dir + "/customers.ini", "--journal-dir", dir + "/journal", "--state-dir", dir + "/state", "--mail-from", "Example NOC <noc@example.net>", "--send"}
}

// doomed is killed with the whole process: before what is sent arrives, or when
// the other side has it and nobody here knows yet.
type doomed struct {
	dir   string
	steps int
	stop  int
}

func (d *doomed) at() time.Time {
	text, err := os.ReadFile(d.dir + "/now")
	if err != nil {
		panic(err)
	}
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		panic(err)
	}
	return at
}

func (d *doomed) step() {
	if d.steps++; d.steps == d.stop {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

// letters is what arrived, a line each.
func (d *doomed) Send(_ context.Context, to string, m channel.Message) (channel.Outcome, error) {
	d.step()
	text, err := json.Marshal([]any{to, m.Event, m.Updated, m.ID, m.Date, m.Subject, m.Text})
	if err != nil {
		panic(err)
	}
	f, err := os.OpenFile(d.dir+"/arrived", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		panic(err)
	}
	if err := f.Close(); err != nil {
		panic(err)
	}
	d.step()
	return channel.Sent, nil
}

const people = `[acme]
name = Acme
mail = ops@acme.example
webhook = https://acme.example/x
guests = pool:acme
`

// scene writes customers and a journal: db1 is silent from 02:00 to 03:00.
func scene(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	line := func(at, kind, more string) string {
		return fmt.Sprintf(`{"v":1,"id":"%s%s","at":"2026-11-28T%s:00Z","seen":"2026-11-28T%s:00Z","by":"check_guests","cluster":"lab","node":"pve3","guest":{"id":105,"type":"vm","name":"db1","pool":"acme"},"kind":"%s"%s}`, kind, at, at, at, kind, more)
	}
	look := func(at string) string {
		return fmt.Sprintf(`{"v":1,"id":"look%s","at":"2026-11-28T%s:00Z","seen":"2026-11-28T%s:00Z","by":"check_guests","cluster":"lab","kind":"observed","from":"2026-11-28T%s:00Z","until":"2026-11-28T%s:00Z","polls":1,"pause_s":0}`, at, at, at, at, at)
	}
	lines := []string{line("00:00", "guest_listed", `,"answers":true`), look("01:59"), line("02:00", "guest_silent", `,"class":"guest"`), look("02:02"), look("02:32"), line("03:00", "guest_answers", ""), look("03:05")}
	write(t, dir+"/customers.ini", people)
	if err := os.Mkdir(dir+"/journal", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/journal/2026-11.jsonl", strings.Join(lines, "\n")+"\n")
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// lives runs the plugin as a process of its own at a time, which is killed at a
// step (0: not), or after a while.
func lives(t *testing.T, dir, at string, stop int, after time.Duration) {
	t.Helper()
	write(t, dir+"/now", "2026-11-28T"+at+"Z")
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = []string{childDir + "=" + dir, "NOTIFY_TEST_STOP=" + strconv.Itoa(stop), "TZ=UTC"}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if after > 0 {
		time.Sleep(after) // where it is then is chance, and all of it is fine
		_ = cmd.Process.Kill()
	}
	err := cmd.Wait()
	killed := cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled()
	if !killed && (err != nil && cmd.ProcessState.ExitCode() > 2 || !strings.Contains(out.String(), ": ")) {
		t.Fatalf("%v: %s", err, out.String())
	}
}

// arrived checks what the customer got: of each number one text, whatever was sent
// twice, nothing older after something newer, and nothing missing that counts.
func arrived(t *testing.T, dir, what string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "arrived"))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	words, newest := map[string]string{}, map[string]float64{}
	for line := range strings.Lines(string(text)) {
		var x []any
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		to, number, id := x[0].(string), x[2].(float64), x[3].(string)
		if before, again := words[to+id]; again && before != line {
			t.Errorf("%s: %s has other words the second time:\n%s\n%s", what, id, before, line)
		}
		words[to+id] = line
		if number < newest[to] {
			t.Errorf("%s: %s came after a newer one", what, id)
		}
		newest[to] = number
	}
	for _, to := range []string{"ops@acme.example", "https://acme.example/x"} {
		if newest[to] < 1 || !strings.Contains(words[to+lastID(words, to)], "The outage is over") {
			t.Errorf("%s: the last that %s has is number %v", what, to, newest[to])
		}
	}
}

func lastID(words map[string]string, to string) string {
	last := ""
	for key := range words {
		if id, is := strings.CutPrefix(key, to); is && id > last {
			last = id
		}
	}
	return last
}

// TestKilled kills the plugin at each step of sending, and at moments of chance,
// in each of three runs. What is told afterwards is told whole.
func TestKilled(t *testing.T) {
	runs := []string{"02:02:00", "02:32:00", "03:05:00"}
	for which := range runs {
		for stop := 1; stop <= 4; stop++ {
			killed(t, runs, which, stop, 0)
		}
		n := 12
		if testing.Short() {
			n = 3
		}
		for i := range n {
			killed(t, runs, which, 0, time.Duration(5+7*i)*time.Millisecond)
		}
	}
}

func killed(t *testing.T, runs []string, which, stop int, after time.Duration) {
	t.Helper()
	what := fmt.Sprintf("run %d killed at step %d or after %s", which, stop, after)
	dir := scene(t)
	for i, at := range runs {
		if i == which {
			lives(t, dir, at, stop, after)
			minute := strings.Replace(at, ":00", ":59", 1)
			if strings.HasSuffix(at, ":00") {
				minute = at[:len(at)-2] + "58" // the one that was killed may hold it for half a minute
			}
			at = minute
		}
		lives(t, dir, at, 0, 0)
	}
	arrived(t, dir, what)
}

// TestTwoAtOnce: the service and the notification command tell once.
func TestTwoAtOnce(t *testing.T) {
	dir := scene(t)
	write(t, dir+"/now", "2026-11-28T02:02:00Z")
	var all []*exec.Cmd
	for range 4 {
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
		cmd.Env = []string{childDir + "=" + dir, "NOTIFY_TEST_STOP=0"}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	for _, cmd := range all {
		_ = cmd.Wait() // its verdict is of no concern
	}
	text, err := os.ReadFile(dir + "/arrived")
	if err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("%v:\n%s", err, text)
	}
}

// TestNotWritten: what cannot be written down is not sent.
func TestNotWritten(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"damaged": func(dir string) error {
			return os.WriteFile(dir+"/state/notify_customers.acme.json", []byte("{"), 0o600)
		},
		"others can write": func(dir string) error {
			return os.WriteFile(dir+"/state/notify_customers.acme.json", nil, 0o666)
		},
		"the directory is open": func(dir string) error { return os.Chmod(dir+"/state", 0o777) },
	} {
		dir := scene(t)
		if err := os.Mkdir(dir+"/state", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := spoil(dir); err != nil {
			t.Fatal(err)
		}
		if name == "others can write" {
			if err := os.Chmod(dir+"/state/notify_customers.acme.json", 0o666); err != nil {
				t.Fatal(err)
			}
		}
		unsent(t, dir, name)
	}
}

// unsent runs the plugin, which has to alarm and to send nothing.
func unsent(t *testing.T, dir, name string) {
	t.Helper()
	write(t, dir+"/now", "2026-11-28T02:02:00Z")
	d := &doomed{dir: dir}
	var out bytes.Buffer
	code := pluginWith(d.at, map[string]channel.Sender{byMail: d, byWebhook: d}).Run(arguments(dir), &out)
	if code != 2 || !strings.HasPrefix(out.String(), "CRITICAL: ") {
		t.Errorf("%s: %d %s", name, code, out.String())
	}
	if _, err := os.Stat(dir + "/arrived"); err == nil {
		t.Errorf("%s: something was sent", name)
	}
}

// TestFullDisk limits the size of files for a process of its own, as a disk does
// that is full.
func TestFullDisk(t *testing.T) {
	dir := scene(t)
	write(t, dir+"/now", "2026-11-28T02:02:00Z")
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `ulimit -f 0; exec /proc/`+strconv.Itoa(os.Getpid())+`/exe`)
	cmd.Env = []string{childDir + "=" + dir, "NOTIFY_TEST_STOP=0"}
	out, err := cmd.StdoutPipe() // a pipe has no size
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(out); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its exit code says it
	if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.HasPrefix(text.String(), "CRITICAL: ") || !strings.Contains(text.String(), "not written") {
		t.Errorf("%d: %s", code, text.String())
	}
	if _, err := os.Stat(dir + "/arrived"); err == nil {
		t.Error("something was sent")
	}
}

// TestOrdersDamaged: what was ordered by hand cannot be read. That is an alarm, and
// keeps nobody from hearing of an outage; it is not replaced by a new order.
func TestOrdersDamaged(t *testing.T) {
	dir := scene(t)
	if err := os.Mkdir(dir+"/state", 0o700); err != nil {
		t.Fatal(err)
	}
	orders := dir + "/state/notify_customers.hand.orders.json"
	write(t, orders, "{")
	write(t, dir+"/now", "2026-11-28T02:02:00Z")
	d := &doomed{dir: dir}
	run := func(more ...string) (int, string) {
		var out bytes.Buffer
		code := pluginWith(d.at, map[string]channel.Sender{byMail: d, byWebhook: d}).Run(append(arguments(dir), more...), &out)
		return code, out.String()
	}
	if code, out := run(); code != 2 || !strings.Contains(out, "hand.orders.json: damaged") || !strings.Contains(out, "told=1") {
		t.Errorf("%d: %s", code, out)
	}
	text, err := os.ReadFile(dir + "/arrived")
	if err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("%v: %s", err, text)
	}
	if code, out := run("--tell", "We are on our way."); code != 3 || !strings.Contains(out, "damaged") {
		t.Errorf("%d: %s", code, out)
	}
	if text, err := os.ReadFile(orders); err != nil || string(text) != "{" {
		t.Errorf("%v: it is %q now", err, text)
	}
}
