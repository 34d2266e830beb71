package notice

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
	"github.com/noout-monitoring/noout/pkg/journal"
)

// world is a machine room with customers, and what pollers write of it minute by
// minute, as docs/journal.md says. It knows who is really affected, and nothing of
// how notices are worked out.
type world struct {
	*rand.Rand
	now     time.Time
	minute  int
	nodes   map[string]bool // on or off
	names   []string
	bodies  []*body
	keys    []string
	entries []journal.Entry
	ids     int
	gateway bool // somebody said which it is
	path    bool // to the guests
	monitor bool
	rights  bool
	watch   time.Time // when a look was written down last
	news    time.Time
	// looks are all times at which somebody really looked.
	looks   []time.Time
	known   time.Time // the last look that was written down
	secrets []string
	plans   []*work
	// faults of guests are real; without any, nobody has to hear of one.
	faults int
}

// body is a guest.
type body struct {
	id                     int
	name, home, pool       string
	owners                 []string
	container              bool
	crashed, idle, deleted bool
	hushed, stopped        bool // what the journal was told
	silent                 []bool
	answered               bool // when somebody looked last
	seenIdle, seenDeleted  bool
	neverAnswered          bool
}

// work on a node.
type work struct {
	node        string
	from, until time.Time
	begun, done time.Time
	cancelled   bool
	affected    map[string]bool
}

var hostile = []string{
	"<script>alert(1)</script>", "a\u202eb", "x\x00y\x1b[31mz", "two\r\nBcc: all@example.net", `"'onload=x`, "{{.Node}}", strings.Repeat("M", 500), "שרת", "خادم", "a|b;c", "-->", "%s%d", "\u200b",
}

func (w *world) secret(prefix string) string {
	s := fmt.Sprintf("%s%07d", prefix, w.IntN(10000000))
	w.secrets = append(w.secrets, s)
	return s
}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 20)), nodes: map[string]bool{}, path: true, monitor: true, rights: true}
	w.now = time.Date(2026, 11, 28, w.IntN(24), w.IntN(60), 0, 0, time.UTC)
	w.gateway = w.IntN(2) == 0
	for range 3 {
		n := w.secret("pveX")
		w.names, w.nodes[n] = append(w.names, n), true
	}
	for i := range 1 + w.IntN(4) {
		w.keys = append(w.keys, fmt.Sprintf("key%d", i))
	}
	for i := range 1 + w.IntN(10) {
		b := &body{id: 100 + i, name: fmt.Sprintf("server%06d", w.IntN(1000000)), home: w.names[w.IntN(3)], container: w.IntN(4) == 0}
		if w.IntN(5) == 0 {
			b.name = hostile[w.IntN(len(hostile))]
		}
		switch w.IntN(8) {
		case 0: // nobody's
		case 1: // a mistake in the file: it is two customers'
			b.pool = "both"
			b.owners = w.keys[:min(2, len(w.keys))]
		default:
			b.pool = w.keys[w.IntN(len(w.keys))]
			b.owners = []string{b.pool}
		}
		b.neverAnswered = w.IntN(12) == 0
		w.bodies = append(w.bodies, b)
		w.write(b, &journal.GuestListed{Answers: !b.neverAnswered})
	}
	return w
}

