//go:build real

package packaging

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	plugins = "/usr/lib/nagios/plugins/"
	memory  = "/var/lib/noout/nagios"
	apt     = "-oDPkg::Lock::Timeout=120"
)

// A new user installs the package, tries what its README says, and purges it.
func TestInstall(t *testing.T) {
	if out, err := run(nil, "dpkg-query", "-W", "-f", "${db:Status-Status}", "noout"); err == nil && out != "not-installed" {
		t.Fatalf("noout is %s on this machine: purge it first", out)
	}
	_, err := user.Lookup("nagios")
	hadUser := err == nil
	t.Cleanup(func() { purge(t, hadUser) })
	deb := built.file("noout_VERSION-1_" + runtime.GOARCH + ".deb")
	must(t, "apt-get", apt, "install", "-y", "--no-install-recommends", deb)
	t.Run("owners", owners)
	t.Run("version", versions)
	t.Run("capability", capability)
	t.Run("manual", manual)
	t.Run("memory", remembers)
	t.Run("three commands", threeCommands)
	t.Run("again", func(t *testing.T) { again(t, deb) })
}

// purge leaves nothing behind, not even what the administrator wrote.
func purge(t *testing.T, hadUser bool) {
	files := strings.Fields(must(t, "dpkg", "-L", "noout"))
	secrets := "/etc/noout/bmc.ini"
	if err := os.WriteFile(secrets, []byte("[*]\npassword = x\n"), 0o600); err != nil {
		t.Error(err)
	}
	must(t, "apt-get", apt, "purge", "-y", "noout")
	for _, path := range append(files, memory, secrets, "/etc/noout", "/var/lib/noout", "/usr/lib/noout", "/usr/share/noout") {
		if !strings.Contains(path, "noout") && !strings.Contains(path, "check_") {
			continue // a folder of the system
		}
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is left behind", path)
		}
	}
	if out, err := run(nil, "dpkg-query", "-W", "-f", "${db:Status-Status}", "noout"); err == nil && out != "not-installed" {
		t.Errorf("dpkg still knows it: %s", out)
	}
	if _, err := user.Lookup("nagios"); hadUser != (err == nil) && !poller(t) {
		t.Errorf("user nagios: before %v, after %v", hadUser, err == nil)
	}
}

// poller tells whether a package that shares the user is there.
func poller(t *testing.T) bool {
	t.Helper()
	// It fails when one of the patterns matches nothing.
	out, _ := run(nil, "dpkg-query", "-W", "-f", "${db:Status-Status}\n", "*nagios*", "*icinga*", "*nrpe*", "*nsca*", "*naemon*")
	return strings.ReplaceAll(out, "not-installed\n", "") != ""
}

func owners(t *testing.T) {
	for path, want := range map[string]string{
		"/etc/noout":           "drwxr-x--- root nagios",
		"/etc/noout/noout.ini": "-rw-r--r-- root root",
		"/var/lib/noout":       "drwxr-xr-x root root",
		memory:                 "drwx------ nagios nagios",
		plugins + "check_fans": "-rwxr-xr-x root root",
	} {
		if got := strings.TrimSpace(must(t, "stat", "-c", "%A %U %G", path)); got != want {
			t.Errorf("%s: %s, expected %s", path, got, want)
		}
	}
	for path := range strings.FieldsSeq(must(t, "dpkg", "-L", "noout")) {
		info, err := os.Stat(path)
		if err != nil {
			t.Error(err)
		} else if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 && strings.Contains(path, "noout") {
			t.Errorf("%s is %v", path, info.Mode())
		}
	}
	if out := must(t, "dpkg", "--verify", "noout"); out != "" {
		t.Errorf("dpkg --verify: %s", out)
	}
	// What postinst made is what tmpfiles.d would make.
	if _, err := exec.LookPath("systemd-tmpfiles"); err == nil {
		must(t, "systemd-tmpfiles", "--create", "noout.conf")
		if got := strings.TrimSpace(must(t, "stat", "-c", "%A %U %G", memory)); got != "drwx------ nagios nagios" {
			t.Errorf("after systemd-tmpfiles: %s", got)
		}
	}
}

