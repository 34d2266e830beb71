package bmc

import (
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is something that goes wrong with answers. Names are listed by
// [Faults].
type Fault struct {
	Name string
	// Path is the resource that it hits; "/redfish/v1/Chassis*" those that
	// begin so; "" all.
	Path string
	// Method is "GET" when empty, or "POST" for those of a login; "*" is any.
	Method string
	// After lets that many requests pass first.
	After int
	// Times is how many requests it hits before it mends itself; 0: all.
	Times int
	// Delay is real time: how late a slow answer is, how long it takes from one
	// byte of a dripping one to the next.
	Delay time.Duration
}

// Names of faults of the connection and the answer as a whole. Those of the
// document and of its links are in spoil and links.
const (
	Slow            = "slow"                // answers after Delay, a second when 0
	SilentAccept    = "silent-after-accept" // accepts connections and says nothing
	SilentTLS       = "silent-after-tls"    // takes the request and says nothing
	Hang            = "hang"                // the same; with After, hangs later
	Reset           = "reset"               // breaks the connection off
	Truncated       = "truncated-body"      // ends before the length it announced
	TruncatedJSON   = "truncated-json"      // ends in the middle, with that length
	Drip            = "dripping-body"       // a byte each Delay, 100 ms when 0
	Huge            = "huge-body"           // 1 GB
	HugeDeclared    = "huge-declared"       // the same, with its Content-Length
	GzipBomb        = "gzip-bomb"           // 1 GB of blanks in 1 MB
	Deep            = "deep-json"           // 100,000 arrays in one another
	EndlessLink     = "endless-nextlink"    // each page names a further one
	LoopingLink     = "looping-nextlink"    // each page names itself
	Late            = "late-answer"         // does what it is asked at once and answers after Delay
	ForeignLocation = "foreign-location"    // a new session is said to be on another host
	ForeignLink     = "foreign-nextlink"    // the next page is on another host
	Redirect        = "redirect-elsewhere"  // 302 to another host
	RedirectLoop    = "redirect-loop"       // 302 to itself
	HTML            = "html"                // a web page with status 200
	ErrorAs200      = "error-with-200"      // an error body with status 200
	Empty           = "empty-body"          // nothing, with status 200
	NotJSON         = "binary-body"         // random-looking bytes
	BadUTF8         = "bad-utf8"            // names that are no UTF-8
	Status401       = "401"                 // and so on
	Status403       = "403"
	Status404       = "404"
	Status500       = "500"
	Status503       = "503" // with Retry-After
)

// Faults lists the names of all faults.
func Faults() []string {
	names := slices.Collect(maps.Keys(before))
	names = slices.AppendSeq(names, maps.Keys(after))
	names = slices.AppendSeq(names, maps.Keys(spoil))
	names = slices.AppendSeq(names, maps.Keys(links))
	return slices.Sorted(slices.Values(append(names, SilentAccept, Late, ForeignLocation)))
}

// faults are those that are switched on.
type faults struct {
	mu sync.Mutex
	on []*Fault
}

// Break switches a fault on; what it returns switches it off.
func (s *Sim) Break(f Fault) (mend func(), err error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.Method == "" {
		f.Method = http.MethodGet
		if f.Name == ForeignLocation {
			f.Method = http.MethodPost
		}
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	one := &f
	s.faults.on = append(s.faults.on, one)
	return func() {
		s.faults.mu.Lock()
		defer s.faults.mu.Unlock()
		s.faults.on = slices.DeleteFunc(s.faults.on, func(o *Fault) bool { return o == one })
	}, nil
}

func (f Fault) check() error {
	if !slices.Contains(Faults(), f.Name) {
		return fmt.Errorf("no fault is called %q: there are %q", f.Name, Faults())
	}
	return nil
}

// MustBreak is Break for tests.
func (s *Sim) MustBreak(tb TB, f Fault) (mend func()) {
	tb.Helper()
	mend, err := s.Break(f)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	return mend
}

// Mend switches all faults off.
func (s *Sim) Mend() {
	if s.ipmi != nil {
		s.ipmi.Mend()
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.on = nil
}

// hit returns the faults that hit a request.
func (f *faults) hit(r *http.Request) []Fault {
	return f.take(func(o *Fault) bool { return o.Name != SilentAccept && o.matches(r) })
}

// accept says whether a connection that was just accepted stays silent.
func (f *faults) accept() bool {
	return len(f.take(func(o *Fault) bool { return o.Name == SilentAccept })) > 0
}

func (f *faults) take(match func(*Fault) bool) []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var hit []Fault
	f.on = slices.DeleteFunc(f.on, func(o *Fault) bool {
		if !match(o) {
			return false
		}
		if o.After > 0 {
			o.After--
			return false
		}
		hit = append(hit, *o)
		if o.Times == 0 {
			return false
		}
		o.Times--
		return o.Times == 0
	})
	return hit
}

func (f *Fault) matches(r *http.Request) bool {
	if f.Method != "*" && f.Method != r.Method {
		return false
	}
	where := path.Clean(r.URL.Path)
	if prefix, ok := strings.CutSuffix(f.Path, "*"); ok {
		return strings.HasPrefix(where, prefix)
	}
	return f.Path == "" || path.Clean(f.Path) == where
}
