package state

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every part of a file that was cut off is noticed.
func TestTruncatedAnywhere(t *testing.T) {
	s := store(t)
	if _, err := Update(s, subject, func(memory) (memory, error) { return memory{Count: 41, By: map[string]int{"a": 1}}, nil }); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(s.Path(subject))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) - 1 { // the last byte is the end of the line
		put(t, s, string(whole[:n]))
		if got, err := Load[memory](s, subject); !errors.Is(err, ErrCorrupt) || got.Count != 0 {
			t.Fatalf("cut after %d bytes: %+v, %v", n, got, err)
		}
		got, err := Update(s, subject, count)
		if !errors.Is(err, ErrCorrupt) || got.Count != 1 {
			t.Fatalf("cut after %d bytes: %+v, %v", n, got, err)
		}
		if got, err := Load[memory](s, subject); err != nil || got.Count != 1 {
			t.Fatalf("cut after %d bytes, begun anew: %+v, %v", n, got, err)
		}
		if aside, err := os.ReadFile(s.Path(subject) + ".corrupt"); err != nil || string(aside) != string(whole[:n]) {
			t.Fatalf("cut after %d bytes, put aside: %q, %v", n, aside, err)
		}
	}
	if diff := cmp.Diff([]string{".check_fans.S.json.lock", "check_fans.S.json", "check_fans.S.json.corrupt"}, list(t, s)); diff != "" {
		t.Error(diff)
	}
}

func TestDamaged(t *testing.T) {
	const head = `{"version":1,"plugin":"check_fans","subject":"` + subject + `"`
	for name, text := range map[string]string{
		"no JSON":          "hello",
		"zeros":            strings.Repeat("\x00", 4096),
		"two documents":    head + `,"value":{}}{}`,
		"an array":         `[1,2]`,
		"null":             `null`,
		"no version":       `{"plugin":"check_fans","subject":"` + subject + `","value":{}}`,
		"version 0":        strings.Replace(head, `:1`, `:0`, 1) + `,"value":{}}`,
		"negative version": strings.Replace(head, `:1`, `:-1`, 1) + `,"value":{}}`,
		"version as text":  strings.Replace(head, `:1`, `:"1"`, 1) + `,"value":{}}`,
		"no value":         head + `}`,
		"wrong value":      head + `,"value":{"count":"many"}}`,
		"another subject":  strings.Replace(head, subject, "x", 1) + `,"value":{}}`,
		"another plugin":   strings.Replace(head, "check_fans", "check_ceph", 1) + `,"value":{}}`,
		"deep":             head + `,"value":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
		"too large":        head + `,"value":{"text":"` + strings.Repeat("x", MaxSize) + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := store(t)
			put(t, s, text)
			got, err := Update(s, subject, count)
			if !errors.Is(err, ErrCorrupt) || got.Count != 1 {
				t.Fatalf("%+v, %v", got, err)
			}
			if message := err.Error(); strings.Contains(message, "\n") || len(message) > 600 || !strings.Contains(message, s.Path(subject)) || !strings.Contains(message, ".corrupt") {
				t.Errorf("a bad message: %.700s", message)
			}
			if got, err := Update(s, subject, count); err != nil || got.Count != 2 {
				t.Errorf("the next run: %+v, %v", got, err)
			}
		})
	}
}

func TestNewerVersionIsLeftAlone(t *testing.T) {
	for name, text := range map[string]string{
		"newer value":  `{"version":2,"plugin":"check_fans","subject":"` + subject + `","value":{"count":{"a":1}}}`,
		"newer header": `{"version":4,"about":["check_fans"],"values":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := store(t)
			put(t, s, text)
			if got, err := Load[memory](s, subject); !errors.Is(err, ErrNewer) || got.Count != 0 {
				t.Errorf("Load: %+v, %v", got, err)
			}
			if got, err := Update(s, subject, count); !errors.Is(err, ErrNewer) || got.Count != 1 {
				t.Errorf("Update: %+v, %v", got, err)
			}
			if now, err := os.ReadFile(s.Path(subject)); err != nil || string(now) != text {
				t.Errorf("it was changed: %s, %v", now, err)
			}
		})
	}
}