func versions(t *testing.T) {
	if got := must(t, "dpkg-query", "-W", "-f", "${Version}", "noout"); got != built.version+"-1" {
		t.Errorf("the package is %s, expected %s-1", got, built.version)
	}
	all, err := filepath.Glob("../../../plugins/check_*")
	if err != nil || len(all) == 0 {
		t.Fatal("no plugins", err)
	}
	for _, p := range all {
		p = filepath.Base(p)
		// The guidelines want exit code 3 for it.
		if got, _ := run(nil, plugins+p, "--version"); !strings.HasPrefix(got, p+" "+built.version+" (") {
			t.Errorf("%s --version: %s", p, got)
		}
	}
}

// In a network namespace of its own no group may use ICMP sockets: what nagios
// can do there is by the capability alone.
func capability(t *testing.T) {
	ping := func() (string, error) {
		return run(nil, "unshare", "--net", "sh", "-c",
			"ip link set lo up && exec setpriv --reuid nagios --regid nagios --init-groups "+plugins+"check_guests --target 127.0.0.1 --state off")
	}
	if got := must(t, "getcap", plugins+"check_guests"); !strings.HasSuffix(strings.TrimSpace(got), "cap_net_raw=ep") {
		t.Fatalf("getcap: %q", got)
	}
	if out, err := ping(); err != nil || !strings.HasPrefix(out, "OK: ") {
		t.Errorf("%s%v", out, err)
	}
	must(t, "setcap", "-r", plugins+"check_guests")
	defer must(t, "setcap", "cap_net_raw=ep", plugins+"check_guests")
	if out, err := ping(); err == nil || !strings.HasPrefix(out, "UNKNOWN: ") {
		t.Errorf("without the capability: %s%v", out, err)
	}
}

func manual(t *testing.T) {
	for page, want := range map[string]string{"1 check_fans": "--acknowledge", "5 noout.ini": "/etc/noout"} {
		section, name, _ := strings.Cut(page, " ")
		out := must(t, "env", "MANPAGER=cat", "MANWIDTH=100", "man", "-E", "ascii", section, name)
		if !strings.Contains(out, want) || !strings.Contains(out, "NAME") {
			t.Errorf("man %s %s does not say %q:\n%s", section, name, want, out)
		}
	}
	completions, err := filepath.Glob("/usr/share/bash-completion/completions/*check_*")
	if err != nil || len(completions) == 0 {
		t.Fatal("no completions for bash", err)
	}
	for _, c := range completions {
		must(t, "bash", "-n", c)
	}
}

// remembers runs a plugin with a memory as the poller: it uses the folder that
// the package made.
func remembers(t *testing.T) {
	sim, url, dir := simulator(t)
	defer stop(t, sim)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, "install", "-m", "640", "-g", "nagios", "/usr/share/noout/simbmc/bmc.ini", "/etc/noout/bmc.ini")
	out := must(t, "setpriv", "--reuid", "nagios", "--regid", "nagios", "--init-groups", plugins+"check_fans",
		"-H", url, "--auth-file", "/etc/noout/bmc.ini", "--ca-file", dir+"/ca.pem", "--state", "require")
	if !strings.HasPrefix(out, "OK: 6 fans turn") {
		t.Error(out)
	}
	if entries, err := os.ReadDir(memory); err != nil || len(entries) == 0 {
		t.Errorf("nothing is remembered in %s (%v)", memory, err)
	}
}

// simulator starts the bundled one.
func simulator(t *testing.T) (cmd *exec.Cmd, host, dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "noout-sim-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	cmd = exec.Command("/usr/lib/noout/simbmc", "--ca-file", dir+"/ca.pem", "--for", "1m")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	for word := range strings.FieldsSeq(line) {
		if h, ok := strings.CutPrefix(word, "host="); ok {
			host = h
		}
	}
	return cmd, host, dir
}

