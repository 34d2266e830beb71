//go:build real

package migration

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/real/machine"
)

const (
	migrations = 10
	// spoilt is how many measurements this machine may spoil.
	spoilt = 5
	// watchFor is how long a watch is. A migration takes a second of it.
	watchFor = 5 * time.Second
	// some replies are enough to see that the guest answers.
	some = 20
)

func TestMain(m *testing.M) {
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "these tests make network namespaces: expected root")
		os.Exit(1)
	}
	for _, program := range []string{"qemu-system-x86_64", "busybox", "ip", "ping", "unshare", "nsenter", "nice", "taskset", "chrt"} {
		if _, err := exec.LookPath(program); err != nil {
			fmt.Fprintf(os.Stderr, "%v: apt-get install qemu-system-x86 linux-image-amd64 busybox-static iproute2 iputils-ping\n", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// world is a guest, where it can run, and who asks it.
type world struct {
	t       *testing.T
	site    site
	image   image
	program string // check_guests
	at      int    // the node it is on
	guest   *guest
	session *session
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, site: newSite(t), image: newImage(t), program: machine.Build(t, "../../../plugins/check_guests")}
	began := time.Now()
	w.guest = w.image.start(w.site.nodes[0])
	w.guest.ready()
	t.Logf("the guest has booted in %s", time.Since(began).Round(time.Second))
	w.session = startSession(t, w.site.monitor)
	// The first page takes a web server longest.
	if err := visit(w.site.monitor); err != nil {
		t.Fatal(err)
	}
	return w
}

// measurement of one watch, by all who watched.
type measurement struct {
	moved  moved
	status string // of check_guests, with its text where that is not OK
	ours   silence
	ping   hearing
	stall  time.Duration // of the TCP session
	site   *silence      // where it was asked
	hung   string
	visits time.Duration // that the test's own visits had no prompt page, at most
	held   string        // how this machine was held up, empty for not at all
}

// TestMigration: check_guests sees each migration as ping does, with bounds that
// hold, and none where there is none.
func TestMigration(t *testing.T) {
	w := newWorld(t)
	w.repeat("at rest", 1, func(int) (measurement, error) { return w.watch(watchFor/2, nil) })
	w.repeat("migration", migrations, func(n int) (measurement, error) {
		// Proxmox VE starts the destination paused and lets the guest go on
		// itself; QEMU alone does it at once. Both happen.
		waits := n%2 == 1
		to, uri, err := w.destination(waits)
		if err != nil {
			return measurement{}, err
		}
		var more []string
		if n > migrations-4 {
			more = []string{"--http", "http://" + guestAddr + "/"}
		}
		m, err := w.watch(watchFor, func() (moved, error) { return w.guest.move(to, uri, waits) }, more...)
		if err != nil {
			return m, err
		}
		w.guest.stop()
		w.guest, w.at = to, 1-w.at
		return m, nil
	})
	w.repeat("at rest, after them", 1, func(int) (measurement, error) { return w.watch(watchFor/2, nil) })
}

// destination starts the QEMU that the guest will move to.
func (w *world) destination(waits bool) (*guest, string, error) {
	args := []string{"-incoming", "defer"}
	if waits {
		args = append(args, "-S")
	}
	g := w.image.start(w.site.nodes[1-w.at], args...)
	uri, err := g.receive()
	return g, uri, err
}

// repeat measures so often. Where the witnesses do not agree, that is an error,
// unless this machine was held up meanwhile: then it is said, and measured again.
func (w *world) repeat(what string, times int, measure func(n int) (measurement, error)) {
	w.t.Helper()
	alike, sharp, bad := 0, 0, 0
	for n := 1; n <= times; {
		m, err := measure(n)
		if err != nil {
			w.t.Fatalf("%s %d: %v", what, n, err)
		}
		text := fmt.Sprintf("%s %d of %d: %s", what, n, times, m)
		switch wrong := m.wrong(); {
		case wrong != "" && m.held != "":
			w.t.Logf("not counted: %s: %s", text, wrong)
			if bad++; bad > spoilt {
				w.t.Fatalf("%s: this machine was held up too often (%s), which proves nothing: run it again when less runs here", what, m.held)
			}
			continue
		case wrong != "":
			w.t.Errorf("%s: %s", text, wrong)
		default:
			w.t.Log(text)
			if alike++; m.held == "" {
				sharp++
			}
		}
		n++
	}
	w.t.Logf("%s: %d of %d seen alike, %d of them by a machine that was not held up, %d more not counted", what, alike, times, sharp, bad)
}

// wrong says what does not fit together.
func (m measurement) wrong() string {
	switch {
	case m.status != "OK":
		return m.status
	case m.ours.atMost == math.MaxInt64:
		return "the guest answered before and after, and check_guests has seen only one of them"
	case !m.ours.agrees(m.ping):
		return "check_guests and ping do not agree, ping was without answers for " + m.ping.details()
	case m.site != nil && m.site.atMost < m.ping.longest.atLeast-slack:
		return "the web site answered while ping had no answer"
	case m.site != nil && m.site.atLeast-2*slack > m.visits:
		return "check_guests had no page while the test had some"
	case m.moved.Status != "" && m.ours.atMost < m.moved.pause()-slack:
		return "check_guests saw less than the time in which nothing ran the guest"
	}
	return ""
}

func (m measurement) String() string {
	text := fmt.Sprintf("check_guests %s, ping %s, TCP session %d ms", m.ours, m.ping, m.stall.Milliseconds())
	if m.site != nil {
		text += fmt.Sprintf(", web site %s hung in %s, by visits %d ms at most", m.site, m.hung, m.visits.Milliseconds())
	}
	if m.moved.Status != "" {
		how := "at once"
		if m.moved.waited {
			how = "when told"
		}
		text += fmt.Sprintf("; resumed %s, qemu: downtime %d ms of %d ms, nothing ran it for %d ms", how, m.moved.Downtime, m.moved.TotalTime, m.moved.pause().Milliseconds())
	}
	if m.held != "" {
		text += "; this machine was held up, " + m.held
	}
	return text
}

// watch has everybody watch, while something happens or nothing does.
func (w *world) watch(duration time.Duration, happen func() (moved, error), more ...string) (m measurement, err error) {
	p := startPing(w.t, w.site.monitor)
	defer p.stop()
	if err := p.await(some, time.Time{}); err != nil {
		return m, err
	}
	began := time.Now()
	visits := func() (time.Duration, error) { return 0, nil }
	if len(more) > 0 {
		visits = startVisits(w.t, w.site.monitor)
	}
	plugin, err := startWatch(w.t, w.program, w.site.monitor, duration, more...)
	if err != nil {
		return m, err
	}
	if happen != nil {
		if err := p.await(some, time.Now()); err != nil { // both have seen it answer
			return m, err
		}
		if m.moved, err = happen(); err != nil {
			return m, err
		}
		if err := p.await(some, m.moved.resumed); err != nil {
			return m, err
		}
		if plugin.over() {
			m.held = fmt.Sprintf("a migration and its %d ms took longer than %s", m.moved.TotalTime, duration)
		}
	}
	a, err := plugin.answer()
	if err != nil {
		return m, err
	}
	if m.visits, err = visits(); err != nil {
		return m, err
	}
	err = w.compare(&m, a, p.since(began), began)
	return m, err
}

// compare takes down what everybody saw since a time.
func (w *world) compare(m *measurement, a watched, replies []reply, since time.Time) (err error) {
	guest := a.Facts.Guests[0]
	m.ours = guest.Gap.bounds(watchInterval)
	m.ping = heard(replies)
	held := a.heldUp()
	switch {
	case m.held != "":
	case held != "":
		m.held = held
	case m.ours.atMost-m.ours.atLeast > 2*watchInterval+slack:
		m.held = fmt.Sprintf("check_guests: its bounds are more than %d ms apart", (2*watchInterval + slack).Milliseconds())
	case m.ping.spacing > 3*pingInterval: // its own pacing is within two
		m.held = fmt.Sprintf("ping: packets were up to %d ms apart", m.ping.spacing.Milliseconds())
	}
	if len(a.Facts.Sites) > 0 {
		s := a.Facts.Sites[0]
		if s.Status != 200 {
			return fmt.Errorf("the web site: %+v", s)
		}
		seen := s.Gap.bounds(100 * ms)
		m.site, m.hung = &seen, s.Hung
	}
	m.stall, err = w.session.stall(since)
	if m.status = a.Status; a.Status != "OK" {
		m.status += ": " + a.Text
	}
	return err
}
