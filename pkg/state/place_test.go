package state

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mkdir(t testing.TB, mode os.FileMode, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, mode)
	return path
}

func chmod(t testing.TB, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func chown(t testing.TB, path string, uid int) {
	t.Helper()
	if err := os.Lchown(path, uid, uid); err != nil {
		t.Fatal(err)
	}
}

func link(t testing.TB, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// says fails unless err is one line with all of the words.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is missing in: %v", word, err)
		}
	}
	if strings.ContainsAny(err.Error(), "\n;|") {
		t.Errorf("not one plain line: %q", err)
	}
}

func TestDirectoryIsMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s, err := Options{Dir: dir}.Open("check_fans")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode() != os.ModeDir|0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if want := dir + "/check_fans.x.json"; s.Path("x") != want {
		t.Errorf("Path is %s, expected %s", s.Path("x"), want)
	}
	_, err = Options{Dir: filepath.Join(dir, "a", "b")}.Open("check_fans")
	says(t, err, "state directory "+dir+"/a/b: is missing: make it with install -d -m 700 -o ", dir+"/a/b")
}

func TestRelativeDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	s, err := Options{Dir: "state"}.Open("check_fans")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Update(s, subject, count); err != nil || !filepath.IsAbs(s.Path(subject)) {
		t.Errorf("%s, %v", s.Path(subject), err)
	}
}

