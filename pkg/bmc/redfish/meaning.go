package redfish

import (
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/regex"
)

// meaning is what an entry tells.
type meaning struct {
	kind  bmc.Kind
	level string
	// named says that the entry is about some sensor, and only its name tells
	// whether that is a fan.
	named bool
	// loose says that only the text tells, which then must name the fan, unless
	// it speaks of a failure.
	loose bool
}

// Levels as events name them.
const (
	warningLevel  = "lower non-critical"
	criticalLevel = "lower critical"
	fatalLevel    = "lower non-recoverable"
	degraded      = "degraded"
)

// messages are the message ids that tell of fans, by what stands behind the
// last dot. A fan that is too fast (FAN0002, FAN0003, upper thresholds) has not
// dropped out: it is left out here and in the texts. So are fans that are not
// the chassis' own: of power supplies (PSU0037, PowerSupplyFanFailed), storage
// enclosures (StorageSystemFanFailed) and add-in controllers (CTL149); and what
// is set up (FAN0018 Enhanced Cooling Mode, FAN0030 configuration mismatch,
// RDU0004 not redundant by configuration).
var messages = map[string]meaning{
	// Dell EEMI registry 2.9.0
	"FAN0000": {kind: bmc.Failed, level: warningLevel},
	"FAN0001": {kind: bmc.Failed, level: criticalLevel},
	"FAN0004": {kind: bmc.Failed},
	"FAN0005": {kind: bmc.Recovered},
	"FAN0006": {kind: bmc.Removed},
	"FAN0007": {kind: bmc.Inserted},
	"FAN0008": {kind: bmc.Inserted},
	"FAN0009": {kind: bmc.Removed},
	"FAN0012": {kind: bmc.Failed, level: warningLevel, named: true},
	"FAN0013": {kind: bmc.Failed, level: criticalLevel, named: true},
	"FAN0016": {kind: bmc.Failed, named: true},
	"FAN0017": {kind: bmc.Recovered, named: true},
	"FAN0028": {kind: bmc.Inserted},
	"FAN0029": {kind: bmc.Removed},
	"FAN0032": {kind: bmc.Failed},
	"FAN0033": {kind: bmc.Recovered},
	"FAN0034": {kind: bmc.Failed, level: warningLevel},
	"FAN0035": {kind: bmc.Failed, level: criticalLevel},
	"FAN0036": {kind: bmc.Recovered},
	"FAN1000": {kind: bmc.Removed, named: true},
	"FAN1001": {kind: bmc.Inserted, named: true},
	"FAN1002": {kind: bmc.Failed, named: true},
	"RDU0001": {kind: bmc.RedundancyRegained},
	"RDU0002": {kind: bmc.RedundancyLost},
	"RDU0003": {kind: bmc.RedundancyLost, level: degraded},
	"RDU0005": {kind: bmc.RedundancyLost},

	// HPE iLOEvents 3.7.0 and 7.3.0, iLOResourceEvents 7.1.0; DMTF
	// Environmental 1.x has the same names and FanRestored
	"FanFailed":             {kind: bmc.Failed},
	"FanDegraded":           {kind: bmc.Failed, level: degraded},
	"FanStatusOK":           {kind: bmc.Recovered},
	"FanRestored":           {kind: bmc.Recovered},
	"FanRemoved":            {kind: bmc.Removed},
	"FanInserted":           {kind: bmc.Inserted},
	"FanRedundancyLost":     {kind: bmc.RedundancyLost},
	"FanRedundancyRestored": {kind: bmc.RedundancyRegained},

	// OpenBMC 0.4.0
	"FanRedundancyRegained":                   {kind: bmc.RedundancyRegained},
	"SensorThresholdWarningLowGoingLow":       {kind: bmc.Failed, level: warningLevel, named: true},
	"SensorThresholdWarningLowGoingHigh":      {kind: bmc.Recovered, level: warningLevel, named: true},
	"SensorThresholdCriticalLowGoingLow":      {kind: bmc.Failed, level: criticalLevel, named: true},
	"SensorThresholdCriticalLowGoingHigh":     {kind: bmc.Recovered, level: criticalLevel, named: true},
	"SensorThresholdHardShutdownLowGoingLow":  {kind: bmc.Failed, level: fatalLevel, named: true},
	"SensorThresholdHardShutdownLowGoingHigh": {kind: bmc.Recovered, level: fatalLevel, named: true},

	// DMTF SensorEvent 1.x
	"ReadingBelowLowerCautionThreshold":  {kind: bmc.Failed, level: warningLevel, named: true},
	"ReadingAboveLowerCautionThreshold":  {kind: bmc.Recovered, level: warningLevel, named: true},
	"ReadingBelowLowerCriticalThreshold": {kind: bmc.Failed, level: criticalLevel, named: true},
	"ReadingAboveLowerCriticalThreshold": {kind: bmc.Recovered, level: criticalLevel, named: true},
	"ReadingBelowLowerFatalThreshold":    {kind: bmc.Failed, level: fatalLevel, named: true},
	"ReadingAboveLowerFatalThreshold":    {kind: bmc.Recovered, level: fatalLevel, named: true},
	"SensorFailure":                      {kind: bmc.Failed, named: true},
	"SensorRestored":                     {kind: bmc.Recovered, named: true},
	"SensorReadingNormalRange":           {kind: bmc.Recovered, named: true},
}

