package pve

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// write answers as pveproxy does. net/http writes its own reason phrases, so
// any other is written by hand, on a connection that then ends.
func (a *api) write(w http.ResponseWriter, status, contentType string, body []byte) {
	if status != "200 OK" {
		a.raw(w, status, contentType, body, len(body))
		return
	}
	a.header(w.Header(), contentType)
	_, _ = w.Write(body) // a client may leave at any time
}

func (a *api) header(h http.Header, contentType string) {
	h.Set("Server", "pve-api-daemon/3.0")
	h.Set("Date", a.sim.World.config.Clock.Now().UTC().Format(http.TimeFormat))
	h.Set("Content-Type", contentType)
}

func (a *api) raw(w http.ResponseWriter, status, contentType string, body []byte, announced int) {
	conn, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		a.sim.problem(err)
		return
	}
	h := http.Header{}
	a.header(h, contentType)
	if contentType == "" {
		h.Del("Content-Type")
	}
	if strings.HasPrefix(status, "301") {
		h.Set("Location", "https://192.0.2.1:8006/")
	}
	h.Set("Content-Length", strconv.Itoa(announced))
	h.Set("Connection", "close")
	// A client may leave at any time: errors of writing are its own affair.
	_, _ = fmt.Fprintf(buffer, "HTTP/1.1 %s\r\n", status)
	_ = h.Write(buffer)
	_, _ = fmt.Fprintf(buffer, "\r\n%s", body)
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
