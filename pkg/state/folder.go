package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Folder is a directory of files that only grow, inside a store's directory and
// as well guarded.
type Folder struct{ s Store }

// Folder opens a directory of the store, which is made when it is missing.
func (s *Store) Folder(name string) (*Folder, error) {
	failed := func(err error) error {
		return fmt.Errorf("state %s/%s: %w", s.path, name, advise(err))
	}
	dir, err := s.folder(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err = unix.Mkdirat(s.fd(), name, 0o700); err == nil && s.owner.other {
			err = unix.Fchownat(s.fd(), name, s.owner.uid, s.owner.gid, unix.AT_SYMLINK_NOFOLLOW)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) { // another run was faster
			return nil, failed(err)
		}
		dir, err = s.folder(name)
	}
	if err != nil {
		return nil, failed(err)
	}
	return &Folder{Store{plugin: s.plugin, path: s.path + "/" + name, dir: dir, owner: s.owner}}, nil
}

// OpenFolder opens a directory by its path for reading: that of another poller,
// or a copy. Whoever owns it may own its files, and nobody else may write there.
func OpenFolder(path string) (*Folder, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, advise(err))
	}
	dir := os.NewFile(uintptr(fd), path)
	var info unix.Stat_t
	if err = unix.Fstat(fd, &info); err == nil && info.Mode&0o022 != 0 {
		err = fmt.Errorf("%w: others can write it, it has mode %04o: chmod go-w it", ErrUnsafe, info.Mode&0o777)
	}
	if err != nil {
		dir.Close() // refused: nothing was written
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	uid := int(info.Uid)
	return &Folder{Store{path: path, dir: dir, owner: owner{uid: uid, name: nameOf(uid)}}}, nil
}

// folder opens a directory that is there.
func (s *Store) folder(name string) (*os.File, error) {
	fd, err := unix.Openat(s.fd(), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%w: expected a directory: remove it", ErrUnsafe)
	}
	if err != nil {
		return nil, err
	}
	dir := os.NewFile(uintptr(fd), s.path+"/"+name)
	var info unix.Stat_t
	if err = unix.Fstat(fd, &info); err == nil {
		switch uid := int(info.Uid); {
		case uid != s.owner.uid:
			err = fmt.Errorf("%w: it belongs to %s, expected %s: chown %[3]s it", ErrUnsafe, nameOf(uid), s.owner.name)
		case info.Mode&0o777 != 0o700:
			err = fmt.Errorf("%w: it has mode %04o, expected 0700: chmod 700 it", ErrUnsafe, info.Mode&0o777)
		}
	}
	if err != nil {
		dir.Close() // refused: nothing was written
		return nil, err
	}
	return dir, nil
}

// Close ends the use of the folder.
func (f *Folder) Close() error { return f.s.dir.Close() }

// Path of a file of the folder, for messages.
func (f *Folder) Path(name string) string { return f.s.path + "/" + name }

// Names of the files that are there, sorted; those that begin with a dot are
// the folder's own.
func (f *Folder) Names() ([]string, error) {
	// A descriptor of its own: the position of the directory's is shared.
	fd, err := unix.Openat(f.s.fd(), ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, f.failed("", err)
	}
	dir := os.NewFile(uintptr(fd), f.s.path)
	defer dir.Close() // opened for reading: nothing can be lost
	all, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, f.failed("", err)
	}
	all = slices.DeleteFunc(all, func(name string) bool { return name[0] == '.' })
	slices.Sort(all)
	return all, nil
}

// Open opens a file for reading, as it is now. The error holds [fs.ErrNotExist]
// when there is none.
func (f *Folder) Open(name string) (*os.File, error) {
	file, err := f.s.open(name, unix.O_RDONLY)
	if err != nil {
		return nil, f.failed(name, err)
	}
	return file, nil
}

// Remove takes a file away.
func (f *Folder) Remove(name string) error {
	if err := unix.Unlinkat(f.s.fd(), name, 0); err != nil {
		return f.failed(name, err)
	}
	return nil
}

// Bounds of a file that grows, in bytes.
type Bounds struct {
	// Tail is how much of its end is read before something is added.
	Tail int64
	// Most is how large it may become.
	Most int64
}

// Append adds text to the end of a file, in one write, and returns when it is on
// the disk. Nobody else appends meanwhile. What is added is told by text, which
// gets the end of the file and may return nothing. A file that would become too
// large is left as it is.
func (f *Folder) Append(ctx context.Context, name string, b Bounds, text func(end []byte) ([]byte, error)) error {
	unlock, err := f.s.lockFile(ctx, ".lock") // one for all files of the folder
	if err != nil {
		return f.failed(name, err)
	}
	defer unlock()
	file, err := f.s.open(name, unix.O_RDWR)
	made := errors.Is(err, fs.ErrNotExist)
	if made {
		file, err = f.s.create(name)
	}
	if err != nil {
		return f.failed(name, err)
	}
	err = grow(file, b, text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil && made {
		if err = f.s.dir.Sync(); errors.Is(err, unix.EINVAL) { // a file system without that
			err = nil
		}
	}
	if err != nil {
		return f.failed(name, err)
	}
	return nil
}

func grow(file *os.File, b Bounds, text func([]byte) ([]byte, error)) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	end := make([]byte, min(size, b.Tail))
	if _, err := file.ReadAt(end, size-int64(len(end))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	more, err := text(end)
	switch {
	case err != nil || len(more) == 0:
		return err
	case size+int64(len(more)) > b.Most:
		return fmt.Errorf("it has reached %d MiB, remove it or move it away", b.Most>>20)
	}
	if _, err := file.WriteAt(more, size); err != nil {
		// Half a line would only be in the way of what comes next. When it
		// cannot be taken back either, readers skip it.
		_ = file.Truncate(size)
		return err
	}
	return file.Sync()
}

func (f *Folder) failed(name string, err error) error {
	if name == "" {
		return fmt.Errorf("state %s: %w", f.s.path, advise(err))
	}
	return fmt.Errorf("state %s/%s: %w", f.s.path, name, advise(err))
}