// lenovo are the numbers of Lenovo XCC's EventRegistry 1.0.0, FQXSPCA....: an
// event 0nnn has asserted, 2nnn the same has deasserted. All name a sensor.
var lenovo = map[string]meaning{
	"000": {kind: bmc.Failed, level: warningLevel}, "001": {kind: bmc.Failed, level: warningLevel},
	"002": {kind: bmc.Failed, level: criticalLevel}, "003": {kind: bmc.Failed, level: criticalLevel},
	"004": {kind: bmc.Failed, level: fatalLevel}, "005": {kind: bmc.Failed, level: fatalLevel},
	"012": {kind: bmc.Recovered}, "013": {kind: bmc.Recovered},
	"014": {kind: bmc.Failed, level: warningLevel}, "015": {kind: bmc.Failed, level: warningLevel},
	"016": {kind: bmc.Failed, level: criticalLevel}, "017": {kind: bmc.Failed, level: criticalLevel},
	"018": {kind: bmc.Failed, level: fatalLevel}, "019": {kind: bmc.Failed, level: fatalLevel},
	"020": {kind: bmc.Recovered, level: criticalLevel}, "021": {kind: bmc.Recovered, level: criticalLevel},
	"022": {kind: bmc.Recovered, level: fatalLevel}, "023": {kind: bmc.Recovered, level: fatalLevel},
	"024": {kind: bmc.Failed, level: fatalLevel}, "025": {kind: bmc.Failed, level: fatalLevel},
	"030": {kind: bmc.RedundancyRegained}, "031": {kind: bmc.RedundancyLost},
	"032": {kind: bmc.RedundancyLost, level: degraded}, "033": {kind: bmc.RedundancyLost},
	"034": {kind: bmc.RedundancyLost}, "035": {kind: bmc.RedundancyLost},
	"036": {kind: bmc.RedundancyLost, level: degraded}, "037": {kind: bmc.RedundancyLost, level: degraded},
}

var lenovoID = regex.Of(`^FQXSPCA([02])([0-9]{3})[A-Z]$`)

// registered are ids of registries that were read whole: one that is not among
// the messages tells nothing about a fan of the chassis, whatever its text.
var registered = regex.Of(`^([A-Z]{2,4}[0-9]{3,4}|FQX[A-Z]{4}[0-9]{4}[A-Z]|(PowerSupply|StorageSystem)Fan[A-Za-z]+|FansHealth[A-Za-z]+)$`)

// meaning says what an entry tells, by what is most certain: the sensor type
// with the entry code, then the message id, then the text.
func (e logEntry) meaning() (meaning, bool) {
	words := strings.ToLower(e.Message.String())
	if strings.Contains(words, "log area reset") || strings.Contains(words, "log cleared") || strings.Contains(words, "log was cleared") {
		return meaning{}, false
	}
	kind := strings.ToLower(e.SensorType.String())
	fan := strings.HasPrefix(kind, "fan") || strings.HasPrefix(kind, "cooling")
	if kind != "" && !fan && !vague[kind] {
		return meaning{}, false
	}
	id := e.id()
	if m, ok := byID(id); ok {
		return m, e.about(m)
	}
	if fan {
		return coded(strings.ToLower(e.EntryCode.String()), words)
	}
	if registered.MatchString(id) || !speaksOfFan.MatchString(words) || unrelated.MatchString(words) {
		return meaning{}, false
	}
	m, ok := meaningOf(words)
	m.loose = true
	return m, ok
}

// vague are sensor types that do not say what is sensed.
var vague = map[string]bool{"oem": true, "unknown": true, "other": true, "system": true, "system event": true, "threshold": true}

func byID(id string) (meaning, bool) {
	m, ok := messages[id]
	if ok {
		return m, true
	}
	found := lenovoID.FindStringSubmatch(id)
	if found == nil {
		return meaning{}, false
	}
	if m, ok = lenovo[found[2]]; !ok {
		return meaning{}, false
	}
	m.named = true
	if found[1] == "2" {
		if m.kind == bmc.Recovered || m.kind == bmc.RedundancyRegained {
			return meaning{}, false // no longer normal: another entry says what it is
		}
		m.kind = ending[m.kind]
	}
	return m, true
}

// about says whether an entry about some sensor's redundancy is about fans; for
// other kinds the fan's name decides, see fanOf.
func (e logEntry) about(m meaning) bool {
	if !m.named || (m.kind != bmc.RedundancyLost && m.kind != bmc.RedundancyRegained) {
		return true
	}
	all := strings.ToLower(e.Message.String() + " " + strings.Join(e.args(), " ") + " " + e.Oem.Lenovo.AlertCategory.String() + " " + e.Oem.Lenovo.Category.String())
	return strings.Contains(all, "fan") || strings.Contains(all, "cooling")
}

// speaksOfFan finds the word fan, also as a name: FAN1, FANA, fan0_0.
var speaksOfFan = regex.Of(`(^|[^a-z])(fans?|fan[a-z]|tach|blowers?)([^a-z]|$)|_fan|fan_`)

// unrelated are texts with the word fan that tell nothing about a fan of the
// chassis: settings, firmware, other devices' fans, fan-out.
var unrelated = regex.Of(`fan[- ]?out|profile|firmware|update|setting|configur|policy|acoustic|minimum fan|` +
	`fan speeds? (limit|offset|(is |are |was |were |has |have |may |will |been |be )*(increas|rais|chang|adjust|set|decreas|reduc))|` +
	`storage (system|enclosure)|enclosure unit|witness server|gpu|graphics`)
