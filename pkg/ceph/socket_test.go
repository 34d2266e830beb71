package ceph

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// monitor listens on an admin socket and answers with what reply makes of the
// question.
func monitor(t *testing.T, reply func(question string) []byte) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "noout") // a short path, as sockets need
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "ceph-mon.a.asok")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			question := make([]byte, 200)
			n, err := conn.Read(question)
			if err == nil {
				if r := reply(strings.TrimSuffix(string(question[:n]), "\x00")); r != nil {
					// the other side may be gone
					_, _ = conn.Write(r)
					_ = conn.Close()
				}
			}
		}
	}()
	return path
}

func framed(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

// TestLocalMon: a monitor on this machine tells that there is no quorum; one
// that answers nonsense tells nothing.
func TestLocalMon(t *testing.T) {
	const probing = `{"name":"a","rank":0,"state":"probing","quorum":[],"monmap":{"fsid":"f1"}}`
	for name, c := range map[string]struct {
		reply []byte
		want  string // of the error
	}{
		"no quorum":    {framed(probing), "quorum lost: mon.a here is probing, without a quorum"},
		"in quorum":    {framed(strings.NewReplacer("probing", "leader", "[]", "[0,1]").Replace(probing)), "although mon.a here is leader of 2 in quorum"},
		"garbage":      {framed("{"), "no answer from the monitors"},
		"a list":       {framed("[]"), "no answer from the monitors"},
		"too long":     {binary.BigEndian.AppendUint32(nil, 1<<30), "no answer from the monitors"},
		"shorter":      {framed(probing)[:20], "no answer from the monitors"},
		"no answer":    {nil, "no answer from the monitors"},
		"without name": {framed(`{"state":"probing","quorum":[]}`), "no answer from the monitors"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := monitor(t, func(question string) []byte {
				if question != `{"prefix":"mon_status","format":"json"}` {
					t.Errorf("asked %q", question)
				}
				return c.reply
			})
			command := answers(t, "sleep 60\n")
			command.Options.Socket = path
			_, err := command.Poll(within(t, 3*time.Second), Ask{})
			var silent *SilentError
			if !errors.As(err, &silent) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestNoSocket: without a monitor here nothing is added.
func TestNoSocket(t *testing.T) {
	if m := askLocalMon(t.Context(), []string{filepath.Join(t.TempDir(), "*.asok"), "["}); m != nil {
		t.Errorf("%+v", m)
	}
	if _, err := askSocket(t.Context(), filepath.Join(t.TempDir(), "none")); err == nil || errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
