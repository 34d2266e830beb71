//go:build real

package migration

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

// pingInterval is half of what check_guests watches with, so that ping knows
// better.
const pingInterval = 10 * time.Millisecond

// reply of the guest, as ping prints it.
type reply struct {
	seq int
	at  time.Time
	rtt time.Duration
}

func (r reply) sent() time.Time { return r.at.Add(-r.rtt) }

// pinger is Debian's ping, running.
type pinger struct {
	cmd     *exec.Cmd
	ended   chan struct{}
	err     error // why it has ended
	mu      sync.Mutex
	replies []reply
	news    chan struct{} // holds one when there are new replies
}

func startPing(t *testing.T, from *room) *pinger {
	t.Helper()
	p := &pinger{news: make(chan struct{}, 1), ended: make(chan struct{})}
	p.cmd = from.first("ping", "-n", "-D", "-i", strconv.FormatFloat(pingInterval.Seconds(), 'f', -1, 64), guestAddr)
	p.cmd.Env = append(p.cmd.Environ(), "LC_ALL=C")
	var complaints bytes.Buffer
	p.cmd.Stderr = &complaints
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.listen(out)
		_ = p.cmd.Wait() // what it says tells more
		p.err = errors.Join(p.err, fmt.Errorf("ping: %s %s", p.cmd.ProcessState, complaints.String()))
	}()
	t.Cleanup(p.stop)
	return p
}

// line of ping -D: [1700000000.123456] 64 bytes from 10.18.0.2: icmp_seq=7 ttl=64 time=0.321 ms
var line = regexp.MustCompile(`^\[([0-9.]+)\] .* icmp_seq=(\d+) .* time=([0-9.]+) ms$`)

func (p *pinger) listen(out io.Reader) error {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		r, ok, err := readReply(lines.Text())
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		p.mu.Lock()
		p.replies = append(p.replies, r)
		p.mu.Unlock()
		select {
		case p.news <- struct{}{}:
		default:
		}
	}
	return lines.Err()
}

func readReply(text string) (r reply, ok bool, err error) {
	m := line.FindStringSubmatch(text)
	if m == nil {
		return r, false, nil
	}
	at, err1 := strconv.ParseFloat(m[1], 64)
	rtt, err2 := strconv.ParseFloat(m[3], 64)
	seq, err3 := strconv.Atoi(m[2])
	whole, part := math.Modf(at)
	r = reply{seq, time.Unix(int64(whole), int64(part*1e9)), time.Duration(rtt * float64(time.Millisecond))}
	return r, true, errors.Join(err1, err2, err3)
}

// since are the replies after a time.
func (p *pinger) since(from time.Time) (out []reply) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.replies {
		if r.at.After(from) {
			out = append(out, r)
		}
	}
	return out
}

// await waits for some replies after a time.
func (p *pinger) await(n int, from time.Time) error {
	end := time.After(limit)
	for len(p.since(from)) < n {
		select {
		case <-p.news:
		case <-p.ended:
			return p.err
		case <-end:
			return errors.New("ping has no answer from the guest")
		}
	}
	return nil
}

func (p *pinger) stop() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}
