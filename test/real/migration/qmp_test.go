//go:build real

package migration

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

// qmp is QEMU's monitor.
type qmp struct {
	conn    net.Conn
	replies *json.Decoder
	events  []event // that nobody has asked for yet
}

// event is what QEMU tells by itself.
type event struct {
	Event string
	Data  struct{ Status string }
	// Timestamp is by this machine's clock.
	Timestamp struct{ Seconds, Microseconds int64 }
}

func (e event) at() time.Time { return time.Unix(e.Timestamp.Seconds, e.Timestamp.Microseconds*1000) }

// message is whatever comes.
type message struct {
	event
	Return json.RawMessage
	Error  *struct{ Class, Desc string }
}

func newQMP(conn net.Conn) (*qmp, error) {
	q := &qmp{conn: conn, replies: json.NewDecoder(conn)}
	if _, err := q.next(); err != nil { // the greeting
		return nil, err
	}
	return q, q.call("qmp_capabilities", nil, nil)
}

func (q *qmp) next() (m message, err error) {
	if err = q.conn.SetReadDeadline(time.Now().Add(limit)); err == nil {
		err = q.replies.Decode(&m)
	}
	return m, err
}

// call has a command executed. The answer is decoded where out is not nil.
func (q *qmp) call(command string, arguments, out any) error {
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := json.NewEncoder(q.conn).Encode(request); err != nil {
		return err
	}
	for {
		switch m, err := q.next(); {
		case err != nil:
			return fmt.Errorf("%s: %w", command, err)
		case m.Error != nil:
			return fmt.Errorf("%s: %s", command, m.Error.Desc)
		case m.Event != "":
			q.events = append(q.events, m.event)
		case out == nil:
			return nil
		default:
			return json.Unmarshal(m.Return, out)
		}
	}
}

// await waits for an event, and forgets those before it.
func (q *qmp) await(what string, is func(event) bool) (event, error) {
	for {
		e, err := q.nextEvent()
		if err == nil && e.Event == "MIGRATION" && e.Data.Status == "failed" {
			err = errors.New("the migration failed")
		}
		if err != nil {
			return event{}, fmt.Errorf("waiting for %s: %w", what, err)
		}
		if is(e) {
			return e, nil
		}
	}
}

func (q *qmp) nextEvent() (event, error) {
	if len(q.events) > 0 {
		e := q.events[0]
		q.events = q.events[1:]
		return e, nil
	}
	m, err := q.next()
	return m.event, err
}

func named(name string) func(event) bool { return func(e event) bool { return e.Event == name } }

func migrated(e event) bool { return e.Event == "MIGRATION" && e.Data.Status == "completed" }
