package transport

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestRedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		thief, _ := device(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("followed, with %v", r.Header) })
		server, options := device(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL+"/redfish/v1", status)
		})
		client, err := options.Client()
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("root", "hush-hush")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != status || response.Header.Get("Location") == "" {
			t.Errorf("%d comes back as %s", status, response.Status)
		}
	}
}

func TestProxiesOfTheEnvironmentAreIgnored(t *testing.T) {
	proxy := listen(t, func(conn net.Conn) {
		t.Error("the proxy was asked")
		conn.Close()
	})
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		t.Setenv(name, "http://"+proxy)
	}
	// A proxy is never used for loopback, so the name has to be another one.
	server, _ := device(t, nil)
	text, _ := port(t, server.Listener.Addr().String())
	client := clientOf(t, "tcp", map[string][]string{"bmc.example": {"127.0.0.1"}})
	if got, err := askWith(t, 20*time.Second, client, "https://bmc.example:"+text); err != nil || got != "fine" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestHTTP1Only(t *testing.T) {
	ca := newAuthority(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.identity(t)}}
	server.StartTLS()
	t.Cleanup(server.Close)
	if got, err := ask(t, Options{CAFile: file(t, ca.certificate)}, server.URL); err != nil || got != "HTTP/1.1" {
		t.Errorf("%q, %v", got, err)
	}
}
