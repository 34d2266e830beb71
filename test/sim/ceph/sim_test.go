package ceph

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type still struct{ now time.Time }

func (s *still) Now() time.Time          { return s.now }
func (s *still) Advance(d time.Duration) { s.now = s.now.Add(d) }

func lab() (*World, *still) {
	c := &still{time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	return New(Config{Clock: c}), c
}

func do(t *testing.T, w *World, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if err := w.Do(l); err != nil {
			t.Fatal(err)
		}
	}
}

// document asks as the ceph command and returns what comes, as JSON.
func document(t *testing.T, w *World, question string) map[string]any {
	t.Helper()
	r := w.Ask(question, "mon mgr")
	var doc map[string]any
	if err := json.Unmarshal([]byte(r.Document), &doc); err != nil {
		t.Fatalf("%s: %v (%+v)", question, err, r)
	}
	return doc
}

func states(t *testing.T, w *World) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, s := range document(t, w, "status")["pgmap"].(map[string]any)["pgs_by_state"].([]any) {
		row := s.(map[string]any)
		out[row["state_name"].(string)] = int(row["count"].(float64))
	}
	return out
}

// TestStates: the states follow from what is up and where the data is.
func TestStates(t *testing.T) {
	w, clock := lab()
	for _, step := range []struct {
		what string
		do   []string
		want func(map[string]int) bool
	}{
		{"well", nil, func(s map[string]int) bool { return s["active+clean"] == 33 }},
		{"a host down: two copies of all", []string{"set?flag=noout", "stop?host=node1"}, func(s map[string]int) bool { return s["active+undersized+degraded"] == 33 }},
		{"and an OSD elsewhere: some with one copy stop", []string{"stop?osd=4"}, func(s map[string]int) bool {
			return s["undersized+degraded+peered"] > 0 && s["active+undersized+degraded"] > 0 && len(s) == 2
		}},
		{"all back", []string{"start?osd=4", "start?host=node1"}, func(s map[string]int) bool { return s["active+clean"] == 33 }},
		{"out: data moves", []string{"out?osd=0"}, func(s map[string]int) bool { return s["active+remapped+backfilling"] > 0 }},
		{"moved", []string{"recover"}, func(s map[string]int) bool { return s["active+clean"] == 33 }},
		{"on the way", []string{"in?osd=0", "recover", "peering?pgs=5&for=10s"}, func(s map[string]int) bool { return s["peering"] == 5 }},
		{"settled", []string{"advance?by=11s"}, func(s map[string]int) bool { return s["active+clean"] == 33 }},
		{"scrub error", []string{"damage?pool=rbd"}, func(s map[string]int) bool { return s["active+clean+inconsistent"] == 1 }},
		{"no mgr: frozen", []string{"damage?pool=rbd&on=0", "stop?mgr=node1", "stop?mgr=node2", "stop?osd=1"}, func(s map[string]int) bool { return s["active+clean"] == 33 }},
	} {
		do(t, w, step.do...)
		if s := states(t, w); !step.want(s) {
			t.Errorf("%s: %v", step.what, s)
		}
	}
	do(t, w, "start?mgr=node1", "unset?flag=noout")
	clock.Advance(9 * time.Minute)
	if in := document(t, w, "status")["osdmap"].(map[string]any)["num_in_osds"]; in != 6.0 {
		t.Errorf("%v OSDs in after 9 minutes", in)
	}
	clock.Advance(2 * time.Minute)
	if in := document(t, w, "status")["osdmap"].(map[string]any)["num_in_osds"]; in != 5.0 {
		t.Errorf("%v OSDs in after 11 minutes", in)
	}
}

// TestTruth: the truth and the documents come of different code and agree.
func TestTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, _ := lab()
		for range rapid.IntRange(0, 6).Draw(t, "steps") {
			osd := rapid.IntRange(0, 5).Draw(t, "osd")
			verb := rapid.SampledFrom([]string{"stop?osd=%d", "start?osd=%d", "out?osd=%d", "in?osd=%d", "peering?pgs=%d&for=1m", "recover"}).Draw(t, "verb")
			if strings.Contains(verb, "%d") {
				verb = fmt.Sprintf(verb, osd+strings.Count(verb, "pgs"))
			}
			if err := w.Do(verb); err != nil {
				t.Fatal(err)
			}
		}
		truth := w.Truth()
		var told, dead, passing, clean int
		w.look(func() {
			for s, n := range w.numbers().states {
				told += n
				switch words := strings.Split(s, "+"); {
				case s == "peering":
					passing += n
				case !slices.Contains(words, "active"):
					dead += n
				case slices.Contains(words, "clean"):
					clean += n
				}
			}
		})
		if told != truth.PGs || dead != truth.Dead || passing != truth.Passing || told-clean != truth.Unclean {
			t.Fatalf("told %d, dead %d, passing %d, clean %d, but in truth %+v", told, dead, passing, clean, truth)
		}
	})
}

