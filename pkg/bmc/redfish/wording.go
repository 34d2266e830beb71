package redfish

import (
	"strings"

	"github.com/noout-monitoring/noout/pkg/bmc"
	"github.com/noout-monitoring/noout/pkg/regex"
)

// Texts, in lower case.
var (
	deasserts = regex.Of(`de-?assert`)
	restores  = regex.Of(`restor|regain|repair|recover|resolved|cleared|within (the )?(normal |operating |normal operating )?range|` +
		`return(ed|s)? to normal|(is|are|now|status|to|state):? (ok|normal|operational|redundant)\b|back to normal|fully redundant|operating normally|functioning normally`)
	// stays says the opposite with the words of restores.
	stays = regex.Of(`(non-?|un|ir)recover|(not|cannot|never|no longer|unable to|fail(s|ed|ing)? to) ((be|been|yet|fully) )*` +
		`(restor|regain|repair|recover|resolve|clear|within|return|back to|ok\b|normal|operat|working)|` +
		`repair (or|the|it|this|is (needed|required)|needed|required)|(needs?|requires?|please|(to|must|should) be) (repair|restor)`)
	removes = regex.Of(`remov|absent|missing|not (present|detected|installed|found)|unplugged|disconnected`)
	inserts = regex.Of(`insert|is present|device present|\binstalled|plugged in|was added|hot.?add`)
	fails   = regex.Of(`fail|fault|stopped|stall|malfunction|not (responding|spinning|rotating|functioning)|inopera(ble|tive)|degraded|communication .*lost|` +
		`less than|below|too (slow|low)|out(side)? of (the )?((normal|operating|allowed) )*range|predictive`)
	notRedundant = regex.Of(`redundancy (is |was |has been )?(lost|degraded)|(not|no longer|non-?) ?redundant|redundant \(?(lost|no)|insufficient resources|redundancy (failed|failure)`)
	lower        = regex.Of(`lower[ -](non-?critical|critical|non-?recoverable|fatal|warning|caution)|(non-?critical|critical|non-?recoverable|fatal|warning|hard ?shutdown) low|low (critical|warning)`)
	upper        = regex.Of(`upper|greater than|above|too (fast|high)|(critical|warning|non-?recoverable|shutdown) high`)
	goesHigh     = regex.Of(`going high`)
)

// coded reads the entry of a fan sensor: the entry code of Redfish, which is
// IPMI's, and where it says only that something was asserted, the text.
func coded(code, words string) (meaning, bool) {
	back := deasserts.MatchString(code)
	switch plainly := strings.TrimSpace(code); plainly {
	case "assert", "state asserted", "asserted", "deassert", "state deasserted", "deasserted", "":
		m, ok := meaningOf(words)
		if !ok && plainly != "" && !upper.MatchString(words) {
			// A fan sensor asserted something that is not said (AMI:
			// "0x07FFFF"): what fan sensors assert is trouble.
			m, ok = meaning{kind: bmc.Failed}, true
			if back {
				m.kind = bmc.Recovered
			}
		}
		if ok && back {
			if end, ends := ending[m.kind]; ends {
				m.kind = end
			}
		}
		return m, ok
	}
	if m, ok := transition(code); ok {
		if deasserts.MatchString(words) {
			return undone(m)
		}
		return m, true
	}
	// Threshold codes say which one; the text, whether it was left again.
	return meaningOf(code + " " + words)
}

// transition reads IPMI's generic discrete events.
func transition(code string) (meaning, bool) {
	has := func(s string) bool { return strings.Contains(code, s) }
	switch {
	case has("fully redundant") && !has("from"):
		return meaning{kind: bmc.RedundancyRegained}, true
	case has("redundancy degraded"):
		return meaning{kind: bmc.RedundancyLost, level: degraded}, true
	case has("redundancy lost"), has("non-redundant"):
		return meaning{kind: bmc.RedundancyLost}, true
	case has("transition to ok"), has("transition to running"), has("transition to on line"), has("limit not exceeded"):
		return meaning{kind: bmc.Recovered}, true
	case has("transition to non-critical from more"):
		return meaning{kind: bmc.Recovered, level: criticalLevel}, true
	case has("transition to critical from non"):
		return meaning{kind: bmc.Recovered, level: fatalLevel}, true
	case has("transition to non-critical"):
		return meaning{kind: bmc.Failed, level: warningLevel}, true
	case has("transition to critical"):
		return meaning{kind: bmc.Failed, level: criticalLevel}, true
	case has("transition to non-recoverable"):
		return meaning{kind: bmc.Failed, level: fatalLevel}, true
	case has("device removed"), has("device absent"):
		return meaning{kind: bmc.Removed}, true
	case has("device inserted"), has("device present"):
		return meaning{kind: bmc.Inserted}, true
	case has("predictive failure deassert"):
		return meaning{kind: bmc.Recovered}, true
	case has("predictive failure"), has("off line"), has("transition to degraded"), has("install error"), has("limit exceeded"):
		return meaning{kind: bmc.Failed}, true
	}
	return meaning{}, false
}

// undone is the end of what would have begun. What would have ended has only
// been taken back: another entry says what came instead.
func undone(m meaning) (meaning, bool) {
	end, ok := ending[m.kind]
	m.kind = end
	return m, ok
}

// meaningOf reads a text about a fan.
func meaningOf(words string) (meaning, bool) {
	back := deasserts.MatchString(words)
	state, discrete := transition(words)
	var m meaning
	switch threshold := lower.FindString(words); {
	case notRedundant.MatchString(words):
		m.kind = bmc.RedundancyLost
		if strings.Contains(words, "degraded") {
			m.level = degraded
		}
	case strings.Contains(words, "redundan") && restores.MatchString(words):
		return meaning{kind: bmc.RedundancyRegained}, true
	case strings.Contains(words, "redundan"):
		return meaning{}, false
	case threshold != "":
		m = meaning{kind: bmc.Failed, level: levelOf(threshold)}
		if goesHigh.MatchString(words) && !back {
			m.kind = bmc.Recovered // a lower threshold, crossed on the way up
			return m, true
		}
	case upper.MatchString(words):
		return meaning{}, false
	case discrete && strings.Contains(words, "transition to"):
		m = state
	case stays.MatchString(words):
		m.kind = bmc.Failed
	case restores.MatchString(words):
		return meaning{kind: bmc.Recovered}, true
	case removes.MatchString(words):
		m.kind = bmc.Removed
	case inserts.MatchString(words):
		return meaning{kind: bmc.Inserted}, true
	case fails.MatchString(words):
		m.kind = bmc.Failed
		if strings.Contains(words, "degraded") {
			m.level = degraded
		}
	default:
		return meaning{}, false
	}
	if back {
		return undone(m)
	}
	return m, true
}

// levelOf names the threshold that a text names.
func levelOf(threshold string) string {
	switch {
	case strings.Contains(threshold, "recoverable"), strings.Contains(threshold, "fatal"), strings.Contains(threshold, "shutdown"):
		return fatalLevel
	case strings.Contains(threshold, "non"), strings.Contains(threshold, "warning"), strings.Contains(threshold, "caution"):
		return warningLevel
	default:
		return criticalLevel
	}
}
