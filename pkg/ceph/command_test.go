package ceph

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/executable"
)

// Documents of a small cluster that is well, in the mons' shapes.
const (
	wellStatus = `{"fsid":"f1","health":{"status":"HEALTH_OK","checks":{},"mutes":[]},"quorum_names":["a"],"monmap":{"num_mons":1},` +
		`"osdmap":{"num_osds":2,"num_up_osds":2,"num_in_osds":2,"osd_up_since":100,"osd_in_since":90},` +
		`"pgmap":{"pgs_by_state":[{"state_name":"active+clean","count":8}],"num_pgs":8,"bytes_used":1,"bytes_total":10},` +
		`"fsmap":{"by_rank":[],"up:standby":0},"mgrmap":{"available":true,"num_standbys":1}}`
	wellMap = `{"fsid":"f1","epoch":5,"created":"2026-01-01T00:00:00.000000+0000","modified":"2026-01-02T00:00:00.000000+0000","flags":"sortbitwise",` +
		`"osds":[{"osd":0,"up":1,"in":1,"state":["exists","up"]},{"osd":1,"up":1,"in":1,"state":["exists","up"]}],"pools":[]}`
	wellTree = `{"nodes":[{"id":-1,"name":"default","type":"root","children":[-2]},{"id":-2,"name":"node1","type":"host","children":[0,1]},` +
		`{"id":0,"name":"osd.0","type":"osd"},{"id":1,"name":"osd.1","type":"osd"}],"stray":[]}`
	wellFill = `{"nodes":[{"id":-1,"name":"default","type":"root","children":[-2]},{"id":-2,"name":"node1","type":"host","children":[0,1]},` +
		`{"id":0,"name":"osd.0","type":"osd","utilization":12.5},{"id":1,"name":"osd.1","type":"osd","utilization":30}],"stray":[],"summary":{}}`
)

// answers makes a ceph command of a shell script, which may use the documents.
func answers(t *testing.T, script string) *Command {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"status": wellStatus, "map": wellMap, "tree": wellTree, "fill": wellFill} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "ceph")
	if err := executable.Write(path, "#!/bin/sh\ncd "+dir+"\n"+script); err != nil {
		t.Fatal(err)
	}
	return &Command{Options: CommandOptions{Command: path, Socket: filepath.Join(dir, "none")}}
}

// patient makes a command that takes nothing for silence that a busy machine
// may be the reason of.
func patient(t *testing.T, script string) (*Command, context.Context) {
	t.Helper()
	c := answers(t, script)
	c.patience = time.Minute
	return c, long(t)
}

// polled asks such a command.
func polled(t *testing.T, script string) (Cluster, error) {
	t.Helper()
	c, ctx := patient(t, script)
	return c.Poll(ctx, Ask{})
}

// loop answers line by line, as ceph does.
const loop = `while read -r a b c; do
case "$a $b" in
"status ") cat status ;;
"osd dump") cat map ;;
"osd tree") cat tree ;;
"osd df") cat fill ;;
esac
done
`

// long is enough for an answer that comes on the slowest machine.
func long(t *testing.T) context.Context {
	t.Helper()
	return within(t, 5*time.Minute)
}

// overtime is a context whose time is over when the test says so: not before the
// other side has come to what is to be met.
type overtime struct {
	context.Context
	over chan struct{}
	once *sync.Once
}

func newOvertime(t *testing.T) overtime {
	t.Helper()
	return overtime{long(t), make(chan struct{}), new(sync.Once)}
}

func (o overtime) now()                        { o.once.Do(func() { close(o.over) }) }
func (o overtime) Done() <-chan struct{}       { return o.over }
func (o overtime) Deadline() (time.Time, bool) { return time.Time{}, false }

