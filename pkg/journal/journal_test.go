package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/noout-monitoring/noout/pkg/state"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func opened(t testing.TB, dir string) *state.Store {
	t.Helper()
	s, err := state.Options{Dir: dir}.Open("check_pve")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t testing.TB, s *state.Store, now time.Time, entries ...Entry) {
	t.Helper()
	if err := (Options{}).Write(s, Witness{"check_pve", now}, entries); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, now time.Time, stores ...*state.Store) History {
	t.Helper()
	var sources []Source
	for _, s := range stores {
		source, err := of(s)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, source)
	}
	p := Period{noon.AddDate(-2, 0, 0), noon.AddDate(2, 0, 0)}
	h, err := Read(sources, p, now, nil)
	if err != nil {
		t.Fatal(err)
	}
	sameOneByOne(t, sources, p, now, h)
	return h
}

// sameOneByOne: [Each] hands out what [Read] returns, and counts the same.
func sameOneByOne(t testing.TB, sources []Source, p Period, now time.Time, want History) {
	t.Helper()
	var got []Entry
	h, err := Each(sources, p, now, func(e Entry) { got = append(got, e) })
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(got, func(a, b Entry) int { return a.At.Compare(b.At) })
	want.Entries = slices.Clone(want.Entries)
	for i := range want.Entries {
		want.Entries[i].Sources = want.Entries[i].Sources[:1]
	}
	h.Entries = got
	if diff := cmp.Diff(want, h, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("one by one: %s", diff)
	}
}

func file(t testing.TB, dir string, month string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "journal", month+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// whole is a fact of a kind in which every field says something.
func whole(kind Kind) Fact {
	fact := kinds[kind]()
	v := reflect.ValueOf(fact).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		switch f.Interface().(type) {
		case string:
			f.SetString("text <&> of " + v.Type().Field(i).Name)
		case []string:
			f.Set(reflect.ValueOf([]string{"a", "b"}))
		case []int:
			f.Set(reflect.ValueOf([]int{3, 4}))
		case int:
			f.SetInt(int64(i + 1))
		case float64:
			f.SetFloat(1.5 + float64(i))
		case bool:
			f.SetBool(true)
		case *bool:
			yes := true
			f.Set(reflect.ValueOf(&yes))
		case time.Time:
			f.Set(reflect.ValueOf(noon.Add(time.Duration(i) * time.Second)))
		default:
			panic("no such value: " + f.Type().String())
		}
	}
	return fact
}

// TestEveryKind: what is written is read again, of every kind, with every field.
func TestEveryKind(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "state"))
	var want []Entry
	for kind := range kinds {
		e := Entry{
			At: noon.Add(1500 * time.Millisecond), Since: noon.Add(-time.Minute), Cluster: "lab", Node: "pve3",
			Guest: &Guest{105, "vm", "db1 \u202e|;", "acme", []string{"web", "prod"}}, Fact: whole(kind),
		}
		write(t, s, noon.Add(time.Minute), e)
		e, err := e.identified()
		if err != nil {
			t.Fatal(err)
		}
		e.By, e.Seen = "check_pve", noon.Add(time.Minute)
		want = append(want, e)
	}
	h := read(t, noon.Add(time.Hour), s)
	for _, e := range h.Entries {
		if len(e.Sources) != 1 {
			t.Errorf("%s was found in %q", e.ID, e.Sources)
		}
	}
	byID := func(list []Entry) map[string]Entry {
		out := map[string]Entry{}
		for _, e := range list {
			e.Sources, e.Line = nil, 0
			out[e.ID] = e
		}
		return out
	}
	if diff := cmp.Diff(byID(want), byID(h.Entries)); diff != "" || h.Torn+h.Newer+h.Ahead > 0 {
		t.Errorf("%+v\n%s", h, diff)
	}
	if len(byID(want)) != len(kinds) {
		t.Error("two kinds have one id")
	}
}

