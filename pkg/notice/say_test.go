package notice

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/noout-monitoring/noout/pkg/locale"
)

var update = flag.Bool("update", false, "write what is said into testdata")

var (
	night = time.Date(2026, 11, 29, 2, 12, 0, 0, time.UTC)
	noon  = time.Date(2026, 12, 3, 13, 0, 0, 0, time.UTC)
)

// What there are words for.
var (
	reasons = []Reason{"fans", "power", "memory", "disks", "network", "firmware", "software", "hardware"}
	impacts = []Impact{ImpactNone, ImpactShort, ImpactOff}
)

// examples are a notice of every kind.
func examples() []Notice {
	gap := 324.0
	two := []Server{{ID: 103, Name: "shop"}, {ID: 105, Name: "db1"}}
	work := &Work{From: noon, Until: noon.Add(2 * time.Hour), Reason: "fans", Impact: ImpactNone}
	planned := func(n Notice) Notice {
		n.Event, n.Work = "M-261203-4f2a1c", work
		if n.Servers == nil {
			n.Servers = two
		}
		return n
	}
	down := func(n Notice) Notice {
		n.Event, n.Begun, n.Next = "D-261129-90b3d2", night, night.Add(33*time.Minute)
		return n
	}
	out := []Notice{
		planned(Notice{Kind: Announced}), planned(Notice{Kind: Announced, Servers: two[:1], Changed: true, Number: 1}),
		planned(Notice{Kind: Reminded}), planned(Notice{Kind: Begun, Begun: noon.Add(4 * time.Minute)}),
		planned(Notice{Kind: Update, Text: "The technician is late, it takes an hour more."}),
		planned(Notice{Kind: Moved, Live: LiveRunning, GapMS: &gap}), planned(Notice{Kind: Moved, Live: LiveStopped, Servers: two[:1]}),
		planned(Notice{Kind: Finished, Begun: noon, Ended: noon.Add(70 * time.Minute), Live: LiveRunning, GapMS: &gap}), planned(Notice{Kind: Cancelled}),
		down(Notice{Kind: Opened, Servers: []Server{{ID: 105, Name: "db1", Silent: night}}}),
		down(Notice{Kind: Opened, Cause: CauseMachine, Servers: []Server{{ID: 103, Name: "shop", Silent: night}, {ID: 105, Name: "db1", Silent: night.Add(time.Minute)}}}),
		down(Notice{Kind: Update, Servers: []Server{{ID: 103, Name: "shop", Silent: night, Back: night.Add(20 * time.Minute)}, {ID: 105, Name: "db1", Silent: night}, {ID: 106, Name: "old", Silent: night, Gone: true}}}),
		down(Notice{Kind: Resolved, Cause: CauseMachine, Work: work, Ended: night.Add(29 * time.Minute), Servers: []Server{{ID: 105, Name: "db1", Silent: night, Back: night.Add(29 * time.Minute)}}}),
	}
	for _, r := range reasons {
		n := planned(Notice{Kind: Announced, Servers: two[:1]})
		n.Work = &Work{From: noon, Until: noon.Add(12 * time.Hour), Reason: r, Impact: impacts[len(out)%3]}
		out = append(out, n)
	}
	return out
}

