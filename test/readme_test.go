package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

// example is a command of the README with the answer it shows.
type example struct{ command, answer string }

var console = regexp.MustCompile("(?s)```console\n(.*?)```")

func examples(t *testing.T, path string) []example {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	for _, block := range console.FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			line = strings.TrimSpace(line)
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				out = append(out, example{command: command})
			} else if len(out) > 0 && out[len(out)-1].answer == "" {
				out[len(out)-1].answer = line
			}
		}
	}
	return out
}

var moment = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)`)

var ownMemory = regexp.MustCompile(`^check_[a-z]+`)

// TestREADME runs the README's examples against simulators: same commands, in
// the same order, same answers but for the times.
func TestREADME(t *testing.T) {
	bin, dir := build(t), t.TempDir()
	all := examples(t, "../README.md")
	if len(all) < 5 {
		t.Fatalf("found %d examples in README.md", len(all))
	}
	names, controller := site(t, dir)
	for i, e := range all {
		if i == 1 {
			// What the README tells between its first and its second example.
			if err := controller.Do("drop?fan=3&for=11s"); err != nil {
				t.Fatal(err)
			}
			controller.Advance(12 * time.Second)
		}
		// The README's memory is the machine's own, which is none of a test's.
		command := ownMemory.ReplaceAllString(names.Replace(e.command), "$0 --state-dir="+dir+"/state")
		cmd := exec.Command("sh", "-c", command)
		cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + dir}
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		got := moment.ReplaceAllString(strings.SplitN(out.String(), "\n", 2)[0], "TIME")
		want := moment.ReplaceAllString(e.answer, "TIME")
		if head, ok := strings.CutSuffix(want, "..."); ok {
			want, got = head, got[:min(len(head), len(got))]
		}
		if got != want {
			t.Errorf("$ %s\ngot  %s\nwant %s", e.command, got, want)
		}
	}
}

// site starts what the README talks of, and says what its names stand for.
func site(t *testing.T, dir string) (*strings.Replacer, *bmc.Sim) {
	t.Helper()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	controller := bmc.Start(t, bmc.Server{Vendor: bmc.Supermicro})
	cluster := pve.Start(t, pve.Presets["lab"]())
	return strings.NewReplacer(
		"bmc1.example.net", controller.Host,
		"/etc/noout/bmc.ini", write("bmc.ini", "[*]\nusername = "+bmc.Username+"\npassword = "+bmc.Password+"\n"),
		"/etc/noout/bmc-ca.pem", controller.CAFile(t),
		"-H pve1,pve2,pve3", "-H "+cluster.Addresses(),
		"/etc/noout/pve.ini", write("pve.ini", "[*]\ntoken = "+pve.Token+"\n"),
		"/etc/noout/pve-root-ca.pem", write("pve-root-ca.pem", string(cluster.CA())),
	), controller
}
