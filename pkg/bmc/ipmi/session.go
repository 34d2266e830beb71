package ipmi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

const (
	// answerTime is how long one request waits for its answer before it is
	// sent again, and tries how often it is sent: controllers answer within
	// some 100 ms, and a lost datagram costs one second.
	answerTime = time.Second
	tries      = 3

	// slice is the longest one read blocks, so that a cancelled context ends
	// a wait soon.
	slice = 25 * time.Millisecond

	// window is how far ahead of the last one an answer's session sequence
	// number may be. The specification asks for 16; every lost answer uses one
	// up.
	window = 32

	// grace is what a handshake gets to finish after its context has ended. A
	// slot that the controller has set aside can only be given back by
	// completing the handshake and closing the session; otherwise it is lost
	// for a minute, and boards have as few as four.
	grace = 200 * time.Millisecond

	// maxDatagram is more than any controller sends; what is longer is cut
	// and then fails the integrity check.
	maxDatagram = 4096
)

// session is an RMCP+ session over one UDP socket. It is used by one
// goroutine.
type session struct {
	conn     net.Conn
	address  string
	wait     time.Duration // answerTime, less for closing
	exchange exchange
	keys     keys
	sequence uint32 // of the last packet sent
	accepted uint32 // of the last packet accepted, 0: none yet
	serial   byte   // of the last request, 6 bits
	active   bool   // a session may exist on the controller
	lenient  bool   // a handshake is under way: ctx gets its grace
	ended    time.Time
	repeated bool // RAKP message 1 was sent more than once
	patient  bool // all answers to it are waited for
	raised   bool // the privilege level was asked for
	sent     int  // datagrams sent
	dropped  int  // datagrams received and not accepted
	foreign  int  // of these, not even RMCP+
	buffer   [maxDatagram]byte
}

// over says whether waiting must end because of ctx.
func (s *session) over(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if s.ended.IsZero() {
		s.ended = time.Now()
	}
	if s.lenient && time.Since(s.ended) < grace {
		return nil
	}
	return err
}

// await reads datagrams until accept takes one. Everything else is dropped
// and waiting goes on, but never beyond s.wait.
func (s *session) await(ctx context.Context, accept func(datagram []byte) bool) error {
	until := time.Now().Add(s.wait)
	for {
		if err := s.over(ctx); err != nil {
			return err
		}
		left := time.Until(until)
		if left <= 0 {
			return errSilent
		}
		if err := s.conn.SetReadDeadline(time.Now().Add(min(left, slice))); err != nil {
			return fmt.Errorf("setting a read deadline: %w", err)
		}
		n, err := s.conn.Read(s.buffer[:])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue
		case err != nil:
			return err
		case accept(s.buffer[:n]):
			return nil
		}
		s.dropped++
		if !isRMCPPlus(s.buffer[:n]) {
			s.foreign++
		}
	}
}

// transmit sends what build makes until accept takes an answer, at most times
// times.
func (s *session) transmit(ctx context.Context, times int, build func() []byte, accept func([]byte) bool) error {
	before := s.dropped
	for range times {
		if err := s.over(ctx); err != nil {
			return err
		}
		if _, err := s.conn.Write(build()); err != nil {
			return err
		}
		s.sent++
		if err := s.await(ctx, accept); !errors.Is(err, errSilent) {
			return err
		}
	}
	return silence(times, s.dropped-before)
}

// send carries one request and returns what follows the completion code of
// its answer; another completion code than success is an error of type code.
// A repeated request keeps its own number and gets a new session sequence
// number: strict controllers drop a sequence number that they have seen.
func (s *session) send(ctx context.Context, r request) ([]byte, error) {
	data, err := s.once(ctx, r)
	if c := code(0); errors.As(err, &c) && c == codePrivilege && !s.raised {
		// A session starts at USER level at most; a few boards start lower.
		if err := s.raise(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		data, err = s.once(ctx, r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	return data, nil
}

// raise asks for the privilege level that the session was opened for.
func (s *session) raise(ctx context.Context) error {
	s.raised = true
	level := s.exchange.role &^ nameOnly
	r := request{name: "Set Session Privilege Level", netFn: netApp, cmd: 0x3b, data: []byte{level}}
	if _, err := s.once(ctx, r); err != nil {
		return fmt.Errorf("%s %d: %w", r.name, level, err)
	}
	return nil
}

// once is send without the names of things.
func (s *session) once(ctx context.Context, r request) ([]byte, error) {
	s.serial = (s.serial + 1) & 0x3f
	message, times := r.pack(s.serial), tries
	if r.once {
		times = 1
	}
	var data []byte
	err := s.transmit(ctx, times, func() []byte {
		s.sequence++
		return s.keys.protect(s.exchange.suite, s.exchange.bmcID, s.sequence, message)
	}, func(datagram []byte) (ok bool) {
		data, ok = s.take(datagram, r)
		return ok
	})
	if err != nil {
		return nil, err
	}
	if c := code(data[0]); c != 0 {
		return nil, c
	}
	return data[1:], nil
}

// take verifies a datagram and returns its data if it answers the request in
// flight.
func (s *session) take(datagram []byte, r request) ([]byte, bool) {
	message, sequence, ok := s.keys.unprotect(s.exchange.suite, s.exchange.consoleID, datagram)
	if !ok || sequence == 0 {
		return nil, false
	}
	if ahead := sequence - s.accepted; s.accepted != 0 && (ahead == 0 || ahead > window) {
		return nil, false // a replay, or older than what was answered already
	}
	data, ok := r.answer(message, s.serial)
	if ok {
		s.accepted = sequence
	}
	// The buffer is used again for the next datagram.
	return append([]byte(nil), data...), ok
}

// close ends the session, once, whatever has become of ctx, within
// [bmc.CloseTime] of its end. It also ends a session of which we do not know
// whether the controller has it.
func (s *session) close(ctx context.Context) error {
	if !s.active {
		return nil
	}
	s.active, s.lenient = false, false
	left := bmc.CloseTime - 2*slice
	if !s.ended.IsZero() {
		left -= time.Since(s.ended)
	}
	left = max(left, 2*slice)
	bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), left)
	defer cancel()
	s.wait = left / tries
	id := binary.LittleEndian.AppendUint32(nil, s.exchange.bmcID)
	r := request{name: "Close Session", netFn: netApp, cmd: 0x3c, data: id}
	if _, err := s.once(bound, r); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	return nil
}
