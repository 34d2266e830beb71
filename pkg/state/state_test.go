package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// memory is what the tests remember.
type memory struct {
	Count int            `json:"count"`
	By    map[string]int `json:"by,omitempty"`
	Text  string         `json:"text,omitempty"`
}

const subject = "4c4c4544-0033-4a10-8058-b7c04f4d4632"

// store opens a directory of the test.
func store(t testing.TB) *Store {
	t.Helper()
	s, err := Options{Dir: filepath.Join(t.TempDir(), "state")}.Open("check_fans")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func count(old memory) (memory, error) {
	old.Count++
	return old, nil
}

// put replaces the file of the subject behind the store's back.
func put(t testing.TB, s *Store, text string) {
	t.Helper()
	if err := os.WriteFile(s.Path(subject), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func list(t testing.TB, s *Store) []string {
	t.Helper()
	entries, err := os.ReadDir(s.path)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, strings.ReplaceAll(entry.Name(), subject, "S"))
	}
	return names
}

func TestRemembers(t *testing.T) {
	s := store(t)
	if got, err := Load[memory](s, subject); err != nil || got.Count != 0 {
		t.Fatalf("before the first run: %+v, %v", got, err)
	}
	for want := 1; want <= 3; want++ {
		if got, err := Update(s, subject, count); err != nil || got.Count != want {
			t.Fatalf("run %d: %+v, %v", want, got, err)
		}
	}
	again, err := Options{Dir: s.path}.Open("check_fans")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Load[memory](again, subject); err != nil || got.Count != 3 {
		t.Errorf("after three runs: %+v, %v", got, err)
	}
	for _, other := range []string{"another", strings.ToUpper(subject)} {
		if got, err := Load[memory](s, other); err != nil || got.Count != 0 {
			t.Errorf("another subject remembers the same: %+v, %v", got, err)
		}
	}
	other, err := Options{Dir: s.path}.Open("check_ceph")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Load[memory](other, subject); err != nil || got.Count != 0 {
		t.Errorf("another plugin remembers the same: %+v, %v", got, err)
	}
	if diff := cmp.Diff([]string{".check_fans.S.json.lock", "check_fans.S.json"}, list(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestFileIsForPeople(t *testing.T) {
	s := store(t)
	if _, err := Update(s, subject, func(memory) (memory, error) { return memory{Count: 7, Text: "<Fan & Co>"}, nil }); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(s.Path(subject))
	if err != nil {
		t.Fatal(err)
	}
	var head header
	if err := json.Unmarshal(text, &head); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{
  "version": 1,
  "plugin": "check_fans",
  "subject": "4c4c4544-0033-4a10-8058-b7c04f4d4632",
  "written": "%s",
  "value": {
    "count": 7,
    "text": "<Fan & Co>"
  }
}
`, head.Written.Format(time.RFC3339))
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	for path, mode := range map[string]os.FileMode{s.path: 0o700, s.Path(subject): 0o600, s.path + "/.check_fans." + subject + ".json.lock": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, expected %v", path, info.Mode(), err, mode)
		}
	}
}

func TestOff(t *testing.T) {
	s, err := Options{Mode: Off, Dir: "/nonexistent/x"}.Open("check_fans")
	if s != nil || err != nil {
		t.Fatalf("off opens %v, %v", s, err)
	}
	if got, err := Load[memory](s, subject); err != nil || got.Count != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Update(s, subject, count); err != nil || got.Count != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	refused := errors.New("refused")
	if _, err := Update(s, subject, func(memory) (memory, error) { return memory{}, refused }); err != refused {
		t.Errorf("%v", err)
	}
	if got := s.Path(subject); got != "" {
		t.Errorf("Path is %q", got)
	}
}

func TestRefusalOfMerge(t *testing.T) {
	s := store(t)
	if _, err := Update(s, subject, count); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("a fan is failed")
	got, err := Update(s, subject, func(old memory) (memory, error) { return memory{Count: 99}, refused })
	if err != refused || got.Count != 99 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Load[memory](s, subject); err != nil || got.Count != 1 {
		t.Errorf("it was written in spite of the refusal: %+v, %v", got, err)
	}
}

// TestUnchanged: what is written already is not written once more.
func TestUnchanged(t *testing.T) {
	s := store(t)
	inode := func(text string) uint64 {
		t.Helper()
		if _, err := Update(s, subject, func(memory) (memory, error) { return memory{Count: 7, Text: text}, nil }); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(s.Path(subject))
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Ino
	}
	first := inode("<Fan & Co>")
	if again := inode("<Fan & Co>"); again != first {
		t.Error("it was written anew")
	}
	if other := inode("<Fan>"); other == first {
		t.Error("another value was not written")
	}
}

func TestNoSubject(t *testing.T) {
	s := store(t)
	for _, nobody := range []string{"", "  \n"} {
		if _, err := Load[memory](s, nobody); !errors.Is(err, errNoSubject) {
			t.Errorf("Load: %v", err)
		}
		if got, err := Update(s, nobody, count); !errors.Is(err, errNoSubject) || got.Count != 1 {
			t.Errorf("Update: %+v, %v", got, err)
		}
	}
	if names := list(t, s); len(names) != 0 {
		t.Errorf("files without a subject: %v", names)
	}
}

func TestLongAndOddSubjects(t *testing.T) {
	s := store(t)
	odd := []string{strings.Repeat("ü", 4000), strings.Repeat("ü", 4001), "\xff\xfe", "\xff\xff", "a\nb", "../../x", "\x00"}
	for i, subject := range odd {
		if _, err := Update(s, subject, func(memory) (memory, error) { return memory{Count: i + 1}, nil }); err != nil {
			t.Errorf("%.20q: %v", subject, err)
		}
	}
	for i, subject := range odd {
		if got, err := Load[memory](s, subject); err != nil || got.Count != i+1 {
			t.Errorf("%.20q: %+v, %v, expected %d", subject, got, err, i+1)
		}
	}
}

func TestTooLarge(t *testing.T) {
	s := store(t)
	if _, err := Update(s, subject, count); err != nil {
		t.Fatal(err)
	}
	large := memory{Text: strings.Repeat("x", MaxSize)}
	got, err := Update(s, subject, func(memory) (memory, error) { return large, nil })
	if !errors.Is(err, ErrTooLarge) || got.Text != large.Text {
		t.Errorf("%d bytes, %v", len(got.Text), err)
	}
	if got, err := Load[memory](s, subject); err != nil || got.Count != 1 {
		t.Errorf("the old value: %+v, %v", got, err)
	}
}

// A file from the future, by its own word, is as good as any.
func TestClockWasSetBack(t *testing.T) {
	s := store(t)
	put(t, s, `{"version":1,"plugin":"check_fans","subject":"`+subject+`","written":"2999-01-01T00:00:00Z","value":{"count":5}}`)
	if err := os.Chtimes(s.Path(subject), time.Unix(1<<35, 0), time.Unix(1<<35, 0)); err != nil {
		t.Fatal(err)
	}
	if got, err := Update(s, subject, count); err != nil || got.Count != 6 {
		t.Errorf("%+v, %v", got, err)
	}
}

// What cannot be written as JSON is an error and not half a file.
func TestValueThatIsNoJSON(t *testing.T) {
	s := store(t)
	_, err := Update(s, subject, func(map[string]any) (map[string]any, error) { return map[string]any{"f": func() {}}, nil })
	if err == nil || !strings.Contains(err.Error(), s.Path(subject)) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{".check_fans.S.json.lock"}, list(t, s)); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkOpenAndLoad(b *testing.B) {
	dir := store(b).path
	for b.Loop() {
		s, err := Options{Dir: dir}.Open("check_fans")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Load[memory](s, subject); err != nil {
			b.Fatal(err)
		}
		s.dir.Close()
	}
}
