package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A TLS session is a secret, and as safe as all that is kept.
func TestTickets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	o := Options{Dir: dir}
	tickets := o.Tickets("pve")
	if text, err := tickets.Load("pve1:8006 x"); err != nil || text != nil {
		t.Errorf("at first %q, %v", text, err)
	}
	if err := tickets.Store("pve1:8006 x", []byte(`{"ticket":"AAAA"}`)); err != nil {
		t.Fatal(err)
	}
	if text, err := o.Tickets("pve").Load("pve1:8006 x"); err != nil || !strings.Contains(string(text), "AAAA") {
		t.Errorf("then %q, %v", text, err)
	}
	if text, err := o.Tickets("pve").Load("pve2:8006 x"); err != nil || text != nil {
		t.Errorf("of another %q, %v", text, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "pve*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %q, %v, expected one", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, expected 0600", info.Mode(), err)
	}
	if err := os.WriteFile(files[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tickets.Load("pve1:8006 x"); err == nil {
		t.Error("a damaged file is not said to be one")
	}
}

// Without a memory nothing is kept, and nothing goes wrong.
func TestNoTickets(t *testing.T) {
	var none *Store
	for name, tickets := range map[string]Tickets{
		"no store": none.Tickets(), "off": Options{Mode: Off}.Tickets("pve"), "no directory": Options{Dir: "/proc/nothing"}.Tickets("pve"),
	} {
		if err := tickets.Store("x", []byte("{}")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text, err := tickets.Load("x"); err != nil || text != nil {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}
