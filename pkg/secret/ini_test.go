package secret

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/ini.v1"
	"pgregory.net/rapid"
)

// write makes a file with a mode, whatever the umask.
func write(t testing.TB, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auth.ini")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSections(t *testing.T) {
	text := "\ufeff# a comment\r\n" +
		"; another = one\n" +
		"[check_fans]  # of the plugin\n" +
		"hostname=bmc1\r\n" +
		"  warning  =  1:5  \n" +
		"insecure\n" +
		"empty =\n" +
		"quoted = \" a b \"\n" +
		"include = a\n" +
		"include = b # part of it\n" +
		"\t\n" +
		"[ [2001:db8::1] ];\n" +
		"[check_fans]\n" +
		"password = a = b"
	want := []Section{
		{Name: "check_fans", Line: 3, Keys: []Key{
			{Name: "hostname", Value: "bmc1", Line: 4},
			{Name: "warning", Value: "1:5", Line: 5},
			{Name: "insecure", Bare: true, Line: 6},
			{Name: "empty", Line: 7},
			{Name: "quoted", Value: " a b ", Line: 8},
			{Name: "include", Value: "a", Line: 9},
			{Name: "include", Value: "b # part of it", Line: 10},
		}},
		{Name: "[2001:db8::1]", Line: 12},
		{Name: "check_fans", Line: 13, Keys: []Key{{Name: "password", Value: "a = b", Line: 14}}},
	}
	got, err := GuardedSections(write(t, text, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSectionsErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"key before a section", "\nusername = hush\n", "line 2: expected a section head such as [name] before the first key"},
		{"open head", "[hush\n", "line 1: expected a section head such as [name]"},
		{"text after head", "[bmc] hush\n", "line 1: expected a section head such as [name]"},
		{"no name in head", "[ ]\n", "line 1: expected a name between the brackets"},
		{"no name before =", "[bmc]\n= hush\n", "line 2: expected a name before the ="},
		{"NUL", "[bmc]\nhush\x00= x\n", "line 2: expected text, found a control character"},
		{"escape", "[bmc]\nhush = \x1b[31m\n", "line 2: expected text, found a control character"},
		{"Latin-1", "[bmc]\nhush = \xe4\n", "line 2: expected UTF-8 text"},
		{"UTF-16", "\xff\xfe[\x00b\x00]\x00", "line 1: expected UTF-8 text"},
		{"program", "\x7fELF\x02\x01\x01\x00hush", "line 1: expected text, found a control character"},
		{"too large", "[a]\n" + strings.Repeat("#hush\n", 200_000), "larger than 1 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.text, 0o600)
			_, err := GuardedSections(path)
			if err == nil || err.Error() != path+": "+test.want {
				t.Errorf("got  %v\nwant %s: %s", err, path, test.want)
			}
		})
	}
}

func TestSectionsNeedsARegularFile(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(fifo, link); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ path, want string }{
		{dir, "expected a regular file, this is a directory"},
		{fifo, "expected a regular file, this is a pipe"},
		{link, "expected a regular file, this is a pipe"},
		{"/dev/null", "expected a regular file, this is a device"},
		{filepath.Join(dir, "none"), "no such file or directory"},
		{filepath.Join(dir, "none", "x"), "no such file or directory"},
	}
	for _, test := range tests {
		if _, err := GuardedSections(test.path); err == nil || err.Error() != test.path+": "+test.want {
			t.Errorf("got  %v\nwant %s: %s", err, test.path, test.want)
		}
	}
}

// A common INI library reads plain files as we do. What it reads otherwise is
// the reason for a reader of our own, see TestPasswordsAreLiteral.
func TestSectionsAgreesWithIni(t *testing.T) {
	word := rapid.StringMatching(`[a-z][a-z0-9_.-]{0,8}`)
	value := rapid.StringMatching(`([A-Za-z0-9_./%=:@!-]{1,8}( [A-Za-z0-9_./%=:@!-]{1,8}){0,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		heads := rapid.SliceOfNDistinct(word, 1, 4, rapid.ID).Draw(t, "heads")
		for _, head := range heads {
			b.WriteString("[" + head + "]\n# comment\n")
			for _, name := range rapid.SliceOfNDistinct(word, 0, 4, rapid.ID).Draw(t, "names") {
				b.WriteString(name + " = " + value.Draw(t, "value") + "\n")
			}
		}
		ours, err := parse([]byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := ini.LoadSources(ini.LoadOptions{IgnoreInlineComment: true, KeyValueDelimiters: "="}, []byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		for _, section := range ours {
			keys := theirs.Section(section.Name).Keys()
			if len(keys) != len(section.Keys) {
				t.Fatalf("[%s] has %d keys, ini.v1 finds %d", section.Name, len(section.Keys), len(keys))
			}
			for i, key := range section.Keys {
				if key.Name != keys[i].Name() || key.Value != keys[i].Value() {
					t.Fatalf("%q = %q, ini.v1 reads %q = %q", key.Name, key.Value, keys[i].Name(), keys[i].Value())
				}
			}
		}
	})
}
