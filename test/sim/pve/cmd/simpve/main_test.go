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

	"github.com/noout-monitoring/noout/test/sim/pve"
)

// started runs the command and returns the words that it prints.
func started(t *testing.T, args ...string) (words map[string]string, ended chan error) {
	t.Helper()
	out, in := io.Pipe()
	ended = make(chan error, 1)
	go func() {
		err := run(args, strings.NewReader(""), in)
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
	words, ended := started(t, "--cluster", "two", "--clock", "2026-03-14T15:00:00Z", "--control", "127.0.0.1:0",
		"--ca-file", filepath.Join(dir, "ca.pem"), "--auth-file", filepath.Join(dir, "auth.ini"))
	if words["nodes"] != words["pve1"]+","+words["pve2"] {
		t.Errorf("%v", words)
	}
	ca, err := os.ReadFile(words["ca"])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	ask := func(node, path string) string {
		r, err := http.NewRequest(http.MethodGet, "https://"+words[node]+"/api2/json"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "PVEAPIToken="+pve.Token)
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	steer := func(what string) string {
		answer, err := http.Post(words["control"]+what, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	if got := ask("pve1", "/cluster/status"); !strings.Contains(got, `"quorate":1`) {
		t.Errorf("%s", got)
	}
	if got := steer("/crash?node=pve2"); got != "done\n" {
		t.Errorf("%s", got)
	}
	if got := steer("/crash?node=pve9"); !strings.Contains(got, "pve1, pve2") {
		t.Errorf("%s", got)
	}
	if got := ask("pve1", "/cluster/status"); !strings.Contains(got, `"quorate":0`) {
		t.Errorf("%s", got)
	}
	// The answer may get lost: the server ends with it.
	if answer, err := http.Post(words["control"]+"/stop", "", nil); err == nil {
		answer.Body.Close()
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheCommandEndsByItself(t *testing.T) {
	if _, ended := started(t, "--for", "10ms"); <-ended != nil {
		t.Error("it did not end well")
	}
}

func TestTheCommandRefuses(t *testing.T) {
	for _, args := range [][]string{
		{"--cluster", "nosuch"}, {"--clock", "noon"}, {"--control", "0.0.0.0:0"}, {"word"}, {"--nosuch"},
		{"--script", "/nosuch"}, {"--listen", "nowhere"},
	} {
		if err := run(args, strings.NewReader(""), io.Discard); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
