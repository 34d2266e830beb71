package pve

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBaseline(t *testing.T) {
	c := threeNodes(false)
	c.HA.Services = []Service{{SID: "vm:101", Node: "pve1", State: "started"}}
	m := Memory{
		Configs: map[int]ConfigFacts{103: {Config: Config{Onboot: true}, Time: noon}},
		Nodes:   map[string]NodeFacts{"pve1": {Version: "9.2.11"}, "pve9": {Version: "1"}},
	}
	b := BaselineOf(c, []string{"pve3"}, m, noon)
	path := filepath.Join(t.TempDir(), "pve3.json")
	if _, err := ReadBaseline(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for range 2 { // the second time it is replaced
		if err := b.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	got, err := ReadBaseline(path)
	if diff := cmp.Diff(b, got); diff != "" || err != nil {
		t.Errorf("%v, -saved +read:\n%s", err, diff)
	}
	if len(got.Guests) != 3 || got.Guests[0].HA != "started" || got.Guests[0].Onboot != nil || !*got.Guests[2].Onboot || len(got.Versions) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestBaselineRefused(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"empty": "", "other": `{"a":1}`, "text": "hello", "list": "[]", "newer": `{"format":9,"cluster":"x","leaving":["a"]}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadBaseline(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadBaseline(dir); err == nil {
		t.Error("a directory is read")
	}
	open := filepath.Join(dir, "open")
	if err := BaselineOf(threeNodes(false), []string{"pve3"}, Memory{}, noon).Save(open); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o660); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBaseline(open); err == nil || !strings.Contains(err.Error(), "expected that nobody else can write it") {
		t.Errorf("one that others can write is believed: %v", err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadBaseline(fifo); err == nil || !strings.Contains(err.Error(), "this is a pipe") {
		t.Errorf("a pipe is read: %v", err)
	}
	if err := (Baseline{}).Save(filepath.Join(dir, "nosuch", "x")); err == nil {
		t.Error("saved into no directory")
	}
	if err := (Baseline{}).Save(dir); err == nil {
		t.Error("saved over a directory")
	} else if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestBaselineIsBounded: a file that is small and would become large, or that says one
// thing twice, is not decoded, and the reason is said.
func TestBaselineIsBounded(t *testing.T) {
	for guests, want := range map[string]string{
		strings.Repeat("{},", 100_000) + "{}":         "a list of more than 100000 elements",
		`{"vmid":1,"node":"pve1","node":"pve2"}`:      `"node" twice`,
		strings.Repeat(`{"vmid":`, 40) + `1`:          "nested more than 32 deep",
		`{"vmid":1,"node":"pve1","status":"stopped"}`: "",
	} {
		path := filepath.Join(t.TempDir(), "baseline.json")
		text := `{"format":1,"saved":"2026-11-20T15:00:00Z","cluster":"lab","leaving":["pve3"],"guests":[` + guests + `],"versions":{}}`
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadBaseline(path); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}
