package ceph

import (
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
