package gate

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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
