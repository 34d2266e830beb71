package pve

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is something that goes wrong with a node's answers.
type Fault struct {
	// Name is one of [Faults].
	Name string
	// Node whose API it hits, as the one that is asked; empty: all.
	Node string
	// Path it begins with, such as /cluster/tasks; empty: all.
	Path string
	// After lets that many requests pass first.
	After int
}

// Names of faults.
const (
	Hang      = "hang"      // takes the request and says nothing
	Silent    = "silent"    // takes the connection and says nothing
	Drip      = "drip"      // a byte each 50 ms, for ever
	Login     = "html"      // a web page with status 200
	Gateway   = "gateway"   // a proxy's error page with status 502
	Redirect  = "redirect"  // 301
	Garbage   = "garbage"   // bytes that are no JSON
	Truncated = "truncated" // ends in the middle, with the length announced
	Broken    = "broken"    // JSON that ends in the middle
	Empty     = "empty"     // 200 without a body
	NoData    = "nodata"    // JSON without data
	Wrong     = "wrong"     // data of another type
	Huge      = "huge"      // 64 MiB of data
	Refused   = "595"       // 595 Connection refused, no body
	Failing   = "500"       // 500 with a reason
)

// Faults lists the names.
func Faults() []string {
	return []string{Hang, Silent, Drip, Login, Gateway, Redirect, Garbage, Truncated, Broken, Empty, NoData, Wrong, Huge, Refused, Failing}
}

type faults struct {
	mu sync.Mutex
	on []*Fault
}

// Break switches a fault on.
func (s *Sim) Break(f Fault) error {
	if !slices.Contains(Faults(), f.Name) {
		return fmt.Errorf("there is no fault %q, there are %s", f.Name, strings.Join(Faults(), ", "))
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.on = append(s.faults.on, &f)
	return nil
}

// Mend switches all faults off.
func (s *Sim) Mend() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.on = nil
}

// hit returns the fault for a request, "" for none.
func (f *faults) hit(node, path string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.on {
		if o.Name == Silent || o.Node != "" && o.Node != node || !strings.HasPrefix(path, o.Path) {
			continue
		}
		if o.After > 0 {
			o.After--
			continue
		}
		return o.Name
	}
	return ""
}

func (f *faults) silent(node string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.on, func(o *Fault) bool {
		return o.Name == Silent && (o.Node == "" || o.Node == node)
	})
}

const page = "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%[1]s</h1></body></html>\n"

// broken is the whole answer of the faults that are one.
func broken(kind string, whole []byte) reply {
	var body []byte
	half := whole[:len(whole)/2]
	json := "application/json;charset=UTF-8"
	switch kind {
	case Login:
		body = fmt.Appendf(nil, page, "Sign in")
		return reply{"200 OK", "text/html", body, len(body)}
	case Gateway:
		body = fmt.Appendf(nil, page, "502 Bad Gateway")
		return reply{"502 Bad Gateway", "text/html", body, len(body)}
	case Redirect:
		return reply{"301 Moved Permanently", "text/plain", nil, 0}
	case Garbage:
		return reply{"200 OK", "application/octet-stream", []byte("\x00\x01\xff\xfe\x80garbage"), 12}
	case Truncated:
		return reply{"200 OK", json, half, len(whole)}
	case Broken:
		return reply{"200 OK", json, half, len(half)}
	case NoData:
		return reply{"200 OK", json, []byte(`{"success":1}`), 13}
	case Wrong:
		return reply{"200 OK", json, []byte(`{"data":"none"}`), 15}
	case Refused:
		return reply{"595 Connection refused", "", nil, 0}
	case Failing:
		return reply{"500 got timeout", json, []byte(`{"data":null}`), 13}
	}
	return reply{"200 OK", json, nil, 0} // Empty
}

// between two bytes of a dripping answer, in real time.
const between = 50 * time.Millisecond
