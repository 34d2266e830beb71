package checktest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/noout-monitoring/noout/pkg/check"
)

var update = flag.Bool("update", false, "write what plugins answer into the golden files")

// Prepare gets what a recorded run needs: it may read the files in dir, starts
// a simulator, ends it with t.Cleanup, and returns names with their values. In
// commands, environment and files of later steps $NAME becomes the value; in the
// output the value becomes $NAME.
type Prepare func(t *testing.T, dir string) map[string]string

// Answers print times in the poller's zone; recorded ones are in UTC. It is set
// once and for good, because goroutines of simulators read it at any time.
func init() { time.Local = time.UTC }

// Golden runs the commands recorded in the files of a glob pattern and compares
// what the plugin answers; go test -update records it anew. A file is a txtar
// archive of one or more steps:
//
//	-- env --
//	NOOUT_USERNAME=monitor
//	-- auth.ini --
//	any other file, written to the directory $WORK
//	-- command --
//	check_fans -H $BMC --auth-file $WORK/auth.ini
//	-- output --
//	CRITICAL: ...
//	-- exit --
//	2
//
// A command may be followed by further files and another command, so that a
// sequence of runs with memory can be told. Times and versions that differ from
// run to run are masked in the formats for machines.
func Golden(t *testing.T, newPlugin func() check.Plugin, glob string, prepare ...Prepare) {
	t.Helper()
	paths, err := filepath.Glob(glob)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files in %s (%v)", glob, err)
	}
	seen, name := schema{}, ""
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			golden(t, func() check.Plugin {
				p := newPlugin()
				name = p.Name
				return p
			}, path, stage{seen: seen, prepare: prepare})
		})
	}
	seen.check(t, name)
}

