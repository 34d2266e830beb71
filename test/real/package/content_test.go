//go:build real

package packaging

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// materials is the part of a bill of materials that is compared.
type materials struct {
	Components []struct {
		Ref           string `json:"bom-ref"`
		Type          string
		Name, Version string
		Hashes        []struct{ Content string }
	}
	Dependencies []struct {
		Ref       string
		DependsOn []string
	}
}

// The bill of materials says what is linked: no module more, none less, none of
// another version or content, for every binary.
func TestMaterials(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		linked, modules := map[string][]string{}, map[string]string{}
		for _, e := range tarball(t, read(t, built.file("noout_VERSION_linux_"+arch+".tar.gz"))) {
			info, err := buildinfo.Read(bytes.NewReader(e.text))
			if err != nil {
				continue // no Go program
			}
			name := path.Base(e.Name)
			modules[name] = sum(e.text)
			std := "std " + info.GoVersion
			modules[std] = ""
			linked[name] = []string{std}
			for _, d := range info.Deps {
				modules[d.Path+" "+d.Version] = hexadecimal(t, d.Sum)
				linked[name] = append(linked[name], d.Path+" "+d.Version)
			}
			slices.Sort(linked[name])
			if s := settings(info); s["GOARCH"] != arch || s["CGO_ENABLED"] != "0" || s["-trimpath"] != "true" {
				t.Errorf("%s: %s is built with %v", arch, name, s)
			}
		}
		if len(linked) < 8 {
			t.Fatalf("%s: only %d programs: %q", arch, len(linked), slices.Sorted(maps.Keys(linked)))
		}
		said, content := bill(t, arch)
		if d := cmp.Diff(linked, said); d != "" {
			t.Errorf("%s: linked (-), said (+)\n%s", arch, d)
		}
		if d := cmp.Diff(modules, content); d != "" {
			t.Errorf("%s: content (-), said (+)\n%s", arch, d)
		}
	}
}

func settings(info *buildinfo.BuildInfo) map[string]string {
	out := map[string]string{}
	for _, s := range info.Settings {
		out[s.Key] = s.Value
	}
	return out
}

// bill reads a bill of materials: what each binary depends on, and the checksum
// of everything.
func bill(t *testing.T, arch string) (depends map[string][]string, content map[string]string) {
	t.Helper()
	var m materials
	if err := json.Unmarshal(read(t, built.file("noout_VERSION_linux_"+arch+".cdx.json")), &m); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	depends, content = map[string][]string{}, map[string]string{}
	for _, c := range m.Components {
		name := c.Name
		if c.Type == "library" {
			name += " " + c.Version
		} else if c.Version != built.version {
			t.Errorf("%s is %s, expected %s", name, c.Version, built.version)
		}
		names[c.Ref], content[name] = name, ""
		for _, h := range c.Hashes {
			content[name] = h.Content
		}
	}
	for _, d := range m.Dependencies {
		name := names[d.Ref]
		if name == "" || strings.Contains(name, " ") {
			continue // the package, or a module
		}
		for _, on := range d.DependsOn {
			depends[name] = append(depends[name], names[on])
		}
		slices.Sort(depends[name])
	}
	return depends, content
}

// hexadecimal turns a checksum of go.sum into that of CycloneDX.
func hexadecimal(t *testing.T, sum string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(raw)
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}

// Deb, rpm and tarball hold the same programs.
func TestSamePrograms(t *testing.T) {
	for arch, rpm := range map[string]string{"amd64": "x86_64", "arm64": "aarch64"} {
		want := programs(tarball(t, read(t, built.file("noout_VERSION_linux_"+arch+".tar.gz"))))
		deb := members(t, read(t, built.file("noout_VERSION-1_"+arch+".deb")))
		if d := cmp.Diff(want, programs(tarball(t, deb["data.tar.gz"].text))); d != "" {
			t.Errorf("%s: tarball (-), deb (+)\n%s", arch, d)
		}
		got := map[string]string{}
		list := must(t, "rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEDIGESTS}\n]", built.file("noout-VERSION-1."+rpm+".rpm"))
		for line := range strings.Lines(list) {
			name, digest, _ := strings.Cut(strings.TrimSpace(line), " ")
			if program(name) && digest != "" {
				got[path.Base(name)] = digest
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: tarball (-), rpm (+)\n%s", arch, d)
		}
	}
}

// program tells the plugins and the simulator from all else, by path; folders of
// these names have no content.
func program(name string) bool {
	base := path.Base(name)
	return path.Base(path.Dir(name)) == "plugins" || base == "simbmc" || base == "simsite"
}

func programs(entries []entry) map[string]string {
	out := map[string]string{}
	for _, e := range entries {
		if program(e.Name) && len(e.text) > 0 {
			out[path.Base(e.Name)] = sum(e.text)
		}
	}
	return out
}

// lintian has nothing to say but what is overridden with a reason. The letters
// of wTH are in a table of the HTTP library.
func TestLintian(t *testing.T) {
	out := must(t, "lintian", "--allow-root", "--display-info", "--pedantic", "--fail-on", "none",
		"--suppress-tags", "spelling-error-in-binary", built.file("noout_VERSION-1_amd64.deb"))
	if out != "" {
		t.Error(out)
	}
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("the scripts are not looked at: shellcheck is not installed")
	}
	must(t, "bash", "-c", "shellcheck -s sh "+root+"/packaging/*/post* && shellcheck "+root+"/packaging/dist")
}

func TestRPM(t *testing.T) {
	for _, arch := range []string{"x86_64", "aarch64"} {
		file := built.file("noout-VERSION-1." + arch + ".rpm")
		must(t, "rpm", "--checksig", "--nosignature", file)
		if got, want := must(t, "rpm", "-qp", "--qf", "%{NAME} %{VERSION} %{RELEASE} %{ARCH} %{LICENSE} %{BUILDHOST}", file),
			"noout "+built.version+" 1 "+arch+" Apache-2.0 reproducible"; got != want {
			t.Errorf("%q, expected %q", got, want)
		}
		if got := must(t, "rpm", "-qp", "--requires", file); got != "/bin/sh\n" {
			t.Errorf("it requires %q", got)
		}
		if got := must(t, "rpm", "-qp", "--configfiles", file); got != "/etc/noout/noout.ini\n" {
			t.Errorf("configuration files %q", got)
		}
		files := must(t, "rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEMODES:octal} %{FILEUSERNAME}:%{FILEGROUPNAME}\n]", file)
		for _, want := range []string{
			"/usr/lib64/nagios/plugins/check_fans 100755 root:root\n", "/etc/noout 40750 root:root\n",
			"/usr/share/man/man1/check_fans.1.gz 100644", "/usr/share/man/man5/noout.ini.5.gz 100644",
			"/usr/share/licenses/noout/LICENSE 100644", "/usr/share/noout/nrpe/noout.cfg 100644",
		} {
			if !strings.Contains(files, want) {
				t.Errorf("%s: no %q in\n%s", arch, want, files)
			}
		}
		if strings.Contains(files, "/usr/lib/nagios") {
			t.Errorf("%s has files in Debian's folder:\n%s", arch, files)
		}
		must(t, "bash", "-c", `rpm -qp --qf '%{POSTIN}' "$1" | sh -n; rpm -qp --qf '%{POSTUN}' "$1" | sh -n`, "scriptlets", file)
	}
}
