package maintenance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/noout-monitoring/noout/pkg/ceph"
)

// spoilt calls f with the document once for each member and each item in it that
// is taken away, is null, or is of another type.
func spoilt(doc any, f func(where string)) { spoil(doc, "", f) }

func spoil(v any, at string, f func(string)) {
	switch x := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			was := x[k]
			delete(x, k)
			f(at + "." + k + " is missing")
			for name, odd := range map[string]any{"null": nil, "a word": "none", "a list": []any{}, "an object": map[string]any{}, "far too much": 1e300} {
				if fmt.Sprint(odd) != fmt.Sprint(was) {
					x[k] = odd
					f(at + "." + k + " is " + name)
				}
			}
			x[k] = was
			spoil(was, at+"."+k, f)
		}
	case []any:
		for i := range x {
			was := x[i]
			for name, odd := range map[string]any{"null": nil, "a word": "none", "far too much": 1e300} {
				x[i] = odd
				f(fmt.Sprintf("%s[%d] is %s", at, i, name))
			}
			x[i] = was
			spoil(was, fmt.Sprintf("%s[%d]", at, i), f)
		}
	}
}

// TestLoss: whatever is lost of what Ceph said about a cluster that must not be
// touched, there is no yes.
func TestLoss(t *testing.T) {
	looked, most := 0, min(*clusters/5000, 40)
	for number := *first; looked < most; number++ {
		r := rand.New(rand.NewPCG(number, 7))
		m := random(r)
		e := m.evidence(t)
		if e.Ceph.Cluster == nil || len(m.harm())+len(m.trouble()) == 0 {
			continue
		}
		clean := e
		clean.Ceph = Ceph{Absent: "not looked at"}
		if !yes(Serviceable(clean).Decision()) {
			continue // not for Ceph's sake alone
		}
		looked++
		var docs []any
		for line := range strings.Lines(m.documents()) {
			var doc any
			if err := json.Unmarshal([]byte(line), &doc); err != nil {
				t.Fatal(err)
			}
			docs = append(docs, doc)
		}
		for i := range docs {
			spoilt(docs[i], func(where string) {
				var text strings.Builder
				for _, d := range docs {
					raw, err := json.Marshal(d)
					if err != nil {
						t.Fatal(err)
					}
					text.Write(append(raw, '\n'))
				}
				c, err := ceph.Read(strings.NewReader(text.String()))
				if err != nil {
					return
				}
				e := e
				e.Ceph.Cluster = &c
				for source, e := range map[string]Evidence{"token": e, "command": m.asked(e)} {
					if list := Serviceable(e); yes(list.Decision()) {
						t.Errorf("cluster %d by %s: document %d%s: %s, but %v %v", number, source, i, where, list.Decision(), m.harm(), m.trouble())
					}
				}
			})
		}
	}
}

// TestSingleCopyUnproven: not to know the rules makes no answer milder.
func TestSingleCopyUnproven(t *testing.T) {
	for name, change := range map[string]func(*ceph.Cluster){
		"no rules": func(c *ceph.Cluster) { c.Rules = nil },
		"a rule of two takes": func(c *ceph.Cluster) {
			for i := range c.Rules {
				c.Rules[i].Domain = ""
			}
		},
	} {
		m := well()
		for i := range m.pools {
			m.pools[i].size, m.pools[i].min, m.pools[i].pgs = 2, 1, [][]int{{0, 2}, {1, 5}, {3, 4}}
		}
		e := m.asked(m.evidence(t))
		if got := Serviceable(e).Decision(); got != "yes-but" {
			t.Fatalf("with the rules: %s", got)
		}
		if change(e.Ceph.Cluster); Serviceable(e).Decision() == "yes" {
			t.Errorf("%s: yes, without a word that one copy is left", name)
		}
	}
}
