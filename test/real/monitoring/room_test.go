//go:build real

package monitoring

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
)

// plugins builds all there are, for the user to run.
func (l *lab) plugins() string {
	l.Helper()
	dir := l.path("plugins")
	if err := os.Mkdir(dir, 0o755); err != nil {
		l.Fatal(err)
	}
	for _, what := range []string{"./plugins/...", "./test/story/cmd/simsite"} {
		cmd := exec.Command("go", "build", "-trimpath", "-o", dir+"/", what)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			l.Fatalf("build %s: %v\n%s", what, err, out)
		}
	}
	l.give(dir)
	return dir
}

// room is a simulated machine room: whom to ask, and how it is steered.
type room struct {
	settings, bmc, control string
	nodes                  []string
}

func newRoom(l *lab) room {
	l.Helper()
	cmd := l.command(context.Background(), l.path("plugins", "simsite"), "--dir", l.path("site"), "--control", "127.0.0.1:0", "--for", "30m", "--stdin")
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if inErr != nil || outErr != nil {
		l.Fatal(inErr, outErr)
	}
	if err := cmd.Start(); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() {
		_ = in.Close() // by which it ends
		if err := cmd.Wait(); err != nil {
			l.Errorf("simsite: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		l.Fatalf("simsite: %v", err)
	}
	said := map[string]string{}
	for word := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(word, "=")
		said[key] = value
	}
	return room{said["settings"], said["bmc"], said["control"], strings.Split(said["nodes"], ",")}
}
