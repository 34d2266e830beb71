package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/bmc"
)

// started runs the command and returns the words that it prints.
func started(t *testing.T, stdin io.Reader, args ...string) (words map[string]string, ended chan error) {
	t.Helper()
	out, in := io.Pipe()
	ended = make(chan error, 1)
	go func() {
		err := run(args, stdin, in)
		ended <- err
		in.CloseWithError(io.EOF)
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %v", err, <-ended)
	}
	words = map[string]string{}
	for word := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(word, "=")
		words[key] = value
	}
	return words, ended
}

func TestTheCommandServesAndIsSteered(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "story")
	if err := os.WriteFile(script, []byte("1h drop?fan=3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	words, ended := started(t, strings.NewReader(""), "--vendor", "hpe", "--control", "127.0.0.1:0", "--ca-file",
		filepath.Join(dir, "ca.pem"), "--script", script, "--for", "1m")
	ca, err := os.ReadFile(words["ca"])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), "GET", words["url"]+"/redfish/v1/Chassis/1/Thermal", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(words["username"], bmc.Password)
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != http.StatusOK || !strings.Contains(string(text), "HpeServerFan") {
		t.Errorf("%d %v %.200s", a.StatusCode, err, text)
	}
	for _, what := range []string{"/drop?fan=1", "/stop"} {
		a, err := http.Post(words["control"]+what, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", what, a.StatusCode)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheCommandStopsWithItsInput(t *testing.T) {
	in, out := io.Pipe()
	socket := filepath.Join(t.TempDir(), "control")
	words, ended := started(t, in, "--stdin", "--tls", "none", "--control", socket, "--clock", "2026-03-01T12:00:00Z",
		"--ipmi", "127.0.0.1:0", "--suite", "3")
	if words["control"] != socket || !strings.HasPrefix(words["ipmi"], "127.0.0.1:") || !strings.HasPrefix(words["url"], "http://127.0.0.1:") {
		t.Errorf("words: %v", words)
	}
	out.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheCommandRefuses(t *testing.T) {
	for _, args := range [][]string{
		{"extra"}, {"--vendor", "acme"}, {"--clock", "noon"}, {"--script", "/nonexistent"}, {"--control", "0.0.0.0:0"},
		{"--control", "nonsense"}, {"--password-file", "/nonexistent"}, {"--tree", "/nonexistent"}, {"--listen", "nonsense"},
		{"--tls", "perfect"}, {"--auth", "maybe"}, {"--expand", "sometimes"}, {"--for", "ever"},
		{"--ipmi", "nonsense"}, {"--ipmi", "127.0.0.1:0", "--suite", "8"}, {"--suite", "none"},
	} {
		if err := run(args, strings.NewReader(""), io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
}
