//go:build real

package monitoring

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
)

// basket is what is counted of contrib/director/basket.json.
type basket struct {
	Command map[string]struct {
		Arguments map[string]any
		Fields    []any
	}
	HostTemplate    map[string]struct{ Fields []any }
	ServiceTemplate map[string]struct {
		Command string `json:"check_command"`
	}
	NotificationTemplate, Datafield map[string]any
	DataList                        map[string]struct{ Entries []any }
}

// restore imports the basket, twice: all of it is there then, and the second
// time nothing is new.
func (l *lab) restore() basket {
	l.Helper()
	text, err := os.ReadFile(filepath.Join(root, "contrib/director/basket.json"))
	var b basket
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil {
		l.Fatal(err)
	}
	arguments, links, entries, hostLinks := 0, 0, 0, 0
	for _, c := range b.Command {
		arguments, links = arguments+len(c.Arguments), links+len(c.Fields)
	}
	for _, d := range b.DataList {
		entries += len(d.Entries)
	}
	for _, h := range b.HostTemplate {
		hostLinks += len(h.Fields)
	}
	want := map[string]int{
		"icinga_command WHERE object_type = 'object'":        len(b.Command),
		"icinga_command_argument":                            arguments,
		"icinga_command_field":                               links,
		"icinga_host WHERE object_type = 'template'":         len(b.HostTemplate),
		"icinga_host_field":                                  hostLinks,
		"icinga_service WHERE object_type = 'template'":      len(b.ServiceTemplate),
		"icinga_notification WHERE object_type = 'template'": len(b.NotificationTemplate),
		"director_datafield":                                 len(b.Datafield),
		"director_datalist":                                  len(b.DataList),
		"director_datalist_entry":                            entries,
	}
	count := func(what string) int {
		n, err := strconv.Atoi(l.sql("SELECT COUNT(*) FROM " + what))
		if err != nil {
			l.Fatal(err)
		}
		return n
	}
	for what := range want {
		want[what] += count(what) // what the kickstart found in Icinga
	}
	var changes []int
	for range 2 {
		l.director(string(text), "basket", "restore")
		for what, n := range want {
			if got := count(what); got != n {
				l.Errorf("%s: %d, with what the basket has they were %d", what, got, n)
			}
		}
		changes = append(changes, count("director_activity_log"))
	}
	if changes[0] != changes[1] {
		l.Errorf("the second import changed something: %d changes in all, then %d", changes[0], changes[1])
	}
	return b
}
