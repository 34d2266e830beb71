package test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// foreigner is a user who is neither root nor us: nobody, as everywhere.
const foreigner = 65534

// refusals are what may be wrong with a journal beside a memory that is well, and
// what the answer says of it. Those that give something away need root.
var refusals = []struct {
	name  string
	spoil func(folder, month string) error
	says  string
	root  bool
}{
	{"another user's folder", func(folder, _ string) error { return os.Chown(folder, foreigner, foreigner) }, "/journal: not safe to use: it belongs to nobody, expected root", true},
	{"a folder that all can write", func(folder, _ string) error { return os.Chmod(folder, 0o777) }, "/journal: not safe to use: it has mode 0777", false},
	{"another user's month", func(_, month string) error { return os.Chown(month, foreigner, foreigner) }, ".jsonl: not safe to use: belongs to nobody, expected root", true},
	{"a month that all can write", func(_, month string) error { return os.Chmod(month, 0o666) }, ".jsonl: not safe to use: others can write it", false},
	{"a full disk", nil, ".jsonl: no space left on device", false},
}

// witnesses are the plugins that write down what they see, and something to see.
var witnesses = []struct {
	command string
	happens []string
	kind    string
}{
	{"check_pve -H pve1,pve2 --auth-file pve.ini --ca-file ca.pem", []string{"crash?node=pve3", "advance?by=90s"}, "node_offline"},
	{"check_ceph --id nagios", []string{"ceph stop?osd=0"}, "osd_down"},
	{"check_fans -H bmc1", []string{"bmc drop?fan=3&for=11s", "advance?by=20s"}, "fan_dropped"},
	{"check_guests -H pve1,pve2 --auth-file pve.ini --ca-file ca.pem", []string{"pve migrate?id=105&to=pve1&for=5s", "advance?by=1m"}, "guest_moved"},
	{"check_drained -H pve1,pve2 --node pve3", nil, "asked"},
}

// TestJournalRefused: whatever is wrong with the journal, the verdict is as always,
// the answer says that nothing was written and why, and nothing is written there.
func TestJournalRefused(t *testing.T) {
	bin := build(t)
	for _, w := range witnesses {
		plugin, _, _ := strings.Cut(w.command, " ")
		t.Run(plugin, func(t *testing.T) {
			s := open(t, t.TempDir(), recording{command: w.command})
			first, clean := filepath.Join(s.dir, "first"), filepath.Join(s.dir, "clean")
			_, text := s.answer(t, bin, w.command, first, false)
			pinged(t, text)
			for _, line := range w.happens {
				if err := s.room.Do(line); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
			duplicate(t, first, clean)
			code, text := s.answer(t, bin, w.command, clean, false)
			months, err := filepath.Glob(clean + "/journal/*.jsonl")
			if err != nil || len(months) != 1 || !strings.Contains(contents(t, months[0]), `"kind":"`+w.kind+`"`) || strings.Contains(text, "journal: ") {
				t.Fatalf("exit %d, %q, %v: %s", code, months, err, text)
			}
			for i, r := range refusals {
				t.Run(r.name, func(t *testing.T) {
					dir := filepath.Join(s.dir, "refused"+string(rune('a'+i)))
					duplicate(t, first, dir)
					month := spoiled(t, dir, filepath.Base(months[0]), r.spoil, r.root)
					again, now := s.answer(t, bin, w.command, dir, r.spoil == nil)
					if again != code || !slices.Equal(findings(now), findings(text)) || !strings.Contains(now, "not written: state "+dir) || !strings.Contains(now, r.says) {
						t.Errorf("exit %d instead of %d: %s\nwithout it: %s", again, code, now, text)
					}
					if r.spoil != nil && contents(t, month) != "" {
						t.Errorf("it was written all the same: %s", contents(t, month))
					}
				})
			}
		})
	}
}

// spoiled is an empty month in the journal of a memory, after something was done
// to it.
func spoiled(t *testing.T, dir, name string, spoil func(folder, month string) error, root bool) string {
	t.Helper()
	if root && os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	folder := filepath.Join(dir, "journal")
	month := filepath.Join(folder, name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(month, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if spoil != nil {
		if err := spoil(folder, month); err != nil {
			t.Skip("this cannot be done here:", err)
		}
	}
	return month
}

// answer is what a plugin says that remembers in dir; with full its journal lies
// on a disk of one page, which is taken.
func (s scene) answer(t *testing.T, bin, example, dir string, full bool) (int, string) {
	t.Helper()
	script := s.command(example, []string{"--state-dir=" + dir})
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	if full {
		cmd.Args[2] = "mount -t tmpfs -o size=4k,mode=700 noout " + dir + "/journal || exit 99\nhead -c 4096 /dev/zero >" + dir + "/journal/filler\n" + script
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	}
	cmd.Env = []string{"PATH=" + bin + ":" + s.dir + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + s.dir, "TZ=UTC"}
	cmd.Dir = s.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	switch {
	case full && (cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 99):
		t.Skipf("only root can mount a disk: %v %s", err, &out)
	case cmd.ProcessState == nil:
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// findings are the lines of what was found: the first line has no room for all of
// it beside a note.
func findings(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "[") {
			out = append(out, masked(line))
		}
	}
	return out
}

func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// duplicate copies a memory as it is.
func duplicate(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
