package story

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// built names the folder of the plugins for a test that walks.
const built = "NOOUT_STORY_BIN"

func TestMain(m *testing.M) {
	StandIn()
	os.Exit(m.Run())
}

// TestStory walks through the whole story with freshly built binaries. They are
// built first: the network in which the walk takes place leads nowhere.
func TestStory(t *testing.T) {
	if testing.Short() {
		t.Skip("the story waits for fans in real time; run without -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	if Walking() {
		walkAll(ctx, t)
		return
	}
	bin := t.TempDir()
	args := []string{"build", "-o", bin}
	for _, p := range Plugins() {
		args = append(args, "../../plugins/"+p)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Setenv(built, bin)
	var out bytes.Buffer
	if err := Again(ctx, &out, "-test.run=^TestStory$", "-test.v"); err != nil {
		t.Errorf("%v\n%s", err, &out)
		return
	}
	t.Logf("\n%s", &out)
}

func walkAll(ctx context.Context, t *testing.T) {
	w, err := Open(os.Getenv(built), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Wait(20 * time.Second)
	if w.Refused != "" {
		t.Logf("left out: the guests, who cannot be pinged here: %s", w.Refused)
	}
	steps := w.Steps()
	if n := len(steps); n < 40 {
		t.Errorf("the story has %d points", n)
	}
	for _, s := range steps {
		o, err := w.Run(ctx, s)
		if err == nil {
			err = s.Wrong(o)
		}
		if err != nil {
			t.Errorf("%s\n%s\n%v", s.Happens, o.Command, err)
		}
		if s.Blackout != 0 {
			t.Logf("the guest was silent for %s to %s: %s", o.Silence.AtLeast, o.Silence.AtMost, o.Output)
		}
	}
	t.Logf("%d points", len(steps))
	if w.Refused == "" {
		letters(t, w)
	}
}

// TestLeftOut: where the guests cannot be pinged, all else happens all the same, so
// that a node that went off is back when its guests would have been asked.
func TestLeftOut(t *testing.T) {
	var did []string
	count := func(what string) func(*World) error {
		return func(*World) error { did = append(did, what); return nil }
	}
	steps := []Step{
		{Do: count("off"), Command: question(cluster)}, {Do: count("on"), Command: question(guestsPlugin)}, {Command: question(guestsPlugin)},
		{Do: count("told"), Command: question(notifyPlugin)}, {Do: count("leaps"), Command: question(guestsPlugin), Blackout: 105}, {Command: question(storage)},
	}
	kept := without(steps)
	for _, s := range kept {
		if err := s.Do(nil); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"off", "on"}; len(kept) != 2 || !slices.Equal(did, want) {
		t.Errorf("%d points are left, in which happens %q, want %q", len(kept), did, want)
	}
}

// arrived are the subjects that each customer got, in this order.
var arrived = map[string][]string{
	"ops@acme.example": {
		"Mantenimiento programado: ", "Mantenimiento programado en curso", "Mantenimiento programado: servidores trasladados", "Mantenimiento programado finalizado",
		"Incidencia: 1 servidor no responde", "Incidencia: actualización", "Incidencia resuelta",
	},
	"info@gans.example": {
		"Geplante Wartung: ", "Geplante Wartung läuft", "Geplante Wartung: Server umgezogen", "Geplante Wartung abgeschlossen",
		"Störung: 1 Server antwortet nicht", "Störung: Zwischenstand", "Störung behoben",
	},
}

// letters: each customer got what concerns him, once, in order, in his language.
func letters(t *testing.T, w *World) {
	all, err := w.Letters()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, l := range all {
		to := strings.Trim(l.To, "<>")
		got[to] = append(got[to], l.Subject)
	}
	for to, want := range arrived {
		if len(got[to]) != len(want) {
			t.Errorf("%s got %q, expected %q", to, got[to], want)
			continue
		}
		for i, subject := range want {
			if !strings.Contains(got[to][i], "] "+subject) {
				t.Errorf("%s got %q, expected %q", to, got[to][i], subject)
			}
		}
	}
}
