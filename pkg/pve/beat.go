package pve

import "time"

// Heartbeat is how long a part of HA may be silent: all write every five to ten
// seconds, and a node is fenced after a minute.
const Heartbeat = time.Minute

// Quiet is for how long no part of HA has written anything, by the clock of the node
// that was asked: when all parts stand still, none is silent by the others. False
// says that none ever wrote.
func (c Cluster) Quiet() (quiet time.Duration, wrote bool) {
	newest := c.HA.newest()
	if !c.Time.IsZero() && !newest.IsZero() {
		quiet = max(0, c.Time.Sub(newest))
	}
	return quiet, !newest.IsZero()
}

// Beat is when the part of HA that wrote last did, by the cluster's clocks, and since
// when nothing newer has been seen, by ours.
type Beat struct {
	Wrote time.Time `json:"wrote"`
	Since time.Time `json:"since"`
}

func (m Memory) beat(l Look) Beat {
	b := Beat{l.Cluster.HA.newest(), l.Now}
	if b.Wrote.Equal(m.Beat.Wrote) {
		b.Since = earlier(m.Beat.Since, l.Now)
	}
	return b
}

// Still is for how long no part of HA has written anything: that all of them stand
// still none tells of another. It takes two looks, and believes no clock but ours.
func (m Memory) Still(now time.Time) time.Duration {
	if m.Beat.Wrote.IsZero() {
		return 0
	}
	return now.Sub(m.Beat.Since)
}
