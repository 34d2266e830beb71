package ceph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noout-monitoring/noout/pkg/secret"
)

// mgr is a dashboard that can be made to misbehave.
type mgr struct {
	*httptest.Server
	mu     sync.Mutex
	paths  []string
	tokens []string
	answer answer
}

// answer says whether it answered.
type answer func(http.ResponseWriter, *http.Request) bool

// does changes how it behaves.
func (m *mgr) does(a answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = a
}

// asked is what it was asked since the last call, and with which tokens.
func (m *mgr) asked() (paths, tokens []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	paths, tokens = m.paths, m.tokens
	m.paths, m.tokens = nil, nil
	return paths, tokens
}

func newMgr(t *testing.T) *mgr {
	t.Helper()
	m := &mgr{}
	m.Server = httptest.NewTLSServer(m)
	t.Cleanup(m.Close)
	return m
}

const secretWord = "s3cret-passw0rd"

func (m *mgr) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // only then the server notices when the client leaves
	m.mu.Lock()
	m.paths = append(m.paths, r.Method+" "+r.URL.Path)
	m.tokens = append(m.tokens, r.Header.Get("Authorization"))
	a := m.answer
	m.mu.Unlock()
	if a != nil && a(w, r) {
		return
	}
	switch r.URL.Path {
	case "/api/auth":
		if err != nil || !strings.Contains(string(body), secretWord) {
			http.Error(w, "{}", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		write(w, `{"token":"tok-1","pwdUpdateRequired":false}`)
	case "/api/health/full":
		write(w, `{"health":{"status":"HEALTH_OK","checks":[],"mutes":[]},"mon_status":{"quorum":[0],"monmap":{"fsid":"f1","mons":[{"rank":0,"name":"a"}]}},`+
			`"mgr_map":{"available":true,"active_name":"x","standbys":[{"name":"y"}]},"osd_map":{`+wellMap[1:len(wellMap)-1]+`,"tree":`+wellTree+`},`+
			`"pg_info":{"statuses":{"active+clean":8},"object_stats":{}},"df":{"stats":{"total_bytes":10,"total_used_raw_bytes":1}}}`)
	case "/api/osd":
		write(w, `[{"osd":0,"stats":{"stat_bytes":100,"stat_bytes_used":20}}]`)
	case "/api/monitor":
		write(w, fmt.Sprintf(`{"mon_status":{"monmap":{"mons":[{"name":"a","stats":{"num_sessions":[[%d.5,6]]}}]}}}`, time.Now().Unix()-2))
	default:
		http.NotFound(w, r)
	}
}

func write(w io.Writer, text string) {
	// a client that left needs no answer
	_, _ = io.WriteString(w, text)
}

func (m *mgr) host() string { return strings.TrimPrefix(m.URL, "https://") }

// through makes the source for some mgrs. The client trusts them all.
func through(t *testing.T, mgrs ...*mgr) *Dashboard {
	t.Helper()
	var hosts []string
	for _, m := range mgrs {
		hosts = append(hosts, m.host())
	}
	client := mgrs[0].Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	d, err := NewDashboard(client, hosts, 8443, func(string) (secret.Credentials, error) {
		return secret.Credentials{Username: "monitor", Password: secret.NewText(secretWord)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func answering(code int, header, value, body string) answer {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		if header != "" {
			w.Header().Set(header, value)
		}
		w.WriteHeader(code)
		write(w, body)
		return true
	}
}

// TestToken: one login, then none as long as the token is taken and the
// monitors are heard of.
func TestToken(t *testing.T) {
	m := newMgr(t)
	d := through(t, m)
	first, err := d.Poll(long(t), Ask{})
	if err != nil || len(first.Gaps) > 0 || first.Fill[0].Percent != 20 || first.Mgr.Standbys != 1 || first.Tree.Host(1) != "node1" {
		t.Fatalf("%+v %v", first, err)
	}
	m.asked()
	second, err := d.Poll(long(t), Ask{Memory: first.Memory})
	paths, _ := m.asked()
	if want := "[GET /api/health/full GET /api/osd GET /api/monitor]"; err != nil || fmt.Sprint(paths) != want {
		t.Errorf("asked %v, want %s (%v)", paths, want, err)
	}
	refused := 0
	m.does(func(w http.ResponseWriter, r *http.Request) bool {
		if refused == 0 && r.URL.Path == "/api/health/full" {
			refused++
			return answering(http.StatusUnauthorized, "", "", "{}")(w, r)
		}
		return false
	})
	_, err = d.Poll(long(t), Ask{Memory: second.Memory})
	if paths, _ := m.asked(); err != nil || paths[1] != "POST /api/auth" {
		t.Errorf("asked %v (%v)", paths, err)
	}
	m.does(answering(http.StatusUnauthorized, "", "", "{}"))
	if _, err = d.Poll(long(t), Ask{Memory: second.Memory}); err == nil || errors.As(err, new(*SilentError)) {
		t.Errorf("a token that is never taken: %v", err)
	}
	other := Memory(strings.Replace(string(second.Memory), "monitor", "somebody", 1))
	m.does(nil)
	m.asked()
	_, err = d.Poll(long(t), Ask{Memory: other})
	if _, tokens := m.asked(); err != nil || tokens[0] != "" {
		t.Errorf("the token of another user was sent: %v %v", tokens, err)
	}
}

// TestMemoryOfMgr: old reports of the monitors are believed only with a login,
// which needs them.
func TestMemoryOfMgr(t *testing.T) {
	m := newMgr(t)
	d := through(t, m)
	first, err := d.Poll(long(t), Ask{})
	if err != nil {
		t.Fatal(err)
	}
	for name, report := range map[string]string{
		"old":     fmt.Sprintf(`{"mon_status":{"monmap":{"mons":[{"stats":{"num_sessions":[[%d,6]]}}]}}}`, time.Now().Unix()-60),
		"ahead":   fmt.Sprintf(`{"mon_status":{"monmap":{"mons":[{"stats":{"num_sessions":[[%d,6]]}}]}}}`, time.Now().Unix()+600),
		"half":    fmt.Sprintf(`{"mon_status":{"monmap":{"mons":[{"stats":{"num_sessions":[[%d,6]]}},{"stats":{}}]}}}`, time.Now().Unix()),
		"none":    `{"mon_status":{"monmap":{"mons":[{"stats":{"num_sessions":[]}}]}}}`,
		"odd":     `{"mon_status":{"monmap":{"mons":[{"stats":{"num_sessions":[["x"]]}}]}}}`,
		"nothing": `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			ctx := newOvertime(t)
			behave := func(login bool) answer {
				return func(w http.ResponseWriter, r *http.Request) bool {
					switch {
					case r.URL.Path == "/api/monitor":
						write(w, report)
						return true
					case r.URL.Path == "/api/auth" && !login:
						ctx.now()
						<-r.Context().Done()
						panic(http.ErrAbortHandler) // to return would answer 200
					}
					return false
				}
			}
			m.does(behave(true))
			if _, err := d.Poll(long(t), Ask{Memory: first.Memory}); err != nil {
				t.Errorf("with a login: %v", err)
			}
			m.does(behave(false))
			_, err := d.Poll(ctx, Ask{Memory: first.Memory})
			if !errors.As(err, new(*SilentError)) {
				t.Errorf("without: %v", err)
			}
		})
	}
}

// TestStandby: a redirection is followed by hand, once, and nowhere but to the
// same port over TLS.
func TestStandby(t *testing.T) {
	active, standby := newMgr(t), newMgr(t)
	u, err := url.Parse(active.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"another port":   active.URL + "/",
		"plain HTTP":     "http://" + standby.host() + "/",
		"with a user":    "https://me:you@" + standby.host() + "/",
		"no host":        "https:///",
		"itself":         standby.URL + "/",
		"no place":       "",
		"not a URL":      "https://%zz",
		"another scheme": "file:///etc/passwd",
		"foreign":        "https://localhost:" + u.Port() + "/",
	} {
		t.Run(name, func(t *testing.T) {
			active.asked()
			standby.does(answering(http.StatusSeeOther, "Location", to, ""))
			c, err := through(t, standby).Poll(long(t), Ask{})
			if paths, _ := active.asked(); err == nil || len(paths) > 0 {
				t.Errorf("%+v, asked %v", c, paths)
			}
		})
	}
	t.Run("the active one is listed", func(t *testing.T) {
		standby.does(answering(http.StatusSeeOther, "Location", active.URL+"/", ""))
		if c, err := through(t, standby, active).Poll(long(t), Ask{}); err != nil || c.FSID != "f1" {
			t.Errorf("%+v %v", c, err)
		}
	})
	t.Run("two standbys point at each other", func(t *testing.T) {
		standby.does(answering(http.StatusSeeOther, "Location", active.URL+"/", ""))
		active.does(answering(http.StatusSeeOther, "Location", standby.URL+"/", ""))
		if _, err := through(t, standby, active).Poll(long(t), Ask{}); !errors.As(err, new(*SilentError)) {
			t.Errorf("%v", err)
		}
	})
}

// TestHostileMgr: whatever it answers, the error says so, without the password,
// and nothing is made up.
func TestHostileMgr(t *testing.T) {
	var ctx overtime // of the case at hand; over when the mgr falls silent
	silent := func(_ http.ResponseWriter, r *http.Request) bool {
		ctx.now()
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // to return would answer 200
	}
	drip := func(w http.ResponseWriter, r *http.Request) bool {
		for i := 0; r.Context().Err() == nil; i++ {
			write(w, " ")
			if err := http.NewResponseController(w).Flush(); err != nil {
				return true
			}
			if i == 20 {
				ctx.now()
			}
			time.Sleep(time.Millisecond)
		}
		return true
	}
	full := func(f func(http.ResponseWriter, *http.Request) bool) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == "/api/health/full" && f(w, r)
		}
	}
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		silent bool
	}{
		"a web page":      {answering(http.StatusOK, "", "", "<html>"), false},
		"a standby alone": {answering(http.StatusOK, "Server", "Ceph-Dashboard", "\n<html>No active ceph-mgr</html>"), true},
		"wrong password":  {answering(http.StatusBadRequest, "", "", `{"detail":"`+secretWord+`"}`), false},
		"no version":      {answering(http.StatusUnsupportedMediaType, "", "", "{}"), false},
		"server error":    {full(answering(http.StatusInternalServerError, "", "", secretWord)), false},
		"not JSON":        {full(answering(http.StatusOK, "", "", "{")), false},
		"forbidden":       {full(answering(http.StatusForbidden, "", "", "{}")), false},
		"no token":        {answering(http.StatusCreated, "", "", `{"token":""}`), false},
		"change it first": {answering(http.StatusCreated, "", "", `{"token":"a","pwdUpdateRequired":true}`), false},
		"the password":    {answering(http.StatusTeapot, "", "", secretWord), false},
		"reset":           {func(w http.ResponseWriter, _ *http.Request) bool { panic(http.ErrAbortHandler) }, true},
		"silent for good": {silent, true},
		"silent at /osd": {func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Path == "/api/osd" && silent(w, r)
		}, true},
		"drips for ever": {full(drip), true},
		"cut in the middle": {full(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", "999")
			write(w, "{")
			return true
		}), true},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMgr(t)
			m.Config.ErrorLog = nil
			m.does(c.answer)
			ctx = newOvertime(t)
			found, err := through(t, m).Poll(ctx, Ask{})
			if err == nil {
				t.Fatalf("%+v", found)
			}
			if got := errors.As(err, new(*SilentError)); got != c.silent {
				t.Errorf("silent %v: %v", got, err)
			}
			if text := err.Error() + strings.Join(found.Evidence, " "); strings.Contains(text, secretWord) || strings.Contains(text, "tok-1") {
				t.Errorf("a secret in %q", text)
			}
		})
	}
}

// TestRole: what the user's role may not read is a gap, never nothing.
func TestRole(t *testing.T) {
	for _, part := range []string{"mon_status", "mgr_map", "osd_map", "pg_info", "health"} {
		t.Run(part, func(t *testing.T) {
			m := newMgr(t)
			var whole map[string]json.RawMessage
			rec := httptest.NewRecorder()
			m.ServeHTTP(rec, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/api/health/full", nil))
			if err := json.Unmarshal(rec.Body.Bytes(), &whole); err != nil {
				t.Fatal(err)
			}
			delete(whole, part)
			m.does(func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/api/health/full" {
					return false
				}
				raw, err := json.Marshal(whole)
				if err != nil {
					t.Error(err)
				}
				write(w, string(raw))
				return true
			})
			c, err := through(t, m).Poll(long(t), Ask{})
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Gaps) == 0 || c.Gaps[0].Optional {
				t.Errorf("no gap without %s: %+v", part, c.Gaps)
			}
		})
	}
}

// TestDashboardWithout: credentials and hosts are asked for before anything is
// sent.
func TestDashboardWithout(t *testing.T) {
	for name, cred := range map[string]secret.Credentials{"no password": {Username: "u"}, "no user": {Password: secret.NewText("p")}} {
		if _, err := NewDashboard(http.DefaultClient, []string{"mgr1"}, 8443, func(string) (secret.Credentials, error) { return cred, nil }); err == nil {
			t.Error(name)
		}
	}
	if _, err := NewDashboard(http.DefaultClient, nil, 8443, nil); err == nil {
		t.Error("no host")
	}
	if _, err := NewDashboard(http.DefaultClient, []string{"https://mgr1"}, 8443, nil); err == nil {
		t.Error("a URL")
	}
}
