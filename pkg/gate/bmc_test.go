package gate

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestNotForTheController: the environment speaks for -H alone. What it holds
// must never reach a management controller.
func TestNotForTheController(t *testing.T) {
	t.Setenv("NOOUT_USERNAME", "root@pam")
	t.Setenv("NOOUT_PASSWORD", "for Proxmox VE alone")
	t.Setenv("NOOUT_TOKEN", "monitor@pve!x=1")
	var mu sync.Mutex
	var heard []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		user, password, _ := r.BasicAuth()
		heard = append(heard, user+password+r.Header.Get("X-Auth-Token"))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	s := Survey{Now: time.Now, Options: Options{BMC: BMC{Controller: Controller{Host: strings.TrimPrefix(server.URL, "https://"), Insecure: true}}}}
	if _, err := s.fans(t.Context(), Found{}, s.open(s.Options.BMC.Controller)); err == nil {
		t.Error("a controller that nobody may ask was asked")
	}
	for _, h := range heard {
		if h != "" {
			t.Errorf("it was told %q", h)
		}
	}
}

// TestOldController: a gate asks a controller that knows only old TLS as check_fans
// does, and names its own option for it.
func TestOldController(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}
	server.StartTLS()
	defer server.Close()
	c := Controller{Host: strings.TrimPrefix(server.URL, "https://"), Via: "redfish", Insecure: true}
	s := Survey{Now: time.Now, Options: Options{BMC: BMC{Controller: c}}}
	if _, err := s.fans(t.Context(), Found{}, s.open(c)); err == nil || !strings.HasSuffix(err.Error(), "may need --bmc-tls-legacy") || asked.Load() > 0 {
		t.Errorf("expected the option to be named, got %v after %d requests", err, asked.Load())
	}
	c.TLSLegacy = true
	if _, err := s.fans(t.Context(), Found{}, s.open(c)); err == nil || asked.Load() == 0 {
		t.Errorf("expected it to be asked, got %v after %d requests", err, asked.Load())
	}
}