func (w *world) customers(t testing.TB) []customer.Customer {
	var b strings.Builder
	for i, key := range w.keys {
		fmt.Fprintf(&b, "[%s]\nname = Customer %d\nlanguage = %s\nmail = %s@example.net\ntimezone = Europe/Madrid\nguests = pool:%s", key, i, [...]string{"es", "nl", "fr", "en", "de", "pt"}[w.IntN(6)], key, key)
		if i < 2 {
			b.WriteString(" pool:both")
		}
		b.WriteString("\n")
	}
	path := filepath.Join(t.TempDir(), "customers.ini")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := customer.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (w *world) write(b *body, fact journal.Fact) {
	w.ids++
	e := journal.Entry{ID: fmt.Sprint(w.ids), At: w.now, Seen: w.now, By: "check_guests", Cluster: "siteQ", Fact: fact}
	if b != nil {
		e.Node, e.Guest = b.home, &journal.Guest{ID: b.id, Type: "vm", Name: b.name, Pool: b.pool}
		if b.container {
			e.Guest.Type = "ct"
		}
	}
	w.entries = append(w.entries, e)
}

func (w *world) nodeEntry(node string, fact journal.Fact) {
	w.ids++
	w.entries = append(w.entries, journal.Entry{ID: fmt.Sprint(w.ids), At: w.now, Seen: w.now, By: "check_pve", Cluster: "siteQ", Node: node, Fact: fact})
}

// answers says whether a guest would answer whoever asked it on the spot.
func (w *world) answers(b *body) bool {
	return !b.crashed && !b.idle && !b.deleted && w.nodes[b.home] && !b.neverAnswered
}

// happen lets things happen in one minute.
func (w *world) happen() {
	chance := func(of int) bool { return w.IntN(of) == 0 }
	for _, b := range w.bodies {
		switch {
		case b.deleted:
		case chance(250) && !b.crashed:
			b.crashed = true
			w.faults++
		case b.crashed && chance(12):
			b.crashed = false
		case chance(1500):
			b.idle = true
		case b.idle && chance(30):
			b.idle = false
		case chance(4000):
			b.deleted = true
		}
	}
	for _, n := range w.names {
		switch on := w.nodes[n]; {
		case on && chance(900):
			w.nodes[n] = false
			w.faults++
			if w.monitor {
				w.nodeEntry(n, &journal.NodeOffline{})
			}
		case !on && chance(25):
			w.nodes[n] = true
			if w.monitor {
				w.nodeEntry(n, &journal.NodeOnline{})
			}
		}
	}
	flip := func(what *bool, often, back int) {
		if *what && chance(often) || !*what && chance(back) {
			*what = !*what
		}
	}
	flip(&w.path, 120, 15)
	flip(&w.monitor, 200, 15)
	flip(&w.rights, 300, 15)
	w.service()
}

// service goes on with the works.
func (w *world) service() {
	for _, p := range w.plans {
		switch {
		case p.cancelled || !p.done.IsZero():
		case p.begun.IsZero() && !w.now.Before(p.from) && w.IntN(4) == 0 && w.monitor:
			p.begun = w.now
			w.nodeEntry(p.node, &journal.HAMaintenance{On: true})
		case p.begun.IsZero():
		case w.IntN(6) == 0 && w.monitor && w.nodes[p.node]:
			var left *body
			for _, b := range w.bodies {
				if b.home == p.node && !b.deleted {
					left = b
				}
			}
			if left == nil || w.IntN(5) == 0 {
				p.done = w.now
				w.nodeEntry(p.node, &journal.Asked{Gate: "check_reintegrated", Nodes: []string{p.node}, Answer: journal.AnswerYes})
				break
			}
			to := w.names[(slices.Index(w.names, p.node)+1)%3]
			live := !left.container
			w.write(left, &journal.GuestMoved{From: p.node, To: to, Live: &live, Task: w.secret("UPID")})
			left.home = to
		}
	}
}

// poll is check_guests.
func (w *world) poll() {
	if !w.monitor || !w.rights {
		return
	}
	heard, asked, explained, news := false, 0, 0, false
	for _, b := range w.bodies {
		if b.deleted || b.idle {
			continue
		}
		asked++
		if !w.nodes[b.home] {
			explained++
		}
		heard = heard || w.path && w.answers(b)
	}
	blind := !heard && asked > explained
	if w.gateway {
		blind = !w.path
	}
	for _, b := range w.bodies {
		reached := w.path && w.answers(b)
		switch {
		case b.deleted:
			if !b.seenDeleted {
				b.seenDeleted = true
				w.write(b, &journal.GuestListed{Gone: true})
			}
		case b.idle:
			if !b.seenIdle && !b.neverAnswered {
				b.seenIdle, b.stopped, b.hushed, news = true, true, false, true
				w.write(b, &journal.GuestStopped{User: w.secret("user@pve")})
			}
		case reached && (b.hushed || b.stopped):
			b.hushed, b.stopped, news = false, false, true
			w.write(b, &journal.GuestAnswers{})
		case !reached && !blind && !b.hushed && !b.neverAnswered:
			b.hushed, news = true, true
			class := journal.ClassGuest
			if !w.nodes[b.home] {
				class = journal.ClassNode
			}
			w.write(b, &journal.GuestSilent{Class: class})
		}
		if !b.idle {
			b.seenIdle = false
		}
	}
	hushed := slices.ContainsFunc(w.bodies, func(b *body) bool { return b.hushed })
	if news || hushed && len(w.looks) > 0 && w.now.Sub(w.looks[len(w.looks)-1]) > 15*time.Minute {
		w.news = w.now
	}
	if blind {
		return
	}
	w.look()
	if news || w.now.Sub(w.news) < 15*time.Minute || w.now.Sub(w.watch) >= 30*time.Minute {
		w.write(nil, &journal.Observed{From: w.now, Until: w.now, Polls: 1})
		w.watch, w.known = w.now, w.now
	}
}

// look notes what whoever looks sees.
func (w *world) look() {
	w.looks = append(w.looks, w.now)
	for _, b := range w.bodies {
		b.answered = w.answers(b)
		b.silent = append(b.silent, !w.answers(b) && !b.idle)
	}
}

// downFor is for how long a guest has been down at the looks, without a break, up
// to the last one that was written down.
func (w *world) downFor(b *body) time.Duration {
	if b.idle || b.deleted || b.neverAnswered {
		return 0
	}
	end := len(w.looks) - 1
	for end >= 0 && w.looks[end].After(w.known) {
		end--
	}
	first := -1
	for i := end; i >= 0 && b.silent[i]; i-- {
		first = i
	}
	if first < 0 {
		return 0
	}
	return w.looks[end].Sub(w.looks[first])
}

// downAtLast says whether it was down when somebody looked last.
func (w *world) downAtLast(b *body) bool { return len(b.silent) > 0 && b.silent[len(b.silent)-1] }

func (b *body) belongs(key string) bool { return len(b.owners) == 1 && b.owners[0] == key }

// roundtrip is what the disk makes of a ledger.
func roundtrip(t testing.TB, l Ledger) Ledger {
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	var out Ledger
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