// schema is what docs/journal.md says of a kind: its fields, with their types.
func schema(kind Kind) string {
	var out []string
	v := reflect.TypeOf(kinds[kind]()).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		text := map[string]string{
			"string": "text", "[]string": "texts", "[]int": "numbers", "int": "number", "float64": "number",
			"bool": "true", "*bool": "true or false", "time.Time": "time",
		}[f.Type.String()]
		if options != "" {
			text += "?"
		} else if text == "true" {
			text = "true or false"
		}
		out = append(out, "`"+name+"` "+text)
	}
	return strings.Join(out, ", ")
}

// TestSchema: the page lists every kind with its fields, and no other; no field
// hides one that all entries have.
func TestSchema(t *testing.T) {
	page, err := os.ReadFile("../../docs/journal.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, "|"); len(cells) == 6 && strings.HasPrefix(cells[1], " `") { // four columns
			rows[strings.Trim(cells[1], " `")] = strings.TrimSpace(cells[3])
		}
	}
	for kind, empty := range kinds {
		if got := empty().Kind(); got != kind {
			t.Errorf("%s makes a %s", kind, got)
		}
		if got, want := rows[string(kind)], schema(kind); got != want {
			t.Errorf("docs/journal.md says of %s\n%q, expected\n%q", kind, got, want)
		}
		delete(rows, string(kind))
		for i := range reflect.TypeOf(empty()).Elem().NumField() {
			name, _, _ := strings.Cut(reflect.TypeOf(empty()).Elem().Field(i).Tag.Get("json"), ",")
			for j := range reflect.TypeFor[head]().NumField() {
				if of, _, _ := strings.Cut(reflect.TypeFor[head]().Field(j).Tag.Get("json"), ","); of == name {
					t.Errorf("%s of %s is a field of all entries", name, kind)
				}
			}
		}
	}
	manual, err := os.ReadFile("../../contrib/man/noout-journal.5")
	if err != nil {
		t.Fatal(err)
	}
	for kind := range kinds {
		if !strings.Contains(string(manual), "\\fB"+string(kind)+"\\fR\n") {
			t.Errorf("noout-journal(5) does not describe %s", kind)
		}
	}
	for kind := range rows {
		t.Errorf("docs/journal.md describes %s, which is none", kind)
	}
}

func TestLineIsAsDocumented(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	write(t, opened(t, dir), noon, Entry{At: noon.Add(-time.Second), Cluster: "lab", Node: "pve3", Fact: &HAMaintenance{true}})
	want := `{"v":1,"id":"ID","at":"2026-11-28T11:59:59Z","seen":"2026-11-28T12:00:00Z","by":"check_pve","cluster":"lab","node":"pve3","kind":"ha_maintenance","on":true}` + "\n"
	got := file(t, dir, "2026-11")
	got = got[:13] + "ID" + got[13+16:]
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestNothing: whoever has nothing to say touches nothing.
func TestNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := opened(t, dir)
	write(t, s, noon)
	e := Entry{At: noon, Fact: &QuorumLost{}}
	if err := (Options{Mode: "off"}).Write(s, Witness{"check_pve", noon}, []Entry{e}); err != nil {
		t.Error(err)
	}
	if err := (Options{}).Write(nil, Witness{"check_pve", noon}, []Entry{e}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "journal")); !os.IsNotExist(err) {
		t.Errorf("there is a journal: %v", err)
	}
}

