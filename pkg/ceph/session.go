package ceph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/secret"
	"github.com/noout-monitoring/noout/pkg/transport"
)

// dashboardSession is the conversation with one mgr.
type dashboardSession struct {
	*dashboardPoll
	host  dashboardHost
	token secret.Text
	// fresh says that the token was given in this run.
	fresh bool
}

// collect reads the documents, and logs in where there is no token or the kept
// one is not taken any more.
func (s *dashboardSession) collect(ctx context.Context) (Cluster, error) {
	if s.token.IsZero() {
		if err := s.login(ctx); err != nil {
			return Cluster{}, err
		}
	}
	health, header, err := s.send(ctx, "/api/health/full", nil)
	var status *statusError
	if errors.As(err, &status) && status.code == http.StatusUnauthorized && !s.fresh {
		if err := s.login(ctx); err != nil {
			return Cluster{}, err
		}
		health, header, err = s.send(ctx, "/api/health/full", nil)
	}
	if err != nil {
		return Cluster{}, err
	}
	var c Cluster
	w, err := decode[wireDashboard](health)
	if err != nil {
		return Cluster{}, fmt.Errorf("/api/health/full: %w", err)
	}
	c.addDashboard(w)
	if err := s.fill(ctx, &c); err != nil {
		return Cluster{}, err
	}
	if err := s.alive(ctx, header); err != nil {
		return Cluster{}, err
	}
	c.consistent()
	c.place()
	return c, nil
}

// fill reads how full the OSDs are, which is not needed for all the rest.
func (s *dashboardSession) fill(ctx context.Context, c *Cluster) error {
	raw, _, err := s.send(ctx, "/api/osd", nil)
	if err != nil {
		if unanswered(err) {
			return err
		}
		c.Gaps = append(c.Gaps, Gap{What: "/api/osd", Why: err.Error(), Optional: true, Loses: optional[docFill]})
		return nil
	}
	rows, err := decode[list[wireDashboardOSD]](raw)
	if err != nil {
		return fmt.Errorf("/api/osd: %w", err)
	}
	c.Fill = []Fill{}
	for _, w := range rows.rows {
		if id, ok := w.ID.integer(); ok && w.Stats.Bytes.value > 0 {
			c.Fill = append(c.Fill, Fill{OSD: id, Percent: 100 * w.Stats.Used.positive() / w.Stats.Bytes.value})
		}
	}
	return nil
}

// lifetime is how old the last report of a living monitor may be: monitors
// report to the active mgr every 5 s.
const lifetime = 15 * time.Second

// alive asks for a sign of life of the monitors. Without a quorum the active
// mgr goes on answering 200 with what it knew (seen on 16.2.15: HEALTH_OK, all
// monitors in quorum and have_mon_connection true, minutes after two of three
// monitors had gone). Two things tell: the reports of the monitors stop, and
// nobody can log in, because that is written down by the monitors. A login in
// this run is proof, as are fresh reports of a majority.
func (s *dashboardSession) alive(ctx context.Context, header http.Header) error {
	if s.fresh {
		return nil
	}
	raw, newer, err := s.send(ctx, "/api/monitor", nil)
	if err == nil {
		if at, err := http.ParseTime(newer.Get("Date")); err == nil && majority(raw, at) {
			return nil
		}
	}
	if err := s.login(ctx); err != nil {
		if unanswered(err) {
			return fmt.Errorf("the mgr answers from its memory, but its monitors are silent: no login (%w)", err)
		}
		return err
	}
	return nil
}

// majority says whether most monitors have reported to the mgr lately. Both
// times are by the mgr's clock.
func majority(raw []byte, now time.Time) bool {
	w, err := decode[struct {
		Mon part[struct {
			Map part[struct {
				Mons list[struct {
					Stats part[struct {
						Sessions list[list[number]] `json:"num_sessions"`
					}] `json:"stats"`
				}] `json:"mons"`
			}] `json:"monmap"`
		}] `json:"mon_status"`
	}](raw)
	mons := w.Mon.value.Map.value.Mons
	if err != nil || mons.odd > 0 {
		return false
	}
	living := 0
	for _, m := range mons.rows {
		samples := m.Stats.value.Sessions.rows
		if len(samples) == 0 || len(samples[len(samples)-1].rows) == 0 {
			continue
		}
		last := samples[len(samples)-1].rows[0]
		age := now.Sub(time.Unix(0, int64(last.value*float64(time.Second))))
		if last.set && last.value < 1<<33 && age < lifetime && age > -lifetime {
			living++
		}
	}
	return living > len(mons.rows)/2
}

