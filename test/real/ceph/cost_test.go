//go:build real

package ceph

import (
	"os/exec"
	"slices"
	"testing"
	"time"
)

// BenchmarkCost compares a check by the ceph command with one plain ceph
// status, in pairs, and tells what a check with the kept token of the dashboard
// costs in CPU.
func BenchmarkCost(b *testing.B) {
	s := newSite(b)
	var ratios, cpu []float64
	measure := func(name string, args ...string) (wall, used time.Duration) {
		cmd := exec.Command(name, args...)
		started := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		return time.Since(started), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	// the memory and the token
	s.both("OK: 6 of 6 OSDs up")
	s.both("OK: 6 of 6 OSDs up")
	b.ResetTimer()
	for range max(b.N, 15) {
		plain, _ := measure("ceph", "-c", s.Path("ceph.conf"), "--id", "nagios", "--keyring", s.Path("nagios.keyring"), "-f", "json", "status")
		whole, _ := measure(s.binary, s.command()...)
		_, used := measure(s.binary, s.dashboard()...)
		ratios = append(ratios, whole.Seconds()/plain.Seconds())
		cpu = append(cpu, float64(used)/float64(time.Millisecond))
	}
	b.ReportMetric(median(ratios), "status-runs/check")
	b.ReportMetric(median(cpu), "ms-cpu/dashboard-check")
	b.ReportMetric(0, "ns/op")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
