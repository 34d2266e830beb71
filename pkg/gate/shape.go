package gate

import (
	"maps"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/pkg/pve"
)

// shape is where guests of the same make can run: the disks and devices of their
// configurations, without what no failure asks about. Fifty thousand guests are of
// a few makes, and a file that repeats them takes longer to read than the API's
// answers.
type shape struct {
	pve.Config
	// Read is when each guest's was read, in seconds since 1970.
	Read map[int]int64 `json:"read"`
}

// fold sorts configurations by what counts of them.
func fold(configs map[int]pve.ConfigFacts) []shape {
	by := map[string]map[int]int64{}
	makes := map[string]pve.Config{}
	var key []byte
	for id, f := range configs {
		key = makeOf(key[:0], f.Config)
		read, seen := by[string(key)]
		if !seen {
			read = map[int]int64{}
			by[string(key)] = read
			makes[string(key)] = pve.Config{Devices: f.Devices, Mapped: f.Mapped, Disks: f.Disks, Snippets: f.Snippets}
		}
		read[id] = f.Time.Unix()
	}
	out := make([]shape, 0, len(by))
	for _, k := range slices.Sorted(maps.Keys(by)) {
		out = append(out, shape{makes[k], by[k]})
	}
	return out
}

// makeOf appends what tells one make from another. No text of it holds a zero byte:
// they are names.
func makeOf(to []byte, c pve.Config) []byte {
	for _, d := range slices.Concat(c.Disks, c.Snippets) {
		to = append(append(append(append(to, 'd'), d.Slot...), 0), d.Storage...)
		for i, is := range []bool{d.CDROM, d.CloudInit, d.Unsaved, d.Unreplicated, d.Shared, d.Snippet} {
			if is {
				to = append(to, 0, byte('0'+i))
			}
		}
		to = append(to, 0, 0)
	}
	for _, list := range [][]string{c.Devices, c.Mapped} {
		to = append(to, '/')
		for _, s := range list {
			to = append(append(to, s...), 0)
		}
	}
	return to
}

// unfold is what was folded.
func unfold(shapes []shape) map[int]pve.ConfigFacts {
	out := map[int]pve.ConfigFacts{}
	for _, s := range shapes {
		for id, read := range s.Read {
			out[id] = pve.ConfigFacts{Config: s.Config, Time: time.Unix(read, 0)}
		}
	}
	return out
}
