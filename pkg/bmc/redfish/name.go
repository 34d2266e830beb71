package redfish

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/regex"
)

// called finds what a text calls a fan: a word with fan in it, with what
// numbers it. "Fan 3A RPM", "FANA, Fan, Lower", "(Fan 5, Location System)",
// "Chassis_0_FAN_2_FRONT critical", "Fan Module 2 removed".
var called = regex.Of(`(?i)[a-z0-9_.#-]*(?:fan|tach|blower)[a-z0-9_.#-]*(?: (?:module|tray|zone|unit|rotor|location|bay|slot|number))?(?: ?#?[0-9]+[a-z]?\b| [a-z]\b)?`)

// supply finds power supplies: their fans are not the chassis'.
var supply = regex.Of(`(?i)power[ _-]?supply|power unit|(^|[^a-z])(psu|pws|ps)[ _-]?[0-9]*([^a-z]|$)|pwrsupply`)

// place are words between Fan and its number in a message (iLO: "fan location
// 3" is Fan 3).
var place = regex.Of(`(?i) (location|bay|slot|number)\b`)

// designator is what is left of a fan's name when a message already says Fan.
var designator = regex.Of(`^[0-9]{1,3}[A-Za-z]?$|^[A-Za-z][0-9]{0,2}$`)

// fanOf finds the fan of an entry: its id, or the name the log gives when no
// fan of the server fits, or nothing when it is no fan of the chassis.
func (p *poll) fanOf(e logEntry, m meaning) string {
	if id := p.bySensor(sensorNumber(e.SensorNumber)); id != "" {
		return id
	}
	message := e.Message.String()
	var names []string
	for _, arg := range e.args() {
		if designator.MatchString(arg) {
			arg = "Fan " + arg
		}
		names = append(names, arg)
	}
	names = append(names, nameIn(message))
	for _, name := range names {
		if id := p.byName(name); id != "" {
			return id
		}
	}
	if id := p.within(message); id != "" {
		return id
	}
	if supply.MatchString(message + " " + strings.Join(names, " ")) {
		return ""
	}
	for _, name := range names {
		if called.MatchString(name) {
			return name
		}
	}
	switch n := sensorNumber(e.SensorNumber); {
	case m.named, m.loose && m.kind != bmc.Failed:
		return ""
	case n >= 0:
		return fmt.Sprintf("%s0x%02x", unnamed, n)
	default:
		return "a fan that the log does not name"
	}
}

// unnamed stands before the number of a fan sensor without a name.
const unnamed = "sensor "

// bySensor finds the fan with an IPMI sensor number, which is the one in the
// log of most controllers.
func (p *poll) bySensor(number int) string {
	found := ""
	for _, f := range p.server.Fans {
		if number >= 0 && f.Sensor == number {
			if found != "" {
				return ""
			}
			found = f.ID
		}
	}
	return found
}

// byName finds the fan of a name: the same name, else the same words and
// numbers, else the module of which there is one rotor, else the module of the
// rotor that is named. A name that fits
// several is none: "Fan 1" of FAN0001 (iDRAC) may be either of Fan1A and Fan1B.
func (p *poll) byName(name string) string {
	if name == "" {
		return ""
	}
	key := bmc.FanKey(name)
	fits := []func(own string) bool{
		func(own string) bool { return strings.EqualFold(own, name) },
		func(own string) bool { return bmc.SameFan(own, name) },
		func(own string) bool { module, rotor := bmc.Module(own); return rotor && module == key },
		func(own string) bool { module, rotor := bmc.Module(name); return rotor && module == bmc.FanKey(own) },
	}
	for _, fit := range fits {
		var found []string
		for _, f := range p.server.Fans {
			if fit(f.Name) || fit(ownID(f)) {
				found = append(found, f.ID)
			}
		}
		if len(found) == 1 {
			return found[0]
		}
		if len(found) > 1 {
			return ""
		}
	}
	return ""
}

// ownID is a fan's id without its chassis.
func ownID(f bmc.Fan) string { return f.ID[strings.LastIndexByte(f.ID, '/')+1:] }

// nameIn is what a message calls the fan, empty when it names none. The first
// word that has a number, a letter or a name in it wins over plain "Fan".
func nameIn(message string) string {
	found := called.FindAllString(message, 8)
	i := slices.IndexFunc(found, func(s string) bool {
		return bmc.FanKey(s) != "fan" && !strings.HasSuffix(strings.ToLower(s), "fans")
	})
	if i >= 0 {
		return phrase.Clip(strings.Trim(place.ReplaceAllString(found[i], ""), " .-#"), maxName)
	}
	return ""
}

// within finds the fan whose name stands in a message, the longest one when
// several do; a name that goes on in the message ("FAN_2" in "FAN_2_FRONT",
// "Fan1" in "Fan11") does not stand there.
func (p *poll) within(message string) string {
	low := strings.ToLower(message)
	best := -1
	for i, f := range p.server.Fans {
		if f.Name == "" || !stands(low, strings.ToLower(f.Name)) {
			continue
		}
		if best < 0 || len(f.Name) > len(p.server.Fans[best].Name) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	if slices.ContainsFunc(p.server.Fans, func(f bmc.Fan) bool {
		return f.ID != p.server.Fans[best].ID && strings.EqualFold(f.Name, p.server.Fans[best].Name)
	}) {
		return ""
	}
	return p.server.Fans[best].ID
}

func stands(text, name string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(name)
		if (start == 0 || !glues(text[start-1])) && (end == len(text) || !glues(text[end]) || text[end] == '.' && (end+1 == len(text) || text[end+1] == ' ')) {
			return true
		}
		from = start + 1
	}
}

// glues says that a character goes on with a name.
func glues(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == '#'
}
