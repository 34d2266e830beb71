package ipmi

import (
	"fmt"
	"slices"
	"strings"
)

// partNames names the part that each sensor tells of: by the sensor's name without
// the words for what it tells, and by the entity where two sensors that tell the
// same have one name (Dell calls that of every power supply "Status").
func partNames(sensors []partSensor) []string {
	names := make([]string, len(sensors))
	alike := map[string]int{}
	telling := func(i int) string { return fmt.Sprint(names[i], sensors[i].Type, sensors[i].Kind) }
	for i, s := range sensors {
		names[i] = partName(s.Name)
		alike[telling(i)]++
	}
	for i, s := range sensors {
		if names[i] == "" || alike[telling(i)] > 1 {
			names[i] = strings.TrimSpace(names[i] + " entity " + s.entity)
		}
	}
	clear(alike)
	for i := range sensors {
		alike[telling(i)]++
	}
	for i, s := range sensors {
		if alike[telling(i)] > 1 {
			names[i] += " sensor " + s.id()
		}
	}
	return names
}

// partName is a sensor's name without its last words that say what it tells.
func partName(name string) string {
	all := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '_' })
	for len(all) > 0 && partAspect(strings.ToLower(all[len(all)-1])) {
		all = all[:len(all)-1]
	}
	return strings.Join(all, " ")
}

// partAspect says that a word tells what is measured, and not of which part.
func partAspect(word string) bool {
	switch word {
	case "status", "stat", "state", "health":
		return true
	}
	return slices.Contains(presenceWords, word)
}
