package ceph

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/noout-monitoring/noout/pkg/regex"
)

// What Ceph says of its health as a whole, and of one check.
const (
	HealthOK   = "HEALTH_OK"
	HealthWarn = "HEALTH_WARN"
	HealthErr  = "HEALTH_ERR"
)

// Health is Ceph's own opinion. It is far too coarse for a verdict: clients'
// I/O that stands still is HEALTH_WARN, as is a planned noout.
type Health struct {
	// Status is one of the three as it came, see Known.
	Status string  `json:"status"`
	Checks []Check `json:"checks"` // by code
	Mutes  []Mute  `json:"mutes"`
}

// Known says that the status is one that a release of Ceph says. Any other is no
// evidence, of good or of bad health.
func (h Health) Known() bool {
	return slices.Contains([]string{HealthOK, HealthWarn, HealthErr}, h.Status)
}

// Check is one health check that fails.
type Check struct {
	Code     string `json:"code"`
	Severity string `json:"severity"` // HEALTH_WARN or HEALTH_ERR
	Text     string `json:"text"`
	// Detail is nil unless asked for; at most maxDetail lines.
	Detail []string `json:"detail"`
	Muted  bool     `json:"muted"`
}

// Err says whether the check is an error for Ceph. A severity that is neither
// of the two it can be counts as one.
func (c Check) Err() bool { return c.Severity != HealthWarn }

// blocked finds the age of the oldest operation of SLOW_OPS, which no field
// tells: "30 slow ops, oldest one blocked for 75 sec, osd.1 has slow ops".
var blocked = regex.Of(`blocked for (?:> )?(\d{1,9}) sec`)

// Blocked is how long the oldest operation of SLOW_OPS has been waiting; false
// when the check does not tell.
func (c Check) Blocked() (time.Duration, bool) {
	m := blocked.FindStringSubmatch(c.Text)
	if m == nil {
		return 0, false
	}
	seconds, err := strconv.Atoi(m[1])
	return time.Duration(seconds) * time.Second, err == nil
}

// slow is the number of operations in the text of SLOW_OPS.
var slow = regex.Of(`^(\d{1,9}) slow ops`)

// SlowOps is the number of operations SLOW_OPS counts, 0 when it does not tell.
func (c Check) SlowOps() int {
	if m := slow.FindStringSubmatch(c.Text); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return n
		}
	}
	return 0
}

// Mute silences a check of Ceph.
type Mute struct {
	Code string `json:"code"`
	// Until is zero when it has no end.
	Until time.Time `json:"until,omitzero"`
}

// Check finds a check by its code.
func (h Health) Check(code string) (Check, bool) {
	return first(h.Checks, func(c Check) bool { return c.Code == code })
}

// Mute finds the mute of a check.
func (h Health) Mute(code string) (Mute, bool) {
	return first(h.Mutes, func(m Mute) bool { return m.Code == code })
}

// maxDetail and maxChecks bound what is kept.
const (
	maxDetail = 50
	maxChecks = 200
)

// wireHealth is the object in status, in health detail, in the dashboard and in
// Proxmox VE.
type wireHealth struct {
	Status text       `json:"status"`
	Checks wireChecks `json:"checks"`
	Mutes  list[struct {
		Code text `json:"code"`
		TTL  text `json:"ttl"`
	}] `json:"mutes"`
}

type wireCheck struct {
	Type     text `json:"type"`
	Severity text `json:"severity"`
	Summary  struct {
		Message text `json:"message"`
	} `json:"summary"`
	Detail list[struct {
		Message text `json:"message"`
	}] `json:"detail"`
	Muted number `json:"muted"`
}

// wireChecks is a map by code from the mons and a list with the code as type
// from the dashboard.
type wireChecks struct{ table[wireCheck] }

func (w *wireChecks) UnmarshalJSON(raw []byte) error {
	var l list[wireCheck]
	if err := l.UnmarshalJSON(raw); err != nil || !l.set {
		return w.table.UnmarshalJSON(raw)
	}
	w.table = table[wireCheck]{rows: map[string]wireCheck{}, odd: l.odd}
	for _, c := range l.rows {
		if c.Type == "" {
			w.odd++
			continue
		}
		w.rows[c.Type.name()] = c
	}
	return nil
}

// facts returns nil when there is no status: an opinion that is missing is not
// a good one.
func (w wireHealth) facts() *Health {
	if w.Status == "" || w.Checks.odd > 0 {
		return nil
	}
	h := &Health{Status: w.Status.name()}
	for code, c := range w.Checks.rows {
		h.Checks = append(h.Checks, c.facts(code))
	}
	slices.SortStableFunc(h.Checks, func(a, b Check) int { return strings.Compare(a.Code, b.Code) })
	for _, m := range w.Mutes.rows {
		h.Mutes = append(h.Mutes, Mute{Code: m.Code.name(), Until: stamp(m.TTL)})
	}
	for i, c := range h.Checks {
		if _, muted := h.Mute(c.Code); muted {
			h.Checks[i].Muted = true
		}
	}
	h.bound()
	return h
}

func (w wireCheck) facts(code string) Check {
	c := Check{Code: code, Severity: w.Severity.name(), Text: string(w.Summary.Message), Muted: w.Muted.value != 0}
	for _, d := range w.Detail.rows {
		if len(c.Detail) == maxDetail {
			break
		}
		c.Detail = append(c.Detail, string(d.Message))
	}
	return c
}

// bound keeps the worst of a number of checks that no cluster has.
func (h *Health) bound() {
	if len(h.Checks) <= maxChecks {
		return
	}
	weight := func(c Check) (w int) {
		if !c.Err() {
			w += 2
		}
		if c.Muted {
			w++
		}
		return w
	}
	slices.SortStableFunc(h.Checks, func(a, b Check) int { return weight(a) - weight(b) })
	h.Checks = h.Checks[:maxChecks]
}

// flagged reads which flags OSD_FLAGS tells of hosts and OSDs, for sources
// that have no field for them: "host node1 has flags noout", "osd.3 has flags
// noout,nodown" (OSDMap::check_health in Ceph's sources).
var flagged = regex.Of(`^(?:(osd)\.(\d+)|device class '([^']+)'|(\S+) (\S+)) has flags ([a-z,]+)$`)
