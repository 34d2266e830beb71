package bmc

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/noout-monitoring/noout/test/sim/bmc/redfish"
)

// gigabyte is what the largest answers hold; it is made while it is sent.
const gigabyte = 1 << 30

// before are faults that need no document. They say whether they answered, or
// never will.
var before = map[string]func(*exchange, Fault) bool{
	Slow: func(x *exchange, f Fault) bool {
		x.wait(orElse(f.Delay, time.Second))
		return false
	},
	SilentTLS: func(x *exchange, _ Fault) bool { x.wait(0); return true },
	Hang:      func(x *exchange, _ Fault) bool { x.wait(0); return true },
	Reset:     func(x *exchange, _ Fault) bool { x.sim.reset(x.w); return true },
	Redirect: func(x *exchange, _ Fault) bool {
		http.Redirect(x.w, x.r, x.sim.Elsewhere().URL+x.r.URL.Path, http.StatusFound)
		return true
	},
	RedirectLoop: func(x *exchange, _ Fault) bool {
		http.Redirect(x.w, x.r, x.r.URL.Path, http.StatusFound)
		return true
	},
	HTML: func(x *exchange, _ Fault) bool {
		x.raw("text/html", "<!DOCTYPE html><html><head><title>Login</title></head><body>Please log in | or not</body></html>")
		return true
	},
	Empty:   func(x *exchange, _ Fault) bool { x.raw("application/json", ""); return true },
	NotJSON: func(x *exchange, _ Fault) bool { x.raw("application/json", "\x00\x01\xff\xfe{{{\x1b[31m"); return true },
	ErrorAs200: func(x *exchange, _ Fault) bool {
		x.sim.send(x.w, http.StatusOK, errorBody(&redfish.Refusal{MessageID: "Base.1.8.InternalError", Message: "The request failed due to an internal service error."}))
		return true
	},
	Huge:         func(x *exchange, _ Fault) bool { x.huge(false); return true },
	HugeDeclared: func(x *exchange, _ Fault) bool { x.huge(true); return true },
	GzipBomb:     func(x *exchange, _ Fault) bool { x.bomb(); return true },
	Deep: func(x *exchange, _ Fault) bool {
		const depth = 100_000
		x.raw("application/json", `{"Fans":`+string(bytes.Repeat([]byte("["), depth))+string(bytes.Repeat([]byte("]"), depth))+"}")
		return true
	},
	Status401: status(http.StatusUnauthorized),
	Status403: status(http.StatusForbidden),
	Status404: status(http.StatusNotFound),
	Status500: status(http.StatusInternalServerError),
	Status503: status(http.StatusServiceUnavailable),
}

// late does what is asked for and answers afterwards: a client that gave up
// meanwhile does not know that, say, it has a session.
func (x *exchange) late(f Fault) {
	done := httptest.NewRecorder()
	y := *x
	y.w = done
	y.faults = slices.DeleteFunc(slices.Clone(x.faults), func(o Fault) bool { return o.Name == Late })
	y.answer()
	x.wait(orElse(f.Delay, time.Second))
	maps.Copy(x.w.Header(), done.Header())
	x.w.WriteHeader(done.Code)
	// A client that left needs no answer.
	_, _ = x.w.Write(done.Body.Bytes())
}

func status(code int) func(*exchange, Fault) bool {
	return func(x *exchange, _ Fault) bool {
		if code == http.StatusServiceUnavailable {
			x.w.Header().Set("Retry-After", "30")
		}
		x.sim.refuse(x.w, &redfish.Refusal{Status: code, MessageID: "Base.1.8.GeneralError", Message: http.StatusText(code)})
		return true
	}
}

func orElse(d, usual time.Duration) time.Duration {
	if d == 0 {
		return usual
	}
	return d
}

// raw sends anything with status 200.
func (x *exchange) raw(kind, body string) {
	x.w.Header().Set("Content-Type", kind)
	x.w.WriteHeader(http.StatusOK)
	// A client that left needs no answer.
	_, _ = io.WriteString(x.w, body)
}

func (x *exchange) huge(declared bool) {
	const open, end = `{"Id":"Thermal","Pad":"`, `"}`
	if declared {
		x.w.Header().Set("Content-Length", fmt.Sprint(gigabyte+len(open)+len(end)))
	}
	x.raw("application/json", open)
	err := fill(x.w, 'A')
	if err == nil {
		_, err = io.WriteString(x.w, end)
	}
	x.left(err)
}

// fill writes a gigabyte of one byte.
func fill(w io.Writer, b byte) error {
	block := bytes.Repeat([]byte{b}, 1<<16)
	for range gigabyte / len(block) {
		if _, err := w.Write(block); err != nil {
			return err
		}
	}
	return nil
}

// bomb sends a gigabyte of blanks that takes a megabyte on the way.
func (x *exchange) bomb() {
	x.w.Header().Set("Content-Encoding", "gzip")
	x.raw("application/json", "")
	z, err := gzip.NewWriterLevel(x.w, gzip.BestSpeed)
	if err == nil {
		_, err = io.WriteString(z, "{")
	}
	if err == nil {
		err = fill(z, ' ')
	}
	if err == nil {
		_, err = io.WriteString(z, "}")
	}
	if err == nil {
		err = z.Close()
	}
	x.left(err)
}

// wait waits, 0 is for ever, and ends the answer when the client leaves: to
// return would send an empty answer with status 200, which a client that is
// only about to close its connection still reads.
func (x *exchange) wait(d time.Duration) {
	if !x.sim.pause(x.r.Context(), d) {
		x.left(http.ErrAbortHandler)
	}
}

// left ends an answer that the client did not wait for: nothing else can be
// said to it, and the server must not reuse the connection.
func (x *exchange) left(err error) {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// after are faults of how a document is sent.
var after = map[string]func(*exchange, Fault, []byte){
	Truncated: func(x *exchange, _ Fault, body []byte) {
		x.w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		x.raw("application/json", string(body[:len(body)/2]))
		x.left(errors.New("half of it is enough"))
	},
	TruncatedJSON: func(x *exchange, _ Fault, body []byte) { x.raw("application/json", string(body[:len(body)/2])) },
	Drip: func(x *exchange, f Fault, body []byte) {
		x.w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		c := http.NewResponseController(x.w)
		for i := range body {
			x.raw("application/json", string(body[i:i+1]))
			x.left(c.Flush())
			x.wait(orElse(f.Delay, 100*time.Millisecond))
		}
	},
	BadUTF8: func(x *exchange, _ Fault, body []byte) {
		x.raw("application/json", string(bytes.ReplaceAll(body, []byte(`"Name":"`), []byte("\"Name\":\"\xff\xfe\x80"))))
	},
}
