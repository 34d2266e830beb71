package fans

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

func at(s string) time.Time {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return t0.Add(d)
}

// say prints episodes as "FAN3 10s-21s log", open ones as "10s-".
func say(es []Episode) string {
	var out []string
	for _, e := range es {
		end := ""
		if !e.Open() {
			end = e.End.Sub(t0).String()
		}
		by := ""
		if e.Logged {
			by += " log"
		}
		if e.Polled {
			by += " poll"
		}
		if e.Assumed {
			by += " assumed"
		}
		out = append(out, fmt.Sprintf("%s %s-%s%s", strings.Join(e.Fans, "+"), e.Start.Sub(t0), end, by))
	}
	return strings.Join(out, "\n")
}

func log(fan, when string, down bool, level string) Mark {
	return Mark{Fan: fan, At: at(when), Down: down, Level: level}
}

func polled(fan, since, when string, down bool) Mark {
	return Mark{Fan: fan, Since: at(since), At: at(when), Down: down, Poll: true}
}

func TestEpisodesOf(t *testing.T) {
	const nc, lc, nr = "Lower Non-critical", "Lower Critical", "Lower Non-recoverable"
	tests := []struct {
		name  string
		marks []Mark
		want  string
	}{
		{"nothing", nil, ""},
		{"eleven seconds in the log", []Mark{log("3", "10s", true, ""), log("3", "21s", false, "")},
			"3 10s-21s log"},
		{"entries out of order", []Mark{log("3", "21s", false, ""), log("3", "10s", true, "")},
			"3 10s-21s log"},
		{"nested thresholds are one drop (Supermicro X11 SEL)", []Mark{
			log("A", "10s", true, lc), log("A", "10s", true, nr), log("A", "14s", false, nr), log("A", "15s", false, lc),
		}, "A 10s-15s log"},
		{"an inner threshold comes and goes inside the outer", []Mark{
			log("A", "1s", true, nc), log("A", "2s", true, lc), log("A", "3s", false, lc), log("A", "4s", true, lc),
			log("A", "5s", false, lc), log("A", "6s", false, nc),
		}, "A 1s-6s log"},
		{"recovery of an outer threshold never asserted", []Mark{log("A", "1s", true, lc), log("A", "6s", false, nc)},
			"A 1s-6s log"},
		{"recovery that names no threshold (Dell FAN0005)", []Mark{log("A", "1s", true, lc), log("A", "6s", false, "")},
			"A 1s-6s log"},
		{"flapping in the same second keeps the order of the log", []Mark{
			{Fan: "A", At: at("1s"), Down: true, Order: 1}, {Fan: "A", At: at("1s"), Order: 2},
			{Fan: "A", At: at("1s"), Down: true, Order: 3}, {Fan: "A", At: at("1s"), Order: 4},
		}, "A 1s-1s log\nA 1s-1s log"},
		{"seen by a poll only", []Mark{polled("3", "0s", "5m", true), polled("3", "5m", "10m", false)},
			"3 5m0s-10m0s poll"},
		{"log and poll see the same drop", []Mark{
			polled("3", "0s", "5m", true), polled("3", "5m", "10m", false), log("3", "4m55s", true, ""), log("3", "5m6s", false, ""),
		}, "3 4m55s-5m6s log poll"},
		{"the log closed a second before the poll saw it down", []Mark{
			log("3", "4m48s", true, ""), log("3", "4m59s", false, ""), polled("3", "0s", "5m", true), polled("3", "5m", "10m", false),
		}, "3 4m48s-10m0s log poll assumed"},
		{"an old logged drop does not swallow a new one", []Mark{
			log("3", "10s", true, ""), log("3", "21s", false, ""), polled("3", "5m", "10m", true),
		}, "3 10s-21s log\n3 10m0s- poll"},
		{"no recovery was logged, the poll finds it turning", []Mark{log("3", "10s", true, ""), polled("3", "10s", "5m", false)},
			"3 10s-5m0s log poll assumed"},
		{"two fans within five seconds are one cause", []Mark{
			log("3", "10s", true, ""), log("4", "14s", true, ""), log("3", "21s", false, ""), log("4", "30s", false, ""),
		}, "3+4 10s-30s log"},
		{"two fans six seconds apart are two", []Mark{
			log("3", "10s", true, ""), log("4", "16s", true, ""), log("3", "21s", false, ""), log("4", "30s", false, ""),
		}, "3 10s-21s log\n4 16s-30s log"},
		{"one fan twice in five seconds is not a common cause", []Mark{
			log("3", "10s", true, ""), log("3", "11s", false, ""), log("3", "12s", true, ""), log("3", "13s", false, ""),
		}, "3 10s-11s log\n3 12s-13s log"},
		{"redundancy alone tells of a drop (Dell RDU0002)", []Mark{
			log(Redundancy, "10s", true, ""), log(Redundancy, "21s", false, ""),
		}, "redundancy 10s-21s log"},
		{"redundancy explained by a fan", []Mark{
			log("3", "10s", true, ""), log(Redundancy, "12s", true, ""), log(Redundancy, "23s", false, ""), log("3", "21s", false, ""),
		}, "3 10s-21s log"},
		{"a recovery alone is nothing", []Mark{log("3", "10s", false, ""), polled("3", "0s", "1m", false)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, say(EpisodesOf(tt.marks))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOrderDoesNotMatter: logs are read newest first, oldest first, or in no
// order at all.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := rapid.SliceOfN(rapid.Custom(anyMark), 0, 20).Draw(t, "marks")
		for i := range marks {
			marks[i].Order = int64(i)
		}
		want := EpisodesOf(marks)
		shuffled := rapid.Permutation(slices.Clone(marks)).Draw(t, "shuffled")
		if diff := cmp.Diff(want, EpisodesOf(shuffled)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func anyMark(t *rapid.T) Mark {
	return Mark{
		Fan:   rapid.SampledFrom([]string{"1", "2", "3", Redundancy}).Draw(t, "fan"),
		At:    t0.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "s")) * time.Second),
		Since: t0,
		Down:  rapid.Bool().Draw(t, "down"),
		Level: rapid.SampledFrom([]string{"", "lower critical", "lower non-critical"}).Draw(t, "level"),
		Poll:  rapid.Bool().Draw(t, "poll"),
	}
}

// TestEveryDropIsKept: a fan that went down is in some episode that covers the
// moment, whatever else is in the log.
func TestEveryDropIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		marks := rapid.SliceOfN(rapid.Custom(anyMark), 1, 30).Draw(t, "marks")
		es := EpisodesOf(marks)
		for _, m := range marks {
			if !m.Down || m.Fan == Redundancy {
				continue
			}
			if !slices.ContainsFunc(es, func(e Episode) bool {
				return slices.Contains(e.Fans, m.Fan) && !e.Start.After(m.At) && (e.Open() || !e.End.Before(m.At))
			}) {
				t.Fatalf("no episode holds %+v in\n%s", m, say(es))
			}
		}
	})
}
