package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/noout-monitoring/noout/pkg/channel"
)

// hanging is a side that never answers, but to one address. Like the way through
// sendmail it is given up a little before its time.
type hanging struct {
	mu    sync.Mutex
	tried map[string]int
	well  string
}

func (h *hanging) Send(ctx context.Context, to string, _ channel.Message) (channel.Outcome, error) {
	h.mu.Lock()
	h.tried[to]++
	h.mu.Unlock()
	if to == h.well {
		return channel.Sent, nil
	}
	if end, bounded := ctx.Deadline(); bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, end.Add(-200*time.Millisecond))
		defer cancel()
	}
	<-ctx.Done()
	return channel.Unknown, ctx.Err()
}

// TestInTurn: sides that hang keep a customer waiting only until they had their
// first turn, and who had none is not put off.
func TestInTurn(t *testing.T) {
	const people, each = 30, 16
	dir := scene(t)
	var ini, journal strings.Builder
	for i := range people {
		fmt.Fprintf(&ini, "[c%02d]\nname = C%02d\nmail = c%02d@c.example\nguests = vmid:%d\n", i, i, i, 200+i)
		fmt.Fprintf(&journal, `{"v":1,"id":"s%d","at":"2026-11-28T02:00:00Z","seen":"2026-11-28T02:05:00Z","by":"check_guests","cluster":"lab","node":"pve3","guest":{"id":%d,"type":"vm"},"kind":"guest_silent","class":"guest"}`+"\n", i, 200+i)
	}
	journal.WriteString(`{"v":1,"id":"l","at":"2026-11-28T02:05:00Z","seen":"2026-11-28T02:05:00Z","by":"check_guests","cluster":"lab","kind":"observed","from":"2026-11-28T02:00:00Z","until":"2026-11-28T02:05:00Z","polls":5,"pause_s":60}` + "\n")
	write(t, dir+"/customers.ini", ini.String())
	write(t, dir+"/journal/2026-11.jsonl", journal.String())
	if err := os.MkdirAll(dir+"/state", 0o700); err != nil {
		t.Fatal(err)
	}
	last := fmt.Sprintf("c%02d@c.example", people-1)
	h := &hanging{tried: map[string]int{}, well: last}
	for n := range 2 {
		synctest.Test(t, func(t *testing.T) {
			now := time.Date(2026, 11, 28, 2, 5+n, 0, 0, time.UTC)
			var out bytes.Buffer
			pluginWith(func() time.Time { return now }, map[string]channel.Sender{byMail: h, byWebhook: h}).Run(arguments(dir), &out)
			if want := min(each*(n+1), people); len(h.tried) != want {
				t.Errorf("run %d: %d had their turn, expected %d: %s", n, len(h.tried), want, out.String())
			}
		})
	}
	for to, n := range h.tried {
		if to == last && n != 1 {
			t.Errorf("%s was told %d times", to, n)
		}
	}
	if h.tried[last] == 0 {
		t.Errorf("%s was not told in two runs: %v", last, h.tried)
	}
}

// inDoubt: db1 is silent, answers, and is silent again; nobody can tell why.
const inDoubt = `{"v":1,"id":"a","at":"2026-11-28T02:00:00Z","seen":"2026-11-28T02:00:00Z","by":"check_guests","cluster":"lab","node":"pve3","guest":{"id":105,"type":"vm","name":"db1","pool":"acme"},"kind":"guest_silent","class":"guest"}
{"v":1,"id":"b","at":"2026-11-28T02:05:00Z","seen":"2026-11-28T02:05:00Z","by":"check_guests","cluster":"lab","kind":"observed","from":"2026-11-28T02:00:00Z","until":"2026-11-28T02:05:00Z","polls":5,"pause_s":60}
{"v":1,"id":"c","at":"2026-11-28T02:06:00Z","seen":"2026-11-28T02:06:00Z","by":"check_guests","cluster":"lab","node":"pve3","guest":{"id":105,"type":"vm","name":"db1","pool":"acme"},"kind":"guest_answers"}
{"v":1,"id":"d","at":"2026-11-28T02:07:00Z","seen":"2026-11-28T02:07:00Z","by":"check_guests","cluster":"lab","node":"pve3","guest":{"id":105,"type":"vm","name":"db1","pool":"acme"},"kind":"guest_silent","class":"unconfirmed"}
{"v":1,"id":"e","at":"2026-11-28T02:50:00Z","seen":"2026-11-28T02:50:00Z","by":"check_guests","cluster":"lab","kind":"observed","from":"2026-11-28T02:05:00Z","until":"2026-11-28T02:50:00Z","polls":45,"pause_s":60}
`

// TestWordLate: the hoster hears of word that a customer was promised and that
// nothing proves.
func TestWordLate(t *testing.T) {
	dir := scene(t)
	write(t, dir+"/journal/2026-11.jsonl", inDoubt)
	if err := os.MkdirAll(dir+"/state", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/customers.ini", "[acme]\nname = Acme\nmail = ops@acme.example\nguests = pool:acme\n")
	h := &hanging{tried: map[string]int{}, well: "ops@acme.example"}
	for n, want := range []string{"1 customer told, 1 disturbance open", "acme was promised word of D-261128"} {
		minute := []int{5, 50}[n]
		now := time.Date(2026, 11, 28, 2, minute, 0, 0, time.UTC)
		var out bytes.Buffer
		pluginWith(func() time.Time { return now }, map[string]channel.Sender{byMail: h, byWebhook: h}).Run(arguments(dir), &out)
		if !strings.Contains(out.String(), want) {
			t.Errorf("minute %d: %s", minute, out.String())
		}
	}
}

// refusing takes nothing.
type refusing struct{ tried map[string]int }

func (r *refusing) Send(_ context.Context, to string, _ channel.Message) (channel.Outcome, error) {
	r.tried[to]++
	return channel.NotSent, errors.New("relay.example.net refuses the recipient")
}

// TestStruckOut: an address that is a customer's no more gets nothing that waits,
// whether another takes its place or none does.
func TestStruckOut(t *testing.T) {
	for name, address := range map[string]string{"corrected": "mail = noc@acme.example\n", "none is left": ""} {
		t.Run(name, func(t *testing.T) {
			dir := scene(t)
			write(t, dir+"/journal/2026-11.jsonl", inDoubt)
			if err := os.MkdirAll(dir+"/state", 0o700); err != nil {
				t.Fatal(err)
			}
			r := &refusing{tried: map[string]int{}}
			for n, mail := range []string{"mail = ops@acme.example\n", address} {
				write(t, dir+"/customers.ini", "[acme]\nname = Acme\n"+mail+"guests = pool:acme\n")
				now := time.Date(2026, 11, 28, 2, 5+n, 0, 0, time.UTC)
				var out bytes.Buffer
				pluginWith(func() time.Time { return now }, map[string]channel.Sender{byMail: r, byWebhook: r}).Run(arguments(dir), &out)
				if strings.HasPrefix(out.String(), "OK") {
					t.Errorf("nobody was told: %s", out.String())
				}
			}
			if r.tried["ops@acme.example"] != 1 || (r.tried["noc@acme.example"] > 0) != (address != "") {
				t.Errorf("who was written to: %v", r.tried)
			}
		})
	}
}
