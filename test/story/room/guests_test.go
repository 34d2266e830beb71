package room

import (
	"testing"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// asked opens a room whose guests are asked by the test, and not by the kernel.
func asked(t *testing.T) *Room {
	t.Helper()
	c := Lab()
	c.Clock = world.Still(time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC))
	r, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	r.network = newNetwork(r)
	return r
}

func do(t *testing.T, r *Room, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if err := r.Do(l); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhoAnswers: a guest answers when its node is up and it runs there.
func TestWhoAnswers(t *testing.T) {
	r := asked(t)
	now := time.Now()
	is := func(when string, id int, silent bool) {
		t.Helper()
		if got := r.network.loses(id, now); got != silent {
			t.Errorf("%s: guest %d silent %v", when, id, got)
		}
	}
	is("at the start", 102, false)
	is("at the start, stopped", 101, true)
	is("at the start, a template", 104, true)
	do(t, r, "crash?node=pve2", "advance?by=20s")
	is("its node is dead", 102, true)
	is("another node is dead", 100, false)
	do(t, r, "on?node=pve2")
	is("its node is back", 102, false)
	do(t, r, "pve stop?id=105")
	is("stopped", 105, true)
	do(t, r, "pve start?id=105", "pve migrate?id=105&to=pve1&for=30s", "advance?by=10s")
	is("on its way", 105, false)
	do(t, r, "advance?by=30s")
	is("arrived some time ago", 105, false)
}

// TestHandover: a guest that is handed over while somebody asks is silent for
// the blackout, and that is measured.
func TestHandover(t *testing.T) {
	r := asked(t)
	do(t, r, "pve migrate?id=105&to=pve1&for=30s")
	r.Upon(105, 3, "advance?by=40s")
	if _, err := r.Silence(); err == nil {
		t.Error("nothing has happened, and no error")
	}
	const interval = 20 * time.Millisecond
	lost := 0
	for i := range 30 {
		if r.network.loses(105, time.Unix(1000, 0).Add(time.Duration(i)*interval)) {
			lost++
		}
	}
	got, err := r.Silence()
	if err != nil {
		t.Fatal(err)
	}
	if want := (Silence{AtLeast: 280 * time.Millisecond, AtMost: 320 * time.Millisecond}); lost != 15 || got != want {
		t.Errorf("%d lost, %+v, want 15, %+v", lost, got, want)
	}
	r.Upon(105, 1, "advance?by=soon")
	r.network.loses(105, time.Now())
	if _, err := r.Silence(); err == nil {
		t.Error("what was to happen could not, and no error")
	}
}
