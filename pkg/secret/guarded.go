package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// GuardedSections reads an INI file of at most 1 MiB of UTF-8 text that decides
// something: it has to be root's or the caller's, and nobody else may write it.
// Its grammar is the smallest one, so that a password never has to be escaped:
//
//	[head]
//	name = value
//	name
//
// A line that begins with # or ; is a comment; nothing else is. A value reaches
// to the end of its line and is taken as it stands, without the blanks around
// it; one that begins and ends with the same quote, " or ', loses these two
// characters and nothing more. There are no escapes, no continued lines, no
// variables and no includes. Sections and keys may repeat.
//
// Errors name the file and the line and what was expected, never what stands
// there: it may be a password that lost its line.
func GuardedSections(path string) ([]Section, error) {
	return sections(path, guarded)
}

// Guarded reads a file that decides something: a regular one, root's or the
// caller's, that nobody else may write, of at most limit bytes, whole MiB. A
// pipe is refused and not waited for. Errors name the file and nothing that is
// in it; that of a missing file holds [os.ErrNotExist].
func Guarded(path string, limit int) ([]byte, error) {
	return contents(path, limit, guarded)
}

// guarded refuses a file that anybody but root and the caller can have written.
func guarded(info fs.FileInfo) error {
	if err := owned(info); err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("has mode %04o, expected that nobody else can write it: chmod go-w", mode)
	}
	return nil
}

// owned refuses a file of anybody but root and the caller. info is that of the open
// file, so it cannot be exchanged after the check.
func owned(info fs.FileInfo) error {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("its owner cannot be told")
	}
	if uid := int(owner.Uid); uid != 0 && uid != os.Geteuid() {
		return fmt.Errorf("belongs to %s, expected root or the user running this", userName(uid))
	}
	return nil
}

func userName(uid int) string {
	number := strconv.Itoa(uid)
	if found, err := user.LookupId(number); err == nil {
		return found.Username
	}
	return "uid " + number
}
