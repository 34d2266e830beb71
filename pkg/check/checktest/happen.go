package checktest

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// Happen does what a file says that stands before a command of a recorded run, a
// line at a time, and removes it: it happens once. Without the file nothing does.
func Happen(t *testing.T, file string, do func(line string) error) {
	t.Helper()
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if err := do(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}
