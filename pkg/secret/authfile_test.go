package secret

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"gopkg.in/ini.v1"
	"pgregory.net/rapid"
)

// passwords that other readers of INI files change.
var passwords = []string{
	"simple", "a#b", "#a", "a #b", ";a", "a ;b", `a"b`, `"a`, `a"`, `'a`, "it's", "a=b", "=a", "a:b", "%a", "%(user)s", "%%", "$HOME", "${x}",
	`\`, `a\`, `\n`, `C:\new`, "`a", "`a`", "```", `"""`, `"""a"""`, "[a]", "]", "-", "pässwörd", "密码", "😀", "a b", "a\tb", "\u00a0a\u00a0",
	"!include x", "<a&b>", "|;$(id)`id`", strings.Repeat("x", maxValue),
}

func TestPasswordsAreLiteral(t *testing.T) {
	changed := 0
	for _, password := range passwords {
		text := "[*]\nusername = root\npassword = " + quote(password) + "\n"
		got, err := Options{AuthFile: write(t, text, 0o600)}.For("bmc1")
		if err != nil {
			t.Errorf("%q: %v", password, err)
			continue
		}
		if got.Password.Reveal() != password || got.Username != "root" {
			t.Errorf("%q is read as %q", password, got.Password.Reveal())
		}
		options := ini.LoadOptions{IgnoreContinuation: true, IgnoreInlineComment: true, KeyValueDelimiters: "="}
		if file, err := ini.LoadSources(options, []byte(text)); err != nil || file.Section("*").Key("password").Value() != password {
			changed++
		}
	}
	if changed == 0 {
		t.Error("ini.v1 reads all of them: it could be used instead of our own reader")
	}
}

// quote writes a password down as the documentation of GuardedSections says.
func quote(password string) string {
	if password != strings.Trim(password, blanks) || password != unquote(password) || password == "" {
		return `"` + password + `"`
	}
	return password
}

func TestQuotes(t *testing.T) {
	for text, want := range map[string]string{
		`" lead and trail "`: " lead and trail ",
		`' a '`:              " a ",
		`"a'`:                `"a'`,
		`"a"b"`:              `a"b`,
		`""a""`:              `"a"`,
		`"`:                  `"`,
		`"\""`:               `\"`,
		`a "b"`:              `a "b"`,
	} {
		got, err := Options{AuthFile: write(t, "[*]\npassword="+text+"\n", 0o600)}.For("x")
		if err != nil || got.Password.Reveal() != want {
			t.Errorf("%s is read as %s, %v, expected %s", text, got.Password.Reveal(), err, want)
		}
	}
}

func TestAnyPasswordSurvives(t *testing.T) {
	printable := rapid.StringOfN(rapid.RuneFrom([]rune(" \t#;\"'`=%\\[]"), unicode.Letter, unicode.Number, unicode.Punct, unicode.Symbol), 1, 40, maxValue)
	rapid.Check(t, func(t *rapid.T) {
		password := printable.Draw(t, "password")
		sections, err := parse([]byte("[*]\npassword = " + quote(password) + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		accounts, err := accountsOf(sections)
		if err != nil {
			t.Fatal(err)
		}
		if got := accounts[0].credentials.Password.Reveal(); got != password {
			t.Fatalf("%q is read as %q", password, got)
		}
	})
}

func TestChoose(t *testing.T) {
	const file = `
[*]
username = any
[bmc-*.example.net]
username = domain
[bmc-0?.example.net]
username = number
[bmc-01.example.net]
username = exact
[2001:db8::*]
username = net6
[2001:0DB8:0::0001]
username = exact6
[192.0.2.*]
username = net4
[fe80::1%eth0]
username = zone
[Upper.Example.NET.]
username = upper
[bücher.example]
username = idn
`
	path := write(t, file, 0o640)
	for host, want := range map[string]string{
		"other":                         "any",
		"bmc-x.example.net":             "domain",
		"bmc-.example.net":              "domain",
		"bmc-.example.net.evil.example": "any",
		"bmc-02.example.net":            "number",
		"bmc-02.example.net:8443":       "number",
		"bmc-01.example.net":            "exact",
		"BMC-01.Example.Net.":           "exact",
		"2001:db8::2":                   "net6",
		"[2001:db8::2]:443":             "net6",
		"[2001:db8::1]":                 "exact6",
		"2001:DB8:0:0::1":               "exact6",
		"[2001:db8:0::1]:8443":          "exact6",
		"192.0.2.7":                     "net4",
		"192.0.2.7:8443":                "net4",
		"fe80::1%eth0":                  "zone",
		"[fe80::1%eth0]:443":            "zone",
		"fe80::1%eth1":                  "any",
		"upper.example.net":             "upper",
		"BÜCHER.example":                "idn",
		"":                              "any",
	} {
		got, err := Options{AuthFile: path}.For(host)
		if err != nil || got.Username != want {
			t.Errorf("%s gets %q, %v, expected %q", host, got.Username, err, want)
		}
	}
}

func TestAuthFileErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", "is empty, expected a section such as [bmc1.example.net] or [*]"},
		{"comments only", "# hush\n", "is empty, expected a section such as [bmc1.example.net] or [*]"},
		{"no match", "[bmc2]\npassword = hush\n", "no section for bmc1, expected [bmc1] or a pattern such as [*]"},
		{"unknown key", "[bmc1]\npasswort = hush\n", "line 2: unknown key, expected username, password, token or kg"},
		{"unknown key elsewhere", "[bmc1]\npassword = hush\n\n[bmc2]\nhush = x\n", "line 5: unknown key, expected username, password, token or kg"},
		{"upper case key", "[bmc1]\nPassword = hush\n", "line 2: unknown key, expected username, password, token or kg"},
		{"key outside", "password = hush\n[bmc1]\n", "line 1: expected a section head such as [name] before the first key"},
		{"bare", "[bmc1]\npassword = a\n  hush\n", "line 3: expected key = value"},
		{"colon", "[bmc1]\npassword: hush\n", "line 2: expected key = value"},
		{"key twice", "[bmc1]\npassword = a\npassword = hush\n", "line 3: the same key again, expected each once in a section"},
		{"section twice", "[bmc1]\npassword = hush\n[bmc2]\ntoken=a\n[BMC1]\npassword = hush\n", "line 5: the same section as in line 1, expected each host once"},
		{"address twice", "[2001:db8::1]\npassword = hush\n[[2001:db8:0::1]]\npassword = hush\n", "line 3: the same section as in line 1, expected each host once"},
		{"empty section", "[bmc1]\n[bmc2]\ntoken = hush\n", "line 1: an empty section, expected username, password, token or kg"},
		{"no value", "[bmc1]\npassword =\n", "line 2: expected 1 to 1024 bytes after the ="},
		{"empty quotes", "[bmc1]\npassword = \"\"\n", "line 2: expected 1 to 1024 bytes after the ="},
		{"long value", "[bmc1]\npassword = " + strings.Repeat("hush", 257) + "\n", "line 2: expected 1 to 1024 bytes after the ="},
		{"port in head", "[bmc1:8443]\npassword = hush\n", "line 1: expected a host without its port in the section head"},
		{"port and pattern in head", "[*:8443]\npassword = hush\n", "line 1: expected a host without its port in the section head"},
		{"character class", "[bmc[12]]\npassword = hush\n", "line 1: expected a host in the section head, in which only * and ? stand for other characters"},
		{"URL in head", "[https://bmc1]\npassword = hush\n", "line 1: expected a host in the section head, in which only * and ? stand for other characters"},
		{"tie", "[bmc?]\npassword = hush\n[*]\ntoken = hush\n[b*c1]\npassword = hush\n",
			"[bmc?] in line 1 and [b*c1] in line 5 are equally specific for bmc1, expected one to have more literal characters"},
		{"binary", "[bmc1]\n\x00\x01\n", "line 2: expected text, found a control character"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.text, 0o600)
			got, err := Options{AuthFile: path}.For("bmc1")
			if want := "--auth-file " + path + ": " + test.want; err == nil || err.Error() != want {
				t.Fatalf("got  %v\nwant %s", err, want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error shows a secret: %v", err)
			}
			if got != (Credentials{}) {
				t.Errorf("credentials in spite of the error: %v", got)
			}
		})
	}
}

// A tie between two patterns that a third one beats is none.
func TestTieThatDoesNotMatter(t *testing.T) {
	path := write(t, "[bm??]\nusername = a\n[b?c?]\nusername = b\n[bmc?]\nusername = c\n", 0o600)
	if got, err := (Options{AuthFile: path}).For("bmc1"); err != nil || got.Username != "c" {
		t.Errorf("got %q, %v", got.Username, err)
	}
}

func TestModes(t *testing.T) {
	for mode, allowed := range map[os.FileMode]bool{
		0o400: true, 0o600: true, 0o640: true, 0o440: true, 0o700: true, 0o750: true,
		0o644: false, 0o604: false, 0o602: false, 0o601: false, 0o660: false, 0o620: false, 0o666: false, 0o777: false,
	} {
		path := write(t, "[*]\npassword = hush\n", mode)
		_, err := Options{AuthFile: path}.For("bmc1")
		switch {
		case allowed && err != nil:
			t.Errorf("mode %04o is refused: %v", mode, err)
		case !allowed && (err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("--auth-file %s: has mode %04o, expected", path, mode))):
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}

func TestLinkIsFollowedAndItsTargetChecked(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	target := write(t, "[*]\nusername = root\n", 0o600)
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if got, err := (Options{AuthFile: link}).For("bmc1"); err != nil || got.Username != "root" {
		t.Errorf("through a link: %q, %v", got.Username, err)
	}
	if err := os.Chmod(target, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := (Options{AuthFile: link}).For("bmc1"); err == nil || !strings.Contains(err.Error(), "has mode 0644") {
		t.Errorf("a link hides the mode of its target: %v", err)
	}
}

func TestForeignOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	const nobody = 65534
	path := write(t, "[*]\npassword = hush\n", 0o600)
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Skip("this machine has no other users:", err)
	}
	_, err := Options{AuthFile: path}.For("bmc1")
	if err == nil || !strings.Contains(err.Error(), "expected root or the user running this") {
		t.Errorf("a file of somebody else is used: %v", err)
	}
}

// Another user reads a file of root that the group may read, and a file of its
// own; nothing else.
func TestAsAnotherUser(t *testing.T) {
	const nobody = 65534
	if path := os.Getenv("SECRET_TEST_FILE"); path != "" {
		got, err := Options{AuthFile: path}.For("bmc1")
		fmt.Printf("read %s, %v\n", got.Username, err)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	tests := []struct {
		owner, group int
		mode         os.FileMode
		want         string
	}{
		{0, nobody, 0o640, "read root, <nil>"},
		{nobody, nobody, 0o600, "read root, <nil>"},
		{0, 0, 0o600, "permission denied"},
		{1, nobody, 0o640, "expected root or the user running this"},
	}
	for _, test := range tests {
		path := write(t, "[*]\nusername = root\n", test.mode)
		for dir := filepath.Dir(path); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(path, test.owner, test.group); err != nil {
			t.Skip("this machine has no other users:", err)
		}
		child := exec.Command("/proc/self/exe", "-test.run=^TestAsAnotherUser$")
		child.Env = []string{"SECRET_TEST_FILE=" + path}
		child.Dir = "/"
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		out, err := child.CombinedOutput()
		if err != nil {
			t.Skip("this machine does not let root become another user:", err)
		}
		if !strings.Contains(string(out), test.want) {
			t.Errorf("owner %d, group %d, mode %04o: %s\nwant %s", test.owner, test.group, test.mode, out, test.want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("NOOUT_USERNAME", "envuser")
	t.Setenv("NOOUT_PASSWORD", "envpass")
	t.Setenv("NOOUT_TOKEN", "envtoken")
	want := Credentials{Username: "envuser", Password: NewText("envpass"), Token: NewText("envtoken")}
	if got, err := (Options{}).For("bmc1"); err != nil || got != want {
		t.Errorf("from the environment: %+v, %v", got, err)
	}
	if got, err := (Options{}).FromFile("bmc2"); err != nil || got != (Credentials{}) {
		t.Errorf("the environment speaks for another device: %+v, %v", got, err)
	}
	path := write(t, "[bmc1]\nusername = fileuser\n", 0o600)
	if got, err := (Options{AuthFile: path}).For("bmc1"); err != nil || got != (Credentials{Username: "fileuser"}) {
		t.Errorf("file and environment are mixed: %+v, %v", got, err)
	}
	if got, err := (Options{AuthFile: path}).For("bmc2"); err == nil {
		t.Errorf("the environment replaces a section that is missing: %+v", got)
	}
}

func TestNothingIsKnown(t *testing.T) {
	for _, name := range []string{"NOOUT_USERNAME", "NOOUT_PASSWORD", "NOOUT_TOKEN"} {
		t.Setenv(name, "")
	}
	if got, err := (Options{}).For("bmc1"); err != nil || got != (Credentials{}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// sentences are all that an error may say, without numbers.
var sentences = []string{
	"is empty, expected a section such as [bmc.example.net] or [*]",
	"no section for bmc.example.net, expected [bmc.example.net] or a pattern such as [*]",
	"line : unknown key, expected username, password, token or kg",
	"line : expected a section head such as [name] before the first key",
	"line : expected a section head such as [name]",
	"line : expected a name between the brackets",
	"line : expected a name before the =",
	"line : expected text, found a control character",
	"line : expected UTF- text",
	"line : expected key = value",
	"line : the same key again, expected each once in a section",
	"line : the same section as in line , expected each host once",
	"line : an empty section, expected username, password, token or kg",
	"line : expected  to  bytes after the =",
	"line : expected a host without its port in the section head",
	"line : expected a host in the section head, in which only * and ? stand for other characters",
}

var numbers = regexp.MustCompile(`[0-9]+`)

// tie names two section heads.
var tie = regexp.MustCompile(`^\[[^ ]+\] in line [0-9]+ and \[[^ ]+\] in line [0-9]+ are equally specific for bmc1.example.net, expected one to have more literal characters$`)

// Whatever the file holds: no panic, one line, and nothing of it in the error
// but two section heads that tie.
func FuzzAuthFile(f *testing.F) {
	for _, password := range passwords {
		f.Add([]byte("[*]\nusername = root\npassword = " + quote(password) + "\n"))
	}
	f.Add([]byte("\ufeff[bmc?*]\r\npassword=a\r\n[b*c?]\r\ntoken=b"))
	f.Add([]byte("[[2001:db8::1]]\nkg = 0x00\n[2001:db8::*]\nkg=1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		sections, err := parse(text)
		if err == nil {
			var accounts []account
			if accounts, err = accountsOf(sections); err == nil {
				_, err = choose(accounts, "bmc1.example.net")
			}
		}
		if err == nil || tie.MatchString(err.Error()) {
			return
		}
		if said := numbers.ReplaceAllString(err.Error(), ""); !slices.Contains(sentences, said) {
			t.Errorf("the error says something of its own: %q", err)
		}
	})
}
