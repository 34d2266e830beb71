package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// shelf is the directory that reports are put into.
type shelf struct {
	dir  *os.File
	path string
}

// openShelf opens the directory, or makes it when it is missing. It has to be the
// caller's, and nobody else may write there: whoever could would decide what
// customers read.
func openShelf(path string) (*shelf, error) {
	err := os.Mkdir(path, 0o755)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("--out: %w", err)
	}
	dir, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, fmt.Errorf("--out %s: expected a directory, and no link", path)
	}
	info, err := dir.Stat()
	if err == nil {
		owner, ok := info.Sys().(*syscall.Stat_t)
		switch mode := info.Mode().Perm(); {
		case !ok || int(owner.Uid) != os.Geteuid():
			err = errors.New("expected a directory of the user running this")
		case mode&0o022 != 0:
			err = fmt.Errorf("it has mode %04o, expected that nobody else can write there: chmod go-w", mode)
		}
	}
	if err != nil {
		dir.Close() // nothing was written
		return nil, fmt.Errorf("--out %s: %w", path, err)
	}
	return &shelf{dir, path}, nil
}

func (s *shelf) close() { s.dir.Close() } // what was put there is on the disk

// put writes a file so that its name leads to the old one or to the whole new
// one.
func (s *shelf) put(name, text string) (path string, err error) {
	temporary := "." + name + ".tmp"
	fd := int(s.dir.Fd())
	path = s.path + "/" + name
	if err := unix.Unlinkat(fd, temporary, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	out, err := unix.Openat(fd, temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	file := os.NewFile(uintptr(out), path)
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = unix.Renameat(fd, temporary, fd, name)
	}
	if err != nil {
		_ = unix.Unlinkat(fd, temporary, 0) // what counts is why it could not be written
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return path, nil
}
