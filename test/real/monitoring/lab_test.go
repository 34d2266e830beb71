//go:build real

package monitoring

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lab is a directory in which an ordinary user runs MariaDB, Icinga Web's command
// line with the Director, and Icinga 2. Nothing of it is outside, but sockets on
// 127.0.0.1.
type lab struct {
	*testing.T
	dir string
	who *syscall.Credential
}

// newLab is Debian's user of Icinga in an empty directory.
func newLab(t *testing.T) *lab {
	t.Helper()
	account, err := user.Lookup("nagios")
	if err != nil {
		t.Fatal(err)
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	dir, err := os.MkdirTemp("", "noout-director")
	if err := errors.Join(uidErr, gidErr, err); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	l := &lab{T: t, dir: dir, who: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	l.give(dir)
	return l
}

func (l *lab) path(names ...string) string {
	return filepath.Join(append([]string{l.dir}, names...)...)
}

// give makes a file, or a directory and all below it, the user's own.
func (l *lab) give(path string) {
	l.Helper()
	err := filepath.WalkDir(path, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(l.who.Uid), int(l.who.Gid))
	})
	if err != nil {
		l.Fatal(err)
	}
}

// write writes a file for the user, and the directories above it.
func (l *lab) write(text string, names ...string) {
	l.Helper()
	file := l.path(names...)
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o600)
	}
	if err != nil {
		l.Fatal(err)
	}
	l.give(l.path(names[0]))
}

func (l *lab) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = l.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=" + l.dir, "LC_ALL=C", "ICINGAWEB_CONFIGDIR=" + l.path("web")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: l.who, Setpgid: true, Pdeathsig: syscall.SIGTERM}
	return cmd
}

// run is a command that must succeed, and what it printed.
func (l *lab) run(input, name string, args ...string) string {
	l.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := l.command(ctx, name, args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// serve runs a daemon until the test ends. It is asked to stop, and then what is
// left of its group is made to.
func (l *lab) serve(name string, args ...string) {
	l.Helper()
	cmd := l.command(context.Background(), name, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second // children that keep the output open
	if err := cmd.Start(); err != nil {
		l.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	l.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			l.Errorf("%s did not stop", name)
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // mostly nobody is left
		if l.Failed() {
			l.Logf("%s:\n%s", name, &out)
		}
	})
}

// database starts MariaDB, which listens on a socket in the directory only.
func (l *lab) database() {
	l.Helper()
	l.run("", "mariadb-install-db", "--no-defaults", "--datadir="+l.path("db"), "--skip-test-db",
		"--auth-root-authentication-method=socket", "--auth-root-socket-user=nagios")
	l.serve("mariadbd", "--no-defaults", "--datadir="+l.path("db"), "--socket="+l.path("db.sock"), "--pid-file="+l.path("db.pid"),
		"--skip-networking", "--innodb-buffer-pool-size=32M")
	until(l.T, "the database", func() error {
		return l.command(context.Background(), "mariadb", "--no-defaults", "--socket="+l.path("db.sock"), "--user=nagios", "--execute=CREATE DATABASE IF NOT EXISTS director CHARACTER SET utf8mb4").Run()
	})
}

// sql is what the Director has in its tables.
func (l *lab) sql(query string) string {
	l.Helper()
	return strings.TrimSpace(l.run("", "mariadb", "--no-defaults", "--socket="+l.path("db.sock"), "--user=nagios", "--skip-column-names", "--batch", "director", "--execute="+query))
}

// web configures Icinga Web, and has the Director make its tables.
func (l *lab) web() {
	l.Helper()
	l.write("[global]\nmodule_path = \"/usr/share/icingaweb2/modules\"\n[logging]\nlog = \"none\"\n", "web", "config.ini")
	l.write("[director]\ntype = \"db\"\ndb = \"mysql\"\nhost = \"localhost\"\ndbname = \"director\"\nusername = \"nagios\"\ncharset = \"utf8mb4\"\n", "web", "resources.ini")
	l.write("[db]\nresource = \"director\"\n", "web", "modules", "director", "config.ini")
	if err := os.Mkdir(l.path("web", "enabledModules"), 0o700); err != nil {
		l.Fatal(err)
	}
	for _, module := range []string{"director", "incubator", "reactbundle"} {
		if err := os.Symlink("/usr/share/icingaweb2/modules/"+module, l.path("web", "enabledModules", module)); err != nil {
			l.Fatal(err)
		}
	}
	l.give(l.path("web"))
	l.director("", "migration", "run")
}

// director is the Director's command line. Its settings have no word for the
// database's socket, PHP has.
func (l *lab) director(input string, args ...string) string {
	l.Helper()
	return l.run(input, "php", append([]string{"-d", "pdo_mysql.default_socket=" + l.path("db.sock"), "/usr/bin/icingacli", "director"}, args...)...)
}
