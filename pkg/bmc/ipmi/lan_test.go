package ipmi

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
)

// client is a LAN source for the board, impatient so that lost answers cost
// 60 ms each.
func (b *board) client(t testing.TB) *lan {
	t.Helper()
	source, err := LAN(Endpoint{Host: "127.0.0.1", Credentials: secret.Credentials{
		Username: b.user, Password: secret.NewText(b.password), Kg: secret.NewText(b.kg),
	}}, Options{Port: b.port()})
	if err != nil {
		t.Fatal(err)
	}
	l := source.(*lan)
	l.wait = 60 * time.Millisecond
	return l
}

func poll1(t testing.TB, l *lan, ask bmc.Ask) bmc.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	server, err := l.Poll(ctx, ask)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// rack is a board with eight tachometers that turn, redundancy, and as many
// other records as a real one has.
func rack(t testing.TB) *board {
	b := newBoard(t)
	for n := range byte(100) {
		b.put(other(n))
	}
	for n := range byte(8) {
		b.put(tach(0x41+n, "FAN"+string('1'+rune(n))))
		b.turn(0x41+n, 0x38+n)
	}
	b.put(discrete(0x75, typeFan, kindRedundancy, 0, 0, "Fan Redundancy"))
	b.turn(0x75, 0, 0xc0, 0x01, 0x80)
	for n := range byte(40) {
		b.put(other(0x80 + n))
	}
	for n := range byte(60) {
		b.entry(0x01, n, 0x01, 0x57)
	}
	b.entry(typeFan, 0x41, 0x01, 0x52, 0x03, 0x05)
	b.entry(typeFan, 0x41, 0x81, 0x52, 0x38, 0x05)
	return b
}

func TestPollReadsEverything(t *testing.T) {
	b := rack(t)
	server := poll1(t, b.client(t), bmc.Ask{Logs: true})
	t.Log(strings.Join(server.Evidence, "\n"))
	t.Logf("%+v", server)
	t.Log(b.total(), len(server.Memory))
	b.change(func() { b.packets = 0 })
	server = poll1(t, b.client(t), bmc.Ask{Logs: true, Memory: server.Memory})
	t.Log(strings.Join(server.Evidence, "\n"))
	t.Log(b.total())
}
