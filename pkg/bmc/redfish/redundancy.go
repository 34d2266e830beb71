package redfish

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// redundancySet is an element of Thermal's Redundancy or of a
// ThermalSubsystem's FanRedundancy, which has other words for the same.
type redundancySet struct {
	MemberID text   `json:"MemberId"`
	Name     text   `json:"Name"`
	Mode     text   `json:"Mode"`
	Type     text   `json:"RedundancyType"`
	Status   status `json:"Status"`
	Enabled  flag   `json:"RedundancyEnabled"`
	Min      number `json:"MinNumNeeded"`
	MinGroup number `json:"MinNeededInGroup"`
}

// redundancies states the redundancy sets. The health of the chassis is not
// theirs: it is bad for many reasons.
func (p *poll) redundancies(c *chassis, sets list, what string) {
	if sets.wrong {
		p.gap(what+" Redundancy", false, errors.New("it is no list"))
	}
	for i, item := range sets.items {
		var s redundancySet
		if string(item) == "null" {
			continue
		}
		if err := object(item, &s); err != nil {
			p.gap(fmt.Sprintf("%s redundancy %d", what, i), false, err)
			continue
		}
		if s.Status.says() == "no Status" && s.Name == "" && s.Min.value == nil && s.MinGroup.value == nil {
			continue // only a link to where it stands
		}
		if len(p.server.Redundancies) == maxFans {
			p.gap(what+" Redundancy", false, errMany)
			return
		}
		id := cmp.Or(s.MemberID.Name(), fmt.Sprintf("%d", i))
		p.server.Redundancies = append(p.server.Redundancies, bmc.Redundancy{
			ID:       c.id + "/" + id,
			Name:     cmp.Or(s.Name.Name(), "fan redundancy "+id),
			Health:   s.health(),
			Disabled: strings.EqualFold(s.Status.state, "Disabled") || s.Enabled.said && !s.Enabled.value,
			Says:     strings.TrimSpace(cmp.Or(s.Mode.Name(), s.Type.Name()) + " " + s.Status.says()),
		})
	}
}

// health is the set's own, its own roll-up where it has no other, and no better
// than a warning where its state is Degraded.
func (s redundancySet) health() bmc.Health {
	own := health(cmp.Or(s.Status.health, s.Status.rollup))
	if strings.EqualFold(s.Status.state, "Degraded") {
		own = bmc.Worse(own, bmc.HealthWarning)
	}
	return own
}
