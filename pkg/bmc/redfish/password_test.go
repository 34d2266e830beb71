package redfish

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/secret"
	sim "github.com/noout-monitoring/noout/test/sim/bmc"
	"github.com/noout-monitoring/noout/test/sim/bmc/world"
)

// TestPasswordOnce counts how often a wrong password is sent: once where Basic
// is offered, so that it must be the password, and once by each way where the
// controller does not say whether Basic is on.
func TestPasswordOnce(t *testing.T) {
	tests := []struct {
		name      string
		challenge string
		sessions  bool
		basic     int
		logins    int
	}{
		{"Basic is offered", `Basic realm="BMC"`, true, 1, 0},
		{"Basic is offered second", `X-Auth-Token realm="x", basic realm="y"`, true, 1, 0},
		{"no challenge", "", true, 1, 1},
		{"another challenge", `Bearer`, true, 1, 1},
		{"no challenge, no sessions", "", false, 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var basic, logins int
			_, source := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/redfish/v1/" && test.sessions:
					write(w, `{"Chassis":{"@odata.id":"/redfish/v1/Chassis"},"Links":{"Sessions":{"@odata.id":"/redfish/v1/S"}}}`)
				case r.URL.Path == "/redfish/v1/":
					write(w, `{"Chassis":{"@odata.id":"/redfish/v1/Chassis"}}`)
				default:
					if _, _, ok := r.BasicAuth(); ok {
						basic++
					}
					if r.Method == http.MethodPost {
						logins++
					}
					if test.challenge != "" {
						w.Header().Set("WWW-Authenticate", test.challenge)
					}
					w.WriteHeader(http.StatusUnauthorized)
				}
			}))
			_, err := source.Poll(t.Context(), bmc.Ask{Logs: true, Keep: true})
			var e *ConnectError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), "password") {
				t.Errorf("error %v", err)
			}
			if basic != test.basic || logins != test.logins {
				t.Errorf("%d times by Basic and %d logins, expected %d and %d", basic, logins, test.basic, test.logins)
			}
		})
	}
}

func write(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(body))
}

// TestWrongPassword asks simulated controllers that count.
func TestWrongPassword(t *testing.T) {
	for _, vendor := range vendors {
		for _, auth := range []sim.Auth{sim.AnyAuth, sim.SessionsOnly} {
			t.Run(string(vendor)+" "+string(auth), func(t *testing.T) {
				s := sim.Start(t, sim.Server{Vendor: vendor, Auth: auth, Clock: world.Still(noon)})
				server, err := ours(t, s, "wrong one").Poll(t.Context(), bmc.Ask{Logs: true, Keep: true})
				if err == nil {
					t.Fatal("no error")
				}
				if n := s.Stats().WrongPasswords; n != 1 {
					t.Errorf("%d wrong passwords\n%s", n, strings.Join(server.Evidence, "\n"))
				}
				if all := err.Error() + strings.Join(server.Evidence, ""); strings.Contains(all, "wrong one") {
					t.Errorf("the password is in %s", all)
				}
			})
		}
	}
}

// TestNoCredentials says what is missing, and sends nothing that is not there.
func TestNoCredentials(t *testing.T) {
	s := sim.Start(t, sim.Server{Clock: world.Still(noon)})
	source := ours(t, s, "")
	source.cred = secret.Credentials{}
	_, err := source.Poll(t.Context(), bmc.Ask{})
	if err == nil || !strings.Contains(err.Error(), "give --auth-file, or for the host of -H NOOUT_USERNAME") {
		t.Errorf("error %v", err)
	}
	for _, r := range s.Stats().Requests {
		if r.Auth != "none" {
			t.Errorf("%s %s with %s", r.Method, r.Path, r.Auth)
		}
	}
}
