package test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/test/sim/executable"
)

const nextStep = "../contrib/event-handler/noout-next-step"

var nodeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,62}$`)

// handled runs the event handler as a monitoring host does: words, no shell.
func handled(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command("sh", append([]string{nextStep}, args...)...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return b.String(), cmd.ProcessState.ExitCode()
}

// recorder is a program for --run that writes each argument to a line of its own.
func recorder(t *testing.T) (program string, ran func() string) {
	t.Helper()
	dir := t.TempDir()
	program = filepath.Join(dir, "run")
	list := filepath.Join(dir, "ran")
	if err := executable.Write(program, "#!/bin/sh\nprintf '%s\\n' \"$@\" >>'"+list+"'\n"); err != nil {
		t.Fatal(err)
	}
	return program, func() string {
		text, err := os.ReadFile(list)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "|")
	}
}

func TestNextStep(t *testing.T) {
	for _, c := range []struct{ words, says, runs string }{
		{"fans CRITICAL HARD pve3 1", "pve3: then migrate its guests away", "ha-manager|crm-command|node-maintenance|enable|pve3"},
		{"fans WARNING HARD pve3 1", "check_drained once now, with --save", "ha-manager|crm-command|node-maintenance|enable|pve3"},
		{"fans WARNING HARD pve3 0", "not run: no downtime announces this work", ""},
		{"fans CRITICAL SOFT pve3 1", "", ""},
		{"fans OK HARD pve3 1", "", ""},
		{"drained OK HARD pve3 2", "pve3: no guest is left", "ceph|osd|set-group|noout|pve3"},
		{"drained WARNING HARD pve3 1", "read what check_drained says", ""},
		{"drained CRITICAL HARD pve3 1", "guests are left", ""},
		{"drained UNKNOWN HARD pve3 1", "does not know, which is no yes", ""},
		{"serviceable OK HARD pve3 1", "you may switch it off and pull it", ""},
		{"serviceable WARNING HARD pve3 1", "read first", ""},
		{"serviceable CRITICAL HARD pve3 1", "leave it on", ""},
		{"serviceable UNKNOWN HARD pve3 1", "does not know, which is no yes", ""},
		{"reintegrated OK HARD pve3 1", "end its downtime", ""},
		{"reintegrated WARNING HARD pve3 1", "it is back, but", ""},
		{"reintegrated CRITICAL HARD pve3 1", "check_reintegrated prints the steps that are left", ""},
		{"reintegrated UNKNOWN HARD pve3 1", "does not know, which is no yes", ""},
	} {
		dry, code := handled(t, strings.Fields(c.words)...)
		if code != 0 || strings.Contains(dry, "running") {
			t.Errorf("%s: a dry run ended with %d and said %s", c.words, code, dry)
		}
		program, ran := recorder(t)
		out, code := handled(t, append([]string{"--run", program}, strings.Fields(c.words)...)...)
		if code != 0 || !strings.Contains(out, c.says) || c.says == "" && out != "" {
			t.Errorf("%s: ended with %d and said %s, want %q", c.words, code, out, c.says)
		}
		if got := ran(); got != c.runs {
			t.Errorf("%s: ran %q, want %q", c.words, got, c.runs)
		}
	}
}

// TestNextStepNoYes: only a proven yes may end in the words that let somebody
// pull a node.
func TestNextStepNoYes(t *testing.T) {
	for _, state := range []string{"CRITICAL", "UNKNOWN"} {
		for _, gate := range []string{"drained", "serviceable", "reintegrated"} {
			out, _ := handled(t, gate, state, "HARD", "pve3", "1")
			for _, yes := range []string{"you may", "no guest is left", "it is back"} {
				if strings.Contains(out, yes) {
					t.Errorf("%s %s: %s", gate, state, out)
				}
			}
		}
	}
}

// TestNextStepHostile puts into each place what a device, a typing error or an
// unexpanded macro could bring there.
func TestNextStepHostile(t *testing.T) {
	canary := filepath.Join(t.TempDir(), "canary")
	hostile := []string{
		"", " ", "$(touch " + canary + ")", "`touch " + canary + "`", "pve3;touch " + canary, "pve3 && touch " + canary,
		"pve3|touch " + canary, "pve3\ntouch " + canary, "pve3'; touch " + canary + "; '", `pve3"; touch ` + canary + `; "`,
		"-e", "--run", "-n", "../../etc", "*", "?", "[a-z]*", `A\cB`, "%s%s%n", "pve3 pve2", "$HOSTNAME$", "$SERVICESTATE$",
		"pve3\x00", "pve\xff3", "pvé3", "pve3\r", "\x1b[2J", strings.Repeat("a", 64), strings.Repeat("A", 100_000), "OK CRITICAL", "ok",
		"1e9", "-1", "0x1", "999999999999999999999",
	}
	good := []string{"drained", "OK", "HARD", "pve3", "1"}
	for place := range good {
		for _, text := range hostile {
			if strings.ContainsRune(text, 0) {
				text = strings.ReplaceAll(text, "\x00", "\x01") // no argument can hold a NUL
			}
			if good[place] == "pve3" && nodeName.MatchString(text) {
				continue // an odd name, and a name
			}
			program, ran := recorder(t)
			words := append([]string{"--run", program}, good...)
			words[2+place] = text
			out, code := handled(t, words...)
			if code != 1 || !strings.HasPrefix(out, "noout-next-step: refused: ") || strings.Count(out, "\n") != 1 {
				t.Errorf("place %d, %.40q: ended with %d and said %.200q", place+1, text, code, out)
			}
			if len(text) > 6 && strings.Contains(out, text) {
				t.Errorf("place %d: the refusal repeats %.40q", place+1, text)
			}
			if got := ran(); got != "" {
				t.Errorf("place %d, %.40q: ran %s", place+1, text, got)
			}
		}
	}
	if _, err := os.Stat(canary); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a command of an argument was run: %v", err)
	}
}

func TestNextStepArguments(t *testing.T) {
	for _, words := range [][]string{
		{}, {"fans"}, {"fans", "OK", "HARD", "pve3"}, {"fans", "OK", "HARD", "pve3", "1", "more"}, {"--run"},
		{"--run", "relative", "fans", "OK", "HARD", "pve3", "1"}, {"--nonsense", "fans", "OK", "HARD", "pve3", "1"},
	} {
		if out, code := handled(t, words...); code != 1 || !strings.Contains(out, "refused") {
			t.Errorf("%q: ended with %d and said %s", words, code, out)
		}
	}
	program := filepath.Join(t.TempDir(), "fails")
	if err := executable.Write(program, "#!/bin/sh\nexit 7\n"); err != nil {
		t.Fatal(err)
	}
	out, code := handled(t, "--run", program, "drained", "OK", "HARD", "pve3", "1")
	if code != 1 || !strings.Contains(out, "ended with 7") || strings.Contains(out, "then ask check_serviceable") {
		t.Errorf("a program that fails: ended with %d and said %s", code, out)
	}
	if out, code := handled(t, "--help"); code != 0 || !strings.Contains(out, "noout-next-step [--log]") || strings.Contains(out, "set -u") {
		t.Errorf("--help ended with %d and said %s", code, out)
	}
}
