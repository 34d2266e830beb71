package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noout-monitoring/noout/pkg/check"
	"github.com/noout-monitoring/noout/pkg/hardware"
	"github.com/noout-monitoring/noout/pkg/phrase"
	"github.com/noout-monitoring/noout/pkg/pve"
)

// card is what the technician takes along: which machine it is, which of its fans
// fail, and where its parts are. It judges nothing.
func card(f Found, slots []string) check.Finding {
	text := "card: " + strings.Join(f.PVE.Leaving, " and ")
	if f.Fans != nil {
		text += fansCard(f)
	}
	return check.Finding{Status: check.OK, Text: text, Next: slots}
}

func fansCard(f Found) string {
	i := f.Fans.Identity
	text := ""
	if who := strings.TrimSpace(i.Manufacturer + " " + i.Model); who != "" {
		text += ", " + who
	}
	if i.Serial != "" {
		text += ", serial " + i.Serial
	}
	if len(f.Fans.Failing) > 0 {
		text += ", failing now: " + strings.Join(f.Fans.Failing, ", ")
	}
	if often := f.Fans.Often(f.Fans.Drops); len(often) > 0 {
		return text + ", dropped out since " + phrase.Time(f.Fans.Since) + ": " + strings.Join(often, ", ")
	} else if len(f.Fans.Blind) > 0 {
		return text + ", not readable: " + strings.Join(f.Fans.Blind, ", ")
	}
	return text + ", no drop-out of a fan in the log"
}

// slots are the places of the parts, a line for each kind: by the baseline, and
// where that has nothing of a controller by what it tells now.
func slots(f Found, b *pve.Baseline) []string {
	var out []string
	add := func(who string, v hardware.Inventory) {
		for _, k := range hardware.Placed {
			if places := v.Places(k); len(places) > 0 {
				out = append(out, who+k.Plural()+": "+some(places))
			}
		}
	}
	controller := f.Hardware.Controller
	var nodes map[string]hardware.Inventory
	if b != nil {
		nodes = b.Hardware
		if b.Controller != nil {
			controller = b.Controller
		}
	}
	if len(f.PVE.Leaving) == 1 {
		all := nodes[f.PVE.Leaving[0]]
		if controller != nil {
			all.Lists = slices.Concat(all.Lists, controller.Lists)
		}
		add("", all)
		return out
	}
	for _, name := range f.PVE.Leaving {
		add(name+", ", nodes[name])
	}
	if controller != nil {
		add("the controller's ", *controller)
	}
	return out
}

// lineOfCard is how long a line of the card gets: an answer has 4096 bytes.
const lineOfCard = 400

func some(places []string) string {
	text := places[0]
	for i, p := range places[1:] {
		if len(text)+len(p) > lineOfCard {
			return text + fmt.Sprintf(", %d more", len(places)-i-1)
		}
		text += ", " + p
	}
	return text
}
