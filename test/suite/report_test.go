package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestReport: what passes is a line, what fails is told with all it said, and
// nothing that was left out is kept quiet.
func TestReport(t *testing.T) {
	told := `{"Action":"start","Package":"github.com/noout-monitoring/noout/pkg/a"}
{"Action":"run","Package":"github.com/noout-monitoring/noout/pkg/a","Test":"TestWell"}
{"Action":"output","Package":"github.com/noout-monitoring/noout/pkg/a","Test":"TestWell","Output":"    a_test.go:7: 12 things\n"}
{"Action":"output","Package":"github.com/noout-monitoring/noout/pkg/a","Test":"TestWell","Output":"    a_test.go:8: left out: the guests, who cannot be pinged\n"}
{"Action":"pass","Package":"github.com/noout-monitoring/noout/pkg/a","Test":"TestWell","Elapsed":0.1}
{"Action":"run","Package":"github.com/noout-monitoring/noout/pkg/a","Test":"TestTun"}
{"Action":"output","Package":"github.com/noout-monitoring/noout/pkg/a","Test":"TestTun","Output":"    a_test.go:9: no /dev/net/tun here\n"}
{"Action":"skip","Package":"github.com/noout-monitoring/noout/pkg/a","Test":"TestTun","Elapsed":0}
{"Action":"output","Package":"github.com/noout-monitoring/noout/pkg/a","Output":"PASS\n"}
{"Action":"pass","Package":"github.com/noout-monitoring/noout/pkg/a","Elapsed":1.25}
{"Action":"start","Package":"github.com/noout-monitoring/noout/pkg/b"}
{"Action":"output","Package":"github.com/noout-monitoring/noout/pkg/b","Output":"ok  \tgithub.com/noout-monitoring/noout/pkg/b\t(cached)\n"}
{"Action":"pass","Package":"github.com/noout-monitoring/noout/pkg/b","Elapsed":0}
{"Action":"start","Package":"github.com/noout-monitoring/noout/pkg/c"}
{"Action":"run","Package":"github.com/noout-monitoring/noout/pkg/c","Test":"TestIll"}
{"Action":"output","Package":"github.com/noout-monitoring/noout/pkg/c","Test":"TestIll","Output":"=== RUN   TestIll\n"}
{"Action":"output","Package":"github.com/noout-monitoring/noout/pkg/c","Test":"TestIll","Output":"    c_test.go:7: 3 sessions left\n"}
{"Action":"fail","Package":"github.com/noout-monitoring/noout/pkg/c","Test":"TestIll","Elapsed":0.5}
{"Action":"run","Package":"github.com/noout-monitoring/noout/pkg/c","Test":"TestPanics"}
{"Action":"output","Package":"github.com/noout-monitoring/noout/pkg/c","Test":"TestPanics","Output":"panic: no\n"}
{"Action":"fail","Package":"github.com/noout-monitoring/noout/pkg/c","Elapsed":0.75}
{"Action":"start","Package":"github.com/noout-monitoring/noout/pkg/d"}
{"Action":"output","Package":"github.com/noout-monitoring/noout/pkg/d","Output":"?   \tgithub.com/noout-monitoring/noout/pkg/d\t[no test files]\n"}
{"Action":"skip","Package":"github.com/noout-monitoring/noout/pkg/d","Elapsed":0}
{"ImportPath":"github.com/noout-monitoring/noout/pkg/e","Action":"build-output","Output":"e.go:3: undefined: f\n"}
{"Action":"start","Package":"github.com/noout-monitoring/noout/pkg/f"}
{"Action":"run","Package":"github.com/noout-monitoring/noout/pkg/f","Test":"TestLong"}
`
	var out strings.Builder
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	r := newReport(&out, noon)
	events := make(chan event)
	broken := make(chan error, 1)
	go func() {
		defer close(events)
		broken <- read(strings.NewReader(told), events)
	}()
	for e := range events {
		r.take(e, noon)
	}
	if err := <-broken; err != nil {
		t.Fatal(err)
	}
	r.still(noon.Add(every - 1))
	r.still(noon.Add(90 * time.Second))
	r.end(noon.Add(2 * time.Minute))
	want := `ok    pkg/a                                       1.2s
FAIL  pkg/c TestIll (0.5s)
          c_test.go:7: 3 sessions left
FAIL  pkg/c                                       0.8s
      panic: no
e.go:3: undefined: f
...   pkg/f                                        90s so far TestLong
left out:
      pkg/a TestTun: no /dev/net/tun here
      pkg/a TestWell: the guests, who cannot be pinged
FAIL  pkg/f did not end
1 packages pass, 1 unchanged since they passed, 2 fail, in 2m0s
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if read(strings.NewReader("panic: no JSON"), nil) == nil {
		t.Error("text that is no JSON is taken for events")
	}
}
