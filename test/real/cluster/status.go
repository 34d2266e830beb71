//go:build real

package cluster

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Status is what the tests themselves look at.
type Status struct {
	Health struct {
		Status string
		Checks map[string]json.RawMessage
	}
	OSDs struct {
		Up int `json:"num_up_osds"`
		In int `json:"num_in_osds"`
	} `json:"osdmap"`
	PGs struct {
		Total  int `json:"num_pgs"`
		States []struct {
			Name  string `json:"state_name"`
			Count int
		} `json:"pgs_by_state"`
	} `json:"pgmap"`
	Mgr struct {
		Available bool
		Standbys  int `json:"num_standbys"`
	} `json:"mgrmap"`
	Quorum []string `json:"quorum_names"`
	FS     struct {
		Ranks []struct {
			Name, Status string
		} `json:"by_rank"`
		Standbys int `json:"up:standby"`
	} `json:"fsmap"`
}

// Status asks for it; it is empty when nobody answers.
func (c *Cluster) Status() (s Status) {
	out, err := c.Try(20*time.Second, "ceph", "--connect-timeout", "10", "-f", "json", "status")
	if err != nil {
		return s
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		c.t.Errorf("status: %v", err)
	}
	return s
}

// Has says whether there is a health check.
func (s Status) Has(code string) bool { return s.Health.Checks[code] != nil }

// Count counts the PGs whose state holds one of the words.
func (s Status) Count(words ...string) int {
	n := 0
	for _, p := range s.PGs.States {
		if slices.ContainsFunc(strings.Split(p.Name, "+"), func(w string) bool { return slices.Contains(words, w) }) {
			n += p.Count
		}
	}
	return n
}

// UntilWell waits until nothing is missing any more.
func (c *Cluster) UntilWell() {
	c.t.Helper()
	c.Until("all OSDs up and in, all PGs clean, all monitors and mgrs there", 3*time.Minute, func() bool {
		s := c.Status()
		clean := s.PGs.Total > 0 && s.Count("clean") == s.PGs.Total && s.Count("active") == s.PGs.Total && s.Count("stale", "degraded", "remapped") == 0
		return clean && s.OSDs.Up == c.Disks && s.OSDs.In == c.Disks && len(s.Quorum) == len(c.Mons) && s.Mgr.Available && s.Mgr.Standbys == len(c.Mgrs)-1
	})
}
