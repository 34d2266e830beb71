package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSite: the files speak for every plugin, the room is steered from outside,
// and ends with its standard input.
func TestSite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	in, leave := io.Pipe()
	out, lines := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run([]string{"--dir", dir, "--control", "127.0.0.1:0", "--stdin"}, in, lines)
		_ = lines.Close() // the reader has left or sees the end
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err, <-done)
	}
	_, control, _ := strings.Cut(strings.TrimSpace(line), "control=")
	for path, want := range map[string]int{
		"/ceph/set?flag=noout": http.StatusOK, "/off?node=pve3": http.StatusOK, "/bmc/drop?fan=3": http.StatusOK,
		"/set?flag=noout": http.StatusBadRequest, "/": http.StatusBadRequest,
	} {
		a, err := http.Post(control+path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.Body.Close() != nil || a.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, a.Status, want)
		}
	}
	settings, err := os.ReadFile(filepath.Join(dir, "noout.ini"))
	if err != nil {
		t.Fatal(err)
	}
	plugins, err := filepath.Glob("../../../../plugins/*")
	if err != nil || len(plugins) == 0 {
		t.Fatal(plugins, err)
	}
	for _, p := range plugins {
		if !strings.Contains(string(settings), "["+filepath.Base(p)+"]\n") {
			t.Errorf("no section for %s", filepath.Base(p))
		}
	}
	if err := run([]string{"--dir", dir}, in, io.Discard); err == nil || !strings.Contains(err.Error(), "--dir: ") {
		t.Errorf("over an earlier site: %v", err)
	}
	if err := leave.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
