package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// place is a directory that may have to be made.
type place struct {
	path string // absolute and clean
	make int    // how many of its last parts may be made
}

// missing is a directory that is not there, and the command that makes it.
type missing struct {
	cause   error
	command string
}

func (e *missing) Error() string { return e.cause.Error() + ": make it with " + e.command }
func (e *missing) Unwrap() error { return e.cause }

// Advice is for a line of its own.
func (e *missing) Advice() (text, command string) { return ": make it with " + e.command, e.command }

// errMissing means that a directory is not there and cannot be made.
var errMissing = errors.New("is missing")

// open walks from the root directory to the place and checks every directory
// on the way: whoever can exchange one of them decides what is remembered. Links
// on the way (a /var/lib on another disk) are followed when root or the owner
// made them; the place itself must not be one.
func (p place) open(who owner) (*os.File, error) {
	w := &walk{fd: -1, who: who}
	defer w.leave()
	if err := w.start(); err != nil {
		return nil, err
	}
	parts := split(p.path)
	for len(parts) > 0 {
		target, err := w.step(parts[0], len(parts) <= p.make)
		if errors.Is(err, errMissing) {
			return nil, &missing{err, fmt.Sprintf("install -d -m 700 -o %s %s", who.name, p.path)}
		}
		if err != nil {
			return nil, err
		}
		if target != "" && len(parts) == 1 {
			return nil, fmt.Errorf("%w: it is a symbolic link, expected a directory: give the directory itself as --state-dir", ErrUnsafe)
		}
		parts = append(split(target), parts[1:]...)
	}
	return w.finish()
}

// split returns the parts of a path. It keeps "..", which leads elsewhere than
// the text says when links are on the way.
func split(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// walk goes down a path, one open directory at a time, so that what was checked
// is what is used.
type walk struct {
	fd    int    // the directory it is in
	at    string // its path, for messages
	links int
	who   owner
}

func (w *walk) leave() {
	if w.fd >= 0 {
		unix.Close(w.fd) // opened as a path only: nothing can be lost
	}
}

// move makes fd the directory it is in.
func (w *walk) move(fd int, at string) {
	w.leave()
	w.fd, w.at = fd, at
}

func (w *walk) start() error {
	fd, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("/: %w", err)
	}
	w.move(fd, "/")
	return nil
}

// step goes into a directory, which it makes when it may. When name is a link
// it stays, or goes back to the root directory, and returns what to follow.
func (w *walk) step(name string, mayMake bool) (target string, err error) {
	if err := w.guard(); err != nil {
		return "", err
	}
	at := filepath.Join(w.at, name)
	fd, err := w.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := w.make(name, mayMake); err != nil {
			return "", err
		}
		fd, err = w.open(name)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", at, err)
	}
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		unix.Close(fd)
		return "", fmt.Errorf("%s: %w", at, err)
	}
	switch info.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		w.move(fd, at)
		return "", nil
	case unix.S_IFLNK:
		defer unix.Close(fd)
		return w.follow(fd, at, int(info.Uid))
	}
	unix.Close(fd)
	return "", fmt.Errorf("%s: expected a directory", at)
}

func (w *walk) open(name string) (int, error) {
	return unix.Openat(w.fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}

func (w *walk) make(name string, may bool) error {
	if !may {
		return errMissing
	}
	err := unix.Mkdirat(w.fd, name, 0o700)
	switch {
	case err == nil || errors.Is(err, fs.ErrExist): // another run was faster
		return nil
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS):
		return fmt.Errorf("%w and cannot be made in %s (%w)", errMissing, w.at, err)
	}
	return fmt.Errorf("%s/%s cannot be made: %w", w.at, name, err)
}

// follow returns where a link leads.
func (w *walk) follow(fd int, at string, uid int) (string, error) {
	if w.links++; w.links > 40 { // the kernel's own limit
		return "", fmt.Errorf("%s: %w", at, unix.ELOOP)
	}
	if uid != 0 && uid != w.who.uid {
		return "", fmt.Errorf("%w: the symbolic link %s belongs to %s", ErrUnsafe, at, nameOf(uid))
	}
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", target)
	if err != nil {
		return "", fmt.Errorf("%s: %w", at, err)
	}
	if filepath.IsAbs(string(target[:n])) {
		err = w.start()
	}
	return string(target[:n]), err
}

// guard refuses a directory in which somebody else than root or the owner could
// exchange what is below. A group may write in a directory of the owner (homes
// are often so, with a group of one), but not in one of root's; everybody may in
// a sticky one such as /tmp, where only the owner of a thing can remove it.
func (w *walk) guard() error {
	var info unix.Stat_t
	if err := unix.Fstat(w.fd, &info); err != nil {
		return fmt.Errorf("%s: %w", w.at, err)
	}
	uid := int(info.Uid)
	if uid != 0 && uid != w.who.uid {
		return fmt.Errorf("%w: %s above it belongs to %s, expected root or %s", ErrUnsafe, w.at, nameOf(uid), w.who.name)
	}
	sticky := info.Mode&unix.S_ISVTX != 0
	group := info.Mode&0o020 != 0 && uid == 0 && info.Gid != 0
	if !sticky && (info.Mode&0o002 != 0 || group) {
		return fmt.Errorf("%w: others can write in %s above it: chmod go-w %s", ErrUnsafe, w.at, w.at)
	}
	return nil
}

// finish checks the directory that was reached and opens it.
func (w *walk) finish() (*os.File, error) {
	var info unix.Stat_t
	if err := unix.Fstat(w.fd, &info); err != nil {
		return nil, err
	}
	if uid := int(info.Uid); uid != w.who.uid {
		return nil, fmt.Errorf("%w: it belongs to %s, expected %s: chown %s it or give another --state-dir", ErrUnsafe, nameOf(uid), w.who.name, w.who.name)
	}
	if mode := info.Mode & 0o777; mode != 0o700 {
		return nil, fmt.Errorf("%w: it has mode %04o, expected 0700: chmod 700 it", ErrUnsafe, mode)
	}
	fd, err := unix.Openat(w.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	dir := os.NewFile(uintptr(fd), w.at)
	if err := unix.Faccessat(fd, ".", unix.W_OK, 0); err != nil {
		dir.Close() // opened for reading: nothing can be lost
		return nil, fmt.Errorf("it cannot be written: %w", err)
	}
	return dir, nil
}
