package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/customer"
)

// world is a machine room in which a node is serviced, and what pollers wrote of
// it. It knows what really happened. It knows nothing of pkg/journal: lines are
// written as docs/journal.md says, and nothing of the report: its numbers are
// counted here once more.
type world struct {
	page *template.Template
	*rand.Rand
	lines   []string
	ids     int
	node    string
	others  []string
	guests  []*resident
	keys    []string
	names   map[string]string
	begun   time.Time
	off, on time.Time // zero when it stayed on
	// seenOff and seenOn are the polls before and after each change.
	seenOff, seenOn [2]time.Time
	back            time.Time
	least, of       int // copies; of 0: nobody knows
	fewer           bool
	watchedData     bool
	watched         bool
	fault, noticed  time.Time
	asked, refused  int
	conditions      int
	secrets         []string
}

// resident is a guest.
type resident struct {
	id      int
	name    string
	owner   string
	answers bool
	moves   []journey
	gap     float64 // the longest measured, -1 when none was
	silent  []time.Duration
	left    bool // the node, before it went off
}

type journey struct {
	started, ended time.Time
	live           string // true, false or not known
	measured       bool
}

type object = map[string]any

// hostile names are whatever people and devices call things.
var hostile = []string{
	"<script>alert(1)</script>", "a\u202eb", "x\x00y\x1b[31mz", `"'onload=x`, "{{.Node}}", strings.Repeat("M", 1000), "שרת", "خادم", "a|b;c", "-->", "]]>", "&lt;b&gt;", "\u200b", "\n\n", "%s%d", "javascript:alert(1)",
}

func (w *world) name(prefix string) string {
	if w.IntN(4) == 0 {
		return hostile[w.IntN(len(hostile))]
	}
	return fmt.Sprintf("%s%d", prefix, w.IntN(1000000))
}

func (w *world) secret(prefix string) string {
	s := fmt.Sprintf("%s%07d", prefix, w.IntN(10000000))
	w.secrets = append(w.secrets, s)
	return s
}

// write adds a line, by one poller or by two.
func (w *world) write(kind string, at time.Time, fields object) {
	w.ids++
	line := object{"v": 1, "id": fmt.Sprintf("%016x", w.ids), "at": at, "seen": at.Add(time.Second), "by": "check_pve", "cluster": "siteA", "kind": kind}
	for k, v := range fields {
		line[k] = v
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	w.lines = append(w.lines, string(text))
	if w.IntN(3) == 0 { // written again, by whoever saw the same
		w.lines = append(w.lines, string(text))
	}
}

func (g *resident) object() object {
	return object{"id": g.id, "type": "vm", "name": g.name, "pool": g.owner}
}

var start = time.Date(2026, 11, 10, 14, 0, 0, 0, time.UTC)

// newWorld tells a story.
func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 7)), names: map[string]string{}}
	w.node, w.others = w.secret("nodeX"), []string{w.secret("nodeY"), w.secret("nodeZ")}
	for i := range 1 + w.IntN(4) {
		key := fmt.Sprintf("c%d", i)
		w.keys, w.names[key] = append(w.keys, key), w.secret("Customer")
	}
	w.begun = start.Add(time.Duration(w.IntN(100000)) * time.Second)
	w.watched, w.watchedData = w.IntN(5) > 0, w.IntN(4) > 0
	w.residents()
	w.fans()
	at := w.ask(gateDrained, w.begun, "no")
	at = w.emptied(at)
	at = w.ask(gateDrained, at.Add(time.Minute), "yes")
	at = w.ask(gateServiceable, at.Add(time.Minute), [...]string{"yes", "yes-but"}[w.IntN(2)])
	at = w.away(at)
	at = w.home(at)
	w.back = w.ask(gateReintegrated, at.Add(time.Minute), "yes")
	w.silences()
	w.observed()
	w.Shuffle(len(w.lines), func(i, j int) { w.lines[i], w.lines[j] = w.lines[j], w.lines[i] })
	return w
}

func (w *world) residents() {
	for i := range w.IntN(9) {
		g := &resident{id: 100 + i, name: w.name("server"), answers: w.IntN(4) > 0, gap: -1}
		switch w.IntN(6) {
		case 0: // nobody's
		default:
			g.owner = w.keys[w.IntN(len(w.keys))]
		}
		w.guests = append(w.guests, g)
		w.write("guest_listed", start.Add(-time.Hour), object{"by": "check_guests", "guest": g.object(), "answers": g.answers})
	}
}

func (w *world) fans() {
	if w.IntN(2) == 0 {
		return
	}
	w.fault = w.begun.Add(-time.Duration(1+w.IntN(100)) * time.Hour)
	w.noticed = w.fault.Add(time.Duration(w.IntN(600)) * time.Second)
	w.write("fan_dropped", w.fault, object{"by": "check_fans", "cluster": "", "node": w.node, "fans": []string{w.secret("FANBOARD")}, "seen": w.noticed})
	w.write("acknowledged", w.fault.Add(time.Hour), object{"by": "check_fans", "node": w.node, "user": w.secret("root"), "text": w.secret("reseated"), "closed": 1})
}