func englishOf(t *testing.T) *locale.Locale {
	t.Helper()
	l, err := locale.Open("en")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestWords compares what is said with what was read and found good.
func TestWords(t *testing.T) {
	for _, lang := range locale.Languages() {
		l, err := locale.Open(lang)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, n := range examples() {
			n.Language, n.Zone = lang, "Europe/Madrid"
			w, err := Say(n, l, "Example Hosting")
			if err != nil {
				t.Fatal(err)
			}
			if w.Lang != l.Tag() || strings.Contains(w.Subject, "db1") || len([]rune(w.Subject)) > 78 {
				t.Errorf("%s: %s %q of %d", lang, w.Lang, w.Subject, len([]rune(w.Subject)))
			}
			if plain := regexp.MustCompile(`<[^>]+>`).ReplaceAllString(w.HTML, ""); strings.Join(strings.Fields(strings.NewReplacer("- ", "", "&#39;", "'", "&#34;", `"`).Replace(plain)), " ") != strings.Join(strings.Fields(strings.ReplaceAll(w.Text, "\n- ", "\n")), " ") {
				t.Errorf("%s %s: the page says something else:\n%s\n%s", lang, n.Kind, w.HTML, w.Text)
			}
			fmt.Fprintf(&b, "=== %s %s\n%s\n", n.Kind, w.Subject, w.Text)
		}
		path := filepath.Join("testdata", lang+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s: %s", lang, diff)
		}
	}
}

// jargon are our words, which no customer has to know, and such as are no way to
// speak to one. Words are matched as a whole, without regard to case.
var jargon = map[string]string{
	"*":  `noout|osd|ceph|quorum|cluster|proxmox|pve\d*|hypervisor|vmid|container|lrm|crush|bmc|ipmi|ping|failover|downtime|host`,
	"en": `node|guest|drain|drained|migrate|migrated|migration|sorry|guarantee|guaranteed|soon|tonight`,
	"es": `nodo|huésped|invitado|migrar|migrado|migración|clúster|garantiza|pronto|tú|tu|tus|te|vosotros|vuestro`,
	"nl": `node|knooppunt|gast|migratie|gemigreerd|garantie|binnenkort|je|jij|jouw|jullie`,
	"fr": `nœud|invité|migration|migré|grappe|garanti|bientôt|tu|te|ton|ta|tes`,
	"de": `knoten|gast|migration|migriert|garantiert|bald|du|dir|dein|deine|deiner|euch|euer`,
	"pt": `nó|hóspede|migração|migrado|garantido|breve|tu|te|teu|tua|você|vocês|contato|usuário`,
}

// phrases are what no native hoster would write, or not any more.
var phrases = map[string]string{
	"en": `\b1 of your|without being shut down|fan replacement|servers concerned`,
	"es": `\b1 de sus|Estimad|está resuelta|a más tardar|todas las horas`,
	"nl": `\b1 van uw|antwoord|in bedrijf|alle tijden`,
	"fr": `\b1 de vos|d['’]Europe|celles de|Un de vos|informations|[^\x{a0}] ?[:;!?]$|[^\x{a0}]:\s`,
	"de": `\b1 Ihrer|Einer Ihrer|ausgeschaltet|verschoben|alle Zeiten|Sehr geehrte`,
	"pt": `\b1 dos seus|Incidente|afetad|Exm[oa]|todas as horas`,
}

func TestNativePhrases(t *testing.T) {
	for _, lang := range locale.Languages() {
		banned := regexp.MustCompile(`(?:` + phrases[lang] + `)`)
		for _, text := range sources(t, lang) {
			if found := banned.FindString(text); found != "" {
				t.Errorf("%s: %q in %q", lang, found, text)
			}
		}
	}
}

// sources are all texts of a language as its translator writes them, and whole
// notices.
func sources(t *testing.T, lang string) []string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("../locale/messages", "notice."+lang+".json"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("testdata", lang+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(file, &all); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, message := range all {
		switch message := message.(type) {
		case string:
			out = append(out, message)
		case map[string]any:
			for _, form := range message {
				out = append(out, form.(string))
			}
		}
	}
	if len(out) < 50 {
		t.Fatalf("%s: %d messages", lang, len(out))
	}
	for part := range strings.SplitSeq(string(text), "\n") {
		if !strings.HasPrefix(part, "===") {
			out = append(out, part)
		}
	}
	return out
}

func TestNoJargon(t *testing.T) {
	// \b knows ASCII letters alone.
	word := regexp.MustCompile(`[\pL\d]+`)
	short := regexp.MustCompile(`^(HA|VMs?|CTs?)$`)
	for _, lang := range locale.Languages() {
		text, err := os.ReadFile(filepath.Join("testdata", lang+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(text), "\n")
		banned := regexp.MustCompile(`^(?i:` + jargon["*"] + "|" + jargon[lang] + `)$`)
		for line := range strings.Lines(body) {
			for _, w := range word.FindAllString(line, -1) {
				if banned.MatchString(w) || short.MatchString(w) {
					t.Errorf("%s: %q in %q", lang, w, line)
				}
			}
			if n := len([]rune(line)); n > 200 {
				t.Errorf("%s: %d characters in a line: %q", lang, n, line)
			}
		}
		formal := map[string]string{"es": "sus servidores", "nl": "uw", "fr": "vos", "de": "Ihrer", "pt": "seus servidores", "en": "your"}
		if !strings.Contains(body, formal[lang]) {
			t.Errorf("%s: nowhere %q", lang, formal[lang])
		}
	}
}