func golden(t *testing.T, newPlugin func() check.Plugin, path string, s stage) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.open(t)
	s.write(t, beforeCommand(archive.Files)) // for prepare; step by step they are written again, with its names
	for _, p := range s.prepare {
		for name, value := range p(t, s.dir) {
			s.names["$"+name] = value
		}
	}
	for rest := archive.Files; len(rest) > 0; {
		files := beforeCommand(rest)
		s.write(t, files)
		rest = rest[len(files):]
		if *update && (len(rest) < 2 || rest[1].Name != "output") {
			archive.Files = blank(archive.Files, len(archive.Files)-len(rest))
			rest = archive.Files[len(archive.Files)-len(rest)-2:]
		}
		if !recorded(rest) {
			t.Fatalf("%s: expected a command, its output and its exit, in this order", path)
		}
		s.step(t, newPlugin(), rest[:3])
		rest = rest[3:]
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// recorded says whether a command comes first, and what it answered.
func recorded(files []txtar.File) bool {
	return len(files) >= 3 && files[0].Name == "command" && files[1].Name == "output" && files[2].Name == "exit"
}

// blank puts an empty answer behind the command at a place, for -update to fill.
func blank(files []txtar.File, command int) []txtar.File {
	return slices.Insert(slices.Clone(files), command+1, txtar.File{Name: "output"}, txtar.File{Name: "exit"})
}

// beforeCommand are the files of a step that stand before its command; all of
// them when no command follows.
func beforeCommand(files []txtar.File) []txtar.File {
	end := slices.IndexFunc(files, func(f txtar.File) bool { return f.Name == "command" })
	if end < 0 {
		end = len(files)
	}
	return files[:end]
}

// stage is where recorded runs take place: an own directory, and names for what
// differs from run to run.
type stage struct {
	dir     string
	names   map[string]string
	prepare []Prepare
	seen    schema
}

func (s *stage) open(t *testing.T) {
	dir := room(t)
	for _, name := range []string{"NOOUT_USERNAME", "NOOUT_PASSWORD", "NOOUT_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", dir)
	s.dir, s.names = dir, map[string]string{"$WORK": dir}
}

// room is an empty directory whose name is as long everywhere, because a long one
// is where lines are cut.
func room(t *testing.T) string {
	const length = 60
	dir, err := os.MkdirTemp("", "noout")
	if err != nil {
		t.Fatal(err)
	}
	if pad := length - len(dir); pad > 0 {
		long := dir + strings.Repeat("x", pad)
		if err := os.Rename(dir, long); err != nil {
			t.Fatal(err)
		}
		dir = long
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// write puts the files of a step into place, and its environment.
func (s stage) write(t *testing.T, files []txtar.File) {
	for _, f := range files {
		text := s.fill(string(f.Data))
		if f.Name == "env" {
			for line := range strings.Lines(text) {
				if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
					t.Setenv(name, value)
				}
			}
			continue
		}
		path := filepath.Join(s.dir, filepath.Clean("/"+f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		// not readable by others: some are credentials
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// step runs a command and compares, or records, output and exit code.
func (s stage) step(t *testing.T, p check.Plugin, files []txtar.File) {
	command := strings.TrimSpace(string(files[0].Data))
	words, err := split(command)
	if err != nil {
		t.Fatal(err)
	}
	if len(words) == 0 || words[0] != p.Name {
		t.Fatalf("%s: expected a command of %s", command, p.Name)
	}
	for i := range words {
		words[i] = s.fill(words[i])
	}
	stdout, code := run(t, p, s.remembering(p, patient(p, words[1:]))...)
	if bytes.HasPrefix(stdout, []byte(check.Status(code).String())) {
		Answer(t, stdout, code)
		Measured(t, p.Metrics, stdout)
	} else if bytes.HasPrefix(stdout, []byte("{")) {
		s.seen.read(t, stdout)
	}
	output, exit := s.mask(string(stdout)), strconv.Itoa(code)+"\n"
	if *update {
		files[1].Data, files[2].Data = []byte(output), []byte(exit)
		return
	}
	if diff := cmp.Diff(string(files[1].Data), output); diff != "" {
		t.Errorf("%s\nanswered otherwise (-recorded +now):\n%s", command, diff)
	}
	if want := string(files[2].Data); strings.TrimSpace(want) != strings.TrimSpace(exit) {
		t.Errorf("%s\nended with %s, recorded is %s", command, exit, want)
	}
}

// patient are the arguments with a deadline that a busy machine keeps: what a
// plugin answers in time is recorded, not how fast this machine is. A run that is
// about its deadline gives it.
func patient(p check.Plugin, args []string) []string {
	given := slices.ContainsFunc(args, func(a string) bool {
		return strings.HasPrefix(a, "-t") || strings.HasPrefix(a, "--timeout")
	})
	if given {
		return args
	}
	return append([]string{"--timeout=60s"}, args...)
}

// remembering are the arguments with a memory of the stage's own. The default is
// the machine's, where a plugin that is installed, and other tests, remember too.
// A section of --extra-opts gives its own.
func (s stage) remembering(p check.Plugin, args []string) []string {
	given := slices.ContainsFunc(args, func(a string) bool {
		return strings.HasPrefix(a, "--state-dir") || strings.HasPrefix(a, "--extra-opts")
	})
	if given || !offers(reflect.TypeOf(p.Options), "state-dir") {
		return args
	}
	return append([]string{"--state-dir=" + filepath.Join(s.dir, "memory")}, args...)
}

// offers says whether options, or those embedded in them, have one of that name.
func offers(options reflect.Type, name string) bool {
	for options.Kind() == reflect.Pointer {
		options = options.Elem()
	}
	if options.Kind() != reflect.Struct {
		return false
	}
	for i := range options.NumField() {
		f := options.Field(i)
		_, embedded := f.Tag.Lookup("embed")
		if f.Tag.Get("name") == name || (embedded || f.Anonymous) && offers(f.Type, name) {
			return true
		}
	}
	return false
}

// fill replaces names by their values.
func (s stage) fill(text string) string {
	for _, name := range s.longest(func(name string) string { return name }) {
		text = strings.ReplaceAll(text, name, s.names[name])
	}
	return text
}
