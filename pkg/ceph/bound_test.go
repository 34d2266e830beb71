package ceph

import (
	"bytes"
	"strings"
	"testing"
)

// TestDocumentsAreBounded: a document that is small and would become large is
// a gap with its name, whichever way it came.
func TestDocumentsAreBounded(t *testing.T) {
	many := `{"epoch":1,"flags":"","flags_set":[],"osds":[` + strings.Repeat(`{},`, 200_000) + `{}]}`
	deep := `{"nodes":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"summary":{}}`
	for raw, want := range map[string]Gap{
		many: {What: docMap, Why: "the answer has a list of more than 200000 elements"},
		deep: {What: docFill, Why: "the answer is nested more than 48 deep"},
	} {
		var c Cluster
		if name := c.add([]byte(raw)); name != want.What || len(c.Gaps) != 1 || c.Gaps[0].Why != want.Why {
			t.Errorf("%q: %+v, expected %+v", name, c.Gaps, want)
		}
	}
	if _, err := decode[wireDashboard]([]byte(many)); err == nil {
		t.Error("the dashboard may send it")
	}
	osd := `{"osd":1,"uuid":"x","up":1,"in":1,"weight":1,"primary_affinity":1,"last_clean_begin":1,"last_clean_end":1,"up_from":1,"up_thru":1,"down_at":1,"lost_at":0,
		"public_addrs":{"addrvec":[{"type":"v2","addr":"192.0.2.1:6800","nonce":1},{"type":"v1","addr":"192.0.2.1:6801","nonce":1}]},"state":["exists","up"]}`
	if err := documents.Check([]byte(`{"osds":[` + strings.Repeat(osd+",", 10_000) + osd + `]}`)); err != nil {
		t.Errorf("ten thousand OSDs: %v", err)
	}
}

// TestSaidTwice: of one thing that is said twice, and not the same, nothing is
// believed, but for what nobody reads.
func TestSaidTwice(t *testing.T) {
	for what, doc := range map[string]string{
		docMap:    strings.Replace(wellMap, `"osd":0,"up":1`, `"osd":0,"up":0,"\u0075p":1`, 1),
		docTree:   strings.Replace(wellTree, `"children":[0,1]`, `"children":[0,1],"children":[0]`, 1),
		docStatus: strings.Replace(wellStatus, `"status":"HEALTH_OK"`, `"status":"HEALTH_ERR","status":"HEALTH_OK"`, 1),
	} {
		var c Cluster
		if name := c.add([]byte(doc)); name != what || len(c.Gaps) != 1 || !strings.Contains(c.Gaps[0].Why, "twice") {
			t.Errorf("%q: %+v", name, c.Gaps)
		}
	}
	several := strings.Replace(wellStatus, `"by_rank":[]`, `"id":1,"up":1,"in":1,"max":1,"id":2,"up":1,"in":2,"max":2,"id":3,"up":0,"in":1,"max":1,"by_rank":[]`, 1)
	if c := read4(t, several, wellMap, wellTree); len(c.Gaps) != 0 {
		t.Errorf("several file systems: %+v", c.Gaps)
	}
}

// TestLineTooLong: a line may have 24 MiB, however it is cut into pieces.
func TestLineTooLong(t *testing.T) {
	for _, length := range []int{maxLine, maxLine + 1} {
		for _, first := range []int{0, 1 << 20, maxLine, length} {
			p := &process{pending: bytes.Repeat([]byte("t"), first)}
			if line, found := p.cut(); found {
				t.Fatalf("%d bytes without an end are a line of %d", first, len(line))
			}
			p.pending = append(p.pending, bytes.Repeat([]byte("t"), length-first)...)
			p.pending = append(p.pending, "\nnext\n"...)
			line, found := p.cut()
			if want := length <= maxLine; !found || (len(line) == length) != want || (p.refused == nil) != want || !want && line != nil {
				t.Errorf("%d bytes after %d: found %v, %d bytes, %v", length, first, found, len(line), p.refused)
			}
			if line, found := p.cut(); !found || string(line) != "next" {
				t.Errorf("%d bytes after %d: then %q, %v", length, first, line, found)
			}
		}
	}
}

// TestRefusedIsSaid: what the ceph command printed and nobody can name is the
// reason why there is no answer, and nothing is made of it.
func TestRefusedIsSaid(t *testing.T) {
	many := "printf '['; yes '{},' | head -n 200001 | tr -d '\\n'; echo '{}]'\n"
	long := "yes ttttttttttttttt | head -c 25165825 | tr '\\n' t; echo\n"
	for script, want := range map[string]string{
		"cat >/dev/null\n" + many: "a list of more than 200000 elements",
		"cat >/dev/null\n" + long: "a document of more than 24 MiB",
		many + "cat map >&2\n" + strings.ReplaceAll(loop, "cat status", ": nothing"): "cannot be read: the answer has a list of more than 200000 elements",
	} {
		if _, err := polled(t, script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	if c, err := polled(t, long+loop); err != nil || len(c.Gaps) != 0 {
		t.Errorf("noise before documents: %v, %+v", err, c.Gaps)
	}
	c, ctx := patient(t, "cat >/dev/null\n"+many)
	if _, err := c.Safeties(ctx, [][]int{{0}}); err == nil || !strings.Contains(err.Error(), "200000 elements") {
		t.Errorf("ok-to-stop: %v", err)
	}
}
