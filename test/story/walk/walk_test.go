package walk

import (
	"flag"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	seeds  = flag.Int("seeds", 1, "how many walks")
	first  = flag.Uint64("seed", 1, "the first one's seed")
	events = flag.Int("events", 12, "events of each")
	again  = flag.String("again", "", "the events of a walk, in place of random ones: EVENT; EVENT")
	tree   = flag.String("tree", "", "the checkout whose plugins are asked; this one without it")
	rules  = flag.String("rules", "", "the rules that are held, a regular expression of their names")
	same   = flag.Bool("same", true, "the gates take check_fans' options")
)

// TestWalk asks everybody after each of many random events: no two answers
// contradict each other.
func TestWalk(t *testing.T) {
	if testing.Short() {
		t.Skip("all plugins are built into one program for it; run without -short")
	}
	today, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	root := today
	if *tree != "" {
		root = *tree
	}
	built, err := Build(t.Context(), today, root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	asked, err := built.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := asked.Close(); err != nil {
			t.Error(err)
		}
	}()
	held := regexp.MustCompile(*rules)
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		o := Options{Preset: Presets[seed%uint64(len(Presets))], Standby: "^FANB$", Same: *same}
		happens := Events(seed, *events)
		if *again != "" {
			happens = strings.Split(*again, "; ")
		}
		c, yesses, err := Walk(o, asked, happens, held)
		if err != nil {
			t.Fatalf("seed %d, %s: %v", seed, o.Preset, err)
		}
		if c != nil {
			// Before the shortest form is looked for: that takes longer than the walk.
			t.Errorf("seed %d, %s: %s", seed, o.Preset, *c)
			t.Logf("seed %d, shortest: %s", seed, Shrink(o, asked, *c, held))
			continue
		}
		t.Logf("seed %d, %s: %d events, %d times yes", seed, o.Preset, len(happens), yesses)
	}
}
