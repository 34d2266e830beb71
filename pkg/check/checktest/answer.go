package checktest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/noout-monitoring/noout/pkg/check"
)

// size in bytes that every host takes in one piece (Nagios Core reads that much
// at a time).
const size = 4096

// firstLine is how many bytes a pager shows.
const firstLine = 160

// command is one on a machine, as next steps are written, or the beginning of
// one anywhere.
var command = regexp.MustCompile(`\bon [A-Za-z0-9_.-]+: [a-z-]+ |\b(ceph (osd|health|config|fs|mgr|mds|crash|mon) [a-z-]+|(qm|pct|pvesr|ha-manager|pvecm|systemctl|ceph-volume) (start|stop|set|migrate|unlock|run|add|crm-command|status|enable|disable|disk|shutdown|lvm|restart)|(modprobe|sysctl|install|setcap|chmod|chown) -)`)

// Reporter is what a test has to report with: *testing.T, *rapid.T.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// Answer checks that what a plugin wrote with --output nagios, and its exit
// code, keep the contract: a status word that goes with the code, text that no
// host reads as something else, performance data after one | on the first line,
// which has at most 160 bytes before it and no command, at most 4096 bytes in all.
func Answer(t Reporter, stdout []byte, code int) {
	t.Helper()
	for _, complaint := range broken(string(stdout), code) {
		t.Errorf("%s\nexit code %d, output:\n%s", complaint, code, stdout)
	}
}

// broken lists what is wrong with an answer.
func broken(answer string, code int) []string {
	var complaints []string
	complain := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	if code < 0 || code > 3 {
		complain("the exit code is none of 0 to 3")
	}
	if len(answer) > size {
		complain("the answer has %d bytes, more than %d", len(answer), size)
	}
	if !utf8.ValidString(answer) {
		complain("the answer is not UTF-8")
	}
	body, ends := strings.CutSuffix(answer, "\n")
	if !ends {
		complain("the answer does not end with a line feed")
	}
	lines := strings.Split(body, "\n")
	for _, line := range lines {
		if i := strings.IndexFunc(line, invisible); i >= 0 {
			complain("%q holds a character that is not printed", line)
		}
	}
	text, data, found := strings.Cut(lines[0], " | ")
	if word, rest, ok := strings.Cut(text, ": "); !ok || word != check.Status(code).String() || strings.TrimSpace(rest) == "" {
		complain("the first line does not begin with %q and a text", check.Status(code).String()+": ")
	}
	if len(text) > firstLine {
		complain("the first line has %d bytes before the performance data, more than %d", len(text), firstLine)
	}
	if c := strings.TrimSpace(command.FindString(text)); c != "" && !strings.Contains(text, c+":") { // that names what failed
		complain("the first line holds a command, %q: it belongs on a line of its own", c)
	}
	for _, part := range append([]string{text}, lines[1:]...) {
		if strings.HasPrefix(part, "  - ") {
			part = option.ReplaceAllString(part, "$1$2")
		}
		if i := strings.IndexAny(part, "|;\\<>`$"); i >= 0 {
			complain("%q holds %q, which hosts take for syntax", part, part[i])
		}
	}
	if found {
		complaints = append(complaints, brokenPerfdata(data)...)
	}
	return complaints
}

// option is a query option of OData, which a line of evidence may hold as it was
// asked: it is copied into curl.
var option = regexp.MustCompile(`([?&(])\$([a-z])`)

func invisible(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// The grammar of one item: a label that needs no quotes, a plain number with a
// unit of the guidelines, ranges, and plain numbers again.
var (
	number = `-?[0-9]+(\.[0-9]+)?`
	limits = `(@?(~|-?[0-9.]+)?:?(-?[0-9.]+)?)?`
	item   = regexp.MustCompile(`^([A-Za-z0-9_.-]+)=(` + number + `)(s|ms|us|%|B|KB|MB|GB|TB|c)?` +
		`(;` + limits + `(;` + limits + `(;(` + number + `)?(;(` + number + `)?)?)?)?)?$`)
)

// labelLength is how many characters of a label hosts keep apart.
const labelLength = 19

func brokenPerfdata(data string) []string {
	var complaints, heads []string
	for _, text := range strings.Split(data, " ") {
		match := item.FindStringSubmatch(text)
		switch {
		case match == nil:
			complaints = append(complaints, fmt.Sprintf("%q is no item of performance data", text))
			continue
		case strings.HasSuffix(text, ";"):
			complaints = append(complaints, fmt.Sprintf("%q ends in a semicolon", text))
		case match[2] == "-0":
			complaints = append(complaints, fmt.Sprintf("%q is minus zero", text))
		}
		head := match[1][:min(len(match[1]), labelLength)]
		if slices.Contains(heads, head) {
			complaints = append(complaints, fmt.Sprintf("two labels begin with %q", head))
		}
		heads = append(heads, head)
	}
	return complaints
}