// ask a gate, and get an answer.
func (w *world) ask(gate string, at time.Time, answer string) time.Time {
	n := 5 + w.IntN(20)
	w.write("asked", at, object{"by": gate, "gate": gate, "nodes": []string{w.node}, "answer": answer, "conditions": n, "holding": n - 1, "reasons": []string{w.secret("because")}})
	w.asked++
	w.conditions += n
	if answer == "no" {
		w.refused++
	}
	return at
}

// travel moves a guest.
func (w *world) travel(g *resident, at time.Time, from, to string) time.Time {
	j := journey{started: at, ended: at.Add(time.Duration(5+w.IntN(60)) * time.Second), live: [...]string{"true", "true", "false", ""}[w.IntN(4)]}
	fields := object{"by": "check_guests", "guest": g.object(), "from": from, "to": to, "started": j.started, "ended": j.ended, "task": "UPID:" + from + ":" + w.secret("pid")}
	if j.live != "" {
		fields["live"] = j.live == "true"
	}
	w.write("guest_moved", j.ended, fields)
	if w.IntN(2) == 0 {
		j.measured, g.answers = true, true
		real := float64(w.IntN(2000))
		every := 20.0
		w.write("gap", j.ended, object{
			"by": "check_guests", "guest": g.object(), "ms": real, "least_ms": max(real-every, 0), "most_ms": real + every, "moving": true,
			"from": j.started, "until": j.ended, "every_ms": every,
		})
		g.gap = max(g.gap, real)
	}
	g.moves = append(g.moves, j)
	return j.ended
}

func (w *world) emptied(at time.Time) time.Time {
	for _, g := range w.guests {
		if w.IntN(3) > 0 {
			at = w.travel(g, at.Add(time.Second), w.node, w.others[w.IntN(2)])
			g.left = true
		}
	}
	return at
}

// away: the node is off for a while, seen by polls a minute apart.
func (w *world) away(at time.Time) time.Time {
	if w.IntN(5) == 0 {
		return at // it was not needed
	}
	w.off = at.Add(time.Duration(60+w.IntN(600)) * time.Second)
	w.on = w.off.Add(time.Duration(120+w.IntN(7200)) * time.Second)
	around := func(t time.Time) [2]time.Time {
		before := t.Add(-time.Duration(w.IntN(60)) * time.Second)
		return [2]time.Time{before, before.Add(time.Minute)}
	}
	w.seenOff, w.seenOn = around(w.off), around(w.on)
	w.write("node_offline", w.seenOff[1], object{"node": w.node, "since": w.seenOff[0]})
	if w.IntN(3) == 0 { // another poller sees it later
		w.write("node_offline", w.seenOff[1].Add(20*time.Second), object{"node": w.node, "since": w.seenOff[0].Add(-10 * time.Second)})
	}
	w.write("node_online", w.seenOn[1], object{"node": w.node, "since": w.seenOn[0]})
	if w.watchedData && w.IntN(4) > 0 {
		w.fewer, w.of = true, 2+w.IntN(3)
		w.least = 1 + w.IntN(w.of-1)
		fields := object{"by": "check_ceph", "cluster": "fsid", "least": w.least, "of": w.of}
		if w.IntN(4) == 0 {
			w.of = 0
			delete(fields, "least")
			delete(fields, "of")
		}
		w.write("copies_few", w.seenOff[1], fields)
		w.write("copies_whole", w.seenOn[1].Add(time.Minute), object{"by": "check_ceph", "cluster": "fsid"})
	}
	return w.seenOn[1].Add(2 * time.Minute)
}

func (w *world) home(at time.Time) time.Time {
	for _, g := range w.guests {
		if g.left && w.IntN(2) == 0 {
			at = w.travel(g, at.Add(time.Second), w.others[0], w.node)
		}
	}
	return at
}

func (w *world) silences() {
	for _, g := range w.guests {
		if !g.answers || w.IntN(6) > 0 {
			continue
		}
		from := w.begun.Add(time.Duration(1+w.IntN(50)) * time.Second)
		length := time.Duration(1+w.IntN(60)) * time.Second
		w.write("guest_silent", from, object{"by": "check_guests", "guest": g.object(), "class": "guest"})
		w.write("guest_answers", from.Add(length), object{"by": "check_guests", "guest": g.object()})
		g.silent = append(g.silent, length)
	}
}

func (w *world) observed() {
	look := func(by, cluster string, on bool) {
		for at := w.begun; on && at.Before(w.back); at = at.Add(30 * time.Minute) {
			w.write("observed", at.Add(30*time.Minute), object{"by": by, "cluster": cluster, "from": at, "until": at.Add(30 * time.Minute), "polls": 30, "pause_s": 61.5})
		}
	}
	look("check_guests", "siteA", w.watched)
	look("check_ceph", "fsid", w.watchedData)
}

// journal writes the lines where report_service reads them.
func (w *world) journal(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "journal")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "2026-11.jsonl"), []byte(strings.Join(w.lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// customers are those of the world.
func (w *world) customers(t testing.TB) []customer.Customer {
	t.Helper()
	var b strings.Builder
	for i, key := range w.keys {
		fmt.Fprintf(&b, "[%s]\nname = %s\nlanguage = %s\nguests = pool:%s\n", key, w.names[key], [...]string{"es", "nl", "fr", "en", "de", "pt"}[(i+w.IntN(6))%6], key)
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
