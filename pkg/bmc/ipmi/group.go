package ipmi

import (
	"slices"
	"strings"
	"unicode"
)

// Words in sensor names that say what the sensor tells about the fan, not
// which fan it is.
var (
	faultWords    = []string{"fault", "fail", "failed", "failure", "alarm", "error", "err", "flt"}
	runWords      = []string{"run", "running", "ok", "good", "healthy", "normal"}
	presenceWords = []string{"presence", "present", "prsnt", "prs", "pres", "detect", "inserted", "installed"}
	fanWords      = []string{"fan", "fans", "tach", "blower", "cooling", "pump"}
	pumpWords     = []string{"pump", "pumps"}
	aspectWords   = slices.Concat(faultWords, runWords, presenceWords,
		[]string{"dutycycle", "duty", "cycle", "pwm", "speed", "rpm", "tach", "tachometer", "tacho", "status", "stat", "state", "health"})

	// rotorWords tell the rotors of one module apart: "Fan 3A", "Fan 1 Front".
	rotorWords = []string{"a", "b", "c", "d", "f", "r", "front", "rear", "inlet", "outlet", "in", "out"}
)

// words is a sensor's name, word by word, in lower case: "CPU1_FAN12 Tach" is
// cpu, 1, fan, 12, tach.
type words []string

func nameOf(name string) words {
	var all words
	var word []rune
	end := func() {
		if len(word) > 0 {
			all = append(all, strings.ToLower(string(word)))
		}
		word = word[:0]
	}
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case len(word) > 0 && unicode.IsDigit(r) != unicode.IsDigit(word[len(word)-1]):
			end()
		}
		word = append(word, r)
	}
	end()
	return all
}

func (w words) any(of []string) bool {
	return slices.ContainsFunc(w, func(word string) bool { return slices.Contains(of, word) })
}

// stem is which fan the name means: without the words for what is told.
func (w words) stem() words {
	return slices.DeleteFunc(slices.Clone(w), func(word string) bool { return slices.Contains(aspectWords, word) })
}

// numbered says whether a stem can name one fan among several.
func (w words) numbered() bool {
	return len(w) >= 2 && slices.ContainsFunc(w, func(word string) bool { return unicode.IsDigit(rune(word[0])) })
}

// rotorOf says whether w is a rotor of the module m: "fan 3 a" of "fan 3".
func (w words) rotorOf(m words) bool {
	return len(w) == len(m)+1 && slices.Equal(w[:len(m)], m) && slices.Contains(rotorWords, w[len(m)])
}

// member is a fan with every sensor that tells about it.
type member struct {
	id       string
	main     reading   // the one that it is named after
	others   []reading // further states of the same fan
	measured bool      // main has a number
}

// set is what the fan sensors of a controller mean together.
type set struct {
	members    []*member
	redundancy []reading
	parts      []reading // of the cooling, that are no fan
	// index leads from a sensor's id to its fan's; redundancy sensors lead to
	// the empty string.
	index map[string]string
	// named are the sensors by id, for the log.
	named map[string]sensor
}

// group finds out which sensors tell about the same fan. Boards split one fan
// into a measurement, a state and a presence (HPE: "Fan 3 DutyCycle", "Fan 3",
// "Fan 3 Presence"), and have one state for the two rotors of a module
// (Lenovo: "Fan 1" for "Fan 1A Tach" and "Fan 1B Tach").
func (p *poll) group(all []reading) set {
	s := set{index: map[string]string{}, named: map[string]sensor{}}
	var discrete []reading
	ids := map[string]int{}
	for _, r := range all {
		if _, taken := s.named[r.id()]; !taken {
			s.named[r.id()] = r.sensor
		}
		switch {
		case r.Kind == kindRedundancy:
			s.index[r.id()] = ""
			if r.Record != recordEventOnly {
				s.redundancy = append(s.redundancy, r)
			}
		case r.Record == recordEventOnly:
		case r.numeric() || r.Kind == kindThreshold:
			s.add(r, ids)
		case offsets[r.Kind] != nil:
			discrete = append(discrete, r)
		default:
			p.note("%s: states of kind 0x%02x are the vendor's own and are not judged", r.what(), r.Kind)
		}
	}
	// A state before a presence: a fan that has only these two is named after
	// its state.
	slices.SortStableFunc(discrete, func(a, b reading) int { return order(a) - order(b) })
	for _, r := range discrete {
		fans := s.fansOf(r)
		for _, m := range fans {
			m.others = append(m.others, r)
		}
		switch {
		case len(fans) > 0:
			s.lead(r, fans[0].id)
		case s.summary(r):
			s.parts = append(s.parts, r)
			s.index[r.id()] = ""
		default:
			s.add(r, ids)
		}
	}
	return s
}

// summary says that a state tells about the cooling as a whole and is no fan: a
// cooling unit, or one "Fan Fail" for all fans of the board, whatever its name
// has beside that. Where nothing is measured, a state without a number may be
// the only fan there is.
func (s *set) summary(r reading) bool {
	name := nameOf(r.Name)
	if r.presence() {
		return false
	}
	if r.Type == typeCooling {
		return true
	}
	measured := slices.ContainsFunc(s.members, func(m *member) bool { return m.measured })
	return !name.stem().numbered() && (name.any(faultWords) || measured && name.any(fanWords))
}

func order(r reading) int {
	if r.presence() {
		return 1
	}
	return 0
}

// add makes a new fan. A sensor number that occurs twice (white boxes) gets a
// second id.
func (s *set) add(r reading, ids map[string]int) {
	id := r.id()
	if ids[id]++; ids[id] > 1 {
		id += "." + suffix(0, ids[id])
	}
	s.members = append(s.members, &member{id: id, main: r, measured: r.numeric()})
	s.lead(r, id)
}

func (s *set) lead(r reading, id string) {
	if _, taken := s.index[r.id()]; !taken {
		s.index[r.id()] = id
	}
}

// fansOf finds the fans that a discrete sensor tells about: those of the same
// stem, else the rotors of the module, else the one whose name ends alike
// (Intel: "Fan 1 Present" for "System Fan 1").
func (s *set) fansOf(r reading) []*member {
	stem := nameOf(r.Name).stem()
	if !stem.numbered() {
		return nil
	}
	same := s.matching(r, func(w words) bool { return slices.Equal(w, stem) })
	if len(same) == 0 {
		same = s.matching(r, func(w words) bool { return w.rotorOf(stem) })
	}
	if len(same) > 0 {
		return same
	}
	alike := s.matching(r, func(w words) bool { return len(w) > len(stem) && slices.Equal(w[len(w)-len(stem):], stem) })
	if len(alike) == 1 {
		return alike
	}
	return nil
}

func (s *set) matching(r reading, fits func(words) bool) []*member {
	var found []*member
	for _, m := range s.members {
		if m.main.Owner == r.Owner && fits(nameOf(m.main.Name).stem()) {
			found = append(found, m)
		}
	}
	return found
}
