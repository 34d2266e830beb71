//go:build real

package migration

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// visitInterval is half of that at which check_guests asks a site.
	visitInterval = 50 * ms
	// prompt pages come within it. A QEMU without KVM translates the web server
	// anew on each node, and its first pages there take tenths of a second when
	// ping has long had answers: the site is away for longer than the guest.
	prompt = 50 * ms
)

// visit the guest's web site once.
func visit(from *room) error {
	conn, err := from.dial(net.JoinHostPort(guestAddr, "80"))
	if err != nil {
		return fmt.Errorf("the web site: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return fmt.Errorf("the web site: %w", err)
	}
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return fmt.Errorf("the web site: %w", err)
	}
	if text, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(text), "hello\n") {
		return fmt.Errorf("the web site: %q, %w", text, err)
	}
	return nil
}

// visited is one visit, from when it was begun to when it had its page.
type visited struct{ began, ended time.Time }

// startVisits visits until it is asked what was seen. A visit may take long, as
// TCP has its patience, but an error of one is an error.
func startVisits(t *testing.T, from *room) func() (time.Duration, error) {
	t.Helper()
	var (
		mu    sync.Mutex
		all   []visited
		wrong error
		out   sync.WaitGroup
	)
	quit := make(chan struct{})
	stop := sync.OnceFunc(func() {
		close(quit)
		out.Wait()
	})
	t.Cleanup(stop)
	one := func() {
		v := visited{began: time.Now()}
		err := visit(from)
		v.ended = time.Now()
		mu.Lock()
		defer mu.Unlock()
		if all = append(all, v); err != nil {
			wrong = err
		}
	}
	out.Go(func() {
		tick := time.NewTicker(visitInterval)
		defer tick.Stop()
		for {
			out.Go(one)
			select {
			case <-quit:
				return
			case <-tick.C:
			}
		}
	})
	return func() (time.Duration, error) {
		stop()
		return unseen(all), wrong
	}
}

// unseen is the longest time between two prompt pages, from when the one was asked
// for to when the other had come.
func unseen(all []visited) (longest time.Duration) {
	slices.SortFunc(all, func(a, b visited) int { return a.began.Compare(b.began) })
	var last *visited
	for _, v := range all {
		if v.ended.Sub(v.began) >= prompt {
			continue
		}
		if last != nil {
			longest = max(longest, v.ended.Sub(last.began))
		}
		last = &v
	}
	return longest
}

// TestUnseen: late pages do not count, and the longest silence does.
func TestUnseen(t *testing.T) {
	began := time.Unix(1700000000, 0)
	at := func(from, took time.Duration) visited { return visited{began.Add(from), began.Add(from + took)} }
	all := []visited{at(0, 5*ms), at(50*ms, 4*ms), at(100*ms, 1004*ms), at(150*ms, 60*ms), at(200*ms, 10*ms), at(250*ms, 5*ms)}
	if got := unseen(all); got != 160*ms {
		t.Errorf("expected 160 ms, got %s", got)
	}
	if got := unseen(all[:2]); got != 54*ms {
		t.Errorf("nothing was late: expected 54 ms, got %s", got)
	}
}
