package walk

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Contradiction is what a walk found.
type Contradiction struct {
	Rule, Text string
	// Events that lead there, the shortest that were found.
	Events []string
}

func (c Contradiction) String() string {
	return fmt.Sprintf("%s\n%s\nafter\n  %s", c.Rule, c.Text, strings.Join(c.Events, "\n  "))
}

// Walk lets events happen and returns the first contradiction, nil without one.
// Only rules whose names match are held. Yesses says how many gates said yes:
// a walk in which nobody ever does proves little.
func Walk(o Options, asked *Asked, events []string, rules *regexp.Regexp) (c *Contradiction, yesses int, err error) {
	s, err := open(o, asked)
	if err != nil {
		return nil, 0, err
	}
	defer s.close()
	for i, e := range events {
		if err := s.happen(e); err != nil {
			return nil, yesses, fmt.Errorf("%s: %w", e, err)
		}
		a, err := s.answers()
		if err != nil {
			return nil, yesses, fmt.Errorf("after %q: %w", events[:i+1], err)
		}
		for _, name := range asking {
			if x, there := a[name]; there && yes(x) {
				yesses++
			}
		}
		for _, r := range table {
			if !rules.MatchString(r.name) {
				continue
			}
			if text := r.says(a); text != "" {
				return &Contradiction{r.name, text, events[:i+1]}, yesses, nil
			}
		}
	}
	return nil, yesses, nil
}

// mostTries bounds how long a walk is shortened.
const mostTries = 60

// Shrink leaves out events as long as the same rule is broken.
func Shrink(o Options, asked *Asked, c Contradiction, rules *regexp.Regexp) Contradiction {
	tries := 0
	for size := len(c.Events) / 2; size >= 1; size /= 2 {
		for i := 0; i+size < len(c.Events); { // the last event is what shows it
			if tries++; tries > mostTries {
				return c
			}
			shorter := slices.Delete(slices.Clone(c.Events), i, i+size)
			if found, _, err := Walk(o, asked, shorter, rules); err == nil && found != nil && found.Rule == c.Rule {
				c = *found
			} else {
				i += size
			}
		}
	}
	return c
}
