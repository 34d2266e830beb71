package ipmi

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// open makes a session with the controller behind s.conn: cipher suite, then
// the four RAKP messages. suites are offered in order, without asking which
// ones there are: that discovery takes seconds on boards that ignore it. When
// open fails, nothing is left on the controller as far as a datagram can do.
func (s *session) open(ctx context.Context, suites []suite) error {
	if err := ctx.Err(); err != nil {
		return s.explain(err)
	}
	s.lenient = true
	err := s.handshake(ctx, suites)
	if errors.Is(err, errMixed) {
		s.patient = true
		err = s.handshake(ctx, suites)
	}
	s.lenient = false
	if err == nil {
		// Cancelled while the handshake used its grace.
		if err = ctx.Err(); err == nil {
			return nil
		}
	}
	if closing := s.close(ctx); closing != nil {
		err = errors.Join(err, closing)
	}
	return s.explain(err)
}

func (s *session) handshake(ctx context.Context, suites []suite) error {
	var random [37]byte
	rand.Read(random[:])
	s.exchange.tag = random[0]
	copy(s.exchange.console[:], random[1:])
	s.exchange.consoleID = max(binary.LittleEndian.Uint32(random[33:]), 1)
	err := s.negotiate(ctx, suites)
	if err == nil {
		err = s.identify(ctx)
	}
	if err == nil {
		err = s.activate(ctx)
	}
	return err
}

// errMixed means that the handshake has to begin anew. A controller makes a random
// number for each message 1 that it gets, and holds us to the last one: when it is
// slow and was asked twice, the password seems to be wrong with its first answer.
var errMixed = errors.New("the controller answered to another message")

// step is one message of the handshake and the answer it expects. read says
// whether an answer is formed as it should be.
type step struct {
	kind, answer byte // payload types
	payload      []byte
	times        int
	read         func(payload []byte) bool
}

// shake takes one step; malformed answers are dropped. The status is what the
// controller refused with.
func (s *session) shake(ctx context.Context, step step) (status, error) {
	var refusal status
	datagram := frame(packet{payloadType: step.kind, payload: step.payload})
	err := s.transmit(ctx, step.times, func() []byte { return datagram }, func(datagram []byte) (ok bool) {
		refusal, ok = s.takes(step, datagram)
		return ok
	})
	return refusal, err
}

// takes says whether a datagram is the answer to a step.
func (s *session) takes(step step, datagram []byte) (refusal status, ok bool) {
	p, ok := unframe(datagram)
	if !ok || p.payloadType != step.answer || p.session != 0 {
		return 0, false
	}
	refusal, ok = s.exchange.addressed(p.payload)
	return refusal, ok && (refusal != 0 || step.read(p.payload))
}

// newest reads what else is answered to a step that was sent more than once.
func (s *session) newest(ctx context.Context, step step, more int) error {
	defer func(usual time.Duration) { s.wait = usual }(s.wait)
	s.wait += s.wait / 2 // an answer that was late comes as late after the last question
	for range more {
		err := s.await(ctx, func(datagram []byte) bool {
			refusal, ok := s.takes(step, datagram)
			return ok && refusal == 0
		})
		switch {
		case errors.Is(err, errSilent):
			return nil // one of them was lost
		case err != nil:
			return err
		}
	}
	return nil
}

// negotiate offers the suites. One that the controller refuses is followed by
// the next; one that it does not answer is too, because some boards drop what
// they do not know.
func (s *session) negotiate(ctx context.Context, suites []suite) error {
	var refusals []string
	silent := false
	for i, suite := range suites {
		times := tries
		switch {
		case silent:
			times = 1
		case i == 0 && len(suites) > 1:
			times = tries - 1
		}
		s.exchange.suite = suite
		s.exchange.tag++
		refusal, err := s.shake(ctx, step{payloadOpenRequest, payloadOpenAnswer, s.exchange.openRequest(), times, s.exchange.opened})
		switch {
		case errors.Is(err, errSilent) && i < len(suites)-1 && len(refusals) == 0:
			silent = true
			continue
		case err != nil:
			return err
		case refusal == 0:
			return nil
		case !refusal.suiteRefused():
			return s.refused("Open Session", refusal)
		}
		refusals = append(refusals, fmt.Sprintf("suite %d: %s (0x%02x)", suite.id, refusal, byte(refusal)))
	}
	return s.problem(CauseSuite, "the controller refuses every cipher suite offered, "+strings.Join(refusals, ", "),
		"enable cipher suite 17 or 3 for the LAN channel")
}

// identify exchanges RAKP messages 1 and 2: who asks, and does the controller
// know the password.
func (s *session) identify(ctx context.Context) error {
	e := &s.exchange
	e.tag++
	proven, sent := false, s.sent
	first := step{payloadRAKP1, payloadRAKP2, e.rakp1(), tries, func(m []byte) (formed bool) {
		formed, proven = e.rakp2(m)
		return formed
	}}
	refusal, err := s.shake(ctx, first)
	if s.repeated = s.sent-sent > 1; err == nil && refusal == 0 && s.repeated && s.patient {
		err = s.newest(ctx, first, s.sent-sent-1)
	}
	if err != nil {
		s.abort()
		return err
	}
	if refusal != 0 {
		return s.refused("RAKP message 2", refusal)
	}
	if !proven {
		s.abort()
		return s.problem(CausePassword, "the controller does not know this password for this user name"+s.longPassword(),
			"check both in the credentials file, some controllers hide an unknown user name behind this")
	}
	return nil
}

