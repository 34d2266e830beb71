// Package state keeps one JSON value between runs, for each plugin and each
// subject: the memory of check_fans about one server, for example.
//
// # Files
//
// A value is a file that an administrator can read and delete. It is written
// to a temporary file, synced and renamed, so that a reader or a crash sees
// the old or the new one and never a part. All files are in one directory,
// which belongs to the user running the plugin and is closed to everybody else
// (0700), see [Options.Open]. No symbolic link in it is followed, and a file
// that is not regular, has a second name, belongs to somebody else or can be
// written by others is refused. So no other local user can plant, read, lock
// or block anything; root can.
//
// Everything is done relative to the directory that was opened and checked,
// because with --as-user the paths below it are in another user's hand. That is
// why github.com/google/renameio (which looks a path up anew at each step,
// cannot give a file to its owner, and does not sync the directory) and
// github.com/gofrs/flock (which opens the lock file itself, by path) are not
// used here.
//
// # Versions
//
// Files of a newer version, left by a newer plugin, are neither read nor
// replaced: [ErrNewer].
//
// # Clocks
//
// Nothing here depends on the time: "written" in a file is for its reader.
// What a value says about time is its owner's affair, who must expect that the
// clock was set back since.
package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Errors that are told apart. Others are about the operating system.
var (
	// ErrCorrupt means that the file cannot be understood. [Update] puts it
	// aside (its name gets the ending .corrupt, which replaces an older one) and
	// begins anew; what was remembered is lost.
	ErrCorrupt = errors.New("damaged")
	// ErrNewer means that a newer version of the plugin wrote the file, which
	// stays as it is.
	ErrNewer = errors.New("written by a newer version")
	// ErrUnsafe means that somebody else could have a hand in the directory or
	// the file, which stays as it is.
	ErrUnsafe = errors.New("not safe to use")
	// ErrLocked means that another process did not release the file in time.
	ErrLocked = errors.New("locked by another process")
	// ErrTooLarge means that the value is larger than [MaxSize].
	ErrTooLarge = errors.New("larger than 24 MiB")
)

// MaxSize is the largest file read or written, in bytes: what check_guests
// remembers of 50,000 guests. To read and to write one takes half a second in
// all, well below [LockWait], and less memory than the list of so many guests
// that the API sends.
const MaxSize = 24 << 20

// LockWait is the longest time [Update] waits for another process. One holds
// the lock for reading, merging and writing only, a few milliseconds, or for the
// largest files up to a second.
const LockWait = 2 * time.Second

// Store is where one plugin remembers. A nil Store remembers nothing. It may be
// used by several goroutines.
type Store struct {
	plugin string
	path   string   // of the directory, for messages
	dir    *os.File // the directory that was checked
	owner  owner
}

// Path returns where the value about subject is kept, for messages.
func (s *Store) Path(subject string) string {
	if s == nil {
		return ""
	}
	return s.path + "/" + fileName(s.plugin, subject)
}

// Streamer is implemented by a value that can become large. It writes itself as
// JSON, one part after the other, so that not all of it is in memory a second
// time.
type Streamer interface{ StreamState(w io.Writer) error }

// Load returns the value about subject, which names the device, not how it was
// addressed. It is zero when there is none yet, when s is nil, and with every
// error. T is a struct or a map, not a pointer.
func Load[T any](s *Store, subject string) (T, error) {
	var value T
	if s == nil {
		return value, nil
	}
	value, _, err := load[T](s, subject)
	return value, err
}

// Update changes the value about subject: it locks, reads, calls merge with
// what it read, and writes what merge returns. Two runs at once happen one after
// the other, so merge must work on what it is given, not on an earlier [Load].
//
// merge is called exactly once, whatever else fails, and Update returns what it
// returned: a value that can be judged, which the next run will not know when
// the error is not nil. merge gets the zero value when nothing can be read. Only
// with [ErrCorrupt] is the new value stored although there is an error. When
// merge returns an error nothing is written and that error is returned. A value that
// is written already is not written once more, which would cost more than most runs;
// only a [Streamer] is not compared.
//
// With a nil s nothing is read or written.
func Update[T any](s *Store, subject string, merge func(old T) (T, error)) (T, error) {
	return UpdateContext(context.Background(), s, subject, merge)
}

// UpdateContext is [Update] with a wait for the lock that also ends with ctx.
func UpdateContext[T any](ctx context.Context, s *Store, subject string, merge func(old T) (T, error)) (T, error) {
	var zero T
	if s == nil {
		return merge(zero)
	}
	unlock, failed := s.lock(ctx, subject)
	if failed != nil {
		// Judge on what is remembered although nothing can be added. Whatever
		// Load has to say, that the value will not be stored matters more.
		old, _, _ := load[T](s, subject)
		return unsaved(old, merge, failed)
	}
	defer unlock()
	old, text, failed := load[T](s, subject)
	if errors.Is(failed, ErrCorrupt) {
		if err := s.setAside(subject); err != nil {
			return unsaved(zero, merge, err)
		}
		failed = fmt.Errorf("%w: begun anew, the old file is kept with the ending .corrupt", failed)
	} else if failed != nil {
		return unsaved(zero, merge, failed)
	}
	value, err := merge(old)
	if err != nil || unchanged(value, text) {
		return value, err
	}
	if err := save(s, subject, value); err != nil {
		return value, err
	}
	return value, failed
}

// unsaved merges a value that will not be stored because of cause.
func unsaved[T any](old T, merge func(old T) (T, error), cause error) (T, error) {
	value, err := merge(old)
	if err != nil {
		return value, err
	}
	return value, cause
}
