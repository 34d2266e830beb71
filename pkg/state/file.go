package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// fileMode of everything that is written.
const fileMode = 0o600

// open opens a file of the directory and refuses one that somebody else could
// have a hand in. It never follows a link and never waits for a FIFO.
func (s *Store) open(name string, flags int) (*os.File, error) {
	flags |= unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_NOCTTY
	fd, err := unix.Openat(s.fd(), name, flags, fileMode)
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%w: a symbolic link, expected a file: remove it", ErrUnsafe)
	}
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), s.path+"/"+name)
	if err := s.trusted(fd); err != nil {
		file.Close() // refused: nothing was written
		return nil, err
	}
	return file, nil
}

func (s *Store) fd() int { return int(s.dir.Fd()) }

func (s *Store) trusted(fd int) error {
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return err
	}
	switch uid := int(info.Uid); {
	case info.Mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("%w: expected a regular file: remove it", ErrUnsafe)
	case uid != 0 && uid != s.owner.uid:
		return fmt.Errorf("%w: belongs to %s, expected %s: remove it or give it back", ErrUnsafe, nameOf(uid), s.owner.name)
	case info.Nlink > 1: // none at all: replaced since it was opened
		return fmt.Errorf("%w: the file has a second name elsewhere: remove it", ErrUnsafe)
	case info.Mode&0o022 != 0:
		return fmt.Errorf("%w: others can write it: chmod 600", ErrUnsafe)
	}
	return nil
}

// read returns a file as it is. One that is too large was not written by us.
func (s *Store) read(name string) ([]byte, error) {
	file, err := s.open(name, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close() // opened for reading: nothing can be lost
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	text := bytes.NewBuffer(make([]byte, 0, min(info.Size(), MaxSize)+bytes.MinRead)) // it need not grow
	_, err = text.ReadFrom(io.LimitReader(file, MaxSize+1))
	if err == nil && text.Len() > MaxSize {
		err = fmt.Errorf("%w: %w", ErrCorrupt, ErrTooLarge)
	}
	return text.Bytes(), err
}

// write replaces a file as a whole. The caller holds its lock, so the
// temporary file, if there is one, was left by a run that was killed.
func (s *Store) write(name string, text func(io.Writer) error) error {
	temporary := "." + name + ".tmp"
	if err := unix.Unlinkat(s.fd(), temporary, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove %s: %w", temporary, err)
	}
	err := s.fill(temporary, text)
	if err == nil {
		err = unix.Renameat(s.fd(), temporary, s.fd(), name)
	}
	if err != nil {
		// What counts is why it could not be written. The next run removes what
		// this cannot.
		_ = unix.Unlinkat(s.fd(), temporary, 0)
		return err
	}
	if err := s.dir.Sync(); err != nil && !errors.Is(err, unix.EINVAL) { // a file system without that
		return err
	}
	return nil
}

func (s *Store) fill(name string, text func(io.Writer) error) error {
	file, err := s.create(name)
	if err != nil {
		return err
	}
	err = text(file)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// create makes a file that was not there. Only what root made itself is given
// to the user it acts for: a file of root that is there already may have been
// moved there to be given away.
func (s *Store) create(name string) (*os.File, error) {
	flags := unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(s.fd(), name, flags, fileMode)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), s.path+"/"+name)
	if s.owner.other {
		err = file.Chown(s.owner.uid, s.owner.gid)
	}
	if err == nil {
		err = file.Chmod(fileMode) // whatever the umask
	}
	if err != nil {
		file.Close() // nothing was written
		return nil, err
	}
	return file, nil
}

// setAside keeps a damaged file for the administrator, one for each subject.
func (s *Store) setAside(subject string) error {
	name := fileName(s.plugin, subject)
	if err := unix.Renameat(s.fd(), name, s.fd(), name+".corrupt"); err != nil {
		return s.failed(subject, fmt.Errorf("damaged, and cannot be put aside: %w", err))
	}
	return nil
}

// lock waits until no other process changes the value about subject. The lock
// is one of the kernel on a file of the closed directory: it ends with the
// process that holds it, and nobody else can take it.
func (s *Store) lock(ctx context.Context, subject string) (unlock func(), err error) {
	if strings.TrimSpace(subject) == "" {
		return nil, errNoSubject
	}
	name := "." + fileName(s.plugin, subject) + ".lock"
	unlock, err = s.lockFile(ctx, name)
	switch {
	case errors.Is(err, ErrLocked):
		return nil, s.failed(subject, err)
	case err != nil:
		return nil, s.failed(subject, fmt.Errorf("cannot be locked with %s: %w", name, err))
	}
	return unlock, nil
}

// lockFile waits for the lock on one file of the directory.
func (s *Store) lockFile(ctx context.Context, name string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, LockWait)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		file, err := s.tryLock(name)
		if err == nil {
			return func() { file.Close() }, nil // closing releases the lock
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ErrLocked
		case <-time.After(pause):
		}
	}
}

func (s *Store) tryLock(name string) (*os.File, error) {
	file, err := s.open(name, unix.O_RDWR)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = s.create(name)
		if errors.Is(err, fs.ErrExist) {
			return nil, unix.EWOULDBLOCK // another was faster
		}
	}
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil && !s.current(file, name) {
		err = unix.EWOULDBLOCK // it was removed meanwhile: another may hold the new one
	}
	if err != nil {
		file.Close() // nothing was written
		return nil, err
	}
	return file, nil
}

// current says whether name still leads to the open file.
func (s *Store) current(file *os.File, name string) bool {
	var opened, named unix.Stat_t
	return unix.Fstat(int(file.Fd()), &opened) == nil &&
		unix.Fstatat(s.fd(), name, &named, unix.AT_SYMLINK_NOFOLLOW) == nil &&
		opened.Dev == named.Dev && opened.Ino == named.Ino
}

// failed says which file it is about and what to do.
func (s *Store) failed(subject string, err error) error {
	return fmt.Errorf("state %s: %w", s.Path(subject), advise(err))
}

// advise adds the next step to what the operating system says.
func advise(err error) error {
	if wrapped, ok := err.(*fs.PathError); ok {
		err = wrapped.Err // the path stands in front already
	}
	for _, known := range []struct {
		cause error
		step  string
	}{
		{unix.ENOSPC, "make room on the disk"},
		{unix.EDQUOT, "raise the user's quota"},
		{unix.EFBIG, "raise the limit on file sizes"},
		{unix.EROFS, "mount it writable or give another --state-dir"},
		{unix.EACCES, "check who owns it"},
		{unix.EPERM, "check who owns it"},
		{unix.ENOLCK, "the file system has no locks, give another --state-dir"},
	} {
		if errors.Is(err, known.cause) {
			return fmt.Errorf("%w: %s", err, known.step)
		}
	}
	return err
}
