//go:build real

package migration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// watching is check_guests --watch, running.
type watching struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     bytes.Buffer
	wrong   bytes.Buffer
	ended   chan struct{}
	sockets int // before
}

// watched is what it answered.
type watched struct {
	Status, Text string
	Notes        []string
	Facts        struct {
		Guests []struct {
			Sent, Received int
			Gap            *gap `json:"longest_gap"`
		}
		Sites []struct {
			Status int
			Gap    *gap `json:"longest_gap"`
			Hung   string
		}
	}
}

type gap struct {
	AtLeast   float64 `json:"at_least_ms"`
	AtMost    float64 `json:"at_most_ms"`
	Unbounded bool
}

// bounds of what was seen. Without a gap there was an answer to each packet, and
// none was held up for an interval.
func (g *gap) bounds(interval time.Duration) silence {
	if g == nil {
		return silence{atMost: 2 * interval}
	}
	s := silence{time.Duration(g.AtLeast * float64(ms)), time.Duration(g.AtMost * float64(ms))}
	if g.Unbounded { // it had no beginning or no end
		s.atMost = math.MaxInt64
	}
	return s
}

// heldUp is what the plugin says of this machine.
func (w watched) heldUp() string {
	for _, n := range w.Notes {
		if strings.HasPrefix(n, "this machine was held up") {
			return "check_guests: " + n
		}
	}
	return ""
}

// startWatch returns when it asks.
func startWatch(t *testing.T, program string, from *room, duration time.Duration, more ...string) (*watching, error) {
	t.Helper()
	w := &watching{t: t, ended: make(chan struct{}), sockets: from.pingers()}
	w.cmd = from.first(program, append([]string{"--target", guestAddr, "--watch", duration.String(), "-t", (duration + 10*time.Second).String(),
		"--state", "off", "--output", "json"}, more...)...)
	w.cmd.Stdout, w.cmd.Stderr = &w.out, &w.wrong
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(w.ended)
		_ = w.cmd.Wait() // the exit code is read where it ends
	}()
	t.Cleanup(func() {
		_ = w.cmd.Process.Kill() // it has mostly ended
		<-w.ended
	})
	// There is no event of a socket being opened: look until there is one.
	look := time.NewTicker(5 * ms)
	defer look.Stop()
	for from.pingers() <= w.sockets {
		select {
		case <-w.ended:
			return nil, fmt.Errorf("check_guests has ended: %s%s", w.out.String(), w.wrong.String())
		case <-look.C:
		}
	}
	return w, nil
}

// over says whether it has ended.
func (w *watching) over() bool {
	select {
	case <-w.ended:
		return true
	default:
		return false
	}
}

// answer waits for it.
func (w *watching) answer() (a watched, err error) {
	<-w.ended
	if err = json.Unmarshal(w.out.Bytes(), &a); err == nil && (w.wrong.Len() > 0 || len(a.Facts.Guests) != 1) {
		err = fmt.Errorf("unexpected answer")
	}
	if err != nil {
		return a, fmt.Errorf("%w: %s%s", err, w.out.String(), w.wrong.String())
	}
	return a, nil
}