// activate exchanges RAKP messages 3 and 4: do we know the password, and have
// both sides made the same keys. The keys are made before, because the session
// may exist as soon as message 3 is out and must then be closed.
func (s *session) activate(ctx context.Context) error {
	e := &s.exchange
	e.tag++
	var err error
	if s.keys, err = e.suite.derive(e.sik()); err != nil {
		return err
	}
	s.active = true
	proven := false
	refusal, err := s.shake(ctx, step{payloadRAKP3, payloadRAKP4, e.rakp3(0), tries, func(m []byte) (formed bool) {
		formed, proven = e.rakp4(m)
		return formed
	}})
	switch {
	case err != nil:
		return err
	case refusal == statusCheckValue && s.repeated && !s.patient:
		s.active = false
		return errMixed
	case refusal != 0:
		s.active = false
		return s.refused("RAKP message 4", refusal)
	case !proven && len(e.kg) > 0:
		s.active = false // the controller's session has other keys
		return s.problem(CauseKg, "password accepted, but the controller's session key is another one",
			"check kg in the credentials file, or remove it if the controller has none set")
	case !proven:
		s.active = false
		return s.problem(CauseKg, "password accepted, but the controller's session key is another one",
			"the controller probably has a Kg (BMC key) set: put it into the credentials file as kg")
	}
	if e.role&^nameOnly > privilegeUser {
		return s.raise(ctx)
	}
	return nil
}

// abort tells the controller that its half-open session will not be
// completed, so that it frees the slot. There is no answer to wait for, and a
// lost one costs the slot for a minute.
func (s *session) abort() {
	s.exchange.tag++
	if _, err := s.conn.Write(frame(packet{payloadType: payloadRAKP3, payload: s.exchange.rakp3(statusCheckValue)})); err == nil {
		s.sent++
	}
}

func (s *session) problem(cause Cause, text, next string) error {
	return &OpenError{Cause: cause, Address: s.address, Text: text, Next: next}
}

// refused turns a status into a cause.
func (s *session) refused(message string, refusal status) error {
	text := fmt.Sprintf("%s: %s (0x%02x)", message, refusal, byte(refusal))
	switch refusal {
	case statusResources, statusRoleResources:
		return s.problem(CauseSlots, text, "all session slots of the controller are taken: other pollers, or sessions that were never closed and end by themselves after about a minute")
	case statusRole, statusUnauthorized:
		return s.problem(CausePrivilege, text, "the account may not log in at this level: give it the level on the LAN channel, or ask for another one with --ipmi-privilege")
	case statusName, statusNameLength:
		return s.problem(CauseUser, text, "check the username in the credentials file and that the account is enabled for IPMI over LAN")
	case statusCheckValue:
		return s.problem(CausePassword, text, "check the password in the credentials file"+s.longPassword())
	}
	return s.problem(CauseProtocol, text, "the controller broke the handshake off")
}

// longPassword adds what is easily overlooked.
func (s *session) longPassword() string {
	if n := len(s.exchange.password); n > 16 {
		return fmt.Sprintf(" (it has %d bytes, and some controllers keep 16 only)", n)
	}
	return ""
}

// explain adds the cause to errors of the network.
func (s *session) explain(err error) error {
	opening := (*OpenError)(nil)
	if errors.As(err, &opening) {
		return err
	}
	failure := &OpenError{Cause: CauseNetwork, Address: s.address, Text: "no session", Err: err}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		// Without our own port in it, or each poll would say something else.
		failure.Text, failure.Err = "nothing listens on this UDP port", syscall.ECONNREFUSED
		failure.Next = "is IPMI over LAN enabled on the controller, and is this its address?"
	case s.foreign > 0 && s.foreign == s.dropped && s.exchange.bmcID == 0:
		failure.Cause, failure.Err = CauseProtocol, nil
		failure.Text = fmt.Sprintf("%d answers, none of them RMCP+", s.foreign)
		failure.Next = "something else listens there, or the controller speaks IPMI 1.5 only"
	case errors.Is(err, errSilent), errors.Is(err, context.DeadlineExceeded):
		failure.Text, failure.Err = fmt.Sprintf("%d datagrams sent, no answer", s.sent), nil
		failure.Next = "wrong address, a firewall on UDP port 623, or IPMI over LAN is disabled"
		if s.exchange.bmcID != 0 {
			failure.Text = fmt.Sprintf("%d datagrams sent, answers to the first ones only", s.sent)
			failure.Next = "the controller fell silent: it is overloaded or restarting"
		}
	case errors.Is(err, context.Canceled):
		failure.Cause = CauseCancelled
	}
	return failure
}