func TestUnsafeDirectories(t *testing.T) {
	top := t.TempDir()
	open := mkdir(t, 0o777, top, "open")
	sticky := mkdir(t, 0o777|os.ModeSticky, top, "sticky")
	group := mkdir(t, 0o770, top, "group") // our own: we chose its group
	file := filepath.Join(top, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	real := mkdir(t, 0o700, top, "real")
	link(t, real, filepath.Join(top, "link"))
	link(t, "link2", filepath.Join(top, "link1"))
	link(t, "link1", filepath.Join(top, "link2"))
	link(t, open, filepath.Join(top, "toopen"))
	link(t, "sticky/../real", filepath.Join(top, "dots"))
	tests := []struct {
		dir   string
		words string // none: it is fine
	}{
		{mkdir(t, 0o755, top, "readable"), "it has mode 0755, expected 0700: chmod 700 it"},
		{mkdir(t, 0o770, top, "shared"), "it has mode 0770, expected 0700"},
		{mkdir(t, 0o701, top, "passable"), "it has mode 0701, expected 0700"},
		{mkdir(t, 0o500, top, "closed"), "it has mode 0500, expected 0700"},
		{filepath.Join(open, "x"), "others can write in " + open + " above it: chmod go-w " + open},
		{filepath.Join(top, "toopen", "x"), "others can write in " + open + " above it"},
		{filepath.Join(sticky, "x"), ""},
		{filepath.Join(group, "x"), ""},
		{file, file + ": expected a directory"},
		{filepath.Join(file, "x"), file + ": expected a directory"},
		{filepath.Join(top, "link"), "it is a symbolic link, expected a directory"},
		{filepath.Join(top, "link", "x"), ""},
		{filepath.Join(top, "dots", "y"), ""},
		{filepath.Join(top, "link1", "x"), "too many levels of symbolic links"},
		{"/proc/self/nothing", "/proc/"},
		{"/", "state directory /: "},
		{filepath.Join(top, strings.Repeat("x", 300)), "file name too long"},
	}
	for _, test := range tests {
		t.Run(strings.ReplaceAll(strings.TrimPrefix(test.dir, top), "/", "_"), func(t *testing.T) {
			s, err := Options{Dir: test.dir}.Open("check_fans")
			if test.words != "" {
				says(t, err, "state directory "+test.dir+": ", test.words)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Update(s, subject, count); err != nil || got.Count != 1 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(real, "y")); err != nil {
		t.Errorf("the link with dots led elsewhere: %v", err)
	}
}

func TestForeignDirectories(t *testing.T) {
	onlyRoot(t)
	top := t.TempDir()
	foreign := mkdir(t, 0o700, top, "foreign")
	chown(t, foreign, nobody)
	above := mkdir(t, 0o755, top, "above")
	inner := mkdir(t, 0o700, above, "inner")
	chown(t, above, nobody)
	group := mkdir(t, 0o775, top, "group")
	if err := os.Chown(group, 0, nobody); err != nil {
		t.Fatal(err)
	}
	target := mkdir(t, 0o755, top, "target")
	foreignLink := filepath.Join(top, "link")
	link(t, target, foreignLink)
	chown(t, foreignLink, nobody)
	for dir, words := range map[string][]string{
		foreign:                         {"it belongs to ", "expected root: chown root it or give another --state-dir"},
		inner:                           {above + " above it belongs to ", "expected root or root"},
		filepath.Join(group, "x"):       {"others can write in " + group + " above it"},
		filepath.Join(foreignLink, "x"): {"the symbolic link " + foreignLink + " belongs to "},
	} {
		s, err := Options{Dir: dir}.Open("check_fans")
		if s != nil || !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: %v, %v", dir, s, err)
		}
		says(t, err, words...)
	}
}

// A directory that is there but cannot be used is no reason to use the next
// one, where nothing is remembered.
func TestPlaces(t *testing.T) {
	if asNobody(t) {
		return
	}
	top := t.TempDir()
	who := owner{uid: os.Geteuid(), name: "me"}
	used := mkdir(t, 0o700, top, "used")
	closed := mkdir(t, 0o500, top, "closed")
	barred := mkdir(t, 0o000, top, "barred")
	readable := mkdir(t, 0o755, top, "readable")
	tests := []struct {
		name   string
		places []place
		want   string
		words  string
	}{
		{"first", []place{{used, 0}, {top + "/a", 1}}, used, ""},
		{"made", []place{{top + "/b", 1}, {used, 0}}, top + "/b", ""},
		{"made with two above", []place{{top + "/c/d/e", 3}}, top + "/c/d/e", ""},
		{"parent missing", []place{{top + "/f/g", 1}, {used, 0}}, used, ""},
		{"parent closed", []place{{closed + "/h", 1}, {used, 0}}, used, ""},
		{"all missing", []place{{closed + "/h", 1}, {top + "/f/g", 1}}, "", "state directory " + closed +
			"/h: is missing and cannot be made in " + closed + " (permission denied): make it with install -d -m 700 -o me " + closed + "/h"},
		{"barred", []place{{barred + "/i", 1}, {used, 0}}, "", "permission denied: check who owns it"},
		{"unsafe", []place{{readable, 1}, {used, 0}}, "", "it has mode 0755, expected 0700"},
		{"none", nil, "", "this user has no home, give --state-dir"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := Options{}.openIn("check_fans", who, test.places)
			switch {
			case test.words != "":
				says(t, err, test.words)
			case err != nil:
				t.Fatal(err)
			case s.path != test.want:
				t.Errorf("%s, expected %s", s.path, test.want)
			}
		})
	}
}

func TestDefaultPlaces(t *testing.T) {
	me := owner{uid: 7, name: "nagios", home: "/home/nagios"}
	tests := []struct {
		name, xdg string
		who       owner
		want      []string
	}{
		{"home", "", me, []string{"/var/lib/noout/nagios", "/home/nagios/.local/state/noout"}},
		{"XDG", "/x", me, []string{"/var/lib/noout/nagios", "/x/noout"}},
		{"relative XDG", "x", me, []string{"/var/lib/noout/nagios", "/home/nagios/.local/state/noout"}},
		{"no home", "", owner{uid: 7, name: "nagios"}, []string{"/var/lib/noout/nagios"}},
		{"root for another", "/root/x", owner{uid: 7, name: "nagios", home: "/home/nagios", other: true},
			[]string{"/var/lib/noout/nagios", "/home/nagios/.local/state/noout"}},
		{"odd name", "", owner{uid: 7, name: `DOM\user`}, []string{"/var/lib/noout/7"}},
		{"name that leads away", "", owner{uid: 7, name: "../x"}, []string{"/var/lib/noout/7"}},
		{"dots", "", owner{uid: 7, name: ".."}, []string{"/var/lib/noout/7"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", test.xdg)
			var got []string
			for _, place := range defaults(test.who) {
				got = append(got, place.path)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPluginName(t *testing.T) {
	for _, name := range []string{"", "a.b", "a/b", "..", "Check", strings.Repeat("a", 41)} {
		if _, err := (Options{Dir: t.TempDir()}).Open(name); err == nil {
			t.Errorf("%q is a plugin's name", name)
		}
	}
}

func TestValidate(t *testing.T) {
	me := strconv.Itoa(os.Geteuid())
	for want, options := range map[string]Options{
		"":                                {Mode: "auto", Dir: "/x"},
		"expected it without --state off": {Mode: Off, AsUser: "root"},
		"--as-user":                       {AsUser: "no such user " + me},
	} {
		if err := options.Validate(); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, expected %q", options, err, want)
		}
	}
}

func TestAsUserNeedsRoot(t *testing.T) {
	if asNobody(t) {
		return
	}
	says(t, Options{AsUser: "root"}.Validate(), "--as-user: expected to be run by root")
}
