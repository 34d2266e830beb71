//go:build real

package guests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/noout-monitoring/noout/pkg/ping"
)

// child answers a question on its standard output.
func child(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var q question
	if err := json.Unmarshal(text, &q); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	a, err := q.find()
	if err != nil {
		a.Error = err.Error()
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err == nil {
		a.RSS = used.Maxrss << 10
	}
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (q question) find() (a answer, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), q.Limit)
	defer cancel()
	var faults []ping.Fault
	switch {
	case q.Run != nil:
		var r ping.Report
		r, err = ping.Run(ctx, q.Targets, *q.Run)
		for _, x := range r.Targets {
			a.Targets = append(a.Targets, ping.Watched{Reach: x})
		}
		faults, a.Cut, a.Elapsed, a.Evidence = r.Faults, r.Cut, r.Elapsed, r.Evidence
	case q.Witness:
		a.Targets, err = testify(ctx, q.Targets, *q.Watch)
	case q.Watch != nil:
		var r ping.WatchReport
		r, err = ping.Watch(ctx, q.Targets, ping.WatchOptions{Duration: q.Watch.Duration, Interval: q.Watch.Interval, Wait: q.Watch.Wait})
		a.Targets, faults, a.Cut, a.Elapsed, a.Evidence, a.Spacing = r.Targets, r.Faults, r.Cut, r.Elapsed, r.Evidence, r.Spacing
	case q.Connect != nil:
		a.Connections, err = ping.Connect(ctx, q.Targets, *q.Connect)
	default:
		for _, r := range ping.Resolve(ctx, q.Resolve, ping.Wanted{}) {
			x := resolved{Name: r.Name, Addrs: r.Addrs}
			if r.Err != nil {
				x.Err = r.Err.Error()
			}
			a.Names = append(a.Names, x)
		}
	}
	for _, f := range faults {
		a.Faults = append(a.Faults, fault{f.Trouble, f.Family, f.Count, f.String(), errors.Is(f.Err, ping.ErrPrivilege)})
	}
	return a, err
}
