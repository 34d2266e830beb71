//go:build real

package packaging

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Built again elsewhere, later, from files with other dates and modes, by
// somebody with another umask, time zone and language: the same bytes. For one
// architecture nothing counts that Go has compiled before.
func TestReproducible(t *testing.T) {
	again := build{dir: filepath.Join(t.TempDir(), "another-folder-with-a-longer-name")}
	// Not from the repository, which somebody may have edited meanwhile.
	if err := again.copy(built.dir); err != nil {
		t.Fatal(err)
	}
	age(t, again.dir)
	cache := t.TempDir()
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	for _, env := range [][]string{{"ARCHES=amd64", "COMPILE_CACHE=" + cache}, {"ARCHES=arm64", "DIST=" + filepath.Join(again.dir, "dist/arm64")}} {
		if err := again.dist(append(env, "TZ=Asia/Kathmandu", "LC_ALL=C.UTF-8")); err != nil {
			t.Fatal(err)
		}
	}
	first, second := sums(t, built, "."), sums(t, again, ".", "arm64")
	if d := cmp.Diff(first, second); d != "" {
		t.Errorf("first (-), second (+)\n%s", d)
	}
	if len(first) != 8 {
		t.Errorf("%d files, expected deb, rpm, tarball and bill of materials for two architectures: %v", len(first), first)
	}
	for name, want := range first {
		if got := sum(read(t, built.file(name))); got != want {
			t.Errorf("%s: SHA256SUMS says %s, it is %s", name, want, got)
		}
	}
}

// sums reads SHA256SUMS in folders of dist: checksums by name.
func sums(t *testing.T, b build, folders ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range folders {
		for line := range strings.Lines(string(read(t, b.file(f+"/SHA256SUMS")))) {
			sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
			out[name] = sum
		}
	}
	return out
}

// age gives the sources another date, and modes as under another umask.
func age(t *testing.T, dir string) {
	t.Helper()
	long := time.Date(2001, 9, 9, 1, 46, 40, 0, time.UTC)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == ".git" {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		return errors.Join(os.Chmod(path, info.Mode().Perm()&0o700), os.Chtimes(path, long, long))
	})
	if err != nil {
		t.Fatal(err)
	}
	// git takes the executable bit only, and would call the tree changed by date.
	if out := must(t, "git", "-C", dir, "diff", "--stat"); strings.Contains(out, "mode change") {
		t.Fatal(out)
	}
}

// No package holds another time than that of the commit: a build on another day
// cannot differ by the day. Two builds a minute apart would not show it.
func TestTimes(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		entries := tarball(t, read(t, built.file("noout_VERSION_linux_"+arch+".tar.gz")))
		for name, member := range members(t, read(t, built.file("noout_VERSION-1_"+arch+".deb"))) {
			if !member.time.Equal(built.date) {
				t.Errorf("%s in the deb is of %v", name, member.time)
			}
			if strings.HasSuffix(name, ".gz") {
				entries = append(entries, tarball(t, member.text)...)
			}
		}
		if len(entries) < 100 {
			t.Errorf("only %d entries", len(entries))
		}
		for _, e := range entries {
			if !e.ModTime.Equal(built.date) || e.Uid != 0 || e.Gid != 0 {
				t.Errorf("%s: %s is of %v, owner %d:%d", arch, e.Name, e.ModTime, e.Uid, e.Gid)
			}
			if e.Mode&0o6002 != 0 && e.Typeflag != tar.TypeSymlink {
				t.Errorf("%s: %s has mode %o", arch, e.Name, e.Mode)
			}
		}
	}
	for _, arch := range []string{"x86_64", "aarch64"} {
		times := must(t, "rpm", "-qp", "--qf", "%{BUILDTIME}[ %{FILEMTIMES}]", built.file("noout-VERSION-1."+arch+".rpm"))
		for word := range strings.FieldsSeq(times) {
			if word != strconv.FormatInt(built.date.Unix(), 10) {
				t.Errorf("%s: a time is %s, expected %d", arch, word, built.date.Unix())
			}
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// entry is a file in a tarball.
type entry struct {
	*tar.Header
	text []byte
}

// tarball reads a compressed tar.
func tarball(t *testing.T, text []byte) []entry {
	t.Helper()
	packed, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if !packed.ModTime.IsZero() || packed.Name != "" {
		t.Errorf("gzip remembers %q of %v", packed.Name, packed.ModTime)
	}
	var out []entry
	for r := tar.NewReader(packed); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{h, text})
	}
}

// member is a file in an ar archive, which is what a deb is.
type member struct {
	time time.Time
	text []byte
}

func members(t *testing.T, text []byte) map[string]member {
	t.Helper()
	text, ok := bytes.CutPrefix(text, []byte("!<arch>\n"))
	if !ok {
		t.Fatal("no ar archive")
	}
	out := map[string]member{}
	for len(text) >= 60 {
		words := strings.Fields(string(text[:58])) // name, time, owner, group, mode, size
		if len(words) != 6 {
			t.Fatalf("a header with %q", words)
		}
		seconds, err1 := strconv.ParseInt(words[1], 10, 64)
		size, err2 := strconv.Atoi(words[5])
		if err := errors.Join(err1, err2); err != nil || size > len(text)-60 {
			t.Fatalf("a header with %q (%v)", words, err)
		}
		out[strings.TrimSuffix(words[0], "/")] = member{time.Unix(seconds, 0), text[60 : 60+size]}
		text = text[min(60+size+size%2, len(text)):]
	}
	return out
}
