package channel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// folder is the directory of one customer's pages: ours, and nobody else may
// write there, so that nothing in it was put there by others.
type folder struct {
	root *os.Root
	path string
}

// openFolder opens the folder of a name in a directory that is there, and makes
// it when it is missing.
func openFolder(dir, name string) (*folder, error) {
	if err := guardedPath(dir); err != nil {
		return nil, err
	}
	above, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("--pages %s: %w", dir, bare(err))
	}
	defer above.Close() // opened for reading: nothing can be lost
	path := filepath.Join(dir, name)
	if err := ours(above, ".", fs.ModeDir); err != nil {
		return nil, fmt.Errorf("--pages %s: %w", dir, err)
	}
	err = above.Mkdir(name, 0o755)
	if err == nil {
		err = above.Chmod(name, 0o755) // whatever the umask: a web server reads it
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("--pages: %s cannot be made: %w", path, bare(err))
	}
	if err := ours(above, name, fs.ModeDir); err != nil {
		return nil, fmt.Errorf("--pages: %s: %w", path, err)
	}
	root, err := above.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("--pages: %s: %w", path, bare(err))
	}
	return &folder{root, path}, nil
}

// guardedPath refuses a directory below one that others could exchange.
func guardedPath(dir string) error {
	whole, err := filepath.Abs(dir) // else there is no way up to the root
	if err != nil {
		return fmt.Errorf("--pages %s: %w", dir, err)
	}
	real, err := filepath.EvalSymlinks(whole)
	if err != nil {
		return fmt.Errorf("--pages %s: %w", dir, bare(err))
	}
	for at := filepath.Dir(real); ; at = filepath.Dir(at) {
		var info unix.Stat_t
		if err := unix.Lstat(at, &info); err != nil {
			return fmt.Errorf("--pages %s: %s above it: %w", dir, at, err)
		}
		if uid := int(info.Uid); uid != 0 && uid != os.Geteuid() {
			return fmt.Errorf("--pages %s: %s above it belongs to uid %d, expected root or the user running this", dir, at, uid)
		}
		if info.Mode&0o022 != 0 && info.Mode&unix.S_ISVTX == 0 {
			return fmt.Errorf("--pages %s: others can write in %s above it: chmod go-w it", dir, at)
		}
		if at == "/" {
			return nil
		}
	}
}

// ours refuses what is of another kind, belongs to another user, or can be
// written by others. A symbolic link is of another kind.
func ours(root *os.Root, name string, kind fs.FileMode) error {
	info, err := root.Lstat(name)
	if err != nil {
		return bare(err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode().Type() != kind && kind == fs.ModeDir:
		return errors.New("expected a directory: remove it")
	case info.Mode().Type() != kind:
		return errors.New("expected a regular file: remove it")
	case !ok || int(owner.Uid) != os.Geteuid():
		return errors.New("belongs to another user, expected the one running this")
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others can write it, it has mode %04o: chmod go-w it", info.Mode().Perm())
	}
	return nil
}

// bare takes the path off: it stands in front already.
func bare(err error) error {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err
	}
	return err
}

func (f *folder) close() { f.root.Close() } // what was written is on the disk

// read returns a file of at most limit bytes; nil when there is none.
func (f *folder) read(name string, limit int64) ([]byte, error) {
	err := ours(f.root, name, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("--pages: %s/%s: %w", f.path, name, err)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--pages: %s/%s: %w", f.path, name, bare(err))
	}
	defer file.Close() // opened for reading: nothing can be lost
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("larger than %d MiB: move it away", limit>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("--pages: %s/%s: %w", f.path, name, bare(err))
	}
	return text, nil
}

// write replaces a file as a whole; a web server may read it.
func (f *folder) write(name string, text []byte) error {
	temporary := "." + name + ".tmp"
	err := f.fill(temporary, text)
	if err == nil {
		err = f.root.Rename(temporary, name)
	}
	if err == nil {
		err = f.sync()
	}
	if err != nil {
		// What counts is why. The next run removes what this cannot.
		_ = f.root.Remove(temporary)
		return fmt.Errorf("--pages: %s/%s cannot be written: %w", f.path, name, bare(err))
	}
	return nil
}

// fill makes a file that was not there. What a killed run left is removed.
func (f *folder) fill(name string, text []byte) error {
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Chmod(0o644) // whatever the umask
	}
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

func (f *folder) sync() error {
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()                                                  // opened for reading: nothing can be lost
	if err := dir.Sync(); err != nil && !errors.Is(err, unix.EINVAL) { // a file system without that
		return err
	}
	return nil
}

// lock waits until no other run changes the folder. The kernel's lock ends with
// the process that holds it.
func (f *folder) lock(ctx context.Context) (unlock func(), err error) {
	const name = ".lock"
	file, err := f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NONBLOCK, 0o600)
	if err == nil {
		err = ours(f.root, name, 0)
	}
	for err == nil {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil // closing releases the lock
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			break
		}
		select {
		case <-ctx.Done():
			err = errors.New("another run is writing there, and does not end")
		case <-time.After(20 * time.Millisecond):
			err = nil
		}
	}
	if file != nil {
		file.Close() // nothing was written
	}
	return nil, fmt.Errorf("--pages: %s: %w", f.path, bare(err))
}

// folderName can be a part of a path and of an address.
func folderName(name string) bool {
	return name != "" && len(name) <= 100 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
