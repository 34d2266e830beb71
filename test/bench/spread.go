package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/noout-monitoring/noout/test/sim/wire"
)

func median[T cmp.Ordered](in []T) T { return quantile(in, 2) }

// quantile is the first, second or third quartile.
func quantile[T cmp.Ordered](in []T, quarter int) T {
	s := slices.Sorted(slices.Values(in))
	return s[(len(s)-1)*quarter/4]
}

// measure is one of the figures of a run.
type measure func(figures) float64

func cpu(f figures) float64    { return float64(f.cpu) / 1e6 }
func wall(f figures) float64   { return float64(f.wall) / 1e6 }
func server(f figures) float64 { return float64(f.server.Microseconds()) / 1000 }
func faults(f figures) float64 { return float64(f.faults) }
func peak(f figures) float64   { return float64(f.peak) / 1024 }

func column(fs []figures, of measure) []float64 {
	out := make([]float64, len(fs))
	for i, f := range fs {
		out[i] = of(f)
	}
	return out
}

// middle is the median, rounded.
func middle(fs []figures, of measure, digits int) string {
	if len(fs) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.*f", digits, median(column(fs, of)))
}

// ratio is the median of a/b, run by run, and the middle half of them.
func ratio(as, bs []figures, of measure) string {
	if len(as) == 0 || len(as) != len(bs) {
		return "–"
	}
	out := make([]float64, len(as))
	for i := range as {
		out[i] = of(as[i]) / max(of(bs[i]), 0.001)
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", median(out), quantile(out, 1), quantile(out, 3))
}

// usual is the wire of the run with the median of bytes.
func usual(fs []figures) wire.Count {
	s := slices.Clone(fs)
	slices.SortFunc(s, func(a, b figures) int {
		return cmp.Compare(a.wire.Sent+a.wire.Received, b.wire.Sent+b.wire.Received)
	})
	return s[len(s)/2].wire
}
