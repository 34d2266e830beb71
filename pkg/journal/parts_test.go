package journal

import (
	"testing"
	"time"
)

// TestPartsOnce: what a comparison found is written once, however often somebody
// asks.
func TestPartsOnce(t *testing.T) {
	saved := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	entry := func(at, since time.Time, part string) Entry {
		e, err := Entry{At: at, Since: since, Cluster: "lab", Node: "pve3", Fact: &PartMissing{Part: part}}.identified()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	first := entry(saved.Add(time.Hour), saved, "DIMM B2")
	known := recall(nil)
	known.add(first)
	if !known.holds(entry(saved.Add(2*time.Hour), saved, "DIMM B2")) || known.holds(entry(saved.Add(2*time.Hour), saved, "DIMM B1")) ||
		known.holds(entry(saved.Add(48*time.Hour), saved.Add(24*time.Hour), "DIMM B2")) {
		t.Error("a part is written down once for each baseline")
	}
}
