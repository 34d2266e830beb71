package test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const secondScript = "../contrib/second/noout-second"

// second runs the script that brings the other answer here.
func second(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command("sh", append([]string{secondScript}, args...)...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return b.String(), cmd.ProcessState.ExitCode()
}

const wholeAnswer = `{"plugin":"check_guests","version":"1","time":"2026-03-14T15:00:00Z","status":"CRITICAL","exit":2,"facts":{}}` + "\n"

// TestSecond: what comes whole replaces the file, whatever the guests do there;
// anything else leaves it as it is, is said, and leaves nothing behind.
func TestSecond(t *testing.T) {
	for _, c := range []struct{ name, command, want string }{
		{"whole", "printf '%s' \"$ANSWER\"; exit 2", "OK: the second vantage point has answered, CRITICAL there"},
		{"half", "printf '%s' \"$ANSWER\" | head -c 90", "UNKNOWN: what came is no answer of check_guests"},
		{"nothing known", "echo '{\"plugin\":\"check_guests\",\"version\":\"1\",\"time\":\"T\",\"status\":\"UNKNOWN\",\"exit\":3,\"facts\":null}'; exit 3", "UNKNOWN: what came is no answer of check_guests"},
		{"of another plugin", "printf '%s' \"$ANSWER\" | sed s/check_guests/check_fans/", "UNKNOWN: what came is no answer of check_guests"},
		{"words", "echo 'CHECK_NRPE STATE UNKNOWN: Socket timeout after 7 seconds.'; exit 3", "UNKNOWN: what came is no answer of check_guests"},
		{"nothing", "exit 0", "UNKNOWN: what came is no answer of check_guests"},
		{"no way there", "printf '%s' \"$ANSWER\"; exit 255", "UNKNOWN: nothing came from the second vantage point (exit code 255)"},
		{"too long", "exit 124", "UNKNOWN: nothing came from the second vantage point in 8 s"},
		{"no plugin", "exit 127", "UNKNOWN: the command cannot be run"},
		{"larger than is read", "head -c 68000000 /dev/zero", "UNKNOWN: nothing came from the second vantage point"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("ANSWER", wholeAnswer)
			dir := t.TempDir()
			file := filepath.Join(dir, "second.json")
			if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			out, code := second(t, file, "sh", "-c", c.command)
			status, exit, content := "OK", 0, wholeAnswer
			if c.name != "whole" {
				status, exit, content = "UNKNOWN", 3, "old"
			}
			if code != exit || !strings.HasPrefix(out, c.want) || !strings.HasPrefix(out, status) || strings.Count(out, "\n") != 1 {
				t.Errorf("%d %q, want %q", code, out, c.want)
			}
			have, err := os.ReadFile(file)
			if err != nil || string(have) != content {
				t.Errorf("the file holds %q, %v", have, err)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
	t.Setenv("ANSWER", wholeAnswer)
	dir := t.TempDir()
	for _, words := range [][]string{
		nil, {"/tmp/second.json"}, {"second.json", "true"}, {filepath.Join(dir, "no", "second.json"), "true"},
		{dir, "sh", "-c", "printf '%s' \"$ANSWER\""}, // a directory is no file
	} {
		if out, code := second(t, words...); code != 3 || !strings.HasPrefix(out, "UNKNOWN: ") || strings.Count(out, "\n") != 1 {
			t.Errorf("%q: %d %s", words, code, out)
		}
	}
}

// TestSecondAnswer: what the plugin says elsewhere, brought here by the script, is
// what check_guests --second takes; and the examples do both as it stands there.
func TestSecondAnswer(t *testing.T) {
	bin, dir := build(t), t.TempDir()
	plugin, file := filepath.Join(bin, "check_guests"), filepath.Join(dir, "second.json")
	target := []string{"--target", "127.0.0.1", "--tcp", "1", "--state", "off"}
	if out, code := second(t, append([]string{file, plugin, "--output", "json", "--journal", "off"}, target...)...); code != 0 || !strings.HasPrefix(out, "OK: ") {
		t.Fatalf("%d %s", code, out)
	}
	out, err := exec.Command(plugin, append(target, "--second", file)...).Output()
	if text := string(out); text == "" || strings.Contains(text, "no second vantage point") {
		t.Errorf("the answer was not taken: %s, %v", text, err)
	}
	used := 0
	for name, lines := range map[string][]string{
		"icinga2.conf": {`"/noout-second", "/var/lib/noout/nagios/second.json"`},
		"nagios.cfg":   {"--second /var/lib/noout/nagios/second.json", "/noout-second /var/lib/noout/nagios/second.json ssh ", "-c check_guests_second\n"},
		"nrpe.cfg":     {"command[check_guests_second]=/usr/lib/nagios/plugins/check_guests --extra-opts --output json --journal off --state-dir "},
		"README.md":    {"check_guests --extra-opts --output json --journal off\""},

		"../icinga2/services.conf": {`noout_guests_second = "/var/lib/noout/nagios/second.json"`},
	} {
		text, err := os.ReadFile(filepath.Join("../contrib/second", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			used++
			if !strings.Contains(string(text), line) {
				t.Errorf("%s has no %q", name, line)
			}
		}
	}
	if used != 7 {
		t.Errorf("%d lines compared", used)
	}
}
