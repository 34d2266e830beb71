package ceph

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/lenient"
)

// Documents by the words that ask for them.
const (
	docStatus = "status"
	docMap    = "osd dump"
	docTree   = "osd tree"
	docQuorum = "quorum_status"
	docDetail = "health detail"
	docRules  = "osd crush rule dump"
	docMgrs   = "mgr metadata"
	docFS     = "fs dump"
	docFill   = "osd df tree"
	docSafety = "osd ok-to-stop"
	docNodes  = "node ls"
)

// optional documents with what is lost without them.
var optional = map[string]string{
	docQuorum: "the names of the monitors",
	docDetail: "details of health checks",
	docRules:  "the CRUSH rules",
	docMgrs:   "the names of the mgrs",
	docFS:     "the names of the MDS",
	docFill:   "the usage of each OSD",
	docNodes:  "the machines of the monitors",
}

// Read puts a cluster together from documents as the ceph command prints them,
// one a line in any order: recordings, or answers that came another way.
// Documents that are needed and missing are gaps.
func Read(r io.Reader) (Cluster, error) {
	var c Cluster
	documents, err := io.ReadAll(r)
	if err != nil {
		return c, fmt.Errorf("reading documents: %w", err)
	}
	seen := map[string]bool{}
	for line := range bytes.Lines(documents) {
		seen[c.add(line)] = true
	}
	for _, name := range []string{docStatus, docMap, docTree} {
		if !seen[name] && (name != docTree || c.Tree == nil) {
			c.lacks(name, "it is missing")
		}
	}
	c.consistent()
	c.place()
	return c, nil
}

// readable is a document with its bare nan and inf, which Ceph prints and JSON does
// not have ("utilization":-nan of an OSD without size), made empty texts: no
// numbers. That is done in place, as a document may be large.
func readable(raw []byte) []byte {
	if json.Valid(raw) {
		return raw
	}
	inside := false // a text
	for at := 0; at < len(raw); at++ {
		switch c := raw[at]; {
		case c == '\\' && inside:
			at++
		case c == '"':
			inside = !inside
		case !inside && (c == ':' || c == ',' || c == '['):
			value := bytes.TrimLeft(raw[at+1:min(len(raw), at+32)], white)
			if len(value) == 0 || strings.IndexByte("ni+-", value[0]) < 0 {
				continue
			}
			for _, word := range bare {
				if after, found := bytes.CutPrefix(value, []byte(word)); found && len(after) > 0 && strings.IndexByte(white+",}]", after[0]) >= 0 {
					copy(value, append([]byte(`""`), bytes.Repeat([]byte(" "), len(word)-2)...))
				}
			}
		}
	}
	return raw
}

// white is what JSON takes for nothing between values.
const white = " \t\r\n"

// bare are the words of numbers that are none.
var bare = []string{"nan", "-nan", "+nan", "inf", "-inf", "+inf", "infinity", "-infinity"}

// broken says which document a line was meant for that is no JSON, by the words
// in it; empty when it is JSON, or of none.
func broken(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' || json.Valid(readable(raw)) {
		return ""
	}
	return meant(raw)
}

// meant says which document a line is, by the words in it.
func meant(raw []byte) string {
	return objectOf(func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return !bytes.Contains(raw, []byte(`"`+n+`":`)) })
	})
}

// lacks notes that a document did not come, or not whole.
func (c *Cluster) lacks(document, why string) {
	c.Gaps = append(c.Gaps, Gap{What: document, Why: why, Optional: optional[document] != "", Loses: optional[document]})
}

// add takes a document by its shape and returns its name, empty when it is none.
func (c *Cluster) add(raw []byte) string {
	if err := excess(raw); err != nil { // before anything is made of it
		name := meant(raw)
		if name != "" {
			c.lacks(name, err.Error())
		}
		return name
	}
	raw = readable(raw)
	name := shapeOf(raw)
	take, known := takers[name]
	if !known {
		return ""
	}
	if err := take(c, raw); err != nil {
		c.lacks(name, err.Error())
	}
	c.Evidence = append(c.Evidence, fmt.Sprintf("%s: %d bytes", name, len(raw)))
	return name
}

// takers know what to do with each document.
var takers = map[string]func(*Cluster, []byte) error{
	docStatus: taker((*Cluster).addStatus),
	docMap:    taker((*Cluster).addMap),
	docTree:   taker((*Cluster).addTree),
	docQuorum: taker((*Cluster).addMons),
	docDetail: taker((*Cluster).addDetail),
	docRules:  taker((*Cluster).addRules),
	docMgrs:   taker((*Cluster).addMgrs),
	docFS:     taker((*Cluster).addFS),
	docNodes:  taker((*Cluster).addNodes),
	docFill:   taker((*Cluster).addFill),
}

func taker[T any](add func(*Cluster, T)) func(*Cluster, []byte) error {
	return func(c *Cluster, raw []byte) error {
		w, err := decode[T](raw)
		if err != nil {
			return err
		}
		add(c, w)
		return nil
	}
}

// shapeOf tells a document that is within its bounds by its fields: they come
// without a name, and one of them may be missing.
func shapeOf(raw []byte) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '[' {
		var rows []lenient.Part
		if json.Unmarshal(raw, &rows) != nil || len(rows) == 0 {
			return ""
		}
		switch has := fields(rows[0]); {
		case has("rule_id", "steps"):
			return docRules
		case has("name", "hostname"):
			return docMgrs
		}
		return ""
	}
	return objectOf(fields(raw))
}

// objectOf tells an object by its members.
func objectOf(has func(...string) bool) string {
	switch {
	case has("health", "pgmap"), has("health", "osdmap"), has("health", "quorum_names"):
		return docStatus
	case has("ok_to_stop"):
		return docSafety
	case has("mon", "osd"): // kinds of which there are none are left out
		return docNodes
	case has("osds", "flags"), has("osds", "flags_set"):
		return docMap
	case has("nodes", "summary"):
		return docFill
	case has("nodes"):
		return docTree
	case has("quorum_names", "monmap"):
		return docQuorum
	case has("filesystems", "standbys"):
		return docFS
	case has("status", "checks"):
		return docDetail
	}
	return ""
}

// fields says of an object which members it has.
func fields(raw []byte) func(...string) bool {
	var members map[string]lenient.Part
	if json.Unmarshal(raw, &members) != nil {
		members = nil
	}
	return func(names ...string) bool {
		for _, n := range names {
			if _, found := members[n]; !found {
				return false
			}
		}
		return true
	}
}