func stop(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// threeCommands types what README.Debian says, as a user of the machine who is
// nobody in particular, in a shell, one command after the other.
func threeCommands(t *testing.T) {
	text, err := os.ReadFile("/usr/share/doc/noout/README.Debian")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for line := range strings.Lines(string(text)) {
		if c, ok := strings.CutPrefix(line, "  $ "); ok {
			commands = append(commands, strings.TrimSpace(c))
		}
	}
	if len(commands) != 10 {
		t.Fatalf("README.Debian has the commands %q", commands)
	}
	s := open(t)
	background := map[int]string{0: "url=https://127.0.0.1:4430 ", 5: "settings="}
	want := map[int]string{1: "", 2: "OK: 6 fans turn", 3: "", 4: "CRITICAL: ", 6: "OK: ", 7: "CRITICAL: NO", 8: "crash?node=pve2", 9: "CRITICAL: "}
	for i, command := range commands {
		if ready, is := background[i]; is {
			s.say(command)
			s.until(ready)
			continue
		}
		got, code := s.command(command)
		t.Logf("$ %s\n%s", command, got)
		wantCode := 0
		if strings.HasPrefix(want[i], "CRITICAL: ") {
			wantCode = 2
		}
		if !strings.HasPrefix(got, want[i]) || code != wantCode {
			t.Errorf("$ %s\n%s(exit code %d), expected %s", command, got, code, want[i])
		}
	}
	s.command("kill %1 %2; wait")
	s.close()
}

// shell is a terminal of somebody.
type shell struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
}

func open(t *testing.T) *shell {
	t.Helper()
	home, err := os.MkdirTemp("", "noout-user-")
	if err == nil {
		err = os.Chown(home, 65534, 65534)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	s := &shell{t: t, cmd: exec.Command("bash"), lines: make(chan string, 1000)}
	s.cmd.Dir = home
	s.cmd.Env = []string{"HOME=" + home, "PATH=/usr/bin:/bin"}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}, Setpgid: true}
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr = w, w
	if s.in, err = s.cmd.StdinPipe(); err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) }) // gone already when all went well
	w.Close()
	go func() {
		defer close(s.lines)
		for r := bufio.NewScanner(out); r.Scan(); {
			s.lines <- r.Text()
		}
	}()
	return s
}

func (s *shell) say(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, line+"\n"); err != nil {
		s.t.Fatal(err)
	}
}

// until returns what is printed before a line with this text, and that line.
func (s *shell) until(text string) (before, line string) {
	s.t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case l, ok := <-s.lines:
			if !ok {
				s.t.Fatalf("the shell ended without %q:\n%s", text, before)
			}
			if strings.Contains(l, text) {
				return before, l
			}
			before += l + "\n"
		case <-late:
			s.t.Fatalf("no %q after 30 s:\n%s", text, before)
		}
	}
}

func (s *shell) command(line string) (out string, code int) {
	s.t.Helper()
	s.say(line)
	s.say(`echo "exit code $?"`)
	out, last := s.until("exit code ")
	if _, err := fmt.Sscanf(last, "exit code %d", &code); err != nil {
		s.t.Fatalf("%q: %v", last, err)
	}
	return out, code
}

func (s *shell) close() {
	s.t.Helper()
	s.in.Close()
	if err := s.cmd.Wait(); err != nil {
		s.t.Error(err)
	}
}

// again installs it over itself: the memory stays, and so do owner and mode that
// the administrator chose.
func again(t *testing.T, deb string) {
	kept := memory + "/kept"
	if err := os.WriteFile(kept, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "dpkg-statoverride", "--update", "--add", "root", "root", "0711", "/etc/noout")
	defer must(t, "dpkg-statoverride", "--remove", "/etc/noout")
	must(t, "apt-get", apt, "install", "-y", "--reinstall", "--no-install-recommends", deb)
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
	if got := strings.TrimSpace(must(t, "stat", "-c", "%A %U %G", "/etc/noout")); got != "drwx--x--x root root" {
		t.Errorf("/etc/noout: %s", got)
	}
	if got := must(t, "getcap", plugins+"check_guests"); !strings.Contains(got, "cap_net_raw=ep") {
		t.Errorf("getcap: %q", got)
	}
}
