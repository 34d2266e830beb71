package pve

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reply is a whole answer; announced is its Content-Length.
type reply struct {
	status, contentType string
	body                []byte
	announced           int
}

// write answers as pveproxy does. net/http writes its own reason phrases, so
// any other is written by hand, on a connection that then ends.
func (a *api) write(w http.ResponseWriter, r reply) {
	if r.status != "200 OK" {
		a.raw(w, r)
		return
	}
	a.header(w.Header(), r.contentType)
	_, _ = w.Write(r.body) // a client may leave at any time
}

func (a *api) header(h http.Header, contentType string) {
	h.Set("Server", "pve-api-daemon/3.0")
	h.Set("Date", a.sim.World.config.Clock.Now().UTC().Format(http.TimeFormat))
	h.Set("Content-Type", contentType)
}

func (a *api) raw(w http.ResponseWriter, r reply) {
	conn, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		a.sim.problem(err)
		return
	}
	h := http.Header{}
	a.header(h, r.contentType)
	if r.contentType == "" {
		h.Del("Content-Type")
	}
	if strings.HasPrefix(r.status, "301") {
		h.Set("Location", "https://192.0.2.1:8006/")
	}
	h.Set("Content-Length", strconv.Itoa(r.announced))
	h.Set("Connection", "close")
	// A client may leave at any time: errors of writing are its own affair.
	_, _ = fmt.Fprintf(buffer, "HTTP/1.1 %s\r\n", r.status)
	_ = h.Write(buffer)
	_, _ = fmt.Fprintf(buffer, "\r\n%s", r.body)
	_ = buffer.Flush()
	_ = conn.Close()
}

// drip writes a byte at a time until the client leaves.
func (a *api) drip(w http.ResponseWriter, body []byte) {
	a.header(w.Header(), "application/json;charset=UTF-8")
	flush := http.NewResponseController(w)
	for i := 0; ; i++ {
		next := byte(' ')
		if i < len(body)-1 {
			next = body[i]
		}
		if _, err := w.Write([]byte{next}); err != nil {
			return
		}
		if err := flush.Flush(); err != nil {
			return
		}
		select {
		case <-time.After(between):
		case <-a.sim.done:
			return
		}
	}
}
