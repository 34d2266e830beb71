package journal

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/state"
)

const childDir = "JOURNAL_TEST_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := writeForEver(dir); err != nil {
		fmt.Println("child:", err)
	}
	os.Exit(1)
}

func entryNumber(n int) Entry {
	return Entry{At: noon.Add(time.Duration(n) * time.Second), Fact: &Acknowledged{Text: strconv.Itoa(n)}}
}

func writeForEver(dir string) error {
	s, err := state.Options{Dir: dir}.Open("check_pve")
	if err != nil {
		return err
	}
	source, err := of(s)
	if err != nil {
		return err
	}
	before, err := Read([]Source{source}, Period{noon, noon.AddDate(0, 1, 0)}, noon.AddDate(0, 1, 0), nil)
	if err != nil {
		return err
	}
	for n := len(before.Entries); ; n++ {
		if err := (Options{}).Write(s, Witness{"check_pve", noon}, []Entry{entryNumber(n)}); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestKilled kills a writer again and again: what it said to be written is there,
// once, and in order.
func TestKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := opened(t, dir)
	written := -1
	for i := range 25 {
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
		cmd.Env, cmd.Dir = []string{childDir + "=" + dir}, "/"
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		last := ""
		for n := 0; lines.Scan(); n++ {
			if last = lines.Text(); n == i%7 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		if n, err := strconv.Atoi(last); err == nil {
			written = max(written, n)
		} else {
			t.Fatalf("the child says %q", last)
		}
		h := read(t, noon.AddDate(0, 1, 0), s)
		if len(h.Entries) <= written || h.Torn > 1 {
			t.Fatalf("%d entries after %d were written, %d torn", len(h.Entries), written+1, h.Torn)
		}
		for n, e := range h.Entries {
			if got := e.Fact.(*Acknowledged).Text; got != strconv.Itoa(n) {
				t.Fatalf("entry %d is %s", n, got)
			}
		}
	}
}

// BenchmarkMonth reads a month of 100,000 lines.
func BenchmarkMonth(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "state")
	s := opened(b, dir)
	var entries []Entry
	for i := range 100000 {
		at := noon.AddDate(0, 0, -20).Add(time.Duration(i) * 10 * time.Second)
		entries = append(entries, Entry{At: at, Cluster: "lab", Fact: &Observed{From: at.Add(-time.Hour), Until: at, Polls: 60, PauseS: float64(i % 100)}})
	}
	for i := 0; i < len(entries); i += 1000 {
		write(b, s, noon, entries[i:i+1000]...)
	}
	source, err := of(s)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if h, err := Read([]Source{source}, Period{noon.AddDate(0, -1, 0), noon}, noon, nil); err != nil || len(h.Entries) < 99000 {
			b.Fatal(len(h.Entries), err)
		}
	}
}