func (o overtime) Err() error {
	select {
	case <-o.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// within is for what only time can tell: at least ten times of what the
// slowest machine needs for what comes before.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestCommand: what does not decide, and what does.
func TestCommand(t *testing.T) {
	for name, script := range map[string]string{
		"plain":                     loop,
		"a warning beside it":       "echo 'unable to find a keyring' >&2\n" + loop,
		"an exit code of failure":   loop + "exit 1\n",
		"noise between documents":   "echo\necho dumped all\necho '{\"unknown\":1}'\necho '{broken'\n" + loop,
		"held back until the end":   "cat >/dev/null\ncat status map tree fill\n",
		"in another order":          "cat >/dev/null\ncat fill tree map status\n",
		"the input is never read":   "cat status map tree fill\n",
		"the last line has no end":  "cat >/dev/null\ncat status map tree\nprintf '%s' \"$(cat fill)\"\n",
		"a grandchild keeps stderr": "sleep 60 >/dev/null &\n" + loop,
	} {
		t.Run(name, func(t *testing.T) {
			c, err := polled(t, script)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Gaps) != 0 || c.FSID != "f1" || len(c.Fill) != 2 || c.Tree.Host(1) != "node1" || !c.Mgr.Available {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestSilence: a cluster that does not answer is told from a client that may
// not ask by time, and nothing outlives the question.
func TestSilence(t *testing.T) {
	t.Run("nothing at all", func(t *testing.T) {
		c := answers(t, "sleep 60 & echo $! >child\nwait\n")
		_, err := c.Poll(within(t, 3*time.Second), Ask{})
		var silent *SilentError
		if !errors.As(err, &silent) {
			t.Fatalf("%v", err)
		}
		raw, err := os.ReadFile(filepath.Join(filepath.Dir(c.Options.Command), "child"))
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		for alive(pid) { // a process of its group that still lives is ended by the limit of go test
			time.Sleep(10 * time.Millisecond)
		}
	})
	t.Run("it ends when its own limit is over", func(t *testing.T) {
		_, err := answers(t, "sleep 1; echo timed out >&2; exit 1\n").Poll(within(t, 2600*time.Millisecond), Ask{})
		var silent *SilentError
		if !errors.As(err, &silent) {
			t.Errorf("%v", err)
		}
	})
	t.Run("no time was left", func(t *testing.T) {
		_, err := answers(t, "sleep 60\n").Poll(within(t, tail+10*time.Millisecond), Ask{})
		var silent *SilentError
		if err == nil || errors.As(err, &silent) || !strings.Contains(err.Error(), "-t is too short") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a keyring that nobody writes", func(t *testing.T) {
		c := answers(t, "cat keyring\n")
		c.Options.Keyring = filepath.Join(filepath.Dir(c.Options.Command), "keyring")
		if err := syscall.Mkfifo(c.Options.Keyring, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := c.Poll(within(t, 3*time.Second), Ask{})
		var silent *SilentError
		if err == nil || errors.As(err, &silent) || !strings.Contains(err.Error(), c.Options.Keyring+" is a pipe") {
			t.Errorf("%v", err)
		}
	})
	t.Run("refused at once", func(t *testing.T) {
		_, err := polled(t, "echo '[errno 13] RADOS permission denied (error connecting to the cluster)' >&2; exit 13\n")
		var silent *SilentError
		if err == nil || errors.As(err, &silent) || !strings.Contains(err.Error(), "errno 13") || !strings.Contains(err.Error(), "--id") {
			t.Errorf("%v", err)
		}
	})
	t.Run("no reason", func(t *testing.T) {
		if _, err := polled(t, "exit 0\n"); err == nil || !strings.Contains(err.Error(), "without a reason") {
			t.Errorf("%v", err)
		}
	})
	t.Run("no such command", func(t *testing.T) {
		c := &Command{Options: CommandOptions{Command: "/nowhere/ceph"}}
		if _, err := c.Poll(long(t), Ask{}); err == nil || !strings.Contains(err.Error(), "no command /nowhere/ceph") {
			t.Errorf("%v", err)
		}
	})
	t.Run("all but the status", func(t *testing.T) {
		_, err := answers(t, "echo '[[['\ncat map tree\nsleep 60\n").Poll(within(t, 3*time.Second), Ask{})
		var silent *SilentError
		if err == nil || errors.As(err, &silent) || !strings.Contains(err.Error(), "its status did not come or cannot be read") {
			t.Errorf("the monitors answered: %v", err)
		}
	})
	t.Run("the caller gives up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := answers(t, "echo >begun\nsleep 60\n")
		go func() {
			for begun := false; !begun; time.Sleep(time.Millisecond) {
				_, err := os.Stat(filepath.Join(filepath.Dir(c.Options.Command), "begun"))
				begun = err == nil
			}
			cancel()
		}()
		if _, err := c.Poll(ctx, Ask{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
	t.Run("endless output", func(t *testing.T) {
		_, err := answers(t, "yes '{\"health\":1'\n").Poll(within(t, 3*time.Second), Ask{})
		var silent *SilentError
		if err == nil || errors.As(err, &silent) || !strings.Contains(err.Error(), "no answer of ceph") {
			t.Errorf("%v", err)
		}
	})
}

func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	// a zombie that nobody has waited for is dead
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(raw), ") Z ")
}

// TestMissing: every document that does not come is a gap, with whose silence
// it was.
func TestMissing(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		c, err := polled(t, strings.Replace(loop, "cat map", "echo 'Error EACCES: access denied' >&2", 1))
		if err != nil {
			t.Fatal(err)
		}
		g, found := c.Gap(docMap)
		if !found || g.Waited || g.Optional || !strings.Contains(g.Why, "EACCES") || c.Map != nil {
			t.Errorf("%+v", c.Gaps)
		}
	})
	t.Run("the mgr hangs", func(t *testing.T) {
		c, err := answers(t, strings.Replace(loop, "cat fill", "sleep 1; echo 'Error ETIMEDOUT' >&2", 1)).Poll(within(t, 2600*time.Millisecond), Ask{})
		if err != nil {
			t.Fatal(err)
		}
		g, found := c.Gap(docFill)
		if !found || !g.Waited || !g.Optional || !c.MgrSilent() {
			t.Errorf("%+v", c.Gaps)
		}
	})
	t.Run("the mgr hangs and time is short", func(t *testing.T) {
		c, err := answers(t, strings.Replace(loop, "cat fill", "sleep 60", 1)).Poll(within(t, 3*time.Second), Ask{})
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Gaps) != 1 || !c.MgrSilent() || c.Tree == nil {
			t.Errorf("%+v", c.Gaps)
		}
	})
	t.Run("the mgr hangs before a question to the monitors", func(t *testing.T) {
		at := time.Now()
		hung := &talk{process: &process{started: at, took: 4 * time.Second, limit: 3 * time.Second}, asked: []string{docStatus, docFill, docTree}, seen: map[string]time.Time{docStatus: at}}
		hung.killed.Store(true)
		hung.explain()
		if g, found := hung.cluster.Gap(docTree); !found || g.Waited || !hung.cluster.MgrSilent() {
			t.Errorf("%+v", hung.cluster.Gaps)
		}
	})
	t.Run("no time was left to wait", func(t *testing.T) {
		at := time.Now()
		late := &talk{process: &process{started: at, took: 300 * time.Millisecond, limit: time.Second}, asked: []string{docStatus, docMap}, seen: map[string]time.Time{docStatus: at}}
		late.killed.Store(true)
		late.explain()
		if g, found := late.cluster.Gap(docMap); !found || g.Waited || !strings.Contains(g.Why, "too short") {
			t.Errorf("%+v", late.cluster.Gaps)
		}
	})
	t.Run("the mgr refuses", func(t *testing.T) {
		c, err := polled(t, strings.Replace(loop, "cat fill", "echo 'Error EACCES' >&2", 1))
		if err != nil {
			t.Fatal(err)
		}
		if g, found := c.Gap(docFill); !found || g.Waited || g.Needs == "" || c.MgrSilent() {
			t.Errorf("%+v", c.Gaps)
		}
	})
	t.Run("the monitors stop answering", func(t *testing.T) {
		c, err := answers(t, strings.Replace(loop, "cat map", "sleep 60", 1)).Poll(within(t, 3*time.Second), Ask{})
		if err != nil {
			t.Fatal(err)
		}
		if g, found := c.Gap(docMap); !found || !g.Waited || g.Mgr {
			t.Errorf("%+v", c.Gaps)
		}
	})
}

// TestQuestions: few while all is well, more where status shows a reason, the
// mgr last, and none to a mgr that is not there.
func TestQuestions(t *testing.T) {
	refuses := "cat fill"
	ask := func(t *testing.T, status string, a Ask) []string {
		t.Helper()
		c := answers(t, "cat >asked\ncat status\n")
		dir := filepath.Dir(c.Options.Command)
		if err := executable.Write(filepath.Join(dir, "ceph"), "#!/bin/sh\ncd "+dir+"\necho \"$*\" >args\nread -r a; cat status\nwhile read -r line; do echo \"$line\" >>asked; case \"$line\" in \"osd df tree\") "+refuses+" ;; esac; done\n"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "status"), []byte(status+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Options.ID, c.Options.Keyring, c.Options.Conf = "nagios", "k", "c"
		if _, err := c.Poll(long(t), a); err != nil {
			t.Fatal(err)
		}
		args, err := os.ReadFile(filepath.Join(dir, "args"))
		if want := "-f json --connect-timeout 5 --rados-mon-op-timeout 5 --id nagios --keyring k --conf c\n"; err != nil || string(args) != want {
			t.Errorf("arguments %q, %v", args, err)
		}
		asked, err := os.ReadFile(filepath.Join(dir, "asked"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSpace(string(asked)), "\n")
	}
	always := func(fsid string, mgrs int) bool { return fsid == "f1" && mgrs == 2 }
	for name, c := range map[string]struct {
		status string
		ask    Ask
		want   []string
	}{
		"well":          {wellStatus, Ask{}, []string{docMap, docFill}},
		"rules wanted":  {wellStatus, Ask{Rules: true}, []string{docMap, docRules, docFill}},
		"names wanted":  {wellStatus, Ask{Daemons: always}, []string{docMap, docMgrs, docFill}},
		"a monitor out": {strings.Replace(wellStatus, `"num_mons":1`, `"num_mons":3`, 1), Ask{}, []string{docMap, docQuorum, docFill}},
		"addresses too": {wellStatus, Ask{Monitors: true}, []string{docMap, docQuorum, docNodes, docFill}},
		"an OSD down":   {strings.Replace(wellStatus, `"num_up_osds":2`, `"num_up_osds":1`, 1), Ask{}, []string{docMap, docRules, docFill}},
		"no mgr":        {strings.Replace(wellStatus, `"available":true`, `"available":false`, 1), Ask{}, []string{docMap, docTree}},
		"a mgr refuses": {wellStatus, Ask{}, []string{docMap, docFill, docTree}},
		"no standby":    {strings.Replace(wellStatus, `"num_standbys":1`, `"num_standbys":0`, 1), Ask{}, []string{docMap, docMgrs, docFill}},
		"a check":       {strings.Replace(wellStatus, `"checks":{}`, `"checks":{"RECENT_CRASH":{"severity":"HEALTH_WARN","summary":{"message":"1"}}}`, 1), Ask{}, []string{docMap, docDetail, docFill}},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a mgr refuses" {
				refuses = "echo 'Error EACCES' >&2"
			}
			defer func() { refuses = "cat fill" }()
			if got := ask(t, c.status, c.ask); !slices.Equal(got, c.want) {
				t.Errorf("asked %q, want %q", got, c.want)
			}
		})
	}
}

// TestSafetyIsAsked: one question is in the arguments, where a wrapper looks for it;
// several come one by one.
func TestSafetyIsAsked(t *testing.T) {
	answer := `echo '{"ok_to_stop":true,"osds":[0,3],"num_ok_pgs":33,"num_not_ok_pgs":0}'` + "\n"
	for want, sets := range map[string][][]int{
		"osd ok-to-stop 0 3":                   {{0, 3}},
		"osd ok-to-stop 0 3\nosd ok-to-stop 1": {{0, 3}, {1}},
	} {
		asked := filepath.Join(t.TempDir(), "asked")
		command, ctx := patient(t, `while [ $# -gt 0 ] && [ "$1" != osd ]; do shift; done; { echo "$@"; cat; } >`+asked+"\n"+answer)
		if all, _ := command.Safeties(ctx, sets); all[0] == nil || !all[0].Stop {
			t.Errorf("%q: %v", want, all)
		}
		text, err := os.ReadFile(asked)
		if got := strings.TrimSpace(string(text)); err != nil || got != want {
			t.Errorf("asked %q (%v), want %q", got, err, want)
		}
	}
}

// TestSafety: the exit code of ok-to-stop says nothing that the answer does not.
func TestSafety(t *testing.T) {
	yes := `{"ok_to_stop":true,"osds":[0,3],"num_ok_pgs":33,"num_not_ok_pgs":0,"ok_become_degraded":["1.0"]}`
	no := `{"ok_to_stop":false,"osds":[0,3],"num_ok_pgs":1,"num_not_ok_pgs":2,"bad_become_inactive":["1.0","2.f"]}`
	for name, c := range map[string]struct {
		script string
		want   string
	}{
		"yes":            {"echo '" + yes + "'", "yes 33 0 0"},
		"no":             {"echo '" + no + "'; exit 16", "no 1 2 0"},
		"ask again":      {`echo '{"ok_to_stop":false,"osds":[0,3],"num_ok_pgs":0,"num_not_ok_pgs":0,"bad_unknown":["1.1"]}'; exit 11`, "no 0 0 1"},
		"of another OSD": {"echo '" + strings.Replace(yes, "[0,3]", "[0]", 1) + "'", "error"},
		"cut":            {`echo '{"ok_to_stop":true}'`, "error"},
		"text":           {"echo 'OSD(s) 0,3 are ok to stop'", "error"},
	} {
		t.Run(name, func(t *testing.T) {
			command, ctx := patient(t, c.script+"\n")
			all, err := command.Safeties(ctx, [][]int{{0, 3}})
			got := "error"
			if s := all[0]; err == nil {
				got = fmt.Sprintf("%s %d %d %d", map[bool]string{true: "yes", false: "no"}[s.Stop], s.Judged, s.Inactives, s.Unreported)
			}
			if got != c.want {
				t.Errorf("got %s (%v), want %s", got, err, c.want)
			}
		})
	}
	t.Run("silent mgr", func(t *testing.T) {
		var silent *SilentError
		if _, err := answers(t, "sleep 60\n").Safeties(within(t, 3*time.Second), [][]int{{0}}); !errors.As(err, &silent) {
			t.Errorf("%v", err)
		}
	})
}

// Gap finds the gap of one document.
func (c Cluster) Gap(what string) (Gap, bool) {
	return first(c.Gaps, func(g Gap) bool { return g.What == what })
}
