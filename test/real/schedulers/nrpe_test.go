//go:build real

package schedulers

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const checkNRPE = "/usr/lib/nagios/plugins/check_nrpe"

// TestNRPE: an nrpe with the lines as they are shipped, asked over TLS.
func TestNRPE(t *testing.T) {
	t.Parallel()
	printed := shell(t)
	s, dir, number := openSite(t), folder(t, "nrpe"), port(t)
	ini := filepath.Join(dir, "etc", "noout.ini")
	write(t, filepath.Join(dir, "nrpe.cfg"), fmt.Sprintf(`server_address=127.0.0.1
server_port=%d
allowed_hosts=127.0.0.1
nrpe_user=nagios
nrpe_group=nagios
pid_file=%[2]s/nrpe.pid
log_file=%[2]s/nrpe.log
dont_blame_nrpe=0
allow_bash_command_substitution=0
command_timeout=60
connection_timeout=300
include=%[3]s
`, number, dir, contrib(t, "nrpe/noout.cfg")))
	write(t, ini, "")
	give(t, dir)
	p := s.at(t, dir)
	n := start(t, dir, "/usr/bin/unshare", installed(t, dir, "/usr/sbin/nrpe", "-c", filepath.Join(dir, "nrpe.cfg"), "-f")...)
	n.log = filepath.Join(dir, "nrpe.log")
	nrpe := func(args ...string) answer {
		r, noise := say(t, checkNRPE, append([]string{"-H", "127.0.0.1", "-p", strconv.Itoa(number), "-t", "10:3"}, args...)...)
		if noise != "" {
			return answer{noise, 3}
		}
		return r
	}
	n.await(time.Minute, "an answer", func() error {
		if r := nrpe(); r.exit != 0 {
			return fmt.Errorf("%s", r.text)
		}
		return nil
	})
	if r := nrpe("-n"); r.exit == 0 {
		t.Errorf("answers without TLS: %s", r.text)
	}
	for _, state := range []string{"OK", "WARNING", "CRITICAL", "UNKNOWN", timeOut} {
		round := slices.DeleteFunc(slices.Clone(questions), func(a asked) bool { return a.want != state })
		var text strings.Builder
		for _, a := range round {
			text.WriteString(s.section(a.plugin, a, filepath.Join(p.dir, "memory")))
		}
		write(t, ini, text.String())
		for _, a := range round {
			t.Run(a.name(), func(t *testing.T) { same(t, printed[a.name()], nrpe("-c", a.plugin).parts()) })
		}
	}
}
