package room

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/test/sim/ceph"
	"github.com/noout-monitoring/noout/test/sim/pve"
)

// door is the API of one node, to which both simulators have an answer: what is
// about Ceph comes from the one, all else from the other. Whether anybody may
// ask, and whether the node is there, only the other one knows.
type door struct {
	room    *Room
	node    string
	backend *http.Client
}

func (r *Room) door(node string) *httptest.Server {
	d := &door{room: r, node: node, backend: &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // both ends are ours
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	s := httptest.NewUnstartedServer(d)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Listener = r.wire.Listen(s.Listener)
	s.TLS = &tls.Config{VerifyConnection: r.wire.Shaken}
	s.StartTLS()
	return s
}

func certificate(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if !strings.Contains(path, "/ceph/") {
		d.pass(w, d.ask(r, r.URL.RequestURI()))
		return
	}
	// Nodes behind it are reached through the cluster's own proxy.
	probe := "/api2/json/cluster/status"
	node := d.node
	if rest, is := strings.CutPrefix(path, "/api2/json/nodes/"); is {
		node, _, _ = strings.Cut(rest, "/")
		probe = "/api2/json/nodes/" + node + "/status"
	}
	if a := d.ask(r, probe); a == nil || a.StatusCode != http.StatusOK {
		d.pass(w, a)
		return
	}
	if why := d.room.lacks(node); why != "" {
		d.pass(w, &http.Response{Status: "500 " + why, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"data":null}`))})
		return
	}
	own := r.Clone(r.Context())
	if r.Header.Get("Authorization") == "PVEAPIToken="+pve.Token {
		own.Header.Set("Authorization", "PVEAPIToken="+ceph.Token)
	}
	d.room.Ceph.PVE(node).ServeHTTP(w, own)
}

// ask forwards a question; nil when nobody is there.
func (d *door) ask(r *http.Request, uri string) *http.Response {
	q, err := http.NewRequestWithContext(r.Context(), r.Method, "https://"+d.room.PVE.Address(d.node)+uri, r.Body)
	if err != nil {
		return nil
	}
	q.Header = r.Header.Clone()
	a, err := d.backend.Do(q)
	if err != nil {
		return nil
	}
	return a
}

// pass hands an answer on: a refusal with its reason phrase, which net/http would
// replace by its own. With it, and when nobody is there, the connection ends.
func (d *door) pass(w http.ResponseWriter, a *http.Response) {
	if a != nil && a.StatusCode == http.StatusOK {
		defer a.Body.Close()
		w.Header().Set("Content-Type", a.Header.Get("Content-Type"))
		w.Header()["Date"] = a.Header["Date"] // the room's time, not the machine's
		_, _ = io.Copy(w, a.Body)
		return
	}
	conn, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	// A client may leave at any time: errors of writing are its own affair.
	defer conn.Close()
	if a == nil {
		return
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		return
	}
	a.Header.Del("Transfer-Encoding")
	a.Header.Set("Content-Length", fmt.Sprint(len(body)))
	a.Header.Set("Connection", "close")
	var whole bytes.Buffer
	fmt.Fprintf(&whole, "HTTP/1.1 %s\r\n", a.Status)
	_ = a.Header.Write(&whole)
	whole.WriteString("\r\n")
	whole.Write(body)
	_, _ = buffer.Write(whole.Bytes())
	_ = buffer.Flush()
}
