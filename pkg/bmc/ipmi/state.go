package ipmi

import (
	"fmt"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
)

// offset is one discrete state that a sensor of some kind can be in: our word
// for it and what the controller means by it.
type offset struct {
	says   string
	health bmc.Health
}

const (
	good     = bmc.HealthOK
	warning  = bmc.HealthWarning
	critical = bmc.HealthCritical
	neutral  = bmc.HealthUnknown
)

// offsets are the generic states (IPMI 2.0, table 42-2), with the meaning that
// FreeIPMI gives them for fans in freeipmi_interpret_sensor.conf, but that a
// fan that is on line is fine and one that is off line is not.
var offsets = map[byte][]offset{
	kindUsage:        {{"idle", good}, {"active", good}, {"busy", good}},
	kindState:        {{"state deasserted", good}, {"state asserted", warning}},
	kindPredictive:   {{"predictive failure deasserted", good}, {"predictive failure", warning}},
	kindLimit:        {{"limit not exceeded", good}, {"limit exceeded", critical}},
	kindPerformance:  {{"performance met", good}, {"performance lags", critical}},
	kindPresence:     {{"absent", neutral}, {"present", neutral}},
	kindEnabled:      {{"disabled", neutral}, {"enabled", neutral}},
	kindSeverity:     severities,
	kindAvailability: availabilities,
	kindRedundancy:   redundancies,
}

var severities = []offset{
	{"transition to good", good},
	{"transition to non-critical from good", warning},
	{"transition to critical from less severe", critical},
	{"transition to non-recoverable from less severe", critical},
	{"transition to non-critical from more severe", warning},
	{"transition to critical from non-recoverable", critical},
	{"transition to non-recoverable", critical},
	{"monitor", warning},
	{"informational", good},
}

var availabilities = []offset{
	availRunning:     {"transition to running", good},
	availTest:        {"transition to in test", warning},
	availPowerOff:    {"transition to power off", warning},
	availOnLine:      {"transition to on line", good},
	availOffLine:     {"transition to off line", critical},
	availOffDuty:     {"transition to off duty", warning},
	availDegraded:    {"transition to degraded", warning}, // it turns: weak, not failed
	availPowerSave:   {"transition to power save", good},
	availInstallFail: {"install error", critical},
}

// Offsets of kindAvailability that the log tells about.
const (
	availRunning = iota
	availTest
	availPowerOff
	availOnLine
	availOffLine
	availOffDuty
	availDegraded
	availPowerSave
	availInstallFail
)

// redundancies: every non-redundant state is a lost redundancy, also where
// what is left suffices (offsets 3 and 4).
var redundancies = []offset{
	redundantFull:         {"fully redundant", good},
	redundantLost:         {"redundancy lost", critical},
	redundantDegraded:     {"redundancy degraded", warning},
	redundantSufficient:   {"non-redundant, sufficient resources from redundant", critical},
	redundantRegained:     {"non-redundant, sufficient resources from insufficient", critical},
	redundantInsufficient: {"non-redundant, insufficient resources", critical},
	redundantDegradedFull: {"redundancy degraded from fully redundant", warning},
	redundantDegradedNon:  {"redundancy degraded from non-redundant", warning},
}

// Offsets of kindRedundancy.
const (
	redundantFull = iota
	redundantLost
	redundantDegraded
	redundantSufficient
	redundantRegained
	redundantInsufficient
	redundantDegradedFull
	redundantDegradedNon
)

// Offsets of kindPresence.
const (
	presenceAbsent = iota
	presencePresent
)

// crossings are the words for the status bits of threshold sensors.
var crossings = [thresholds]string{
	"at or below lower non-critical", "at or below lower critical", "at or below lower non-recoverable",
	"at or above upper non-critical", "at or above upper critical", "at or above upper non-recoverable",
}

// states are the discrete states that the sensor is in.
func (r reading) has(which int) bool { return r.states&(1<<which) != 0 }

// says names every state that the controller reports, in its words.
func (r reading) says() string {
	if r.failed != nil || r.missing != "" || !r.status {
		return ""
	}
	var words []string
	if r.Kind == kindThreshold {
		for which, crossing := range crossings {
			if r.crossed()&(1<<which) != 0 {
				words = append(words, crossing)
			}
		}
		return strings.Join(words, ", ")
	}
	known := offsets[r.Kind]
	for which := range 15 {
		switch {
		case !r.has(which):
		case which < len(known):
			words = append(words, known[which].says)
		default:
			words = append(words, fmt.Sprintf("state %d of kind 0x%02x", which, r.Kind))
		}
	}
	if len(words) == 0 {
		return "no state asserted"
	}
	return strings.Join(words, ", ")
}

// health is what the controller thinks of the fan, unknown when it does not
// say. A discrete sensor that answers and asserts nothing is well: some boards
// show good by no bit at all. Not so presence and redundancy, where no bit is
// neither one nor the other.
func (r reading) health() bmc.Health {
	if r.failed != nil || r.missing != "" || !r.status {
		return bmc.HealthUnknown
	}
	if r.Kind == kindThreshold {
		return r.judged()
	}
	known, ok := offsets[r.Kind]
	if !ok {
		return bmc.HealthUnknown
	}
	if r.states == 0 && r.Kind != kindPresence && r.Kind != kindRedundancy && r.Kind != kindEnabled {
		return bmc.HealthOK
	}
	health := bmc.HealthUnknown
	for which, state := range known {
		if r.has(which) {
			health = bmc.Worse(health, r.meaning(which, state))
		}
	}
	return health
}

// meaning is what a state says of this sensor: being there is not being well. Whether an asserted state is a
// good one cannot be told but by the sensor's name.
func (r reading) meaning(which int, state offset) bmc.Health {
	if r.Kind != kindState {
		return state.health
	}
	switch word := nameOf(r.Name); {
	case word.any(faultWords):
		return [2]bmc.Health{good, critical}[which]
	case word.any(runWords):
		return [2]bmc.Health{critical, good}[which]
	case word.any(presenceWords):
		return neutral
	}
	return state.health
}

// judged is the controller's opinion of a measured value. Without any
// threshold it has none.
func (r reading) judged() bmc.Health {
	switch crossed := r.crossed(); {
	case crossed&(1<<lowerCritical|1<<lowerFatal|1<<upperCritical|1<<upperFatal) != 0:
		return bmc.HealthCritical
	case crossed != 0:
		return bmc.HealthWarning
	case r.Compares|r.Readable == 0:
		return bmc.HealthUnknown
	}
	return bmc.HealthOK
}

// absent says that the sensor itself says that there is no fan, and present
// the opposite.
func (r reading) absent() bool {
	return r.status && r.missing == "" && r.presence() && r.has(presenceAbsent) && !r.has(presencePresent)
}

func (r reading) present() bool {
	return r.status && r.missing == "" && r.presence() && r.has(presencePresent)
}

// presence says whether the sensor tells presence: by its kind, or because a
// digital state is called so.
func (r reading) presence() bool {
	return r.Kind == kindPresence || r.Kind == kindState && nameOf(r.Name).any(presenceWords)
}
