//go:build real

package schedulers

import (
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// full is the most that a plugin prints, and that nagios takes whole.
const full = 4096

// place is where a scheduler's plugins have their settings and their memory.
type place struct {
	dir, file string // noout.ini
}

// at makes a place with all questions, a section for each, and with memories
// of their own: copies of what the plugins learned when they ran for the first
// time. They learn when a fan dropped out to the second, and the seconds of two
// clocks do not begin together.
func (s *site) at(t testing.TB, dir string) place {
	t.Helper()
	p := s.empty(t, dir)
	if out, err := exec.Command("cp", "-a", learned(t), filepath.Join(dir, "memory")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return p
}

// empty makes a place where nothing is remembered yet.
func (s *site) empty(t testing.TB, dir string) place {
	t.Helper()
	p := place{dir, filepath.Join(dir, "noout.ini")}
	var ini strings.Builder
	for _, a := range questions {
		ini.WriteString(s.section(a.name(), a, filepath.Join(dir, "memory")))
	}
	write(t, p.file, ini.String())
	return p
}

// memory is the directory of what the plugins learned.
var memory struct {
	sync.Mutex
	dir string
}

func learned(t testing.TB) string {
	t.Helper()
	memory.Lock()
	defer memory.Unlock()
	if memory.dir == "" {
		p := openSite(t).empty(t, folder(t, "learned"))
		write(t, filepath.Join(p.dir, "memory", "empty"), "")
		give(t, p.dir)
		for _, a := range questions {
			if a.want != timeOut {
				p.ask(t, a)
			}
		}
		memory.dir = filepath.Join(p.dir, "memory")
	}
	return memory.dir
}

func (p place) ask(t testing.TB, a asked) answer {
	t.Helper()
	return ask(t, filepath.Join(built(t), a.plugin), "--extra-opts="+a.name()+"@"+p.file)
}

var words = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}

// shell is what every plugin prints on a shell, by question. Every state must
// be there, in no more than the bytes that all schedulers take, and one must
// fill them.
func shell(t testing.TB) map[string]output {
	t.Helper()
	printed.Lock()
	defer printed.Unlock()
	if printed.out == nil {
		printed.out = askAll(t)
	}
	return printed.out
}

// printed is what was printed when somebody first wanted to know.
var printed struct {
	sync.Mutex
	out map[string]output
}

func askAll(t testing.TB) map[string]output {
	t.Helper()
	p := openSite(t).at(t, folder(t, "shell"))
	out := map[string]output{}
	longest := 0
	for _, a := range questions {
		r := p.ask(t, a)
		o := r.parts()
		if o.Exit != a.exit() || !strings.HasPrefix(o.First, words[a.exit()]+": ") {
			t.Errorf("%s: exit %d: %s", a.name(), r.exit, r.text)
		}
		if a.want == timeOut && !strings.Contains(o.First, "in time") && !strings.Contains(o.First, "within") {
			t.Errorf("%s: this is no time-out: %s", a.name(), o.First)
		}
		longest = max(longest, len(r.text))
		out[a.name()] = o
	}
	if longest > full || longest < full-100 {
		t.Errorf("the longest output has %d bytes, want one that fills %d", longest, full)
	}
	if t.Failed() {
		t.FailNow()
	}
	return out
}

// TestShell: what is compared with schedulers is the same in every run.
func TestShell(t *testing.T) {
	t.Parallel()
	once, again := shell(t), askAll(t)
	for _, a := range questions {
		t.Run(a.name(), func(t *testing.T) {
			same(t, once[a.name()], again[a.name()])
			t.Logf("%+v", once[a.name()])
		})
	}
}