// login gets a token.
func (s *dashboardSession) login(ctx context.Context) error {
	question, err := json.Marshal(map[string]string{"username": s.host.cred.Username, "password": s.host.cred.Password.Reveal()})
	if err != nil {
		return fmt.Errorf("login: %w", err)
	}
	raw, _, err := s.send(ctx, "/api/auth", question)
	var status *statusError
	if errors.As(err, &status) && (status.code == http.StatusBadRequest || status.code == http.StatusUnauthorized || status.code == http.StatusForbidden) {
		return &refusal{fmt.Sprintf("login of %s refused (%s): is the password right, and the user enabled?", s.host.cred.Username, status.status)}
	}
	if err != nil {
		return err
	}
	w, err := decode[struct {
		Token  string `json:"token"`
		Update number `json:"pwdUpdateRequired"`
	}](raw)
	if err != nil || w.Token == "" || len(w.Token) > 16<<10 {
		return &refusal{"the login brought no token: is this the dashboard of a Ceph mgr?"}
	}
	if w.Update.value != 0 {
		return &refusal{fmt.Sprintf("the password of %s has to be changed before it can be used", s.host.cred.Username)}
	}
	s.token, s.fresh = secret.NewText(w.Token), true
	return nil
}

// once makes one request in one version of the API.
func (s *dashboardSession) once(ctx context.Context, path string, body []byte, version string) ([]byte, http.Header, error) {
	u := *s.host.base
	u.Path = path
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	q, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	q.Header.Set("Accept", "application/vnd.ceph.api.v"+version+"+json")
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	} else {
		q.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	}
	response, err := s.client.Do(q)
	if err != nil {
		err = transport.Explain(err)
		s.note(path, err.Error())
		return nil, nil, err
	}
	defer response.Body.Close() // read to its end or given up: nothing can be lost
	raw, err := transport.ReadAll(response.Body)
	if err == nil {
		// A server may end its answer, empty, because it sees us leave.
		err = ctx.Err()
	}
	if err != nil {
		err = transport.Explain(err)
		s.note(path, err.Error())
		return nil, nil, err
	}
	s.note(path, response.Status)
	if err := outcome(response); err != nil {
		return raw, response.Header, err
	}
	return raw, response.Header, page(raw, response.Header)
}

// errIdle is a standby that knows of no active mgr: it answers 200 with a web
// page (seen on 16.2.15 while there was no quorum).
var errIdle = errors.New("is a standby and knows of no active mgr")

// page is not nil when the document is a web page. The dashboard says in every
// answer who it is.
func page(raw []byte, header http.Header) error {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("<")) {
		return nil
	}
	if header.Get("Server") == "Ceph-Dashboard" {
		return errIdle
	}
	return &refusal{"a web page instead of the API: is this the dashboard of a Ceph mgr?"}
}

func (s *dashboardSession) note(path, what string) {
	s.evidence = append(s.evidence, transport.Handshakes(s.client)...)
	s.evidence = append(s.evidence, s.host.name+" "+path+": "+phrase.Clip(what, maxText))
}

// outcome is nil for a document.
func outcome(response *http.Response) error {
	status := phrase.Clip(response.Status, maxName)
	switch code := response.StatusCode; {
	case code == http.StatusOK || code == http.StatusCreated:
		return nil
	case code >= 300 && code < 400:
		to, err := url.Parse(response.Header.Get("Location"))
		if err != nil || to.Host == "" {
			return &statusError{code, status + " to nowhere"}
		}
		return &standbyError{active: to}
	default:
		return &statusError{code, status}
	}
}

// wireDashboardOSD is a row of /api/osd.
type wireDashboardOSD struct {
	ID    number `json:"osd"`
	Stats struct {
		Bytes number `json:"stat_bytes"`
		Used  number `json:"stat_bytes_used"`
	} `json:"stats"`
}
