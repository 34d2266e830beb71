package ceph

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// LocalMon is what a monitor on this machine says of itself. It answers at once
// also when there is no quorum, which nothing else does.
type LocalMon struct {
	Name string
	// State is leader, peon, electing, probing, synchronizing, ...
	State string
	// Quorum is the number of monitors in quorum as it sees it.
	Quorum int
}

// InQuorum says whether the monitor takes itself for a part of a quorum.
func (m LocalMon) InQuorum() bool {
	return m.Quorum > 0 && slices.Contains([]string{"leader", "peon"}, m.State)
}

func (m LocalMon) String() string {
	if m.InQuorum() {
		return fmt.Sprintf("mon.%s here is %s of %d in quorum", m.Name, m.State, m.Quorum)
	}
	return fmt.Sprintf("mon.%s here is %s, without a quorum", m.Name, m.State)
}

// sockets are where a monitor's admin socket lies: of packages, and of cephadm
// in a folder per cluster.
var sockets = []string{"/run/ceph/*-mon.*.asok", "/run/ceph/*/*-mon.*.asok"}

// socketTime bounds the question: a monitor that is frozen does not answer. It
// is asked also when the caller's time is just over, which a busy machine makes
// of a silent cluster; a living one answers within milliseconds.
const socketTime = 300 * time.Millisecond

// maxSocket bounds the answer in bytes; it has about 2 KB.
const maxSocket = 1 << 20

// askLocalMon asks the monitors on this machine, those without quorum first. It
// is nil when there is none, or none that lets us ask.
func askLocalMon(ctx context.Context, patterns []string) *LocalMon {
	var best *LocalMon
	for _, p := range patterns {
		paths, err := filepath.Glob(p)
		if err != nil {
			continue
		}
		for _, path := range paths {
			m, err := askSocket(ctx, path)
			if err == nil && (best == nil || best.InQuorum()) {
				best = &m
			}
		}
	}
	return best
}

// askSocket speaks the admin socket's protocol: the question and a NUL, then
// the length of the answer in four bytes, most significant first, then the
// answer.
func askSocket(ctx context.Context, path string) (LocalMon, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), socketTime)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return LocalMon{}, err
	}
	defer conn.Close() // nothing is written that could be lost
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return LocalMon{}, err
		}
	}
	if _, err := io.WriteString(conn, `{"prefix":"mon_status","format":"json"}`+"\x00"); err != nil {
		return LocalMon{}, err
	}
	var size uint32
	if err := binary.Read(conn, binary.BigEndian, &size); err != nil {
		return LocalMon{}, err
	}
	if size > maxSocket {
		return LocalMon{}, fmt.Errorf("an answer of %d bytes", size)
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(conn, raw); err != nil {
		return LocalMon{}, err
	}
	return localMon(raw)
}

func localMon(raw []byte) (LocalMon, error) {
	w, err := decode[struct {
		Name   text         `json:"name"`
		State  text         `json:"state"`
		Quorum list[number] `json:"quorum"`
	}](raw)
	if err != nil {
		return LocalMon{}, err
	}
	if w.Name == "" || w.State == "" || !w.Quorum.set {
		return LocalMon{}, errors.New("no mon_status")
	}
	return LocalMon{Name: strings.TrimPrefix(w.Name.name(), "mon."), State: w.State.name(), Quorum: len(w.Quorum.rows)}, nil
}