// TestTornAnywhere: a line that was torn at any byte costs itself; what comes
// after it is read.
func TestTornAnywhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := opened(t, dir)
	first, second, third := Entry{At: noon, Fact: &QuorumLost{}}, Entry{At: noon.Add(time.Second), Node: "pve3", Fact: &NodeOffline{}}, Entry{At: noon.Add(time.Minute), Fact: &QuorumBack{}}
	write(t, s, noon, first)
	one := len(file(t, dir, "2026-11"))
	write(t, s, noon, second)
	text := file(t, dir, "2026-11")
	path := filepath.Join(dir, "journal/2026-11.jsonl")
	for cut := one; cut <= len(text); cut++ {
		if err := os.WriteFile(path, []byte(text[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		write(t, s, noon, third)
		h := read(t, noon.Add(time.Hour), s)
		wantEntries, wantTorn := 2, 1
		switch cut {
		case one:
			wantTorn = 0
		case len(text) - 1, len(text): // all of it but its end is a whole line
			wantEntries, wantTorn = 3, 0
		}
		if len(h.Entries) != wantEntries || h.Torn != wantTorn || h.Entries[len(h.Entries)-1].Kind() != KindQuorumBack {
			t.Fatalf("cut at %d of %d: %d entries, %d torn", cut, len(text), len(h.Entries), h.Torn)
		}
	}
}

func TestOddLines(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := opened(t, dir)
	write(t, s, noon, Entry{At: noon, Fact: &QuorumLost{}})
	good := strings.TrimSuffix(file(t, dir, "2026-11"), "\n")
	lines := []string{
		good, good, // twice: it counts once
		strings.Replace(good, `"v":1`, `"v":2`, 1),                               // newer
		strings.Replace(good, "quorum_lost", "volcano", 1),                       // newer
		strings.Replace(good, "2026-11-28T12:00:00Z", "2027-11-28T12:00:00Z", 1), // ahead
		"", "null", "[]", "{}", `{"v":1}`, "\x00\xff", strings.Repeat("[", 100000), strings.Repeat("x", 200000), good + good,
	}
	if err := os.WriteFile(filepath.Join(dir, "journal/2026-11.jsonl"), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if h := read(t, noon.Add(time.Hour), s); len(h.Entries) != 1 || h.Newer != 2 || h.Ahead != 1 || h.Torn != 8 {
		t.Errorf("%d entries, %d newer, %d ahead, %d torn", len(h.Entries), h.Newer, h.Ahead, h.Torn)
	}
}

// TestTwoPollers: what both saw by the same task is there once, and what one
// writes twice as well.
func TestTwoPollers(t *testing.T) {
	a, b := opened(t, filepath.Join(t.TempDir(), "a")), opened(t, filepath.Join(t.TempDir(), "b"))
	moved := func(at time.Time) Entry {
		return Entry{At: at, Cluster: "lab", Guest: &Guest{ID: 105}, Fact: &GuestMoved{From: "pve3", To: "pve1", Ended: at, Task: "UPID:pve3:1"}}
	}
	write(t, a, noon, moved(noon))
	write(t, a, noon, moved(noon))
	write(t, b, noon, moved(noon.Add(-time.Second)), Entry{At: noon, Node: "pve3", Fact: &NodeOffline{}})
	h := read(t, noon, a, b)
	if len(h.Entries) != 2 || h.Files != 2 {
		t.Fatalf("%d entries of %d files", len(h.Entries), h.Files)
	}
	for _, e := range h.Entries {
		if want := map[Kind]int{KindGuestMoved: 2, KindNodeOffline: 1}[e.Kind()]; len(e.Sources) != want {
			t.Errorf("%s was found in %q, want %d", e.Kind(), e.Sources, want)
		}
	}
}

func TestClockGoesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := opened(t, dir)
	write(t, s, noon, Entry{At: noon, Fact: &QuorumLost{}})
	write(t, s, noon.Add(-time.Hour), Entry{At: noon.Add(-time.Hour), Fact: &QuorumBack{}})
	for _, e := range read(t, noon, s).Entries {
		if e.Seen.Before(noon) {
			t.Errorf("%s was seen at %s", e.Kind(), e.Seen)
		}
	}
	// By a year: another file, nothing is lost, and the years apart are said.
	write(t, s, noon.AddDate(1, 0, 0), Entry{At: noon.AddDate(1, 0, 0), Fact: &QuorumLost{}})
	if h := read(t, noon, s); len(h.Entries) != 2 || h.Ahead != 1 {
		t.Errorf("%d entries, %d ahead", len(h.Entries), h.Ahead)
	}
	// Back by a year: it is there, in the file of its own month, and once.
	write(t, s, noon.AddDate(-1, 0, 0), Entry{At: noon.AddDate(-1, 0, 0), Fact: &QuorumLost{}})
	write(t, s, noon.AddDate(-1, 0, 0), Entry{At: noon.AddDate(-1, 0, 0), Fact: &QuorumLost{}})
	if h := read(t, noon, s); len(h.Entries) != 3 || !h.Entries[0].Seen.Equal(noon.AddDate(-1, 0, 0)) {
		t.Errorf("%d entries after the clock went back by a year", len(h.Entries))
	}
}

// TestOldMonths: they go when they are too old, and a clock that leaps ahead
// does not cost the past.
func TestOldMonths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := opened(t, dir)
	count := func() int {
		names, err := filepath.Glob(filepath.Join(dir, "journal/*.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	for i := range 20 {
		at := noon.AddDate(0, i, 0)
		write(t, s, at, Entry{At: at, Fact: &QuorumLost{}})
	}
	if n := count(); n != 16 {
		t.Errorf("%d months are kept", n)
	}
	at := noon.AddDate(50, 0, 0)
	write(t, s, at, Entry{At: at, Fact: &QuorumLost{}})
	if n := count(); n != 16 {
		t.Errorf("%d months are left after a leap", n)
	}
}

func TestGateAskedAgain(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "state"))
	asked := func(after time.Duration, answer string, reasons ...string) {
		at := noon.Add(after)
		write(t, s, at, Entry{At: at, Cluster: "lab", Fact: &Asked{Gate: "check_drained", Nodes: []string{"pve3"}, Answer: answer, Reasons: reasons}})
	}
	asked(0, AnswerNo, "vm105")
	asked(time.Minute, AnswerNo, "vm105") // no news
	asked(2*time.Minute, AnswerNo, "vm106")
	asked(3*time.Minute, AnswerYes)
	asked(4*time.Minute, AnswerNo, "vm105")
	asked(65*time.Minute, AnswerNo, "vm105") // an hour later
	if h := read(t, noon.Add(2*time.Hour), s); len(h.Entries) != 5 {
		t.Errorf("%d entries", len(h.Entries))
	}
}

func TestLongestEntry(t *testing.T) {
	s := opened(t, filepath.Join(t.TempDir(), "state"))
	err := (Options{}).Write(s, Witness{"check_pve", noon}, []Entry{{At: noon, Fact: &Acknowledged{Text: strings.Repeat("x", longest)}}})
	if err == nil || !strings.Contains(err.Error(), "an entry of ") {
		t.Errorf("got %v", err)
	}
}

func TestValidate(t *testing.T) {
	for keep, right := range map[time.Duration]bool{0: true, leastKeep: true, leastKeep - 1: false, time.Hour: false} {
		if err := (Options{Keep: keep}).Validate(); (err == nil) != right {
			t.Errorf("%s: %v", keep, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"v":1,"id":"0","at":"2026-11-28T12:00:00Z","seen":"2026-11-28T12:00:00Z","kind":"gap","ms":1}`))
	f.Add([]byte(`{"v":1,"id":"0","at":"2026-11-28T12:00:00Z","seen":"2026-11-28T12:00:00Z","by":"check_pve","cluster":"lab","node":"pve3","kind":"observed","from":"2026-11-28T12:00:00Z","until":"2026-11-28T12:00:00.5Z","polls":7,"pause_s":0.25}` + "\n"))
	for kind := range kinds {
		f.Add(wholeLine(f, kind))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := parse(line)
		if same, is := new(quick).entry(line); is {
			if diff := cmp.Diff(e, same); err != nil || diff != "" {
				t.Errorf("the quick way reads another: %v\n%s", err, diff)
			}
		}
		if err != nil {
			return
		}
		again, err := e.line()
		if err != nil {
			return // longer than it was: its text had characters that are escaped
		}
		if back, err := parse(bytes.TrimSpace(again)); err != nil || back.ID != e.ID || back.Kind() != e.Kind() {
			t.Errorf("%s\n%v", again, err)
		}
	})
}
