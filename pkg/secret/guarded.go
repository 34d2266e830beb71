package secret

import (
	"errors"
	"fmt"
	"io"
	"os"
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
	file, err := guarded(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // opened for reading: nothing can be lost
	return readSections(file)
}

// GuardedText reads a text file of at most 1 MiB as [Guarded] does.
func GuardedText(path string) (string, error) {
	text, err := Guarded(path, maxFile)
	return string(text), err
}

// Guarded reads a file that decides something: a regular one, root's or the
// caller's, that nobody else may write, of at most limit bytes, whole MiB. A
// pipe is refused and not waited for. Errors name the file and nothing that is
// in it; that of a missing file holds [os.ErrNotExist].
func Guarded(path string, limit int) ([]byte, error) {
	file, err := guarded(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // opened for reading: nothing can be lost
	text, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(text) > limit {
		err = fmt.Errorf("larger than %d MiB", limit>>20)
	}
	if err != nil {
		return nil, fileError(path, err)
	}
	return text, nil
}

// guarded opens a file that nobody but root and the caller can have written.
func guarded(path string) (*os.File, error) {
	file, info, err := open(path)
	if err != nil {
		return nil, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch mode := info.Mode().Perm(); {
	case !ok:
		err = errors.New("its owner cannot be told")
	case owner.Uid != 0 && int(owner.Uid) != os.Geteuid():
		err = fmt.Errorf("belongs to %s, expected root or the user running this", userName(int(owner.Uid)))
	case mode&0o022 != 0:
		err = fmt.Errorf("has mode %04o, expected that nobody else can write it: chmod go-w", mode)
	}
	if err != nil {
		file.Close() // refused
		return nil, fileError(path, err)
	}
	return file, nil
}