// TestOKToStop answers as Ceph does, also where that says little.
func TestOKToStop(t *testing.T) {
	w, _ := lab()
	stop := func(q string) string {
		d := document(t, w, "osd ok-to-stop "+q)
		return fmt.Sprint(d["ok_to_stop"], d["num_ok_pgs"], d["num_not_ok_pgs"])
	}
	if got := stop("0 1"); got != "true 33 0" {
		t.Errorf("a host: %s", got)
	}
	if got := stop("0 1 2 3"); got != "false 0 33" {
		t.Errorf("two hosts: %s", got)
	}
	do(t, w, "set?flag=noout", "stop?host=node1")
	if got := stop("0 1"); got != "true 0 0" {
		t.Errorf("a host that is down: %s", got)
	}
}

// TestSilence: without a quorum nothing comes, and without the right key neither.
func TestSilence(t *testing.T) {
	w, _ := lab()
	if r := w.Ask("osd df tree", "mon"); r.Error == "" || r.Hang > 0 {
		t.Errorf("%+v", r)
	}
	if r := w.Ask("status", "none"); r.Error == "" {
		t.Errorf("%+v", r)
	}
	do(t, w, "stop?mon=node1", "stop?mon=node2")
	if r := w.Ask("status", "mon mgr"); r.Hang == 0 || r.Document != "" {
		t.Errorf("%+v", r)
	}
	doc, err := w.MonStatus("node3")
	if err != nil || !strings.Contains(doc, `"probing"`) {
		t.Errorf("%s %v", doc, err)
	}
	if _, err := w.MonStatus("node1"); err == nil {
		t.Error("a monitor that is down answers")
	}
}

// TestVerbs: mistakes are refused and change nothing.
func TestVerbs(t *testing.T) {
	w, _ := lab()
	for _, line := range []string{"", "explode", "set?flag=none", "stop?osd=9", "stop?osd=x", "stop?mon=none", "advance?by=soon", "fill?percent=200", "peering?pgs=0", "damage?pool=none", "unfound?objects=-1", "set?%zz"} {
		if err := w.Do(line); err == nil {
			t.Errorf("%q was done", line)
		}
	}
	if s := states(t, w); s["active+clean"] != 33 {
		t.Errorf("%v", s)
	}
}

// TestServed: the same cluster by control, command and dashboard.
func TestServed(t *testing.T) {
	s := Start(t, Config{})
	dir := t.TempDir()
	if err := s.Files(dir); err != nil {
		t.Fatal(err)
	}
	post := func(line string) int {
		r, err := http.Post("http://"+s.Control+"/", "text/plain", strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return r.StatusCode
	}
	if post("stop?osd=3") != http.StatusNoContent || post("nonsense") != http.StatusBadRequest {
		t.Error("control")
	}
	ceph := func(id, in string, args ...string) (string, string, int) {
		var out, complaints bytes.Buffer
		options := []string{"-f", "json", "--connect-timeout", "1", "--rados-mon-op-timeout", "1", "--id", id, "--conf", filepath.Join(dir, "ceph.conf"), "--keyring", filepath.Join(dir, "ceph.client."+id+".keyring")}
		code := Command(append(options, args...), strings.NewReader(in), &out, &complaints)
		return out.String(), complaints.String(), code
	}
	out, complaints, code := ceph("nagios", "status\nnonsense\nosd df tree\n")
	if strings.Count(out, "\n{") != 2 || !strings.Contains(out, `"num_up_osds":5`) || !strings.Contains(complaints, "EINVAL") || code != 0 {
		t.Errorf("%s %s %d", out, complaints, code)
	}
	if out, _, _ := ceph("nagios", "", "osd", "ok-to-stop", "0"); !strings.Contains(out, "ok_to_stop") {
		t.Errorf("%s", out)
	}
	if _, complaints, code := ceph("mon", "osd df tree\n"); !strings.Contains(complaints, "EACCES") || code != 0 {
		t.Errorf("%s %d", complaints, code)
	}
	if _, complaints, code := ceph("nobody", "status\n"); code != 1 || !strings.Contains(complaints, "keyring") {
		t.Errorf("%s %d", complaints, code)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Dashboards[1]+"/api/osd", nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil {
		t.Fatal(err)
	}
	active, _, err := net.SplitHostPort(s.Dashboards[0])
	if err != nil || r.StatusCode != http.StatusSeeOther || !strings.Contains(r.Header.Get("Location"), active) {
		t.Errorf("%d to %s", r.StatusCode, r.Header.Get("Location"))
	}
}
