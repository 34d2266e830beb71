package web

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

// world is one site behind a network of virtual time: away in a span, or slow.
type world struct {
	began       time.Time
	from, to    time.Duration // it is away, or its web server is
	slow        bool          // connections are taken all the same
	refuses     bool
	rtt, thinks time.Duration
	jitter      []time.Duration
	n           int64
}

// network connections have an address.
type network struct {
	net.Conn
}

func (network) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 103), Port: 80}
}

func (w *world) away(at time.Time) bool {
	d := at.Sub(w.began)
	return d >= w.from && d < w.to
}

// dial sends its first packet again after 1 s and after 3 s, as TCP does.
func (w *world) dial(ctx context.Context, _, address string, tried func(string)) (net.Conn, error) {
	tried("192.0.2.103:80")
	pauses := []time.Duration{0, time.Second, 2 * time.Second}
	for _, p := range pauses {
		if !pause(ctx, p) {
			return nil, ctx.Err()
		}
		if w.slow || !w.away(time.Now()) {
			break
		}
		if w.refuses {
			return nil, &net.OpError{Op: "dial", Err: net.UnknownNetworkError("refused")}
		}
		if p == pauses[2] {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}
	if !pause(ctx, w.rtt) {
		return nil, ctx.Err()
	}
	ours, theirs := net.Pipe()
	go w.serve(theirs)
	return network{ours}, nil
}

func (w *world) serve(c net.Conn) {
	defer c.Close()
	if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
		return
	}
	n := int(atomic.AddInt64(&w.n, 1))
	time.Sleep(w.thinks)
	if len(w.jitter) > 0 {
		time.Sleep(w.jitter[n%len(w.jitter)])
	}
	for w.away(time.Now()) {
		time.Sleep(w.to - time.Since(w.began)) // held up until it is back
	}
	_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
}

func watched(t *testing.T, w *world, o WatchOptions) (got Watched) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		w.began = time.Now()
		got = watch(context.Background(), w.dial, []*url.URL{{Scheme: "http", Host: "shop.example.net"}}, o)[0]
	})
	return got
}

func every(interval time.Duration) WatchOptions {
	return WatchOptions{Options: Options{Wait: 4 * time.Second, Network: "tcp"}, Duration: 10 * time.Second, Interval: interval}
}

// TestAnyGap: the truth lies within the bounds, whatever the length of the gap,
// the distance, and what the site does in it.
func TestAnyGap(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		interval := time.Duration(rapid.IntRange(50, 200).Draw(r, "interval in ms")) * ms
		w := &world{
			from: time.Second + time.Duration(rapid.IntRange(0, 500_000).Draw(r, "begin in us"))*time.Microsecond,
			slow: rapid.Bool().Draw(r, "slow"), refuses: rapid.Bool().Draw(r, "refuses"),
			rtt: time.Duration(rapid.IntRange(0, 20).Draw(r, "distance in ms")) * ms, thinks: time.Duration(rapid.IntRange(0, 30).Draw(r, "thinks in ms")) * ms,
		}
		length := 4*interval + w.rtt + w.thinks + time.Duration(rapid.IntRange(0, 3000).Draw(r, "longer in ms"))*ms
		w.to = w.from + length
		got := watched(t, w, every(interval))
		if g := got.Longest; got.Gaps < 1 || g.Unbounded || g.AtLeast > length || g.AtMost < length {
			r.Fatalf("truth %s, measured %+v", length, got)
		}
		if g := got.Longest; g.AtMost-g.AtLeast > 4*interval+3*(w.rtt+w.thinks) {
			r.Fatalf("known no better than %s to %s", g.AtLeast, g.AtMost)
		}
		if want := map[bool]Phase{true: Asking, false: Connecting}[w.slow]; got.Longest.Phase != want {
			r.Fatalf("it hung in phase %d, expected %d", got.Longest.Phase, want)
		}
	})
}

// TestNoGap: near, far, slow and uneven sites have none.
func TestNoGap(t *testing.T) {
	for name, w := range map[string]*world{
		"near":   {},
		"far":    {rtt: 150 * ms},
		"slow":   {thinks: 900 * ms},
		"uneven": {thinks: 20 * ms, jitter: []time.Duration{0, 30 * ms, 5 * ms, 60 * ms}},
		"once":   {from: 2 * time.Second, to: 2*time.Second + 30*ms},
	} {
		got := watched(t, w, every(100*ms))
		if got.Gaps != 0 || got.Away != 0 || got.Status != 200 || got.Failed != 0 || got.Calls < 99 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestUnbounded: away from before, until the end, and always.
func TestUnbounded(t *testing.T) {
	hour := time.Hour
	for name, c := range map[string]struct {
		from, to      time.Duration
		least, away   time.Duration
		status, calls int
	}{
		"from before":   {0, 3 * time.Second, 2800 * ms, 0, 200, 99},
		"until the end": {4 * time.Second, hour, 5700 * ms, 5700 * ms, 200, 99},
		"always":        {0, hour, 9700 * ms, 9700 * ms, 0, 99},
	} {
		got := watched(t, &world{from: c.from, to: c.to}, every(100*ms))
		if g := got.Longest; !g.Unbounded || g.AtMost != 0 || g.AtLeast < c.least || got.Away < c.away || got.Away > 0 && c.away == 0 || got.Status != c.status || got.Calls < c.calls {
			t.Errorf("%s: %+v", name, got)
		}
		if got.Silent() != (c.status == 0) {
			t.Errorf("%s: silent %v", name, got.Silent())
		}
	}
}

// TestCutOff: calls that the end of the time cuts off are no gap.
func TestCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{began: time.Now(), from: 2900 * ms, to: time.Hour}
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		got := watch(ctx, w.dial, []*url.URL{{Scheme: "http", Host: "a"}}, every(100*ms))[0]
		if got.Gaps != 0 || got.Away != 0 || got.Status != 200 || got.Calls < 28 {
			t.Errorf("%+v", got)
		}
	})
}
