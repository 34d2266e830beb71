package state

import (
	"errors"
	"testing"
	"time"
)

// TestSet: how far our clock was set, by whoever else tells the time.
func TestSet(t *testing.T) {
	const year = 365 * 24 * time.Hour
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	up := func(at, up time.Duration) Clock { return Clock{At: noon.Add(at), Up: up, Boot: "a"} }
	other := func(c Clock, boot string) Clock { c.Boot = boot; return c }
	they := func(c Clock, at time.Duration) Clock { c.Theirs = noon.Add(at); return c }
	bare := func(at time.Duration) Clock { return Clock{At: noon.Add(at)} }
	const five, hour = 5 * time.Minute, time.Hour
	for name, tt := range map[string]struct {
		was, is Clock
		want    time.Duration
	}{
		"first look":                          {Clock{}, up(0, hour), 0},
		"right":                               {up(0, hour), up(five, hour+five), 0},
		"a second is no jump":                 {up(0, hour), up(five+time.Second, hour+five), 0},
		"forward":                             {up(0, hour), up(year+five, hour+five), year},
		"back":                                {up(0, hour), up(five-year, hour+five), -year},
		"back by less than between two looks": {up(0, hour), up(five-time.Minute, hour+five), -time.Minute},
		"forward, both tell":                  {they(up(0, hour), 0), they(up(year+five, hour+five), five), year},
		"paused: our uptime stood still":      {they(up(0, hour), 0), they(up(hour, hour+five), hour), 0},
		"their clock was set, ours was not":   {they(up(0, hour), 0), they(up(five, hour+five), year), 0},
		"another start, they tell":            {they(up(0, hour), 0), they(other(up(year+five, five), "b"), five), year},
		"another start, they tell that we are right":      {they(up(0, hour), 0), they(other(up(hour, five), "b"), hour), 0},
		"another start, nobody tells":                     {up(0, hour), other(up(hour, five), "b"), 0},
		"another start with a clock that begins anew":     {up(0, hour), other(up(-10*year, five), "b"), -10*year - five},
		"another start, and less passed than it is up":    {up(0, hour), other(up(time.Minute, five), "b"), -4 * time.Minute},
		"another start, and all of it passed":             {up(0, hour), other(up(five, five), "b"), 0},
		"a container's uptime begins anew, the same boot": {up(0, hour), up(five, time.Minute), 0},
		"nobody tells, back":                              {bare(0), bare(-hour), -hour},
		"nobody tells, forward":                           {bare(0), bare(year), 0},
		"they were set back, nobody else tells":           {they(bare(0), 0), they(bare(five), -hour), 0},
	} {
		if got := tt.was.Set(tt.is); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	broken := Wall{Now: func() time.Time { return noon }, Up: func() (time.Duration, string, error) { return hour, "a", errors.New("no /proc") }}
	if got := broken.Read(noon); got != (Clock{At: noon, Theirs: noon}) {
		t.Errorf("%+v", got)
	}
}
